"""An exported classifier, run in ONNX Runtime."""

# ruff: noqa: TID253 - this module computes
import mmap
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from transformers import AutoConfig

from clf.errors import ModelError, first_line
from clf.models.configs import ONNX_FILE, SAFE
from clf.processes import usable_cores

INPUTS = ("input_ids", "attention_mask")
OUT_OF_MEMORY = ("Failed to allocate memory", "bad_alloc", "bad allocation")
LOOPS = (b"Loop", b"Scan")
MORE = rb"\x80{0,9}[\x00\x10\x20\x30\x40\x50\x60\x70]"
LOOP = re.compile(rb'(?:"|\xa2' + MORE + rb")(?:\x04|\x84" + MORE + rb")(Loop|Scan)")
LONGEST_PREFIX = 22
"""Bytes of a tag and a length."""
MISSING = "pip install 'clf-cli[onnx]'"


class OnnxModel:
    """A `model.onnx` in ONNX Runtime, with the interface of a transformers classifier."""

    def __init__(self, folder: Path) -> None:
        """Load the graph.

        Raises ModelError when it is damaged or ONNX Runtime is not installed.
        """
        self.name_or_path = str(folder)
        self.config = AutoConfig.from_pretrained(folder, **SAFE)
        self.training = False
        self.session = _session(folder / ONNX_FILE)

    def check(self, largest_id: int) -> None:
        """Run two texts that consist of the tokenizer's largest id.

        Raises ModelError when graph, tokenizer and labels do not match.
        """
        names, classes = {given.name for given in self.session.get_inputs()}, self.config.num_labels
        hint = "export the model again"
        if names != set(INPUTS):
            raise ModelError(f"{self.name_or_path}: the graph has the inputs {', '.join(sorted(names))}", hint)
        ids = torch.full((2, 3), largest_id)
        try:
            shape = tuple(self(ids, torch.ones_like(ids)).logits.shape)
        except Exception as error:  # ONNX Runtime's errors have no common base class
            raise ModelError(
                f"{self.name_or_path}: graph and tokenizer do not match: {first_line(error)}", hint
            ) from error
        if len(shape) != 2 or shape[0] != 2:
            raise ModelError(f"{self.name_or_path}: the graph gives numbers of shape {shape} for two texts", hint)
        if shape[1] != classes:
            raise ModelError(f"{self.name_or_path}: the graph has {shape[1]} classes, config.json has {classes}", hint)

    def __call__(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> SimpleNamespace:
        """Run ids and mask, both of shape (texts, tokens); return an object with `logits` of shape (texts, classes)."""
        given = zip(INPUTS, (input_ids, attention_mask), strict=True)
        try:
            [logits] = self.session.run(["logits"], {name: value.cpu().numpy() for name, value in given})
        except Exception as error:  # ONNX Runtime has no exception type for this
            if any(words in str(error) for words in OUT_OF_MEMORY):
                raise MemoryError(first_line(error)) from error
            raise
        return SimpleNamespace(logits=torch.from_numpy(logits))

    def to(self, device: torch.device) -> "OnnxModel":
        """Do nothing: ONNX Runtime chooses the device."""
        return self

    def eval(self) -> "OnnxModel":
        """Do nothing: an export is never trained."""
        return self

    def train(self, mode: bool = True) -> "OnnxModel":
        """Do nothing: an export is never trained."""
        return self

    def parameters(self) -> Iterator[torch.Tensor]:
        """Return no weights: they are in the graph."""
        return iter(())


def _refuse_loops(path: Path) -> None:
    """Raise ModelError if a graph has a loop, which may never end; no encoder has one.

    The name of an operation stands in the file after its tag and its length. Each is a number of seven bits a byte,
    which may take more bytes than it needs, and of which readers drop the bits above the 32nd.
    """
    if not path.stat().st_size:
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        starts = [at for at in map(content.find, LOOPS) if at >= 0]  # in most graphs there is none
        found = LOOP.search(content, max(0, min(starts) - LONGEST_PREFIX)) if starts else None
        name = found[1].decode() if found else ""
    if name:
        raise ModelError(f"{path} holds a loop ({name}), which may never end", "export the model again")


def _session(path: Path) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise ModelError(f"{path.parent} is an ONNX export, which needs onnxruntime to run", MISSING) from error
    _refuse_loops(path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(torch.get_num_threads(), usable_cores())
    options.log_severity_level = 3
    wanted, there = ("CUDAExecutionProvider", "CPUExecutionProvider"), onnxruntime.get_available_providers()
    try:
        return onnxruntime.InferenceSession(path, options, providers=[name for name in wanted if name in there])
    except Exception as error:  # ONNX Runtime's errors have no common base class
        raise ModelError(f"{path} cannot be loaded: {first_line(error)}", "export the model again") from error
