"""Metrics agree with hand-worked numbers, and what is undefined is said."""

import math

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, matthews_corrcoef, precision_recall_fscore_support, roc_auc_score

from clf.outcomes.base import ClassMetrics
from clf.scoring.answers import Answers
from clf.scoring.calibration import expected_calibration_error, simulated_calibration_error
from clf.scoring.metric_table import METRICS, OF_COUNTS
from clf.scoring.metrics import confusion, intervals, score, score_classes
from clf.scoring.significance import bootstrap_mean_intervals

PROBABILITIES = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3]], dtype=np.float32)
LABELS = np.array([0, 1, 1, 0])
ANSWERS = Answers(PROBABILITIES, LABELS)


def test_the_headline_metrics_are_those_worked_by_hand() -> None:
    metrics = score(ANSWERS)
    assert tuple(metrics) == METRICS
    assert metrics["accuracy"] == 0.75
    assert metrics["macro_precision"] == pytest.approx((2 / 3 + 1) / 2)
    assert metrics["macro_recall"] == pytest.approx((1 + 1 / 2) / 2)
    assert metrics["macro_f1"] == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert metrics["mean_confidence"] == pytest.approx(0.75)
    assert metrics["brier"] == pytest.approx((0.02 + 0.72 + 0.08 + 0.18) / 4)
    assert metrics["log_loss"] == pytest.approx(-sum(map(math.log, (0.9, 0.4, 0.8, 0.7))) / 4, abs=1e-6)


def test_each_class_is_measured_and_an_absent_one_is_undefined() -> None:
    three = np.hstack([PROBABILITIES, np.zeros((4, 1), dtype=np.float32)])
    classes = score_classes(Answers(three, LABELS), ["a", "b", "c"])
    assert classes["a"].precision == pytest.approx(2 / 3)
    assert (classes["a"].recall, classes["a"].f1, classes["a"].rows) == (1.0, pytest.approx(0.8), 2)
    assert classes["c"] == ClassMetrics(precision=None, recall=None, f1=None, rows=0)


def test_the_confusion_matrix_has_true_classes_in_rows() -> None:
    assert confusion(ANSWERS) == [[2, 0], [1, 1]]


# --- several classes ----------------------------------------------------------------------------------------


def several(rows: int = 60, classes: int = 4, labelled: int = 4) -> Answers:
    """Draw probabilities of `classes` classes that are often right, and labels of the first `labelled`."""
    generator = np.random.default_rng(8)
    labels = generator.integers(0, labelled, rows)
    logits = generator.normal(size=(rows, classes))
    logits[np.arange(rows), labels] += 1
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Answers(probabilities.astype(np.float32), labels)


@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_averages_are_those_of_scikit_learn(average: str) -> None:
    answers, metrics = several(), score(several())
    wanted = precision_recall_fscore_support(answers.labels, answers.predictions, average=average, zero_division=0.0)
    for name, value in zip(("precision", "recall", "f1"), wanted, strict=False):
        assert metrics[f"{average}_{name}"] == pytest.approx(value)


def test_the_other_metrics_of_several_classes_are_those_of_scikit_learn() -> None:
    answers, metrics = several(), score(several())
    truth = np.eye(4)[answers.labels]
    recalls = [(answers.predictions[answers.labels == number] == number).mean() for number in range(4)]
    assert metrics["micro_f1"] == metrics["accuracy"] == pytest.approx(answers.correct.mean())
    assert metrics["balanced_accuracy"] == pytest.approx(sum(recalls) / 4)
    assert metrics["mcc"] == pytest.approx(matthews_corrcoef(answers.labels, answers.predictions))
    assert metrics["auroc"] == pytest.approx(roc_auc_score(truth, answers.probabilities, average="macro"))
    assert metrics["average_precision"] == pytest.approx(average_precision_score(truth, answers.probabilities))
    assert metrics["brier"] == pytest.approx(((answers.probabilities - truth) ** 2).sum(axis=1).mean())
    assert metrics["mean_confidence"] == pytest.approx(answers.probabilities.max(axis=1).mean())
    assert metrics["ece"] == expected_calibration_error(answers.confidence, answers.correct)
    assert metrics["ece_expected"] == simulated_calibration_error(answers.confidence)
    assert metrics["log_loss"] == answers.log_loss


