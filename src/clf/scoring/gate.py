"""The verdict against each baseline (is the candidate better?), and the gate for CI jobs."""

from collections.abc import Mapping, Sequence
from typing import Final

from clf.outcomes.base import ClassMetrics, GateAnswer, Metrics, Verdict
from clf.outcomes.comparison import Comparison, Rule
from clf.scoring.metric_table import is_of_sets, name_of_share_right, share_right
from clf.settings import CompareSettings, TrainSettings
from clf.settings_types import AUTO

BETTER: Final = "better"
NOT_WORSE: Final = "not worse"
INCONCLUSIVE: Final = "inconclusive"
WORSE: Final = "worse"
WEAKEST_FIRST: tuple[Verdict, ...] = (WORSE, INCONCLUSIVE, NOT_WORSE, BETTER)
PASSED: Final = "passed"
FAILED: Final = "failed"
UNDECIDED: Final = "inconclusive"
MOST_RULES = 10
"""Of more rules that do not hold, the summary counts the rest if there may be one for each of a thousand labels."""
LEAST_ACCURACY, LEAST_SKILL = 0.6, 0.05
"""A model below them has hardly learned: an accuracy, and where a text may have several labels a Brier skill."""
OUTCOMES: dict[Verdict, GateAnswer] = {BETTER: PASSED, NOT_WORSE: PASSED, WORSE: FAILED, INCONCLUSIVE: UNDECIDED}
"""The gate's outcome for each verdict against a gating baseline."""


def decide(interval: Sequence[float], settings: CompareSettings) -> Verdict:
    """Return the verdict for the interval [low, high] of the difference; the first rule that applies decides."""
    low, high = interval
    if low > settings.min_improvement:
        return BETTER
    if high < 0:
        return WORSE
    if settings.margin is not None and low > -settings.margin:
        return NOT_WORSE
    return INCONCLUSIVE


def within_margin(interval: Sequence[float], margin: float) -> GateAnswer:
    """Check that the loss is at most `margin`, given the interval of the difference (negative: a loss)."""
    low, high = interval
    return PASSED if low >= -margin else FAILED if high < -margin else UNDECIDED


def weakest(comparisons: Sequence[Comparison]) -> Verdict:
    """Return the weakest verdict among the gating comparisons; `better` if there are none."""
    verdicts = [comparison.verdict for comparison in comparisons if comparison.gates]
    return min(verdicts, key=WEAKEST_FIRST.index, default=BETTER)


def check_rules(
    comparisons: Sequence[Comparison],
    metrics: Metrics,
    per_class: Mapping[str, ClassMetrics],
    settings: CompareSettings,
) -> list[Rule]:
    """Check every rule of the gate: each gating baseline, and the limits on the candidate's own metrics.

    Where a text may have several labels, the accuracy is subset accuracy, and `per_class` has the metrics of labels.
    """
    rules = [_against(comparison, settings) for comparison in comparisons if comparison.gates]
    floors = ((name_of_share_right(metrics), settings.min_accuracy), ("macro_f1", settings.min_f1))
    rules += [_at_least(metric, metrics[metric], floor) for metric, floor in floors if floor is not None]
    if settings.max_ece is not None:
        why = "with so few texts for each label" if is_of_sets(metrics) else "on these texts"
        rules.append(_at_most("ece", metrics["ece"], settings.max_ece, why))
    if settings.min_class_recall is not None:
        floor = settings.min_class_recall
        rules += [_at_least(f"recall of {name}", row.recall, floor) for name, row in per_class.items()]
    return rules


def gate(rules: Sequence[Rule]) -> GateAnswer:
    """Return `failed` if any rule failed, otherwise `inconclusive` if any rule is, otherwise `passed`."""
    outcomes = {rule.outcome for rule in rules}
    return FAILED if FAILED in outcomes else UNDECIDED if UNDECIDED in outcomes else PASSED


def _against(comparison: Comparison, settings: CompareSettings) -> Rule:
    low, high = comparison.interval
    found = f"{comparison.metric} differs by {comparison.difference:+.4f}, 95 % interval [{low:+.4f}, {high:+.4f}]"
    if comparison.verdict == INCONCLUSIVE:
        needed = comparison.rows_needed
        found += f"; about {needed:,} rows would settle it" if needed else "; more rows would not settle it"
    wanted = f"better than {comparison.baseline}"
    wanted += f" by more than {settings.min_improvement:g}" if settings.min_improvement else ""
    wanted += f", or worse by at most {settings.margin:g}" if settings.margin is not None else ""
    return Rule(name=wanted, outcome=OUTCOMES[comparison.verdict], message=f"{comparison.verdict}: {found}")


