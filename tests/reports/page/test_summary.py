"""The first cards of an evaluation say what its figures say, and nothing else."""

from typing import Any

import pytest

from clf.outcomes.label_evaluation import Replaced
from clf.reports.page import summary
from clf.reports.page.parts import Cards, Track
from support.outcomes import calibration, class_metrics, evaluate_labels_result, evaluate_result, label_metrics

CLASSES = {"good": class_metrics(rows=120, f1=0.9), "bad": class_metrics(rows=80, f1=0.75)}
METRICS = {"accuracy": 0.8, "macro_f1": 0.825, "ece": 0.02, "ece_expected": 0.015, "mean_confidence": 0.81}


def cards(**changes: Any) -> Cards:
    values = {"rows": 200, "metrics": METRICS, "per_class": CLASSES, "intervals": {"accuracy": (0.75, 0.85)}}
    return summary.evaluation_cards(evaluate_result(**(values | changes)))


@pytest.mark.parametrize(
    ("low", "high", "said", "tone"),
    [(0.61, 0.85, "Better than", ""), (0.6, 0.85, "Not shown to be better than", "unsure"), (0.5, 0.59, "Worse than", "bad")],
)  # fmt: skip
def test_the_verdict_compares_the_interval_with_the_most_common_class(
    low: float, high: float, said: str, tone: str
) -> None:
    found = cards(intervals={"accuracy": (low, high)})
    assert found.verdict == f"{said} always answering “good”: right for 80.0% of 200 texts, against 60.0%."
    assert found.tone == tone
    assert ("Train it on more texts or for more epochs before you rely on it." in found.steps) == bool(tone)


def test_the_figures_are_f1_accuracy_and_calibration_error() -> None:
    f1, accuracy, error = cards().figures
    assert (f1.name, f1.shown, f1.below, f1.track) == ("F1 (macro)", "0.825", [], Track(0.0, 0.825))
    assert (accuracy.shown, accuracy.below) == ("0.800", ["95 % interval 0.750 to 0.850"])
    assert (error.shown, error.below) == ("0.020", ["by chance 0.015"])
    assert cards(metrics={"accuracy": 0.5}).figures[0].name == "accuracy"


@pytest.mark.parametrize(
    ("error", "sure", "said"),
    [
        (0.024, 0.9, "Confidence can be taken at its word: it is off by 2.4 points on average, and chance alone would show 1.5 points."),
        (0.05, 0.85, "Confidence is too high: it is off by 5.0 points on average, and chance alone would show 1.5 points; it is 85.0% on average where 80.0% are right."),
        (0.05, 0.75, "Confidence is too low: it is off by 5.0 points on average, and chance alone would show 1.5 points; it is 75.0% on average where 80.0% are right."),
        (0.05, 0.8, "Confidence is too high for some texts and too low for others: it is off by 5.0 points on average, and chance alone would show 1.5 points; it is 80.0% on average where 80.0% are right."),
    ],
)  # fmt: skip
def test_whether_confidence_can_be_believed_depends_on_what_chance_shows(error: float, sure: float, said: str) -> None:
    assert cards(metrics=METRICS | {"ece": error, "mean_confidence": sure}).reasons == [said]
    assert cards(metrics={"accuracy": 0.5}).reasons == []
    few = cards(metrics=METRICS | {"ece": 0.032, "ece_expected": 0.061}).reasons
    assert few == [
        "Confidence cannot be judged by so few texts: it is off by 3.2 points on average, and chance alone would show 6.1 "
        "points."
    ]


def test_few_texts_and_leaks_come_first() -> None:
    found = cards(rows=99, leaked_rows=1234, calibration=calibration(note="too few rows"))
    assert found.steps[:3] == [
        "Judge it without the 1,234 texts that were in its training data: the metrics without them are below.",
        "Measure it on more texts than 99.",
        "Check its confidence before you rely on it: not calibrated, too few rows.",
    ]
    assert found.reasons[-1] == "Only 99 texts: others could give quite different figures."
    assert len(found.steps) == 5