def test_a_class_without_rows_counts_in_no_mean_over_the_labels() -> None:
    answers = Answers(
        np.array([[0.6, 0.1, 0.3], [0.2, 0.3, 0.5], [0.1, 0.8, 0.1], [0.3, 0.6, 0.1]], dtype=np.float32),
        np.array([0, 0, 1, 1]),
    )
    metrics = score(answers)  # class 2 is predicted once, and no row has it
    assert metrics["balanced_accuracy"] == pytest.approx((1 / 2 + 2 / 2) / 2)
    assert metrics["macro_precision"] == pytest.approx((1 + 1 + 0) / 3)
    assert metrics["macro_recall"] == pytest.approx((1 / 2 + 1 + 0) / 3)
    assert metrics["weighted_recall"] == pytest.approx(3 / 4)
    assert metrics["auroc"] == pytest.approx(((3 / 4) + 1) / 2)  # row 3 is likelier of class 0 than row 1
    assert metrics["average_precision"] == pytest.approx(((1 + 2 / 3) / 2 + 1) / 2)


def test_a_class_of_a_single_row_counts_in_the_rankings() -> None:
    probabilities = [[0.8, 0.1, 0.1], [0.7, 0.1, 0.2], [0.1, 0.8, 0.1], [0.2, 0.7, 0.1], [0.4, 0.55, 0.05]]
    metrics = score(Answers(np.array(probabilities, dtype=np.float32), np.array([0, 0, 1, 1, 2])))
    assert metrics["auroc"] == pytest.approx((1 + 1 + 0) / 3)
    assert metrics["average_precision"] == pytest.approx((1 + 1 + 1 / 5) / 3)


def test_one_class_in_the_labels_leaves_rankings_and_correlation_undefined() -> None:
    metrics = score(Answers(PROBABILITIES, np.array([0, 0, 0, 0])))
    assert {name for name, value in metrics.items() if value is None} == {"mcc", "auroc", "average_precision"}
    assert (metrics["accuracy"], metrics["balanced_accuracy"]) == (0.75, 0.75)


def test_one_class_in_the_predictions_leaves_only_the_correlation_undefined() -> None:
    metrics = score(Answers(PROBABILITIES[[0, 1, 3]], np.array([0, 1, 0])))
    assert {name for name, value in metrics.items() if value is None} == {"mcc"}
    assert metrics["auroc"] == 1.0


def test_two_classes_in_both_define_the_correlation() -> None:
    assert score(ANSWERS)["mcc"] == pytest.approx((2 * 1 - 0 * 1) / math.sqrt(3 * 2 * 1 * 2))


def test_every_row_wrong_and_sure_is_the_worst_brier_score() -> None:
    sure = Answers(np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32), np.array([1, 0]))
    metrics = score(sure)
    assert (metrics["brier"], metrics["accuracy"], metrics["ece"], metrics["mcc"]) == (2.0, 0.0, 1.0, -1.0)


def test_one_row_is_enough() -> None:
    metrics = score(Answers(PROBABILITIES[:1], np.array([0])))
    assert (metrics["accuracy"], metrics["macro_f1"], metrics["mcc"], metrics["auroc"]) == (1.0, 1.0, None, None)


def test_a_class_that_is_only_predicted_or_only_labelled_is_half_defined() -> None:
    answers = Answers(np.array([[0.2, 0.8, 0], [0.3, 0.7, 0]], dtype=np.float32), np.array([0, 0]))
    assert score_classes(answers, ["labelled", "predicted", "neither"]) == {
        "labelled": ClassMetrics(precision=None, recall=0.0, f1=0.0, rows=2),
        "predicted": ClassMetrics(precision=0.0, recall=None, f1=0.0, rows=0),
        "neither": ClassMetrics(precision=None, recall=None, f1=None, rows=0),
    }
    metrics = score(answers)
    assert {metrics[f"{average}_precision"] for average in ("macro", "weighted")} == {0.0}


def test_the_confusion_matrix_has_every_class_of_the_model() -> None:
    answers = Answers(np.array([[0.2, 0.8, 0.0], [0.3, 0.7, 0.0]], dtype=np.float32), np.array([0, 1]))
    assert confusion(answers) == [[0, 1, 0], [0, 1, 0], [0, 0, 0]]


def test_intervals_hold_the_metrics_and_exist_for_those_that_can_be_drawn_again() -> None:
    answers = several(rows=200)
    found, metrics = intervals(answers), score(answers)
    assert set(found) == {*OF_COUNTS, "brier", "log_loss"}
    for name, (low, high) in found.items():
        assert low < metrics[name] < high, name  # type: ignore[operator]
    truth = np.eye(4)[answers.labels]
    means = np.stack([((answers.probabilities - truth) ** 2).sum(axis=1), answers.log_losses], axis=1)
    assert [found["brier"], found["log_loss"]] == [pytest.approx(each) for each in bootstrap_mean_intervals(means)]
