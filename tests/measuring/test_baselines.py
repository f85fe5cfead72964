"""The baselines of a candidate are made from what it records, once, and kept for the next comparison."""

import json
import logging
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clf.data.prepared import PreparedDataset
from clf.data.sources.find import SourceFinder
from clf.errors import ModelError, UsageError
from clf.measuring.baseline_models import tfidf
from clf.measuring.baselines import BUILT_IN, KEPT, BaselineMaker, Predicted, Recorded, _keep, check_baseline
from clf.measuring.label_baselines import tfidf_of_labels
from clf.measuring.measured_model import Spent
from clf.measuring.provenance import recorded_part
from clf.measuring.rows import MeasuredTexts
from clf.models.classifier import Classifier
from clf.models.configs import MULTI_LABEL
from clf.models.record import BaseModelRecord, ModelRecord
from clf.scoring.metrics import score
from clf.scoring.multi_label import MultiLabelAnswers
from clf.scoring.thresholds import fit_thresholds
from clf.settings import ComputeSettings, DataSettings, RunSettings, Settings
from clf.storage.disk import sha256
from conftest import review_rows, write_csv
from support.multi_label import ASPECTS, aspect_rows, write_aspects
from support.recorded import bare_classifier, recorded

FINDER = SourceFinder(seed=7, offline=True)
FP32 = ComputeSettings(device="cpu", precision="fp32")
TEXTS = ["a wonderful film", "a dull &amp; awful film", "film"]
MEASURED = MeasuredTexts("films", "test", TEXTS, np.array([1, 0, 0]), ["bad", "good"])


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> ModelRecord:
    """Give the record of a model trained with reviews, whose prepared copy is kept."""
    folder = tmp_path_factory.mktemp("trained")
    data = DataSettings(dataset=str(write_csv(folder / "reviews.csv", review_rows())))
    return recorded(data, folder / "kept", FINDER)


@pytest.fixture
def candidate(classifier: Classifier, record: ModelRecord) -> Classifier:
    """Give a classifier that records to have been trained with the reviews."""
    return replace(classifier, record=record)


def split(record: ModelRecord) -> PreparedDataset:
    return PreparedDataset(Path(recorded_part(record).prepared))


def maker(candidate: Classifier, measured: MeasuredTexts = MEASURED) -> BaselineMaker:
    return BaselineMaker(candidate, measured, FP32, FINDER, seed=1)


# --- names --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*BUILT_IN, "./model", "folder/model", "acme/model", "/model"])
def test_a_built_in_name_or_a_path_is_a_baseline(name: str) -> None:
    check_baseline(name)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("tf-idf", "did you mean tfidf? To compare with several, repeat --baseline"),
        ("pretrained,tfidf", "did you mean pretrained? To compare with several, repeat --baseline"),
        ("xyz", "pass one of these names, or the path of a model"),
    ],
)
def test_another_name_is_refused_with_the_nearest_one(name: str, hint: str) -> None:
    with pytest.raises(UsageError) as refused:
        check_baseline(name)
    known = "pretrained, majority, tfidf, frozen"
    assert refused.value.message == f"--baseline {name!r} is neither one of {known} nor a model folder"
    assert refused.value.hint == hint


# --- what they are made from --------------------------------------------------------------------------------


def test_the_majority_is_that_of_the_training_split(candidate: Classifier, record: ModelRecord) -> None:
    found = maker(candidate).measure("majority")
    share = split(record).read("train").labels.mean()
    assert found.answers.probabilities == pytest.approx(np.array([[1 - share, share]] * 3))
    assert found.answers.labels.tolist() == [1, 0, 0]
    assert found.metrics == score(found.answers)
    assert (found.name, found.costs) == ("majority", Spent(0.0, 0.0, 0.0))


def test_the_classes_of_training_are_matched_with_those_of_the_model_by_name(candidate: Classifier) -> None:
    turned = replace(candidate, labels=["good", "bad"])
    measured = replace(MEASURED, names=["good", "bad"], labels=np.array([0, 1, 1]))
    found, usual = (maker(*pair).measure("tfidf") for pair in ((turned, measured), (candidate, MEASURED)))
    assert found.answers.probabilities == pytest.approx(usual.answers.probabilities[:, ::-1], abs=1e-3)
    assert usual.answers.predictions.tolist()[:2] == [1, 0]


def test_only_the_rows_that_were_trained_on_are_used(candidate: Classifier, record: ModelRecord) -> None:
    then = Settings(data=DataSettings(max_train_samples=10), run=RunSettings(seed=5))
    part_of_it = replace(candidate, record=record.model_copy(update={"settings": then}))
    found = maker(part_of_it).measure("tfidf")
    rows = split(record).subset("train", 10, 5)
    cleaned = MEASURED.cleaned(candidate.cleaning)
    assert cleaned[1] == "a dull & awful film"
    expected = tfidf(rows.texts, rows.labels, cleaned, 2, seed=1)
    assert found.answers.probabilities == pytest.approx(expected.probabilities)


