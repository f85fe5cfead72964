"""An export runs in ONNX Runtime as the original does, and is refused where its parts do not match."""

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from onnx import TensorProto

from clf import processes
from clf.errors import ModelError
from clf.models.files import ModelFiles
from clf.models.from_files import load_classifier
from clf.models.onnx import INPUTS, MISSING, OnnxModel

LARGEST = 343
"""The largest id of the tiny tokenizer."""


def copy(folder: Path, to: Path) -> Path:
    return Path(shutil.copytree(folder, to))


@pytest.fixture(scope="module")
def model(tiny_export: Path) -> OnnxModel:
    return OnnxModel(tiny_export)


def test_the_logits_are_those_of_the_original_for_any_number_of_texts_and_tokens(
    tiny_classifier: Path, model: OnnxModel
) -> None:
    original = load_classifier(ModelFiles(tiny_classifier, "tiny", "path")).model
    for texts, tokens in ((1, 1), (3, 9), (2, 128)):
        ids = torch.randint(5, LARGEST, (texts, tokens), generator=torch.Generator().manual_seed(1))
        mask = torch.ones_like(ids)
        mask[-1, (tokens + 1) // 2 :] = 0
        with torch.no_grad():
            expected = original(input_ids=ids, attention_mask=mask).logits
        torch.testing.assert_close(model(ids, mask).logits, expected, atol=1e-5, rtol=1e-4)


def test_an_export_looks_like_a_classifier_that_is_never_trained(model: OnnxModel, tiny_export: Path) -> None:
    assert model.to(torch.device("cpu")) is model.eval() is model.train() is model
    assert (model.training, list(model.parameters())) == (False, [])
    assert (model.name_or_path, model.config.num_labels) == (str(tiny_export), 2)
    classifier = load_classifier(ModelFiles(tiny_export, "tiny", "path"))
    assert (classifier.labels, classifier.max_length, classifier.parameters) == (["bad", "good"], 128, 0)


def test_a_graph_that_matches_its_tokenizer_and_labels_is_accepted(model: OnnxModel) -> None:
    model.check(LARGEST)


def other_input(folder: Path) -> None:
    graph = onnx.load(folder / "model.onnx")
    for name in [value for value in graph.graph.input if value.name == "attention_mask"]:
        name.name = "token_type_ids"
    for node in graph.graph.node:
        for place, name in enumerate(node.input):
            if name == "attention_mask":
                node.input[place] = "token_type_ids"
    onnx.save(graph, folder / "model.onnx")


def more_labels(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    labels = {"id2label": {"0": "a", "1": "b", "2": "c"}, "label2id": {"a": 0, "b": 1, "c": 2}}
    (folder / "config.json").write_text(json.dumps(config | labels))


def graph_of(*nodes: onnx.NodeProto) -> Callable[[Path], None]:
    """Replace the graph by one that gives two numbers a text, which the nodes turn into logits."""

    def replace(folder: Path) -> None:
        size = [onnx.helper.make_tensor_value_info(name, TensorProto.INT64, ["b", "s"]) for name in INPUTS]
        logits = onnx.helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)
        made = [
            onnx.helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
            onnx.helper.make_node("ReduceMax", ["mask"], ["one"], axes=[1], keepdims=1),
            onnx.helper.make_node("Concat", ["one", "one"], ["two"], axis=1),
            *nodes,
        ]
        axis = onnx.helper.make_tensor("axis", TensorProto.INT64, [1], [0])
        graph = onnx.helper.make_graph(made, "g", size, [logits], [axis])
        opset = onnx.helper.make_opsetid("", 17)
        onnx.save(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8), folder / "model.onnx")

    return replace


@pytest.mark.parametrize(
    ("damage", "largest", "message"),
    [
        (graph_of(onnx.helper.make_node("Unsqueeze", ["two", "axis"], ["logits"])), LARGEST, "the graph gives numbers"),
        (
            graph_of(onnx.helper.make_node("ReduceMax", ["two"], ["logits"], axes=[0])),
            LARGEST,
            "the graph gives numbers",
        ),
        (other_input, LARGEST, "the graph has the inputs input_ids, token_type_ids"),
        (more_labels, LARGEST, "the graph has 2 classes, config.json has 3"),
        (lambda folder: None, LARGEST + 1, "graph and tokenizer do not match: "),
    ],
    ids=["shape", "one for all", "inputs", "labels", "tokens"],
)
def test_a_graph_that_does_not_match_is_refused(
    tiny_export: Path, tmp_path: Path, damage: Callable[[Path], None], largest: int, message: str
) -> None:
    folder = copy(tiny_export, tmp_path / "model")
    damage(folder)
    with pytest.raises(ModelError) as refused:
        OnnxModel(folder).check(largest)
    assert refused.value.message.startswith(f"{folder}: {message}")
    assert refused.value.hint == "export the model again"


