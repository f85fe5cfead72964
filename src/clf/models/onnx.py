"""A classifier as ONNX: written, quantized to int8, and run by ONNX Runtime."""

# ruff: noqa: TID253 - this module computes
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import torch
from transformers import AutoConfig

from clf.errors import ModelError, UsageError, first_line
from clf.models.attention import MODEL_TYPES
from clf.models.classifier import SAFE, Classifier
from clf.models.store import ONNX_FILE
from clf.processes import usable_cores

OPSET = 17  # the first with layer normalization as one operator
INPUTS = ("input_ids", "attention_mask")
MISSING = "pip install 'clf-cli[onnx]'"

Kind = Literal["onnx", "int8"]


class OnnxModel:
    """A `model.onnx` in ONNX Runtime, called as a transformers classifier is."""

    tokens_per_batch = 1_024
    """Measured: ONNX Runtime reads fewer tokens at once fastest."""

    def __init__(self, folder: Path) -> None:
        """Load the graph.

        Raises ModelError when it is damaged, or ONNX Runtime is not installed.
        """
        self.name_or_path = str(folder)
        self.config = AutoConfig.from_pretrained(folder, **SAFE)
        self.training = False
        self.session = _session(folder / ONNX_FILE)

    def __call__(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> SimpleNamespace:
        """Take ids and mask, both of shape (texts, tokens); `logits` has the shape (texts, classes)."""
        given = zip(INPUTS, (input_ids, attention_mask), strict=True)
        [logits] = self.session.run(["logits"], {name: value.cpu().numpy() for name, value in given})
        return SimpleNamespace(logits=torch.from_numpy(logits))

    def to(self, device: torch.device) -> "OnnxModel":
        """Stay where ONNX Runtime computes."""
        return self

    def eval(self) -> "OnnxModel":
        """Do nothing: it is never trained."""
        return self

    def train(self, mode: bool = True) -> "OnnxModel":
        """Do nothing: it is never trained."""
        return self

    def parameters(self) -> Iterator[torch.Tensor]:
        """Give no weights: they are in the graph."""
        return iter(())


def check_onnx() -> None:
    """Refuse early where what exporting needs is not installed."""
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise UsageError(f"exporting to ONNX needs the package {error.name}", MISSING) from error


def write_onnx(classifier: Classifier, path: Path) -> None:
    """Write a classifier as a graph of standard operators, for any number of texts and tokens."""
    model = classifier.model.to("cpu").eval()
    implementation = model.config._attn_implementation
    ids = torch.ones(2, 8, dtype=torch.int64)
    axes = {name: {0: "texts", 1: "tokens"} for name in INPUTS} | {"logits": {0: "texts"}}
    with _quiet(), torch.no_grad():
        # Attention written out, by the exporter that follows the calls: so ONNX Runtime knows how to fuse it.
        model.set_attn_implementation("eager")
        try:
            torch.onnx.export(_Logits(model), (ids, ids), str(path), dynamo=False, opset_version=OPSET,
                              input_names=list(INPUTS), output_names=["logits"], dynamic_axes=axes)  # fmt: skip
        except Exception as error:  # exporters raise what they like
            raise ModelError(
                f"{classifier.name} cannot be written as ONNX: {first_line(error)}", "choose another architecture"
            ) from error
        finally:
            model.set_attn_implementation(implementation)


def quantize(path: Path, config: Any) -> None:
    """Store the matrices and embeddings of a graph as int8; activations are scaled as they come.

    Attention and layer norms become the fused operators of ONNX Runtime where it knows the architecture, since they
    too multiply int8 then.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with _quiet(), tempfile.TemporaryDirectory(prefix="clf-") as scratch:
        fused = Path(scratch) / ONNX_FILE
        fused.write_bytes(path.read_bytes())
        if config.model_type in MODEL_TYPES:
            _fuse(fused, config)
        quantize_dynamic(
            fused,
            path,
            weight_type=QuantType.QInt8,
            per_channel=True,
            op_types_to_quantize=["MatMul", "Gemm", "Attention", "EmbedLayerNormalization", "Gather"],
            extra_options={"MatMulConstBOnly": True, "DefaultTensorType": 1},
        )


def versions() -> dict[str, str]:
    """Return the versions that an export depends on."""
    from importlib.metadata import version

    return {name: version(name) for name in ("onnx", "onnxruntime")}


def _fuse(path: Path, config: Any) -> None:
    from onnxruntime.transformers.optimizer import optimize_model

    fused = optimize_model(
        str(path), model_type="bert", num_heads=config.num_attention_heads, hidden_size=config.hidden_size
    )
    fused.save_model_to_file(str(path))


def _session(path: Path) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise ModelError(f"{path.parent} is an ONNX export, which needs onnxruntime to run", MISSING) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(torch.get_num_threads(), usable_cores())
    options.log_severity_level = 3
    wanted, there = ("CUDAExecutionProvider", "CPUExecutionProvider"), onnxruntime.get_available_providers()
    try:
        return onnxruntime.InferenceSession(path, options, providers=[name for name in wanted if name in there])
    except Exception as error:  # its errors share no base but this
        raise ModelError(f"{path} cannot be loaded: {first_line(error)}", "export the model again") from error


class _Logits(torch.nn.Module):
    """The model with nothing but its logits."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).logits
        return logits


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the advice of exporter and quantizer off the terminal: what counts is measured afterwards."""
    root, level = logging.getLogger(), logging.getLogger().level
    with warnings.catch_warnings(), open(os.devnull, "w") as sink:
        warnings.simplefilter("ignore")
        root.setLevel(logging.ERROR)
        from contextlib import redirect_stdout

        try:
            with redirect_stdout(sink):
                yield
        finally:
            root.setLevel(level)
