"""`clf export`: ONNX that answers as the original does, int8 that the gate lets through or refuses."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import tokenizers
import torch

import clf as package
from clf.export import exit_code
from clf.models import onnx_export
from clf.models.classifier import Classifier
from clf.outcomes.exporting import ExportResult
from clf.storage.disk import sha256
from conftest import RunClf, review_rows, write_csv
from support.classifiers import write_tiny_classifier

TEXTS = ["a wonderful film", "an awful and boring film with a terrible plot " * 9, "<b>great</b> &amp; dull", "x"]


@pytest.fixture(scope="module")
def exported(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the trained model as ONNX in fp32."""
    from clf.cli.app import run

    folder = tmp_path_factory.mktemp("exported") / "onnx"
    assert run(["export", str(trained), "--output-dir", str(folder), "--quiet"]) == 0
    return folder


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def confidences(folder: Path, *, fp32: bool = True) -> list[float]:
    from clf.predictor import Predictor
    from clf.settings import ComputeSettings, Settings

    settings = Settings(compute=ComputeSettings(precision="fp32" if fp32 else "auto"))
    return [answer.scores["positive"] for answer in Predictor(str(folder), settings).predict(TEXTS)]


def test_an_export_answers_as_the_original_whatever_the_number_and_length_of_texts(
    trained: Path, exported: Path
) -> None:
    assert confidences(exported) == pytest.approx(confidences(trained), abs=1e-4)


def test_the_folder_says_how_texts_are_read_and_what_was_measured(clf: RunClf, trained: Path, exported: Path) -> None:
    record = json.loads((exported / "clf.json").read_text())
    original = json.loads((trained / "clf.json").read_text())
    for key in ("labels", "max_length", "truncation", "cleaning", "threshold", "temperature"):
        assert record[key] == original[key]
    assert record["files"]["model.onnx"] == sha256(exported / "model.onnx")
    assert record["export"]["same_labels"] == 1.0
    assert record["export"]["original_files"] == original["files"]
    assert "as ONNX, fp32" in (exported / "README.md").read_text()


def test_plain_onnx_runtime_runs_the_folder_with_operators_of_the_standard(exported: Path, trained: Path) -> None:
    graph = onnx.load(exported / "model.onnx")
    assert {node.domain for node in graph.graph.node} == {""}
    names = {value.name: [axis.dim_param for axis in value.type.tensor_type.shape.dim] for value in graph.graph.input}
    assert names == {"input_ids": ["texts", "tokens"], "attention_mask": ["texts", "tokens"]}
    tokenizer = tokenizers.Tokenizer.from_file(str(exported / "tokenizer.json"))
    tokenizer.no_padding()
    session = onnxruntime.InferenceSession(exported / "model.onnx", providers=["CPUExecutionProvider"])
    encoded = tokenizer.encode("a wonderful film")
    given = {"input_ids": np.array([encoded.ids]), "attention_mask": np.array([encoded.attention_mask])}
    [logits] = session.run(["logits"], given)
    labels = json.loads((exported / "config.json").read_text())["id2label"]
    answer = package.load(trained).predict(["a wonderful film"])[0]
    assert labels[str(logits[0].argmax())] == answer.label
    assert torch.softmax(torch.from_numpy(logits), -1).max().item() == pytest.approx(answer.confidence, abs=1e-2)


def test_evaluate_compare_and_predict_take_an_export(clf: RunClf, exported: Path, trained: Path) -> None:
    measured = clf("evaluate", exported, "--json")
    assert measured.code == 0, measured.err
    plain = clf("evaluate", trained, "--json", "--output-dir", "plain").json
    assert measured.json["metrics"]["accuracy"] == plain["metrics"]["accuracy"]
    compared = clf("compare", exported, "--baseline", trained, "--margin", 0.05, "--json")
    assert (compared.code, compared.json["comparisons"][0]["difference"]) == (0, 0.0)
    write_csv(Path("new.csv"), [("a wonderful film",), ("",)], ("text",))
    assert clf("predict", exported, "new.csv", "--output", "out.csv").code == 0
    assert [line.split(",")[-1] for line in Path("out.csv").read_text().splitlines()] == ["error", "", "empty text"]


def test_int8_is_smaller_and_published_where_it_costs_no_more_than_the_margin(clf: RunClf, trained: Path) -> None:
    done = clf("export", trained, "--int8", "--margin", 0.5, "--json")
    assert done.code == 0, done.err
    result = done.json
    assert (result["gate"], result["int8"], result["margin"]) == ("passed", True, 0.5)
    folder = Path(result["output_dir"])
    assert folder == Path("exported_models/trained_int8")
    assert folder.stat().st_mode & 0o777 == 0o777 & ~umask()
    kinds = {node.op_type for node in onnx.load(folder / "model.onnx").graph.node}
    assert "QAttention" in kinds
    assert "MatMul" not in kinds
    assert confidences(folder) == pytest.approx(confidences(trained), abs=0.2)
    assert "int8" in (folder / "README.md").read_text()


