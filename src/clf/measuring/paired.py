"""Two models that were measured on the same rows: whether one is better, beyond chance."""

from clf.measuring.measured_model import MeasuredModel
from clf.outcomes.comparison import Comparison
from clf.scoring.gate import INCONCLUSIVE, decide
from clf.settings import CompareSettings

FEW = 100
"""Texts below which a difference of some points can be chance."""


def compare_measured(candidate: MeasuredModel, baseline: MeasuredModel, choice: CompareSettings) -> Comparison:
    """Compare what two models answer on the same rows, by the metric that decides."""
    from clf.scoring.significance import mcnemar, paired_difference, tally

    one, other = candidate.answers, baseline.answers
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
