"""Abstention below a confidence threshold: the share of texts that is answered, and the accuracy on them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clf.outcomes.evaluation import Answered
from clf.scoring.significance import LEVEL, clopper_pearson, lower_bound

POINTS = 200
ROOM = 3
"""The first threshold tested covers this many times the rows needed if no prediction is wrong, to allow some errors."""


def answered(confidence: NDArray[np.float64], correct: NDArray[np.bool_], threshold: float) -> Answered:
    """Return coverage and accuracy at a threshold, given confidence and correctness, shape (rows,)."""
    sure = confidence >= threshold
    rows, count, right = len(sure), int(sure.sum()), int(correct[sure].sum())
    return Answered(
        threshold=threshold,
        rows=rows,
        answered=count,
        coverage=count / rows,
        coverage_interval=clopper_pearson(count, rows),
        accuracy=right / count if count else None,
        accuracy_interval=clopper_pearson(right, count) if count else None,
    )


def threshold_for_accuracy(confidence: NDArray[np.float64], correct: NDArray[np.bool_], target: float) -> float | None:
    """Return the lowest threshold whose one-sided 95 % Clopper-Pearson bound reaches the target; None if none does.

    Thresholds are tested from the highest down, each covering more rows than the one before, until the first failure.
    In such a fixed sequence, each may be tested at the full level (Angelopoulos et al. 2021, "Learn then Test").
    """
    order = np.argsort(-confidence, kind="stable")
    ordered, right = confidence[order], np.cumsum(correct[order])
    fewest = min(len(order), _fewest(target))
    first = ROOM * fewest if ROOM * fewest <= len(order) else fewest
    found = None
    for count in np.unique(np.linspace(first, len(order), POINTS).astype(int)).tolist():
        count = int(np.searchsorted(-ordered, -ordered[count - 1], side="right"))  # all rows of equal confidence
        if lower_bound(int(right[count - 1]), count) < target:
            break
        found = float(ordered[count - 1])
    return found


def threshold_for_coverage(confidence: NDArray[np.float64], coverage: float) -> float:
    """Return the highest threshold that answers at least this share of the rows."""
    ordered = np.sort(confidence)[::-1]
    return float(ordered[max(1, int(np.ceil(coverage * len(ordered) - 1e-9))) - 1])


def risk_coverage(confidence: NDArray[np.float64], correct: NDArray[np.bool_]) -> list[tuple[float, float]]:
    """Return the risk-coverage curve: pairs of coverage and error rate on the answered rows, most confident first."""
    order = np.argsort(-confidence, kind="stable")
    errors = np.cumsum(~correct[order])
    counts = np.unique(np.linspace(1, len(order), min(POINTS, len(order))).astype(int))
    return [(float(count / len(order)), float(errors[count - 1] / count)) for count in counts]


def _fewest(target: float) -> int:
    """Return how many error-free rows the bound needs to reach the target."""
    return int(np.ceil(np.log(1 - LEVEL) / np.log(target))) if 0 < target < 1 else 1


@dataclass(frozen=True)
class Choice:
    """A threshold chosen on validation: its target, its value and its effect there; None if no threshold reaches it."""

    aim: dict[str, float]
    threshold: float | None
    validation: Answered | None


def choose_threshold(
    confidence: NDArray[np.float64],
    correct: NDArray[np.bool_],
    target_accuracy: float | None,
    target_coverage: float | None,
) -> Choice | None:
    """Choose the requested threshold on rows that were not trained on; None if no target is set, or a coverage of 1."""
    if target_coverage == 1:
        return None
    if target_accuracy is not None:
        aim = {"target_accuracy": target_accuracy}
        threshold = threshold_for_accuracy(confidence, correct, target_accuracy)
    elif target_coverage is not None:
        aim, threshold = {"target_coverage": target_coverage}, threshold_for_coverage(confidence, target_coverage)
    else:
        return None
    return Choice(aim, threshold, None if threshold is None else answered(confidence, correct, threshold))