def test_int8_is_refused_where_it_costs_more_and_nothing_is_written(
    clf: RunClf, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quantize = onnx_export.quantize

    def spoilt(path: Path, config: object) -> None:
        quantize(path, config)
        graph = onnx.load(path)
        for weights in graph.graph.initializer:
            if weights.data_type == onnx.TensorProto.INT8 and len(weights.raw_data) > 64:
                weights.raw_data = bytes(len(weights.raw_data))
        onnx.save(graph, path)

    monkeypatch.setattr(onnx_export, "quantize", spoilt)
    done = clf("export", trained, "--int8", "--split", "train", "--allow-leak", "--json")
    assert done.code == 3, done.err
    assert (done.json["gate"], done.json["output_dir"]) == ("failed", None)
    assert not Path("exported_models").exists()


def lean_to_negative(path: Path, logit: float) -> None:
    """Add to the logit of the first class."""
    graph = onnx.load(path)
    [bias] = [weights for weights in graph.graph.initializer if weights.name == "model.classifier.bias"]
    bias.raw_data = (np.frombuffer(bias.raw_data, np.float32) + np.array([logit, 0.0], np.float32)).tobytes()
    onnx.save(graph, path)


@pytest.mark.parametrize(("choice", "code", "published"), [("fail", 4, False), ("pass", 0, True)])
def test_a_loss_on_few_texts_is_inconclusive_and_published_only_if_that_passes(
    clf: RunClf, trained: Path, monkeypatch: pytest.MonkeyPatch, choice: str, code: int, published: bool
) -> None:
    monkeypatch.setattr(onnx_export, "quantize", lambda path, config: lean_to_negative(path, 100.0))
    arguments = ("--max-eval-samples", 4, "--on-inconclusive", choice, "--output-dir", "out")
    done = clf("export", trained, "--int8", *arguments, "--json")
    assert done.code == code, done.err
    assert (done.json["gate"], done.json["rows"], done.json["margin"]) == ("inconclusive", 4, 0.01)
    assert Path("out/clf.json").exists() is published
    assert "only 4 texts to measure on: chance can hide a loss from int8" in done.err


def test_a_graph_that_answers_otherwise_is_refused_without_int8_whatever_its_labels(
    clf: RunClf, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_onnx = onnx_export.write_onnx

    def spoilt(classifier: Classifier, path: Path) -> None:
        write_onnx(classifier, path)
        lean_to_negative(path, 0.5)

    monkeypatch.setattr(onnx_export, "write_onnx", spoilt)
    done = clf("export", trained, "--output-dir", "out")
    assert done.code == 1
    assert "error: the export of trained predicts differently: probabilities differ by up to 0." in done.err
    assert "hint: keep using the original, and report the architecture" in done.err
    assert not Path("out").exists()


def test_the_export_of_a_model_of_another_tool_records_what_is_known(clf: RunClf, own_folder: Path) -> None:
    write_csv(own_folder / "reviews.csv", review_rows())
    write_tiny_classifier(own_folder / "tiny")
    given = ("--dataset", "reviews.csv", "--split", "test", "--output-dir", "out")
    done = clf("export", "./tiny", *given, "--max-length", 32, "--json")
    assert done.code == 0, done.err
    record = json.loads(Path("out/clf.json").read_text())
    assert {name: record[name] for name in ("schema_version", "labels", "max_length", "truncation")} == {
        "schema_version": 1, "labels": ["bad", "good"], "max_length": 32, "truncation": "head",
    }  # fmt: skip
    assert not {"threshold", "temperature", "settings", "base_model"} & set(record)
    assert record["export"]["original_files"] is None
    assert record["export"]["largest_difference"] < 1e-3
    assert set(record["files"]) == {path.name for path in Path("out").iterdir()} - {
        "clf.json",
        "README.md",
        "settings.json",
    }


@pytest.mark.parametrize(
    ("gate", "published", "code"),
    [("passed", True, 0), ("failed", False, 3), ("inconclusive", False, 4), ("inconclusive", True, 0)],
)
def test_the_exit_code_follows_the_gate_unless_the_export_was_published(gate: str, published: bool, code: int) -> None:
    result = ExportResult.model_construct(gate=gate, output_dir="out" if published else None)
    assert exit_code(result) == code


def test_what_cannot_be_exported_is_said(clf: RunClf, exported: Path, tiny_encoder: Path) -> None:
    again = clf("export", exported)
    assert (again.code, "is an ONNX export already" in again.err) == (1, True), again.err
    write_csv(Path("reviews.csv"), review_rows())
    trained_on = clf("train", "--dataset", "reviews.csv", "--model", exported, "--output-dir", "m")
    assert (trained_on.code, "is an ONNX export, which cannot be trained" in trained_on.err) == (1, True)
    encoder = clf("export", tiny_encoder)
    assert (encoder.code, "is not a classifier" in encoder.err) == (1, True)


def test_a_damaged_export_is_refused(clf: RunClf, exported: Path, own_folder: Path) -> None:
    for damage, message in (
        (lambda data: data[:-9], "has changed since clf wrote it"),
        (None, "has no model.safetensors"),
    ):
        folder = own_folder / "damaged"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(exported, folder)
        graph = folder / "model.onnx"
        graph.write_bytes(damage(graph.read_bytes())) if damage else graph.unlink()
        done = clf("predict", folder, "--text", "a film")
        assert (done.code, message in done.err) == (1, True), done.err
    (folder / "model.onnx").write_bytes(b"no graph")
    record = json.loads((folder / "clf.json").read_text())
    record["files"] = {}
    (folder / "clf.json").write_text(json.dumps(record))
    done = clf("predict", folder, "--text", "a film")
    assert (done.code, "model.onnx cannot be loaded" in done.err) == (1, True), done.err
