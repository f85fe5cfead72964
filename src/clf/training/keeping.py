"""When to save a checkpoint during training, and how the best weights are kept until then."""

# ruff: noqa: TID253 - this module computes
import time
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

BEST_FILE = "best.safetensors"
"""The file in a checkpoint with the best weights so far, if they are from a step that has no checkpoint itself."""
SAVING_SHARE = 0.04
"""The largest share of training time to spend on automatic checkpoints."""
LONGEST_WITHOUT = 600.0
"""Seconds after which a checkpoint may be saved between two evaluations too."""
BYTES_SAVED = 12  # per weight: the weight and the two averages of AdamW, in fp32
FIRST_SPEED = 100e6  # bytes hashed and flushed per second, until a checkpoint has been timed


class Pace:
    """Decides when the next checkpoint is due, from the seconds that the last one took."""

    def __init__(self, weights: int) -> None:
        self.cost = weights * BYTES_SAVED / FIRST_SPEED
        self.last = time.perf_counter()

    def is_due(self, at_evaluation: bool) -> bool:
        """Return whether a checkpoint costs little of the time since the last; between evaluations, wait longer."""
        since = time.perf_counter() - self.last
        return since * SAVING_SHARE >= self.cost and (at_evaluation or since >= LONGEST_WITHOUT)

    def saved(self, seconds: float) -> None:
        """Record that a checkpoint was saved, and how many seconds it took."""
        self.cost, self.last = seconds, time.perf_counter()


class BestWeights:
    """The weights of the best evaluation so far, kept in memory while there is no checkpoint of that step."""

    def __init__(self) -> None:
        self.step: int | None = None
        self.weights: dict[str, torch.Tensor] = {}

    def keep(self, model: torch.nn.Module, step: int) -> None:
        """Copy the weights that a model has after `step`."""
        now = model.state_dict()
        if not self.weights:
            self.weights = {name: torch.empty(value.shape, dtype=value.dtype) for name, value in now.items()}
        for name, value in now.items():
            self.weights[name].copy_(value.detach())
        self.step = step

    def forget(self) -> None:
        """Free the memory, once a checkpoint holds the weights."""
        self.step, self.weights = None, {}

    def write(self, folder: Path) -> None:
        """Write the weights into a checkpoint folder."""
        save_file(self.weights, folder / BEST_FILE)

    def read(self, folder: Path, step: int | None) -> None:
        """Load the weights from a checkpoint folder, if it holds them."""
        if (folder / BEST_FILE).exists():
            kept = load_file(folder / BEST_FILE)  # memory-mapped from the file, and must not be written to
            self.step, self.weights = step, {name: weight.clone() for name, weight in kept.items()}

    def put_into(self, model: torch.nn.Module) -> None:
        """Load the weights into a model."""
        model.load_state_dict(self.weights)


def check_weights(file: Path, model: torch.nn.Module) -> None:
    """Raise ValueError if a file holds the weights of another model, or weights that are no numbers."""
    wanted, found = model.state_dict(), load_file(file)
    if file.name == BEST_FILE and not found:  # nothing had been evaluated yet
        return
    shared = {wanted[name].data_ptr() for name in found.keys() & wanted.keys()}  # saved once, under one of their names
    lost = [name for name, value in wanted.items() if name not in found and value.data_ptr() not in shared]
    other = [name for name, value in found.items() if name not in wanted or value.shape != wanted[name].shape]
    if lost or other:
        raise ValueError(f"{file.name} holds the weights of another model ({(lost + other)[0]})")
    if not all(torch.isfinite(weight).all() for weight in found.values()):
        raise ValueError(f"{file.name} holds weights that are NaN or infinite")
