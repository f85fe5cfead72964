"""Export a classifier to ONNX, and quantize it to int8."""

# ruff: noqa: TID253 - this module computes
import logging
import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, NoReturn

import torch

from clf.errors import ModelError, TooLittleMemory, UsageError, first_line, ran_out_of_memory
from clf.models.classifier import Classifier
from clf.models.configs import ONNX_FILE
from clf.models.families import family_of
from clf.models.onnx import INPUTS, MISSING
from clf.storage.disk import disk_fails
from clf.storage.scratch import scratch_folder

OPSET = 17  # the first with layer normalization as a single operator


def check_onnx() -> None:
    """Raise UsageError if a package that exporting needs is not installed."""
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise UsageError(f"exporting to ONNX needs the package {error.name}", MISSING) from error


def write_onnx(classifier: Classifier, path: Path) -> None:
    """Export a classifier as a graph of standard operators, for any number of texts and tokens."""
    model = classifier.model.to("cpu").eval()
    implementation = model.config._attn_implementation
    ids = torch.ones(2, 8, dtype=torch.int64)
    axes = {name: {0: "texts", 1: "tokens"} for name in INPUTS} | {"logits": {0: "texts"}}
    with _quiet(), torch.no_grad():
        # ONNX Runtime can fuse attention only if it is eager and exported by tracing.
        model.set_attn_implementation("eager")
        try:
            torch.onnx.export(_Logits(model), (ids, ids), str(path), dynamo=False, opset_version=OPSET,
                              input_names=list(INPUTS), output_names=["logits"], dynamic_axes=axes)  # fmt: skip
        except Exception as error:  # the exporter raises errors of many types
            _refuse(error, f"{classifier.name} cannot be exported to ONNX")
        finally:
            model.set_attn_implementation(implementation)


def quantize(path: Path, config: Any) -> None:
    """Quantize the matrices and embeddings of a graph to int8; activations are quantized dynamically.

    Where ONNX Runtime knows the architecture, attention and layer norms are fused into its own operators, which can
    then use int8 too.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with _quiet(), scratch_folder() as scratch:
        fused = scratch / ONNX_FILE
        try:
            shutil.copytree(path.parent, scratch, dirs_exist_ok=True)  # a large graph has separate weight files
            if fuser := family_of(config.model_type).onnx_fuser:
                _fuse(fused, fuser, config)
            quantize_dynamic(
                fused,
                path,
                weight_type=QuantType.QInt8,
                per_channel=True,
                op_types_to_quantize=["MatMul", "Gemm", "Attention", "EmbedLayerNormalization", "Gather"],
                extra_options={"MatMulConstBOnly": True, "DefaultTensorType": 1},
            )
        except Exception as error:
            _refuse(error, f"{config.model_type} cannot be quantized to int8")


def _refuse(error: Exception, what: str) -> NoReturn:
    if disk_fails(error):
        raise error
    if ran_out_of_memory(error):
        raise TooLittleMemory(f"memory ran out: {first_line(error)}", "free memory, or use a smaller model") from error
    raise ModelError(f"{what}: {first_line(error)}", "choose another architecture") from error


def versions() -> dict[str, str]:
    """Return the versions of the packages that an export depends on."""
    from importlib.metadata import version

    return {name: version(name) for name in ("onnx", "onnxruntime")}


def _fuse(path: Path, fuser: str, config: Any) -> None:
    from onnxruntime.transformers.optimizer import optimize_model

    fused = optimize_model(
        str(path), model_type=fuser, num_heads=config.num_attention_heads, hidden_size=config.hidden_size
    )
    fused.save_model_to_file(str(path))


class _Logits(torch.nn.Module):
    """Wraps a model so that it returns only its logits."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).logits
        return logits


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporter and quantizer: the result is measured afterwards."""
    root, level = logging.getLogger(), logging.getLogger().level
    with warnings.catch_warnings(), open(os.devnull, "w") as sink, redirect_stdout(sink):
        warnings.simplefilter("ignore")
        root.setLevel(logging.ERROR)
        try:
            yield
        finally:
            root.setLevel(level)
