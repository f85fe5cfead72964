"""What one run of the Trainer gave."""

from dataclasses import dataclass
from typing import Any

from clf.outcomes.base import Metrics
from clf.training.checkpoints import Checkpoint
from clf.training.selection import best_metrics


@dataclass(frozen=True)
class Trained:
    """What one run of the Trainer gave; `seconds` is the training loop without evaluating and saving."""

    epochs: float
    steps: int
    seconds: float
    examples: int
    tokens_per_second: float
    metrics: Metrics
    resumed_from_step: int | None
    seconds_in_all: float
    """As `seconds`, with those of earlier parts of an interrupted run."""


def trained(trainer: Any, found: Checkpoint | None, seconds: float) -> Trained:
    """Return what the run gave, of which this process did the part from the checkpoint on."""
    state, schedule, train = trainer.state, trainer.plan.schedule, trainer.train_dataset
    steps = int(state.global_step) - (found.step if found else 0)
    examples = round(steps / max(1, schedule.steps) * schedule.epochs * len(train))
    tokens = int(train.lengths.sum())
    return Trained(
        float(state.epoch or 0.0),
        int(state.global_step),
        seconds,
        examples,
        examples / max(1, len(train)) * tokens / max(seconds, 1e-9),
        best_metrics(state.log_history, state.best_metric),
        found.step if found else None,
        seconds + (found.progress.seconds if found else 0.0),
    )