@pytest.mark.parametrize("name", ["majority", "tfidf", "frozen"])
def test_a_candidate_that_records_no_training_data_has_no_trained_baseline(classifier: Classifier, name: str) -> None:
    for record in (None, ModelRecord(schema_version=1)):
        with pytest.raises(ModelError, match="does not record its training data") as refused:
            maker(replace(classifier, record=record)).measure(name)
        assert refused.value.hint == f"leave out --baseline {name}"


@pytest.mark.parametrize("name", ["pretrained", "frozen"])
def test_a_candidate_that_records_no_encoder_has_no_baseline_of_it(candidate: Classifier, name: str) -> None:
    with pytest.raises(ModelError, match="does not record the encoder it was fine-tuned from") as refused:
        maker(candidate).measure(name)
    assert refused.value.hint == "leave out the baselines pretrained and frozen"


def test_pretrained_is_the_encoder_with_the_first_head_of_the_training(
    candidate: Classifier, record: ModelRecord, tiny_encoder: Path
) -> None:
    def measured(seed: int) -> Any:
        base = BaseModelRecord(name="tiny", folder=str(tiny_encoder))
        values = {"base_model": base, "settings": Settings(run=RunSettings(seed=seed))}
        return maker(replace(candidate, record=record.model_copy(update=values))).measure("pretrained")

    found, other = measured(1), measured(2)
    assert found.name == "pretrained"
    assert found.costs.train_seconds == 0.0
    assert found.costs.megabytes > 0
    assert found.answers.confidence.max() < 0.7  # a fresh head is sure of nothing
    assert not np.allclose(found.answers.probabilities, other.answers.probabilities, atol=1e-4)


# --- what is kept -------------------------------------------------------------------------------------------


def kept(suffix: str) -> Path:
    [path] = KEPT.glob(f"*{suffix}")
    return path


def test_a_baseline_is_made_once_and_its_costs_are_kept(
    candidate: Classifier, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "clf")
    first = maker(candidate).measure("tfidf")
    assert sorted(path.suffix for path in KEPT.iterdir()) == [".json", ".npy"]
    costs = {"train_seconds": 12.5, "measure_seconds": None, "megabytes": 1}
    kept(".json").write_text(json.dumps(json.loads(kept(".json").read_text()) | costs))
    caplog.clear()
    again = maker(candidate).measure("tfidf")
    assert caplog.messages[-1].startswith("tfidf: using cached predictions from comparisons/.baselines/")
    assert (again.answers.probabilities == first.answers.probabilities).all()
    assert again.metrics == first.metrics
    assert again.costs == Spent(12.5, None, 1.0)


EDITED = {"not finite": float("nan"), "negative": -0.5, "no sum of one": 0.6}
"""What stands in each cell of the array, whose hash is right."""


def told(**values: Any) -> None:
    kept(".json").write_text(json.dumps(json.loads(kept(".json").read_text()) | values))


def damaged(kind: str) -> None:
    path = kept(".npy")
    if kind == "nonsense":
        path.write_bytes(b"nonsense")
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "of other rows":
        np.save(path, np.zeros((4, 2), dtype=np.float32))
    elif kind == "of other classes":
        np.save(path, np.zeros((3, 3), dtype=np.float32))
    elif kind == "pickled":
        np.save(path, np.array([[None] * 2] * 3, dtype=object), allow_pickle=True)
    elif kind == "edited":
        np.save(path, np.tile(np.array([0.25, 0.75], dtype=np.float32), (3, 1)))
    elif kind in EDITED:
        np.save(path, np.full((3, 2), EDITED[kind], dtype=np.float32))
        told(sha256=sha256(path))
    elif kind == "without costs":
        kept(".json").unlink()
    elif kind == "of version 0.1":
        kept(".json").write_text('{"train_seconds": 1.0}')
    elif kind == "no costs":
        told(train_seconds="long")
    elif kind == "newer":
        told(schema_version=2)
    else:
        path.unlink()


