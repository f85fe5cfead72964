"""The loss to minimise, and the plan of one training run."""

# ruff: noqa: TID253 - this module computes
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from transformers import TrainingArguments

from clf.processes import ALONE, World
from clf.training.batching import IGNORED
from clf.training.schedule import Schedule


@dataclass(frozen=True)
class Loss:
    """Cross-entropy with class weights and label smoothing, summed and divided by the number of texts.

    Dividing by the number of texts in the full batch, not by the sum of their weights, makes the loss of a batch
    independent of how it is divided into parts. `smoothing` is the share of the target spread evenly over all classes
    (Szegedy et al. 2016).
    """

    weights: Sequence[float] | None = None
    smoothing: float = 0.0

    def __call__(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: torch.Tensor) -> torch.Tensor:
        """Return the loss of part of a batch of `num_items_in_batch` texts."""
        logits = outputs["logits"].float()
        weights = _on_device(tuple(self.weights), logits.device) if self.weights else None
        total = torch.nn.functional.cross_entropy(
            logits, labels, weights, ignore_index=IGNORED, reduction="sum", label_smoothing=self.smoothing
        )
        return total / num_items_in_batch


@dataclass(frozen=True)
class LabelsLoss:
    """Binary cross-entropy of each label of each text, summed and divided by the number of them in the full batch.

    That is the mean over texts and labels, as in PyTorch and transformers. `weights` multiply the loss of the texts
    that have a label; `smoothing` moves each target by half of it towards 0.5.
    """

    weights: Sequence[float] | None = None
    smoothing: float = 0.0

    def __call__(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: torch.Tensor) -> torch.Tensor:
        """Return the loss of part of a batch with `num_items_in_batch` labels, counted for each of its texts."""
        logits, there = outputs["logits"].float(), labels != IGNORED
        targets = labels.clamp(min=0.0) * (1 - self.smoothing) + self.smoothing / 2
        weights = _on_device(tuple(self.weights), logits.device) if self.weights else None
        losses = torch.nn.functional.binary_cross_entropy_with_logits(
            logits, targets, there.float(), pos_weight=weights, reduction="sum"
        )
        return losses / num_items_in_batch


@lru_cache(maxsize=4)
def _on_device(weights: tuple[float, ...], device: torch.device) -> torch.Tensor:
    """Return the weights as a cached tensor on the device; copying them at each step would stall it."""
    return torch.tensor(weights, device=device)


@dataclass(frozen=True)
class Plan:
    """The Trainer's arguments, and what `fine_tune` needs besides them."""

    arguments: TrainingArguments
    schedule: Schedule
    patience: int
    loss: Loss | LabelsLoss
    save_steps: int | None = None
    world: World = ALONE
    keep_checkpoints: bool = False

    @property
    def batch_size(self) -> int:
        """The number of texts per optimizer step, over all processes."""
        arguments = self.arguments
        return int(arguments.per_device_train_batch_size * arguments.gradient_accumulation_steps * self.world.size)
