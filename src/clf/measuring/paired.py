"""Compares two models evaluated on the same rows: whether one is better by more than chance."""

from typing import TYPE_CHECKING

from clf.errors import UsageError
from clf.measuring.measured_model import ComparedModel, MeasuredModel
from clf.outcomes.comparison import Comparison
from clf.scoring.answers import Choices
from clf.scoring.gate import INCONCLUSIVE, decide
from clf.scoring.multi_label import AnyChoices, SetChoices
from clf.settings import CompareSettings

if TYPE_CHECKING:
    from clf.scoring.resampling import Tally

FEW = 100
"""Below this number of texts, a difference of a few percentage points can be chance."""
DECIDING = ("macro_f1", "accuracy", "weighted_f1")
"""The metrics that may decide between models that predict one label per text."""
INSTEAD = {
    "accuracy": "subset_accuracy is the share of texts whose labels are all right",
    "micro_f1": "with one label per text, micro F1 is the accuracy",
    "sample_f1": "with one label per text, the mean F1 of the texts is the accuracy",
    "subset_accuracy": "with one label per text, it is the accuracy",
}
"""What to read in place of a metric of the other kind."""


def compare_measured(
    candidate: MeasuredModel, baseline: MeasuredModel | ComparedModel, choice: CompareSettings
) -> Comparison:
    """Compare the predictions of two models on the same rows by the chosen metric; both are of the same kind."""
    from clf.scoring.significance import mcnemar, paired_difference

    one, other = candidate.choices, baseline.choices
    table = _tally(one, other)
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


def check_metric(metric: str, *, several: bool) -> None:
    """Raise UsageError if a metric cannot decide between models that predict one label per text, or `several`."""
    from clf.scoring.set_significance import SET_METRICS

    fitting = SET_METRICS if several else DECIDING
    if metric in fitting:
        return
    kind = "several labels" if several else "one label"
    hint = f"pass --metric with one of {', '.join(fitting)}"
    if metric in INSTEAD:
        hint += f"; {INSTEAD[metric]}"
    raise UsageError(f"--metric {metric} does not suit models that predict {kind} per text", hint)


def _tally(one: AnyChoices, other: AnyChoices) -> "Tally":
    """Count the combinations of what is true and what two models, both of the same kind, predict."""
    from clf.scoring.set_significance import tally_sets
    from clf.scoring.significance import tally

    if isinstance(one, SetChoices) and isinstance(other, SetChoices):
        return tally_sets(one.labels, one.predictions, other.predictions)
    assert isinstance(one, Choices)
    assert isinstance(other, Choices)
    return tally(one.labels, one.predictions, other.predictions, classes=one.classes)
