"""The cards of an evaluation: a verdict, three figures and what to do next, from its figures alone."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from clf.outcomes.base import ClassMetrics, Interval, Metrics
from clf.outcomes.evaluation import EvaluateResult
from clf.outcomes.label_evaluation import AnyEvaluation, EvaluateLabelsResult
from clf.reports.given_too_often import too_often
from clf.reports.page.figures import calibration_figure, figure
from clf.reports.page.parts import Cards, Figure, counted
from clf.scoring.confusions import confused_pairs
from clf.scoring.constant_answers import f1_of_every_label, most_common

FEW_TEXTS, FEW_OF_LABEL = 100, 20
"""With fewer texts, of all labels or of one, figures say little about other texts."""
CLOSE = 0.01
"""A calibration error of so much more than chance shows is still called believable."""
TELLING = 0.05
"""Texts whose calibration error by chance is above this say little about a model's."""
MOSTLY = 0.7
"""With a smaller share right, most errors are the model's."""
FAR_APART = 0.2
"""With precision and recall so far apart, the thresholds are worth changing."""
MOST_STEPS, NAMED = 5, 3


def evaluation_cards(result: AnyEvaluation) -> Cards:
    """Return the cards of `clf evaluate`."""
    if isinstance(result, EvaluateResult):
        return _of_classes(result)
    return _of_labels(result)


# --- one label per text -------------------------------------------------------------------------------------


def _of_classes(result: EvaluateResult) -> Cards:
    common, share = most_common(result.per_class)
    found, right = result.metrics, result.metrics.get("accuracy") or 0.0
    beaten, tone = _against(result.intervals.get("accuracy"), share)
    verdict = (
        f"{beaten} always answering “{common}”: right for {right:.1%} of {counted(result.rows, 'text')}, against "
        f"{share:.1%}."
    )
    figures = [
        figure("F1 (macro)", found.get("macro_f1"), result.intervals.get("macro_f1")),
        figure("accuracy", found.get("accuracy"), result.intervals.get("accuracy")),
        calibration_figure("calibration error", found),
    ]
    steps = [
        *_first_steps(result, tone),
        *_about_issues(result.rows, right, result.label_issues),
        *_about_names(result.per_class, "class", "classes"),
        *_about_confusion(result),
        "Compare it with simple baselines on the same texts: `clf compare --baseline tfidf`",
    ]
    reasons = [confidence_sentence(found, "accuracy", "are right"), *_few(result.rows)]
    return Cards(verdict, tone, [reason for reason in reasons if reason], _there(figures), steps[:MOST_STEPS])


def _about_confusion(result: EvaluateResult) -> list[str]:
    pairs = confused_pairs(result.confusion_matrix, list(result.per_class), 1)
    if not pairs or len(result.per_class) < 3:
        return []
    true, predicted, number, _ = pairs[0]
    return [f"Read the texts of “{true}” that were called “{predicted}”, the most frequent error ({number:,})."]


# --- several labels per text --------------------------------------------------------------------------------


def _of_labels(result: EvaluateLabelsResult) -> Cards:
    constant = f1_of_every_label(result.per_label, result.rows)
    found, right = result.metrics, result.metrics.get("subset_accuracy") or 0.0
    beaten, tone = _against(result.intervals.get("macro_f1"), constant)
    verdict = (
        f"{beaten} giving every label to every text: F1 (macro) {found.get('macro_f1') or 0.0:.3f}, against "
        f"{constant:.3f}. The whole set of labels is right for {right:.1%} of {counted(result.rows, 'text')}."
    )
    figures = [
        figure("F1 (macro)", found.get("macro_f1"), result.intervals.get("macro_f1")),
        figure("subset accuracy", found.get("subset_accuracy"), result.intervals.get("subset_accuracy")),
        calibration_figure("calibration error (mean of labels)", found),
    ]
    often = too_often(result.per_label)
    steps = [
        *often,
        *_first_steps(result, tone),
        *(["Measure it on other texts: the thresholds of the labels were chosen on these."]
          if result.thresholds_fitted_here else []),
        *([] if often else _about_thresholds(found)),
        *_about_issues(result.rows, right, result.label_issues),
        *_about_names(result.per_label, "label", "labels"),
        *_about_replaced(result),
        "Compare it with simple baselines on the same texts: `clf compare --baseline tfidf`",
    ]  # fmt: skip
    return Cards(
        verdict, tone, [_probabilities_sentence(found), *_few(result.rows)], _there(figures), steps[:MOST_STEPS]
    )


def _about_thresholds(found: Metrics) -> list[str]:
    """Say that labels are given too seldom or too often, if precision and recall are far apart."""
    precision, recall = found.get("macro_precision") or 0.0, found.get("macro_recall") or 0.0
    if abs(precision - recall) <= FAR_APART:
        return []
    often, other, example = ("seldom", "lower", 0.3) if precision > recall else ("often", "higher", 0.7)
    return [
        f"Try {other} thresholds: labels are given too {often}, with precision {precision:.3f} and recall "
        f"{recall:.3f}; `clf evaluate --threshold {example}` shows what one for all labels would do."
    ]


