"""The result of one run of the Trainer."""

from dataclasses import dataclass
from typing import Any

from clf.outcomes.base import Metrics
from clf.training.checkpoints import Checkpoint
from clf.training.selection import best_metrics


@dataclass(frozen=True)
class Trained:
    """The result of one run of the Trainer; `seconds` is the training loop without evaluations and checkpoints."""

    epochs: float
    steps: int
    seconds: float
    examples: int
    tokens_per_second: float
    metrics: Metrics
    resumed_from_step: int | None
    seconds_in_all: float
    """Like `seconds`, plus the time that an interrupted run had spent before it was resumed."""


def trained(trainer: Any, found: Checkpoint | None, seconds: float) -> Trained:
    """Return the result of a run; this process trained only the part after `found`, if it was resumed."""
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