@pytest.mark.parametrize(
    "kind",
    ["nonsense", "empty", "of other rows", "of other classes", "pickled", "without costs", "gone", "edited", *EDITED,
     "of version 0.1", "no costs", "newer"],
)  # fmt: skip
def test_a_damaged_file_is_not_used_but_replaced(
    candidate: Classifier, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    caplog.set_level(logging.INFO, "clf")
    first = maker(candidate).measure("majority").answers.probabilities
    damaged(kind)
    assert (maker(candidate).measure("majority").answers.probabilities == first).all()
    assert not [line for line in caplog.messages if ": using cached" in line]
    told_of = [line for line in caplog.messages if line.startswith("not using the cached predictions in ")]
    assert len(told_of) == (kind != "without costs")
    assert (np.load(kept(".npy")) == first).all()


def test_a_folder_that_cannot_be_written_costs_only_the_copy(
    candidate: Classifier, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "clf")
    KEPT.parent.write_text("a file in the way")
    assert maker(candidate).measure("majority").answers.probabilities.shape == (3, 2)
    assert "cannot cache the predictions of the baseline" in caplog.text


# --- what a kept baseline depends on ------------------------------------------------------------------------


def key(candidate: Classifier, name: str = "pretrained", measured: MeasuredTexts = MEASURED, **options: Any) -> str:
    made = replace(maker(candidate, measured), **options.pop("maker", {}))
    texts, labels = options.pop("texts", ["a", "b"]), np.array(options.pop("labels", [0, 1]))
    return made._key(name, Recorded(texts, labels), Recorded())


def test_the_key_of_a_kept_baseline_depends_on_everything_that_makes_it(
    classifier: Classifier, tiny_model: Path
) -> None:
    def based(revision: str | None = None, seed: int = 1, folder: Path | None = None) -> Classifier:
        base = BaseModelRecord(name="acme/tiny", revision=revision, folder=str(folder) if folder else None)
        settings = Settings(run=RunSettings(seed=seed))
        return replace(classifier, record=ModelRecord(schema_version=1, base_model=base, settings=settings))

    plain = based()
    uncleaned = replace(plain, cleaning=plain.cleaning.model_copy(update={"unescape_entities": False}))
    keys = [
        key(plain),
        key(plain, "frozen"),
        key(plain, "tfidf"),
        key(classifier),
        key(based(revision="v2")),
        key(based(seed=2)),
        key(based(folder=tiny_model)),
        key(replace(plain, max_length=12)),
        key(replace(plain, truncation="tail")),
        key(uncleaned),
        key(plain, measured=replace(MEASURED, names=["good", "bad"])),
        key(plain, measured=replace(MEASURED, raw_texts=TEXTS[:2])),
        key(plain, texts=["a"]),
        key(plain, texts=["ab"]),
        key(plain, labels=[1, 0]),
        key(plain, maker={"compute": ComputeSettings(device="cpu", precision="bf16")}),
    ]
    assert len(set(keys)) == len(keys)
    assert keys[0] == key(based())
    assert [len(each) for each in keys] == [32] * len(keys)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["a folder", "a pipe"])
def test_an_encoder_with_weights_that_are_no_file_is_no_bug(
    classifier: Classifier, tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "x.safetensors")
    base = BaseModelRecord(name="acme/tiny", folder=str(tmp_path))
    based = replace(classifier, record=ModelRecord(schema_version=1, base_model=base))
    with pytest.raises(ModelError, match=re.escape(str(tmp_path))):
        key(based)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_another_file_of_the_encoder_is_another_baseline(
    classifier: Classifier, tiny_model: Path, tmp_path: Path, name: str
) -> None:
    for path in tiny_model.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    base = BaseModelRecord(name="acme/tiny", folder=str(tmp_path))
    based = replace(classifier, record=ModelRecord(schema_version=1, base_model=base))
    before = key(based)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes() + b" ")
    assert key(based) != before


def test_the_key_of_words_alone_does_not_depend_on_the_encoder(classifier: Classifier) -> None:
    assert key(replace(classifier, max_length=12), "tfidf") == key(classifier, "tfidf")


def test_texts_of_training_and_of_measuring_are_kept_apart(classifier: Classifier) -> None:
    one, other = replace(MEASURED, raw_texts=["b", "c"]), replace(MEASURED, raw_texts=["c"])
    assert key(classifier, "tfidf", one, texts=["a"]) != key(classifier, "tfidf", other, texts=["a", "b"])