def _about_replaced(result: EvaluateLabelsResult) -> list[str]:
    if not result.replaced:
        return []
    first = result.replaced[0]
    return [
        f"Read the texts that were given “{first.added}” instead of “{first.missing}”, the most frequent exchange "
        f"({first.rows:,})."
    ]


def _probabilities_sentence(found: Metrics) -> str:
    error, chance = found.get("ece"), found.get("ece_expected")
    if error is None or chance is None:
        return (
            "Whether the probabilities can be believed is not known: no label has 100 texts with it and 100 without it."
        )
    off = f"they are off by {_points(error)} on average, and chance alone would show {_points(chance)}."
    believed = error <= chance + CLOSE
    return f"The probabilities of the labels {'can' if believed else 'should not'} be taken at their word: {off}"


# --- both ---------------------------------------------------------------------------------------------------


def confidence_sentence(found: Metrics, answered: str, right: str) -> str:
    """Say whether confidence can be taken at its word; empty if it was not measured."""
    error, chance, sure, share = (found.get(key) for key in ("ece", "ece_expected", "mean_confidence", answered))
    if error is None or chance is None or sure is None or share is None:
        return ""
    off = f"it is off by {_points(error)} on average, and chance alone would show {_points(chance)}"
    if error <= chance + CLOSE:
        can = "can be taken at its word" if chance <= TELLING else "cannot be judged by so few texts"
        return f"Confidence {can}: {off}."
    mixed = "too high for some texts and too low for others"
    said = "too high" if sure > share + CLOSE else "too low" if sure < share - CLOSE else mixed
    return f"Confidence is {said}: {off}; it is {sure:.1%} on average where {share:.1%} {right}."


def _there(figures: Iterable[Figure | None]) -> list[Figure]:
    return [each for each in figures if each is not None]


def _against(between: Interval | None, constant: float) -> tuple[str, str]:
    """Return how a model stands to a constant answer, given the interval of its metric, and the tone of that."""
    if between is None:
        return "Beside", ""
    low, high = between
    if low > constant:
        return "Better than", ""
    return ("Worse than", "bad") if high < constant else ("Not shown to be better than", "unsure")


def _few(rows: int) -> list[str]:
    return [f"Only {counted(rows, 'text')}: others could give quite different figures."] if rows < FEW_TEXTS else []


def _first_steps(result: AnyEvaluation, tone: str) -> list[str]:
    """Return what comes before all else: leaks, too few texts, a model that is no better than a constant."""
    steps = []
    if result.leaked_rows:
        were = "1 text that was" if result.leaked_rows == 1 else f"{result.leaked_rows:,} texts that were"
        steps.append(f"Judge it without the {were} in its training data: the metrics without them are below.")
    few = result.rows < FEW_TEXTS
    if few:
        steps.append(f"Measure it on more texts than {result.rows:,}.")
    if tone and not few:
        steps.append("Train it on more texts or for more epochs before you rely on it.")
    if result.calibration.note:
        steps.append(f"Check its confidence before you rely on it: not calibrated, {result.calibration.note}.")
    return steps


def _about_issues(rows: int, right: float, issues: int) -> list[str]:
    if issues:
        return [f"Check the {counted(issues, 'label')} that look wrong, below and in label_issues.csv."]
    wrong = round((1 - right) * rows)
    if not wrong and rows >= FEW_TEXTS:
        return ["Measure it on harder or more texts: it makes no error on these."]
    asked = f"Find out which of its {counted(wrong, 'error')} are wrong labels: `clf evaluate --label-issues 50`"
    return [asked] if wrong and right >= MOSTLY else []


def _about_names(found: Mapping[str, ClassMetrics], one: str, many: str) -> list[str]:
    """Name the label with the lowest F1, and labels of too few texts to measure on."""
    steps = []
    measured = {name: row.f1 or 0.0 for name, row in found.items() if row.rows >= FEW_OF_LABEL}
    worst = min(measured, key=lambda name: measured[name], default=None)
    if worst is not None and measured[worst] < 1 and len(found) > 1:
        steps.append(
            f"Look first at “{worst}”: F1 {measured[worst]:.3f} on {counted(found[worst].rows, 'text')}, the lowest of "
            f"the {counted(len(measured), one) if len(measured) == 1 else f'{len(measured):,} {many}'} with at least "
            f"{FEW_OF_LABEL} texts."
        )
    if rare := [name for name, row in found.items() if row.rows < FEW_OF_LABEL]:
        steps.append(f"Get more texts of {named(rare)}: with fewer than {FEW_OF_LABEL} their figures say little.")
    return steps


def named(names: Sequence[str]) -> str:
    """Return the first few of some names between quotes, and how many more there are."""
    shown = [f"“{name}”" for name in islice(names, NAMED)]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def _points(share: float) -> str:
    return f"{100 * share:.1f} points"