def test_wrong_labels_weak_classes_and_rare_ones_are_named() -> None:
    assert "Check the 7 labels that look wrong, below and in label_issues.csv." in cards(label_issues=7).steps
    asked = "Find out which of its 40 errors are wrong labels: `clf evaluate --label-issues 50`"
    assert asked in cards().steps
    assert not any("wrong labels" in step for step in cards(metrics=METRICS | {"accuracy": 0.4}).steps)
    perfect = cards(metrics=METRICS | {"accuracy": 1.0})
    assert "Measure it on harder or more texts: it makes no error on these." in perfect.steps
    weak = "Look first at “bad”: F1 0.750 on 80 texts, the lowest of the 2 classes with at least 20 texts."
    assert weak in cards().steps
    many = CLASSES | {f"c{number}": class_metrics(rows=3) for number in range(5)}
    rare = "Get more texts of “c0”, “c1”, “c2” and 2 more: with fewer than 20 their figures say little."
    assert rare in cards(per_class=many, confusion_matrix=[[0] * 7] * 7).steps


def test_the_most_frequent_confusion_is_worth_reading() -> None:
    three = CLASSES | {"fair": class_metrics(rows=30, f1=0.9)}
    found = cards(per_class=three, confusion_matrix=[[5, 1, 0], [0, 5, 4], [0, 0, 5]])
    assert "Read the texts of “bad” that were called “fair”, the most frequent error (4)." in found.steps


# --- several labels -----------------------------------------------------------------------------------------


def test_with_several_labels_the_constant_gives_every_label_to_every_text() -> None:
    labels = {"acting": label_metrics(rows=100, f1=0.5), "plot": label_metrics(rows=50, f1=0.25)}
    replaced = [Replaced(missing="plot", added="acting", rows=1)]
    result = evaluate_labels_result(per_label=labels, replaced=replaced, thresholds_fitted_here=True)
    found = summary.evaluation_cards(result)
    assert found.verdict == (
        "Better than giving every label to every text: F1 (macro) 0.750, against 0.533. The whole set of labels is "
        "right for 50.0% of 200 texts."
    )
    assert found.reasons == [
        "The probabilities of the labels should not be taken at their word: they are off by 5.0 points on average, and "
        "chance alone would show 2.0 points."
    ]
    assert [figure.shown for figure in found.figures] == ["0.750", "0.500", "0.050"]
    assert found.steps == [
        "Measure it on other texts: the thresholds of the labels were chosen on these.",
        "Look first at “plot”: F1 0.250 on 50 texts, the lowest of the 2 labels with at least 20 texts.",
        "Read the texts that were given “acting” instead of “plot”, the most frequent exchange (1).",
        "Compare it with simple baselines on the same texts: `clf compare --baseline tfidf`",
    ]


def test_a_label_that_is_given_far_too_often_comes_before_all_else() -> None:
    legal = label_metrics(precision=8 / 175, recall=8 / 12, rows=12, threshold=0.0876)
    metrics = {"macro_f1": 0.5, "macro_precision": 0.4, "macro_recall": 0.9, "subset_accuracy": 0.5}
    steps = summary.evaluation_cards(
        evaluate_labels_result(per_label={"legal": legal}, metrics=metrics, rows=50, leaked_rows=1)
    ).steps
    assert steps[0].startswith("“legal” is given to 175 texts, 12 have it; its threshold is 0.0876: ")
    assert not any("--threshold 0.7" in step for step in steps)


@pytest.mark.parametrize(
    ("precision", "recall", "said"),
    [
        (0.9, 0.65, "Try lower thresholds: labels are given too seldom, with precision 0.900 and recall 0.650; `clf evaluate --threshold 0.3` shows what one for all labels would do."),
        (0.5, 0.75, "Try higher thresholds: labels are given too often, with precision 0.500 and recall 0.750; `clf evaluate --threshold 0.7` shows what one for all labels would do."),
        (0.75, 0.625, None),
    ],
)  # fmt: skip
def test_precision_far_from_recall_is_a_matter_of_thresholds(precision: float, recall: float, said: str | None) -> None:
    metrics = {"macro_f1": 0.5, "macro_precision": precision, "macro_recall": recall, "subset_accuracy": 0.5}
    steps = summary.evaluation_cards(evaluate_labels_result(metrics=metrics)).steps
    assert [step for step in steps if "thresholds" in step] == ([said] if said else [])


def test_probabilities_that_could_not_be_judged_are_said_to_be_so() -> None:
    result = evaluate_labels_result(
        metrics={"macro_f1": 0.5, "subset_accuracy": 0.5, "ece": None, "ece_expected": None}
    )
    found = summary.evaluation_cards(result)
    assert found.reasons[0].startswith("Whether the probabilities can be believed is not known")
    assert len(found.figures) == 2
