"""What is kept while a run goes on: a checkpoint when it is worth its time, the best weights always."""

# ruff: noqa: TID253 - this module computes
import time
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

BEST_FILE = "best.safetensors"
"""In a checkpoint: the best weights so far, where they are those of a step that has no checkpoint."""
SAVING_SHARE = 0.04
"""Of the time of training, at most this goes into checkpoints that nobody asked for."""
LONGEST_WITHOUT = 600.0
"""Seconds after which there is a checkpoint also between two evaluations."""
BYTES_SAVED = 12  # of a weight: the weight and the two averages of AdamW, in fp32
FIRST_SPEED = 100e6  # bytes a second, hashed and flushed, until one was measured


class Pace:
    """Tells when the next checkpoint is due, by the seconds that the last one took."""

    def __init__(self, weights: int) -> None:
        self.cost = weights * BYTES_SAVED / FIRST_SPEED
        self.last = time.perf_counter()

    def is_due(self, at_evaluation: bool) -> bool:
        """Tell whether a checkpoint takes little of the time since the last; between evaluations, of a long one."""
        since = time.perf_counter() - self.last
        return since * SAVING_SHARE >= self.cost and (at_evaluation or since >= LONGEST_WITHOUT)

    def saved(self, seconds: float) -> None:
        """Take note of a checkpoint, and of what it cost."""
        self.cost, self.last = seconds, time.perf_counter()


class BestWeights:
    """The weights of the best evaluation so far, in memory while no checkpoint is of that step."""

    def __init__(self) -> None:
        self.step: int | None = None
        self.weights: dict[str, torch.Tensor] = {}

    def keep(self, model: torch.nn.Module, step: int) -> None:
        """Copy the weights of a model as they are after `step`."""
        now = model.state_dict()
        if not self.weights:
            self.weights = {name: torch.empty(value.shape, dtype=value.dtype) for name, value in now.items()}
        for name, value in now.items():
            self.weights[name].copy_(value.detach())
        self.step = step

    def forget(self) -> None:
        """Give the memory back: a checkpoint holds them."""
        self.step, self.weights = None, {}

    def write(self, folder: Path) -> None:
        """Add them to a checkpoint."""
        save_file(self.weights, folder / BEST_FILE)

    def read(self, folder: Path, step: int | None) -> None:
        """Take them from a checkpoint, where it holds them."""
        if (folder / BEST_FILE).exists():
            kept = load_file(folder / BEST_FILE)  # in the file's own memory, which nothing may write to
            self.step, self.weights = step, {name: weight.clone() for name, weight in kept.items()}

    def put_into(self, model: torch.nn.Module) -> None:
        """Give a model these weights."""
        model.load_state_dict(self.weights)
