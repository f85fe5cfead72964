"""Says which label a model gives to far more texts than have it, where a text may have several."""

from collections.abc import Mapping

from clf.outcomes.base import LabelMetrics
from clf.scoring.multi_label import EVEN

TIMES, MORE = 2, 10
"""A label is given far too often if so many times as many texts get it as have it, and so many more."""


def too_often(per_label: Mapping[str, LabelMetrics]) -> list[str]:
    """Return a sentence about the label that is given to the most texts beyond those that have it; none if it is few.

    How many texts were given a label follows from its precision and recall, unless none of them was right.
    """
    given = {name: _given(row) for name, row in per_label.items()}
    over = {name: given[name] - row.rows for name, row in per_label.items() if _is_far(given[name], row.rows)}
    if not over:
        return []
    worst = max(over, key=lambda name: over[name])
    row, more = per_label[worst], len(over) - 1
    ways = "get more texts of it, for training and for validation"
    ways = f"try `clf evaluate --threshold {EVEN:g}`, or {ways}" if row.threshold < EVEN else ways
    others = f" ({more:,} more {'label is' if more == 1 else 'labels are'} given too often)" if more else ""
    return [
        f"“{worst}” is given to {given[worst]:,} texts, {row.rows:,} have it; its threshold is {row.threshold:.3g}: "
        f"{ways}{others}."
    ]


def _given(row: LabelMetrics) -> int:
    return round(row.recall * row.rows / row.precision) if row.recall and row.precision else 0


def _is_far(given: int, have: int) -> bool:
    return given >= TIMES * have and given >= have + MORE