def test_predictions_are_not_kept_through_a_link(own_folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    (own_folder / "precious").mkdir()
    place = own_folder / "comparisons" / ".baselines" / "abc"
    place.parent.parent.mkdir()
    place.parent.symlink_to(own_folder / "precious")
    _keep(place, Predicted(np.full((1, 2), 0.5, dtype=np.float32), Spent()))
    place.parent.unlink()
    place.parent.mkdir()
    (own_folder / "precious" / "file").write_text("precious")
    place.with_suffix(".npy").symlink_to(own_folder / "precious" / "file")
    _keep(place, Predicted(np.full((1, 2), 0.5, dtype=np.float32), Spent()))
    assert [path.name for path in (own_folder / "precious").iterdir()] == ["file"]
    assert (own_folder / "precious" / "file").read_text() == "precious"
    assert [message.count("is a symbolic link") for message in caplog.messages] == [1, 1]


# --- several labels per text --------------------------------------------------------------------------------

SETS = MeasuredTexts(
    "aspects", "test", [text for text, _ in aspect_rows(20, 3)],
    np.array([[name in labels for name in ASPECTS] for _, labels in aspect_rows(20, 3)]), list(ASPECTS),
)  # fmt: skip


@pytest.fixture(scope="module")
def of_sets(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    """Give a classifier that records to have been trained on texts with several labels."""
    folder = tmp_path_factory.mktemp("sets")
    (folder / "aspects").mkdir()
    for seed, (part, count) in enumerate({"train": 60, "validation": 40}.items()):
        write_aspects(folder / "aspects" / f"{part}.jsonl", count, seed)
    record = recorded(DataSettings(dataset=str(folder / "aspects")), folder / "kept", FINDER)
    made = bare_classifier(folder, record, ASPECTS)
    made.model.config.problem_type = MULTI_LABEL
    return made


def answers_of(made: Any) -> MultiLabelAnswers:
    assert isinstance(made.answers, MultiLabelAnswers)
    return made.answers


def test_thresholds_are_those_with_the_best_f1_on_the_validation_texts_of_training(of_sets: Classifier) -> None:
    found = answers_of(maker(of_sets, SETS).measure("tfidf"))
    texts, validation = ([text for text, _ in aspect_rows(*rows)] for rows in ((60, 0), (40, 1)))
    seen, judged = (
        np.array([[name in labels for name in ASPECTS] for _, labels in aspect_rows(*rows)])
        for rows in ((60, 0), (40, 1))
    )
    fitted = tfidf_of_labels(texts, seen, [*validation, *SETS.raw_texts], seed=1)
    assert found.probabilities == pytest.approx(fitted.probabilities[40:], abs=1e-5)
    expected = fit_thresholds(MultiLabelAnswers(fitted.probabilities[:40], judged, np.full(3, 0.5)))
    assert found.thresholds == pytest.approx(expected, abs=1e-5)
    again = answers_of(maker(of_sets, SETS).measure("tfidf"))  # from what was kept
    assert (again.predictions == found.predictions).all()
    assert again.thresholds == pytest.approx(expected, abs=1e-5)
    assert np.load(kept(".npy")).shape == (21, 3)


@pytest.mark.parametrize("value", [float("nan"), -0.1, 1.5])
def test_kept_probabilities_that_are_none_are_not_used(of_sets: Classifier, value: float) -> None:
    first = answers_of(maker(of_sets, SETS).measure("majority"))
    np.save(kept(".npy"), np.full((21, 3), value, dtype=np.float32))
    told(sha256=sha256(kept(".npy")))
    again = answers_of(maker(of_sets, SETS).measure("majority"))
    assert (again.probabilities == first.probabilities).all()


def test_what_is_kept_depends_on_the_validation_texts_and_the_kind(of_sets: Classifier, classifier: Classifier) -> None:
    def keys(model: Classifier, validation: Recorded) -> str:
        return maker(model, SETS)._key("tfidf", Recorded(["a"], np.zeros((1, 3), dtype=bool)), validation)

    one, other = Recorded(["b"], np.zeros((1, 3), dtype=bool)), Recorded(["b"], np.ones((1, 3), dtype=bool))
    assert len({keys(of_sets, one), keys(of_sets, other), keys(of_sets, Recorded()), keys(classifier, one)}) == 4


def test_what_is_kept_of_words_depends_on_the_seed_where_texts_have_several_labels(
    of_sets: Classifier, classifier: Classifier
) -> None:
    def keys(model: Classifier, name: str) -> set[str]:
        train = Recorded(["a"], np.zeros((1, 3), dtype=bool))
        both = (BaselineMaker(model, SETS, FP32, FINDER, seed) for seed in (1, 2))
        return {made._key(name, train, Recorded()) for made in both}

    assert len(keys(of_sets, "tfidf")) == 2  # its solver goes through the texts in an order that the seed draws
    assert len(keys(classifier, "tfidf")) == len(keys(of_sets, "majority")) == 1


def test_without_validation_texts_labels_are_predicted_from_the_middle_on_and_it_is_said(
    of_sets: Classifier, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PreparedDataset, "splits", ["train"])
    found = answers_of(maker(of_sets, SETS).measure("majority"))
    assert found.thresholds.tolist() == [0.5] * 3
    assert "aspects has no validation texts: baselines predict labels from 0.5 on" in caplog.text
