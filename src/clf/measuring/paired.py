"""Compares two models evaluated on the same rows: whether one is better by more than chance."""

from clf.measuring.measured_model import ComparedModel, MeasuredModel
from clf.outcomes.comparison import Comparison
from clf.scoring.gate import INCONCLUSIVE, decide
from clf.settings import CompareSettings

FEW = 100
"""Below this number of texts, a difference of a few percentage points can be chance."""


def compare_measured(
    candidate: MeasuredModel, baseline: MeasuredModel | ComparedModel, choice: CompareSettings
) -> Comparison:
    """Compare the predictions of two models on the same rows by the chosen metric."""
    from clf.scoring.significance import mcnemar, paired_difference, tally

    one, other = candidate.choices, baseline.choices
    table = tally(one.labels, one.predictions, other.predictions, classes=one.classes)
    found = paired_difference(table, choice.metric)
    verdict = decide(found.interval, choice)
    target = choice.min_improvement if choice.margin is None else -choice.margin
    return Comparison(
        baseline=baseline.name,
        metric=choice.metric,
        difference=found.difference,
        interval=found.interval,
        p_value=mcnemar(table),
        verdict=verdict,
        gates=baseline.name in choice.baseline,
        rows_needed=found.rows_needed(target) if verdict == INCONCLUSIVE else None,
        won=int((one.correct & ~other.correct).sum()),
        lost=int((other.correct & ~one.correct).sum()),
    )