def test_a_loop_is_refused_unrun(tiny_export: Path, tmp_path: Path) -> None:
    folder = copy(tiny_export, tmp_path / "model")
    graph_of(onnx.helper.make_node("Loop", ["axis", "", "two"], ["logits"], body=onnx.GraphProto(name="b")))(folder)
    with pytest.raises(ModelError, match=r"model\.onnx holds a loop \(Loop\), which may never end"):
        OnnxModel(folder)


@pytest.mark.parametrize(
    "spelled",
    [
        b'"\x84\x00Loop',
        b"\xa2\x00\x04Loop",
        b"\xa2\x80\x80\x00\x84\x80\x00Loop",
        b"\xa2\x80\x80\x80\x10\x04Loop",
        b"\xa2\x80\x80\x80\x70\x04Loop",
    ],
)
def test_a_loop_is_found_however_its_length_is_written(tiny_export: Path, tmp_path: Path, spelled: bytes) -> None:
    folder = copy(tiny_export, tmp_path / "model")
    (folder / "model.onnx").write_bytes(b"Loop" + b"x" * 50 + spelled + b"x")
    with pytest.raises(ModelError, match=r"holds a loop \(Loop\)"):
        OnnxModel(folder)
    (folder / "model.onnx").write_bytes(b"Loop" * 5_000_000)
    started = time.perf_counter()
    with pytest.raises(ModelError, match="cannot be loaded"):
        OnnxModel(folder)
    assert time.perf_counter() - started < 30  # a loop in Python over each would take longer
    (folder / "model.onnx").write_bytes(b"Loop, and other words such as Loop")
    with pytest.raises(ModelError, match="cannot be loaded"):
        OnnxModel(folder)


@pytest.mark.parametrize("data", [b"", b"no graph"], ids=["empty", "text"])
def test_a_damaged_graph_is_named(tiny_export: Path, tmp_path: Path, data: bytes) -> None:
    folder = copy(tiny_export, tmp_path / "model")
    (folder / "model.onnx").write_bytes(data)
    with pytest.raises(ModelError, match=r"model\.onnx cannot be loaded: ") as refused:
        OnnxModel(folder)
    assert refused.value.hint == "export the model again"


def test_without_the_package_its_name_is_told(tiny_export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelError, match="is an ONNX export, which needs onnxruntime to run") as refused:
        OnnxModel(tiny_export)
    assert refused.value.hint == MISSING == "pip install 'clf-cli[onnx]'"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("[ONNXRuntimeError] : 6 : Failed to allocate memory for requested buffer of size 9", MemoryError),
        ("std::bad_alloc", MemoryError),
        ("bad allocation", MemoryError),
        ("[ONNXRuntimeError] : 2 : INVALID_ARGUMENT", OSError),
    ],
)
def test_want_of_memory_is_told_from_other_errors_of_the_runtime(
    model: OnnxModel, monkeypatch: pytest.MonkeyPatch, said: str, kind: type[Exception]
) -> None:
    class Session:
        def run(self, *_: Any) -> None:
            raise OSError(said)

    monkeypatch.setattr(model, "session", Session())
    with pytest.raises(kind, match=said[-10:]):
        model(torch.ones(1, 1, dtype=torch.int64), torch.ones(1, 1, dtype=torch.int64))


@pytest.mark.parametrize(("threads", "cores", "used"), [(2, 64, 2), (64, 3, 3)])
def test_no_more_threads_are_used_than_there_are_cores_or_pytorch_would_use(
    tiny_export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int, cores: int, used: int
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    monkeypatch.setattr(processes, "CONTROL_GROUP", tmp_path)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    assert OnnxModel(tiny_export).session.get_session_options().intra_op_num_threads == used
