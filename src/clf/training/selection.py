"""How the best evaluation of a run is selected, and its metrics."""

import math
from collections.abc import Iterable, Mapping

from clf.errors import TrainingError
from clf.outcomes.base import Metrics
from clf.scoring.metric_table import ALL_METRICS, defined
from clf.training.schedule import SelectBy

LOWER = "lower --learning-rate, or pass --precision fp32"
"""The hint when the loss or gradient is no longer finite."""
SELECTION = "selection"
"""The name of the metric that selects the best evaluation."""


def selection(metrics: Metrics, rows: int, by: SelectBy = "macro_f1", step: int = 0) -> float:
    """Return the value by which the best evaluation is selected; higher is better.

    `macro_f1` is rounded up to steps of two texts, and the log loss breaks ties: on a small validation split, one or
    two texts are right or wrong by chance, which would make the choice arbitrary; the log loss tells which evaluation
    is the more confident. Its weight is far below one step of F1. `average_precision` is used as it is: it counts no
    texts as right or wrong. `log_loss` uses the log loss alone, as does an average precision that the rows leave
    undefined, and `last` the number of the step.
    """
    if by == "last":
        return float(step)
    if by == "average_precision" and metrics["average_precision"] is not None:
        return metrics["average_precision"] - 1e-7 * min(defined(metrics, "log_loss"), 100.0)
    if by != "macro_f1":
        return -defined(metrics, "log_loss")
    each = 2 / max(rows, 2)
    return math.ceil(round(defined(metrics, "macro_f1") / each, 6)) * each - 1e-7 * min(
        defined(metrics, "log_loss"), 100.0
    )


def check_best(best: float | None) -> None:
    """Raise TrainingError when the best evaluation of a run is not finite."""
    if best is None or not math.isfinite(best):
        raise TrainingError("no evaluation gave a finite result: the validation loss is not finite", LOWER)


def best_metrics(history: Iterable[Mapping[str, float]], best: float) -> Metrics:
    """Return the validation metrics of the best evaluation, whose weights are kept."""
    for entry in history:
        if entry.get(f"eval_{SELECTION}") == best:
            return {name: entry[f"eval_{name}"] for name in ALL_METRICS if f"eval_{name}" in entry}
    return {}