def _at_least(what: str, value: float | None, floor: float) -> Rule:
    name = f"{what} at least {floor:g}"
    if value is None:
        return Rule(name=name, outcome=UNDECIDED, message="it is not defined: none of these texts has this label")
    return Rule(name=name, outcome=PASSED if value >= floor else FAILED, message=f"it is {value:.4f}")


def _at_most(what: str, value: float | None, ceiling: float, why: str) -> Rule:
    name = f"{what} at most {ceiling:g}"
    if value is None:
        return Rule(name=name, outcome=UNDECIDED, message=f"it is not defined {why}")
    return Rule(name=name, outcome=PASSED if value <= ceiling else FAILED, message=f"it is {value:.4f}")


def summarize(comparisons: Sequence[Comparison], rules: Sequence[Rule], most: int | None = None) -> str:
    """Return one sentence with the outcome of the gate and the reasons for it.

    Of more than `most` rules that do not hold, it names the first and counts the rest.
    """
    won = [comparison.baseline for comparison in comparisons if comparison.gates and comparison.verdict == BETTER]
    detected = f"improvement detected over {' and '.join(won)}" if won else "no improvement"
    missed = [f"{rule.name}: {rule.message}" for rule in rules if rule.outcome != PASSED]
    unmet, more = "; ".join(missed[:most]), len(missed[most:]) if most else 0
    unmet += f"; and {more} more {'rule' if more == 1 else 'rules'}" if more else ""
    answer = gate(rules)
    if answer == PASSED:
        return f"gate passed: {detected if won else 'every rule holds'}"
    said = "gate failed" if answer == FAILED else "gate inconclusive"
    return f"{said} ({detected}): {unmet}" if won else f"{said}: {unmet}"


def advise(
    metrics: Metrics,
    comparisons: Sequence[Comparison],
    recipe: TrainSettings | None,
    max_train_samples: int | None,
    suggested_rate: float | None,
    cut: bool = True,
) -> list[str]:
    """Return what to try if the gate does not pass, based on the candidate's metrics and its training recipe.

    `cut` says whether some texts are longer than the candidate reads.
    """
    if share_right(metrics) == 1.0:
        return ["a larger or harder test split: the candidate makes no errors on this one"]
    advice = []
    needed = [each.rows_needed for each in comparisons if each.gates and each.verdict == INCONCLUSIVE]
    if rows := max((number for number in needed if number), default=None):
        advice.append(f"more evaluation texts: about {rows:,} are needed to tell a difference of this size from chance")
    rate, epochs = (recipe.learning_rate, recipe.epochs) if recipe else (AUTO, AUTO)
    if suggested_rate and rate != AUTO and rate < suggested_rate / 2:
        advice.append(f"a larger learning rate: it was {rate:g}, but {suggested_rate:g} suits this encoder")
    if any(each.baseline == "frozen" and each.verdict == WORSE for each in comparisons):
        advice.append(_about_frozen(recipe))
    elif epochs != AUTO and epochs < 3:
        advice.append(f"more epochs: it was trained for {epochs}")
    if max_train_samples:
        advice.append(f"more training texts: it was trained on {max_train_samples}")
    advice += [_about_words(each.verdict, cut) for each in comparisons if is_open_to_words(each)]
    if not advice and _has_hardly_learned(metrics):
        advice.append(
            "checking the labels: the model has hardly learned; clf prepare reports conflicting labels and duplicates"
        )
    return advice or ["another seed, a larger encoder, or more training texts"]


def is_open_to_words(comparison: Comparison) -> bool:
    """Return whether this is the comparison with TF-IDF, and the candidate is not shown to be better."""
    return comparison.baseline == "tfidf" and comparison.verdict != BETTER


def _about_words(verdict: Verdict, cut: bool) -> str:
    ways = "a larger encoder, longer texts (--max-length) or more data" if cut else "a larger encoder or more data"
    does = "does better" if verdict == WORSE else "does as well"
    return f"{ways}: TF-IDF with logistic regression {does} at a fraction of the cost"


def _about_frozen(recipe: TrainSettings | None) -> str:
    """Say that training ended too early: the encoder as it was before has more in it than came out."""
    ways = "more epochs" if recipe is None or recipe.head_init == "probe" else "more epochs, or --head-init probe"
    known = recipe and recipe.epochs != AUTO
    ran = f"it was trained for {recipe.epochs}, but" if recipe and known else "its run was too short:"
    return f"{ways}: {ran} a logistic regression on the same encoder without fine-tuning does better"


def _has_hardly_learned(metrics: Metrics) -> bool:
    """Return whether a model knows little more than how often each class comes.

    Where a text may have several labels, few whole sets are right even if most labels are: Brier skill tells it.
    """
    if is_of_sets(metrics):
        skill = metrics["brier_skill"]
        return skill is not None and skill < LEAST_SKILL
    return share_right(metrics) < LEAST_ACCURACY
