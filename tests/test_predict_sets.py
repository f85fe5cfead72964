"""`clf predict` and `clf.load` with a model that gives a text several labels, one or none."""

import csv
import json
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

import clf as package
from clf.errors import ModelError, UsageError
from clf.models.configs import MULTI_LABEL
from clf.models.record import ModelRecord, write_model_record
from clf.predict import predict_file, predict_texts
from clf.settings import PredictSettings, RunSettings, Settings
from conftest import Outcome
from support.classifiers import write_tiny_classifier
from support.predicting import REVIEWS

Clf = Callable[..., Outcome]
LABELS = ("acting", "music", "plot")
TEXTS: list[str | None] = [*REVIEWS[:6], None]


def settings(**predict: float | bool) -> Settings:
    return Settings(predict=PredictSettings(**predict))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a model of another tool, with several labels per text."""
    return write_tiny_classifier(tmp_path_factory.mktemp("plain") / "model", LABELS, MULTI_LABEL)


def recorded(folder: Path, labels: tuple[str, ...] = LABELS, **values: object) -> Path:
    write_tiny_classifier(folder, labels, MULTI_LABEL)
    write_model_record(folder, ModelRecord(schema_version=1, labels=list(labels), **values))  # type: ignore[arg-type]
    return folder


def middles(plain: Path) -> list[float]:
    """Return a threshold for each label that about one text of three reaches."""
    scores = [list(answer.scores.values()) for answer in package.load(plain).predict(REVIEWS[:6])]
    return [float(value) for value in np.quantile(scores, 0.7, axis=0)]


def test_a_model_of_another_tool_predicts_each_label_from_one_half_on_and_it_is_said(
    plain: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    answers = package.load(plain).predict(TEXTS)
    assert "each label is predicted from a probability of 0.5 on" in caplog.text
    for answer in answers[:-1]:
        assert answer.labels == [name for name, score in answer.scores.items() if score >= 0.5]
        assert answer.label == "|".join(answer.labels)
        assert answer.confidence == pytest.approx(np.prod([max(p, 1 - p) for p in answer.scores.values()]))
        assert sum(answer.scores.values()) != pytest.approx(1.0, abs=1e-3)
    assert (answers[-1].labels, answers[-1].error) == ([], "empty text")


def test_a_pipeline_with_sigmoid_gives_the_same_scores(plain: Path) -> None:
    from transformers import pipeline

    classify = pipeline("text-classification", str(plain), top_k=None, function_to_apply="sigmoid", device="cpu")
    for text, answer in zip(REVIEWS[:3], package.load(plain).predict(REVIEWS[:3]), strict=True):
        expected = {row["label"]: row["score"] for row in classify([text])[0]}
        assert answer.scores == pytest.approx(expected, abs=1e-5)


def test_each_label_has_the_threshold_of_the_record_and_one_given_counts_for_all(plain: Path, tmp_path: Path) -> None:
    cuts = middles(plain)
    model = recorded(tmp_path / "model", thresholds=dict(zip(LABELS, cuts, strict=True)))
    found = [tuple(answer.labels) for answer in package.load(model).predict(REVIEWS[:6])]
    assert len({*found}) > 2
    for answer in package.load(model).predict(REVIEWS[:6]):
        expected = [name for name, cut in zip(LABELS, cuts, strict=True) if answer.scores[name] >= np.float32(cut)]
        assert answer.labels == expected
    assert {answer.label for answer in package.load(model, settings(threshold=0.0)).predict(REVIEWS[:6])} == {
        "acting|music|plot"
    }
    predictor = package.load(model, settings(threshold=1.0))
    assert {answer.label for answer in predictor.predict(REVIEWS[:6])} == {""}
    # What is read again after bf16 depends on how close it is to these thresholds.
    assert predictor.inference.classifier.thresholds == pytest.approx([1.0] * 3)


def test_the_stored_confidence_decides_what_is_answered_whatever_the_threshold_of_labels(
    plain: Path, tmp_path: Path
) -> None:
    sure = sorted(answer.confidence or 0.0 for answer in package.load(plain).predict(REVIEWS[:6]))
    model = recorded(tmp_path / "model", thresholds=dict.fromkeys(LABELS, 0.5), threshold=sure[3])
    abstained = []
    for threshold in (None, 0.0):
        predictor = package.load(model, settings() if threshold is None else settings(threshold=threshold))
        answers = predictor.predict(REVIEWS[:6])
        assert predictor.threshold == sure[3]
        for answer in answers:
            decided = [p if p >= (0.5 if threshold is None else threshold) else 1 - p for p in answer.scores.values()]
            assert answer.confidence == pytest.approx(np.prod(decided))
        assert [answer.labels == ["abstain"] for answer in answers] == [
            (answer.confidence or 0.0) < sure[3] for answer in answers
        ]
        abstained.append(sum(answer.label == "abstain" for answer in answers))
    assert abstained[0] == 3 < abstained[1]


def test_a_record_that_lacks_a_threshold_is_damaged(tmp_path: Path) -> None:
    model = recorded(tmp_path / "model", thresholds={"acting": 0.4, "plot": 0.5})
    with pytest.raises(ModelError, match=r"clf\.json has no threshold for 'music'"):
        package.load(model)


def test_thresholds_beside_a_config_for_one_label_are_refused(tmp_path: Path) -> None:
    model = recorded(tmp_path / "model", thresholds=dict.fromkeys(LABELS, 0.5))
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(config | {"problem_type": None}))
    with pytest.raises(ModelError, match=r"but config\.json is of a model that gives each text one label"):
        package.load(model)


# --- files --------------------------------------------------------------------------------------------------


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "new.csv"
    path.write_text("text\n" + "".join(f"{text}\n" for text in REVIEWS[:6]) + '""\n')
    return path


def test_every_format_holds_the_same_labels(plain: Path, tmp_path: Path, texts: Path) -> None:
    model = recorded(tmp_path / "model", thresholds=dict(zip(LABELS, middles(plain), strict=True)))
    expected = [answer.labels for answer in package.load(model).predict(REVIEWS[:6])]
    assert [] in expected
    for ending in ("csv", "tsv", "jsonl", "parquet"):
        predict_file(str(model), texts, tmp_path / f"out.{ending}", settings(all_scores=True))
    for ending, delimiter in (("csv", ","), ("tsv", "\t")):
        with (tmp_path / f"out.{ending}").open(newline="") as file:
            rows = list(csv.DictReader(file, delimiter=delimiter))
        assert [row["label"] for row in rows] == [*map("|".join, expected), ""]
        assert [row["error"] for row in rows] == [""] * 6 + ["empty text"]
        assert list(rows[0]) == ["text", "label", "confidence", *(f"score_{name}" for name in LABELS), "error"]
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [line["label"] for line in lines] == [*expected, None]
    stored = pyarrow.parquet.read_table(tmp_path / "out.parquet")
    assert stored["label"].to_pylist() == [*expected, None]
    assert str(stored.schema.field("label").type).startswith("list<")


def test_a_window_of_texts_without_labels_still_holds_lists(plain: Path, tmp_path: Path, texts: Path) -> None:
    predict_file(str(plain), texts, tmp_path / "out.parquet", settings(threshold=1.0))
    stored = pyarrow.parquet.read_table(tmp_path / "out.parquet")
    assert str(stored.schema.field("label").type).startswith("list<")
    assert stored["label"].to_pylist() == [[]] * 6 + [None]


def test_json_lines_may_hold_a_label_that_csv_could_not_tell_from_two(tmp_path: Path, texts: Path) -> None:
    model = recorded(tmp_path / "model", ("a|b", "c"), thresholds={"a|b": 0.0, "c": 1.0})
    for output in (tmp_path / "out.csv", None):
        with pytest.raises(UsageError, match="stands between the labels of a text"):
            predict_file(str(model), texts, output, Settings())
    with pytest.raises(UsageError, match="stands between the labels of a text"):
        predict_texts(str(model), ["a film"], tmp_path / "out.tsv", Settings())
    assert [path.name for path in tmp_path.iterdir() if "out" in path.name] == []
    predict_file(str(model), texts, tmp_path / "out.jsonl", Settings())
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [line["label"] for line in lines] == [["a|b"]] * 6 + [None]


def test_other_thresholds_are_another_run(plain: Path, tmp_path: Path, texts: Path) -> None:
    output, again = tmp_path / "out.csv", RunSettings(resume=True)
    first = predict_file(str(plain), texts, output, settings())
    assert predict_file(str(plain), texts, output, settings().model_copy(update={"run": again})) == first
    from clf.errors import OutputError

    with pytest.raises(OutputError, match="is not the output of this run"):
        predict_file(str(plain), texts, output, settings(threshold=0.4).model_copy(update={"run": again}))


def test_on_the_terminal_and_in_json_labels_are_told_apart(clf: Clf, plain: Path) -> None:
    given = ("predict", str(plain), "--text", REVIEWS[0], "--text", "", "--threshold")
    assert clf(*given, "0").out.startswith("acting | music | plot 0.")
    assert clf(*given, "1").out.startswith("(no label) 0.")
    shown = clf(*given, "0", "--json").json["predictions"]
    assert [row["label"] for row in shown] == [list(LABELS), []]
    assert shown[1]["error"] == "empty text"
    assert clf(*given, "1", "--json").json["predictions"][0]["label"] == []
