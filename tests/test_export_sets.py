"""`clf export` of models that give a text several labels: the same sets, thresholds and calibration, and int8's gate."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import tokenizers

import clf as package
from clf.models import onnx_export
from clf.models.configs import MULTI_LABEL
from clf.models.record import ModelRecord, write_model_record
from conftest import RunClf
from support.classifiers import write_tiny_classifier
from support.multi_label import ASPECTS, aspect_rows, write_aspects

KEPT = {
    "threshold": 0.1245,
    "abstention": {"aim": {"target_coverage": 0.5}, "threshold": 0.1245},
    "label_calibration": {"scales": dict.fromkeys(ASPECTS, 2.0), "biases": dict.fromkeys(ASPECTS, 0.1), "rows": 200},
}
TEXTS = [text for text, _ in aspect_rows(24, seed=3)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a model that knows nothing, what it would have from training, texts, and its export."""
    from clf.cli.app import run

    folder = tmp_path_factory.mktemp("sets")
    write_tiny_classifier(folder / "plain", ASPECTS, MULTI_LABEL)
    write_tiny_classifier(folder / "model", ASPECTS, MULTI_LABEL)
    scores = [list(answer.scores.values()) for answer in package.load(folder / "plain").predict(TEXTS)]
    cuts = dict(zip(ASPECTS, np.quantile(scores, 0.6, axis=0).tolist(), strict=True))
    record = {"schema_version": 1, "labels": list(ASPECTS), "thresholds": cuts, **KEPT}
    write_model_record(folder / "model", ModelRecord.model_validate(record))
    write_aspects(folder / "test.jsonl", 160)
    given = ["--dataset", str(folder / "test.jsonl"), "--output-dir", str(folder / "onnx"), "--quiet"]
    assert run(["export", str(folder / "model"), *given]) == 0
    return folder


def record_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "clf.json").read_text()))


def test_the_export_predicts_the_same_sets_and_keeps_thresholds_calibration_and_abstention(made: Path) -> None:
    own, exported = record_of(made / "model"), record_of(made / "onnx")
    for key in ("labels", "thresholds", "threshold", "label_calibration", "abstention"):
        assert exported[key] == own[key]
    assert not {"temperature", "calibration"} & set(exported)
    assert json.loads((made / "onnx" / "config.json").read_text())["problem_type"] == MULTI_LABEL
    assert (exported["export"]["same_labels"], exported["export"]["metric"]) == (1.0, "macro_f1")
    answers, others = (package.load(made / name).predict(TEXTS) for name in ("model", "onnx"))
    assert len({answer.label for answer in answers}) > 2
    for one, other in zip(answers, others, strict=True):
        assert one.labels == other.labels
        assert one.scores == pytest.approx(other.scores, abs=1e-5)
        assert one.confidence == pytest.approx(other.confidence, abs=1e-5)


def test_its_card_tells_how_onnx_runtime_alone_gives_the_same_sets(made: Path) -> None:
    card = (made / "onnx" / "README.md").read_text()
    assert "It predicts none, one or several of these labels: acting, music, plot." in card
    assert "it predicts the same labels as the original for 100.00%" in card
    found: dict[str, Any] = {}
    code = card.split("```python")[1].split("```")[0].replace('"a text"', repr(TEXTS[0]))
    for file in ("tokenizer.json", "model.onnx"):
        code = code.replace(f'"{file}"', repr(str(made / "onnx" / file)))
    exec(code, {"numpy": np, "onnxruntime": onnxruntime, "tokenizers": tokenizers}, found)
    [answer] = package.load(made / "onnx").predict(TEXTS[:1])
    assert found["probabilities"][0].tolist() == pytest.approx(list(answer.scores.values()), abs=1e-5)
    for name, cut in record_of(made / "onnx")["thresholds"].items():
        assert f"| {name} | {cut:.4f} |" in card


def test_evaluate_compare_and_predict_take_it(clf: RunClf, made: Path) -> None:
    texts = ("--dataset", made / "test.jsonl", "--json")
    measured = [clf("evaluate", made / name, *texts, "--output-dir", name).json for name in ("model", "onnx")]
    assert measured[0]["metrics"] == pytest.approx(measured[1]["metrics"], abs=1e-4)
    assert measured[0]["abstention"]["answered"] == measured[1]["abstention"]["answered"]
    compared = clf("compare", made / "onnx", "--baseline", made / "model", "--margin", 0.05, *texts)
    assert (compared.code, compared.json["comparisons"][0]["difference"]) == (0, 0.0), compared.err
    files = [f"{name}.jsonl" for name in ("model", "onnx")]
    for name, file in zip(("model", "onnx"), files, strict=True):
        assert clf("predict", made / name, made / "test.jsonl", "--output", file).code == 0
    labels = [[json.loads(line)["label"] for line in Path(file).read_text().splitlines()] for file in files]
    assert labels[0] == labels[1]


@pytest.mark.parametrize(("metric", "code"), [("accuracy", 2), ("weighted_f1", 0)])
def test_int8_is_judged_by_a_metric_of_sets(clf: RunClf, made: Path, metric: str, code: int) -> None:
    given = ("--dataset", made / "test.jsonl", "--metric", metric, "--margin", 0.9, "--output-dir", "out")
    done = clf("export", made / "plain", "--int8", *given, "--json")
    assert done.code == code, done.err
    if code:
        assert "--metric accuracy does not suit models that predict several labels per text" in done.err
        return
    assert (done.json["gate"], done.json["metric"]) == ("passed", "weighted_f1")
    # A model of another tool has no thresholds; what clf reads it by stands in the export.
    assert record_of(Path("out"))["thresholds"] == dict.fromkeys(ASPECTS, 0.5)
    assert clf("predict", "out", "--text", TEXTS[0]).code == 0


def test_int8_that_loses_a_label_is_refused(clf: RunClf, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_plot(path: Path, _: object) -> None:
        graph = onnx.load(path)
        [bias] = [weights for weights in graph.graph.initializer if weights.name == "model.classifier.bias"]
        bias.raw_data = (np.frombuffer(bias.raw_data, np.float32) - np.array([0, 0, 9], np.float32)).tobytes()
        onnx.save(graph, path)

    monkeypatch.setattr(onnx_export, "quantize", without_plot)
    given = ("--dataset", made / "test.jsonl", "--output-dir", "out")
    done = clf("export", made / "model", "--int8", *given, "--json")
    assert (done.code, done.json["gate"], done.json["margin"]) == (3, "failed", 0.01), done.err
    assert done.json["same_labels"] < 1.0
    assert not Path("out").exists()
    shown = clf("export", made / "model", "--int8", *given)
    assert "same labels for " in shown.out
    assert "not written: it loses more than the margin of 0.01" in shown.out
