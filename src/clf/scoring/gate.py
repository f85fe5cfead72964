"""Is the candidate better? The verdict against each baseline, and the gate that a CI job reads."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from clf.settings import CompareSettings

BETTER, WORSE, EQUAL = "better", "worse", "not better"
WEAKEST_FIRST = (WORSE, EQUAL, BETTER)


@dataclass(frozen=True)
class Comparison:
    """The candidate against one baseline, by the gated metric.

    `interval` and `p_value` are the place of the paired statistics; None while the difference itself decides.
    """

    baseline: str
    metric: str
    difference: float
    verdict: str
    gates: bool = True
    interval: list[float] | None = None
    p_value: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON has it."""
        return asdict(self)


def compare_metrics(
    candidate: Mapping[str, float],
    baseline: Mapping[str, float],
    name: str,
    settings: CompareSettings,
    gates: bool,
) -> Comparison:
    """Judge the difference of the gated metric, which must exceed `min_improvement` to be `better`."""
    difference = candidate[settings.metric] - baseline[settings.metric]
    verdict = BETTER if difference > settings.min_improvement else WORSE if difference < 0 else EQUAL
    return Comparison(name, settings.metric, difference, verdict, gates)


def weakest(comparisons: Sequence[Comparison]) -> str:
    """Return the weakest verdict among the comparisons that gate; `better` when none does."""
    verdicts = [comparison.verdict for comparison in comparisons if comparison.gates]
    return min(verdicts, key=WEAKEST_FIRST.index, default=BETTER)


def missed_floors(candidate: Mapping[str, float], settings: CompareSettings) -> list[str]:
    """Say which absolute floors the candidate misses."""
    floors = {"accuracy": settings.min_accuracy, "macro_f1": settings.min_f1}
    return [
        f"{metric} {candidate[metric]:.4f} is below {floor}"
        for metric, floor in floors.items()
        if floor is not None and candidate[metric] < floor
    ]


def summarize(comparisons: Sequence[Comparison], floors: Sequence[str]) -> str:
    """Say in a sentence what the gate decided, and against whom."""
    lost = [comparison.baseline for comparison in comparisons if comparison.gates and comparison.verdict != BETTER]
    won = [comparison.baseline for comparison in comparisons if comparison.verdict == BETTER]
    if lost:
        return f"gate failed: no improvement over {' and '.join(lost)}; review the hyper-parameters"
    detected = f"improvement detected over {' and '.join(won)}" if won else "nothing to compare with"
    return f"{detected}, but gate failed: {'; '.join(floors)}" if floors else f"gate passed: {detected}"


def advise(
    candidate: Mapping[str, float],
    comparisons: Sequence[Comparison],
    recipe: Mapping[str, Any],
    suggested_rate: float | None,
) -> list[str]:
    """Say what to try when the gate fails, from what the training recipe was."""
    if candidate["accuracy"] == 1.0:
        return ["a larger or harder test split: the candidate has no error left on this one"]
    advice = []
    rate, epochs = recipe.get("learning_rate"), recipe.get("epochs")
    if suggested_rate and rate and rate < suggested_rate / 2:
        advice.append(f"a larger learning rate: it was {rate:g}, {suggested_rate:g} suits this encoder")
    if epochs and epochs < 3:
        advice.append(f"more epochs: it was {epochs}")
    if recipe.get("max_train_samples"):
        advice.append(f"more training texts: it was {recipe['max_train_samples']}")
    if any(comparison.baseline == "tfidf" and comparison.verdict != BETTER for comparison in comparisons):
        advice.append(
            "a larger encoder, longer texts (--max-length) or more data: "
            "TF-IDF with logistic regression does as well at a fraction of the cost"
        )
    if candidate["accuracy"] < 0.6 and not advice:
        advice.append(
            "check the labels: the model has hardly learned; see clf prepare for contradictions and duplicates"
        )
    return advice or ["another seed, a larger encoder, or more training texts"]
