"""A classifier is written as a graph and quantized to int8; what cannot be is refused with the reason."""

import errno
import logging
import shutil
import sys
import tempfile
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from transformers import AutoConfig

from clf.errors import ModelError, TooLittleMemory, UsageError
from clf.models.classifier import Classifier
from clf.models.files import ModelFiles
from clf.models.from_files import load_classifier
from clf.models.onnx import OnnxModel
from clf.models.onnx_export import check_onnx, quantize, versions, write_onnx

IDS = torch.randint(5, 343, (4, 9), generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def classifier(tiny_classifier: Path) -> Classifier:
    return load_classifier(ModelFiles(tiny_classifier, "tiny", "path"))


def kinds_of(path: Path) -> Counter[str]:
    return Counter(node.op_type for node in onnx.load(path).graph.node)


def test_the_model_is_as_before_and_nothing_is_printed(
    classifier: Classifier, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    level, implementation = logging.getLogger().level, classifier.model.config._attn_implementation
    write_onnx(classifier, tmp_path / "model.onnx")
    assert classifier.model.config._attn_implementation == implementation == "sdpa"
    assert logging.getLogger().level == level
    assert capfd.readouterr().out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (
            ValueError("no such operator\nand more"),
            ModelError,
            "tiny cannot be exported to ONNX: ValueError: no such operator",
        ),
        (MemoryError("too much"), TooLittleMemory, "memory ran out: MemoryError: too much"),
        (OSError(errno.ENOSPC, "No space left on device"), OSError, "No space left on device"),
    ],
    ids=["operator", "memory", "disk"],
)
def test_an_export_that_fails_says_why_and_leaves_the_model_as_it_was(
    classifier: Classifier,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    kind: type[Exception],
    message: str,
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(classifier.model, "forward", fails)
    with pytest.raises(kind) as refused:
        write_onnx(classifier, tmp_path / "model.onnx")
    assert type(refused.value) is kind
    assert message in str(refused.value)
    assert classifier.model.config._attn_implementation == "sdpa"


def test_int8_is_smaller_fused_where_the_architecture_is_known_and_about_the_same(
    tiny_export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = Path(shutil.copytree(tiny_export, tmp_path / "model"))
    model = OnnxModel(folder)
    size, exact = (folder / "model.onnx").stat().st_size, model(IDS, torch.ones_like(IDS)).logits
    quantize(folder / "model.onnx", model.config)
    assert (folder / "model.onnx").stat().st_size < size / 2
    kinds = kinds_of(folder / "model.onnx")
    assert kinds["QAttention"] == 2  # one for each of its layers
    assert kinds["MatMul"] == 0
    torch.testing.assert_close(OnnxModel(folder)(IDS, torch.ones_like(IDS)).logits, exact, atol=0.05, rtol=0.0)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]  # nothing is left in the scratch folder


def test_int8_of_an_unknown_architecture_is_not_fused(tiny_export: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_export, tmp_path / "model"))
    config = AutoConfig.from_pretrained(folder)
    config.model_type = "modernbert"
    quantize(folder / "model.onnx", config)
    kinds = kinds_of(folder / "model.onnx")
    assert kinds["QAttention"] == 0
    assert kinds["MatMulInteger"] > 2


def test_a_graph_that_cannot_be_quantized_is_refused(tiny_export: Path, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"no graph")
    config = AutoConfig.from_pretrained(tiny_export)
    config.model_type = "modernbert"
    with pytest.raises(ModelError, match="modernbert cannot be quantized to int8: ") as refused:
        quantize(tmp_path / "model.onnx", config)
    assert refused.value.hint == "choose another architecture"


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    check_onnx()
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UsageError, match=f"exporting to ONNX needs the package {package}$") as refused:
        check_onnx()
    assert refused.value.hint == "pip install 'clf-cli[onnx]'"


def test_the_versions_are_those_of_the_packages() -> None:
    assert versions() == {"onnx": version("onnx"), "onnxruntime": version("onnxruntime")}
