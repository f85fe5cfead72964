"""By what the best evaluation of a run is chosen, and what it reached."""

import math
from collections.abc import Iterable, Mapping

from clf.errors import TrainingError
from clf.outcomes.base import Metrics
from clf.scoring.metric_table import METRICS, defined
from clf.training.schedule import SelectBy

LOWER = "lower --learning-rate, or pass --precision fp32"
"""What to do where numbers are no longer finite."""
SELECTION = "selection"
"""The metric that chooses the best evaluation."""


def selection(metrics: Metrics, rows: int, by: SelectBy = "macro_f1", step: int = 0) -> float:
    """Return what the best evaluation is chosen by: more is better.

    `macro_f1` counts in steps of two texts, and among equal ones the log loss decides: a text or two of a small
    validation split fall either way by chance, and would make the choice arbitrary; the log loss then tells which is
    the surer. Its weight is far below any step of F1. `log_loss` is that alone, and `last` the number of the step.
    """
    if by == "last":
        return float(step)
    if by == "log_loss":
        return -defined(metrics, "log_loss")
    each = 2 / max(rows, 2)
    return math.ceil(round(defined(metrics, "macro_f1") / each, 6)) * each - 1e-7 * min(
        defined(metrics, "log_loss"), 100.0
    )


def check_best(best: float | None) -> None:
    """Refuse a run whose best evaluation is no number."""
    if best is None or not math.isfinite(best):
        raise TrainingError("no evaluation gave a number: the validation loss is not finite", LOWER)


def best_metrics(history: Iterable[Mapping[str, float]], best: float) -> Metrics:
    """Return the validation metrics of the evaluation whose weights were kept."""
    for entry in history:
        if entry.get(f"eval_{SELECTION}") == best:
            return {name: entry[f"eval_{name}"] for name in METRICS if f"eval_{name}" in entry}
    return {}
