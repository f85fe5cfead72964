"""Is the candidate better? The verdict against each baseline, and the gate that a CI job reads."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from clf.settings import CompareSettings

BETTER, NOT_WORSE, INCONCLUSIVE, WORSE = "better", "not worse", "inconclusive", "worse"
WEAKEST_FIRST = (WORSE, INCONCLUSIVE, NOT_WORSE, BETTER)
PASSED: Literal["passed"] = "passed"
FAILED: Literal["failed"] = "failed"
UNDECIDED: Literal["inconclusive"] = "inconclusive"

Outcome = Literal["passed", "failed", "inconclusive"]


@dataclass(frozen=True)
class Comparison:
    """The candidate against one baseline, by the gated metric, on the same rows.

    `p_value` is McNemar's exact one, of accuracy; it decides nothing. `rows_needed` is what would settle an
    inconclusive comparison, None where nothing could. `won` and `lost` count the rows that only one of them gets right.
    """

    baseline: str
    metric: str
    difference: float
    interval: list[float]
    p_value: float
    verdict: str
    gates: bool = True
    rows_needed: int | None = None
    won: int = 0
    lost: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON has it."""
        return asdict(self)


@dataclass(frozen=True)
class Rule:
    """One thing the gate asks for, and what came of it."""

    name: str
    outcome: Outcome
    message: str

    def as_dict(self) -> dict[str, str]:
        """Return the rule as JSON has it."""
        return asdict(self)


def decide(interval: Sequence[float], settings: CompareSettings) -> str:
    """Return the verdict that the interval [low, high] of the difference gives, in this order."""
    low, high = interval
    if low > settings.min_improvement:
        return BETTER
    if high < 0:
        return WORSE
    if settings.margin is not None and low > -settings.margin:
        return NOT_WORSE
    return INCONCLUSIVE


def within_margin(interval: Sequence[float], margin: float) -> Outcome:
    """Tell whether a loss is at most `margin`, given the interval of the difference (negative: a loss)."""
    low, high = interval
    return PASSED if low >= -margin else FAILED if high < -margin else UNDECIDED


def weakest(comparisons: Sequence[Comparison]) -> str:
    """Return the weakest verdict among the comparisons that gate; `better` when none does."""
    verdicts = [comparison.verdict for comparison in comparisons if comparison.gates]
    return min(verdicts, key=WEAKEST_FIRST.index, default=BETTER)


def check_rules(
    comparisons: Sequence[Comparison],
    metrics: Mapping[str, Any],
    per_class: Mapping[str, Mapping[str, Any]],
    settings: CompareSettings,
) -> list[Rule]:
    """Check all that the gate asks for: each baseline that gates, and the floors of the candidate itself."""
    rules = [_against(comparison, settings) for comparison in comparisons if comparison.gates]
    floors = (("accuracy", settings.min_accuracy), ("macro_f1", settings.min_f1))
    rules += [_at_least(metric, metrics[metric], floor) for metric, floor in floors if floor is not None]
    if settings.max_ece is not None:
        outcome = PASSED if metrics["ece"] <= settings.max_ece else FAILED
        rules.append(Rule(f"ece at most {settings.max_ece:g}", outcome, f"it is {metrics['ece']:.4f}"))
    if settings.min_class_recall is not None:
        floor = settings.min_class_recall
        rules += [_at_least(f"recall of {name}", row["recall"], floor) for name, row in per_class.items()]
    return rules


def gate(rules: Sequence[Rule]) -> Outcome:
    """Return `failed` when a rule failed, else `inconclusive` when one is, else `passed`."""
    outcomes = {rule.outcome for rule in rules}
    return FAILED if FAILED in outcomes else UNDECIDED if UNDECIDED in outcomes else PASSED


def _against(comparison: Comparison, settings: CompareSettings) -> Rule:
    low, high = comparison.interval
    found = f"{comparison.metric} differs by {comparison.difference:+.4f}, 95 % interval [{low:+.4f}, {high:+.4f}]"
    outcome: Outcome = {BETTER: PASSED, NOT_WORSE: PASSED, WORSE: FAILED, INCONCLUSIVE: UNDECIDED}[comparison.verdict]  # type: ignore[assignment]
    if comparison.verdict == INCONCLUSIVE:
        needed = comparison.rows_needed
        found += f"; about {needed:,} rows would settle it" if needed else "; no number of rows would settle it"
    wanted = f"better than {comparison.baseline}"
    wanted += f" by more than {settings.min_improvement:g}" if settings.min_improvement else ""
    wanted += f", or worse by at most {settings.margin:g}" if settings.margin is not None else ""
    return Rule(wanted, outcome, f"{comparison.verdict}: {found}")


def _at_least(what: str, value: float | None, floor: float) -> Rule:
    name = f"{what} at least {floor:g}"
    if value is None:
        return Rule(name, UNDECIDED, "it is not defined: no text to measure on has that label")
    return Rule(name, PASSED if value >= floor else FAILED, f"it is {value:.4f}")


def summarize(comparisons: Sequence[Comparison], rules: Sequence[Rule]) -> str:
    """Say in a sentence what the gate decided, and by what."""
    won = [comparison.baseline for comparison in comparisons if comparison.gates and comparison.verdict == BETTER]
    detected = f"improvement detected over {' and '.join(won)}" if won else "nothing gained"
    unmet = "; ".join(f"{rule.name}: {rule.message}" for rule in rules if rule.outcome != PASSED)
    answer = gate(rules)
    if answer == PASSED:
        return f"gate passed: {detected if won else 'every rule holds'}"
    said = "gate failed" if answer == FAILED else "gate inconclusive"
    return f"{said} ({detected}): {unmet}" if won else f"{said}: {unmet}"


def advise(
    metrics: Mapping[str, Any],
    comparisons: Sequence[Comparison],
    recipe: Mapping[str, Any],
    suggested_rate: float | None,
) -> list[str]:
    """Say what to try when the gate does not pass, from what the training recipe was."""
    if metrics["accuracy"] == 1.0:
        return ["a larger or harder test split: the candidate has no error left on this one"]
    advice = []
    needed = [each.rows_needed for each in comparisons if each.gates and each.verdict == INCONCLUSIVE]
    if rows := max((number for number in needed if number), default=None):
        advice.append(f"more texts to measure on: about {rows:,} would tell a difference of this size from chance")
    rate, epochs = recipe.get("learning_rate"), recipe.get("epochs")
    if suggested_rate and rate and rate < suggested_rate / 2:
        advice.append(f"a larger learning rate: it was {rate:g}, {suggested_rate:g} suits this encoder")
    if epochs and epochs < 3:
        advice.append(f"more epochs: it was {epochs}")
    if recipe.get("max_train_samples"):
        advice.append(f"more training texts: it was {recipe['max_train_samples']}")
    if any(each.baseline == "tfidf" and each.verdict != BETTER for each in comparisons):
        advice.append(
            "a larger encoder, longer texts (--max-length) or more data: "
            "TF-IDF with logistic regression does as well at a fraction of the cost"
        )
    if metrics["accuracy"] < 0.6 and not advice:
        advice.append(
            "check the labels: the model has hardly learned; see clf prepare for contradictions and duplicates"
        )
    return advice or ["another seed, a larger encoder, or more training texts"]
