"""Computes metrics from probabilities and true labels."""

# ruff: noqa: TID253 - this module computes
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import (
    average_precision_score,
    confusion_matrix,
    matthews_corrcoef,
    precision_recall_fscore_support,
    roc_auc_score,
)

from clf.outcomes.base import ClassMetrics, Interval, Metrics
from clf.scoring.answers import Answers
from clf.scoring.calibration import expected_calibration_error, simulated_calibration_error
from clf.scoring.significance import bootstrap_intervals, bootstrap_mean_intervals, tally


def score(answers: Answers) -> Metrics:
    """Return the headline metrics by their names in `metric_table`.

    Macro averages cover the classes that appear in the labels or the predictions. Balanced accuracy is the mean
    recall of the classes in the labels. With one label per text, micro F1 equals accuracy. AUROC and average precision
    are one-vs-rest means over the classes that have both positive and negative rows. Brier is the mean squared
    distance to the one-hot truth, summed over classes (0 best, 2 worst). Log loss is in nats. A metric that these rows
    leave undefined is None: MCC if all labels or all predictions are one class, AUROC and average precision if all
    labels are.
    """
    labels, predictions, confidence, correct = answers.labels, answers.predictions, answers.confidence, answers.correct
    macro = precision_recall_fscore_support(labels, predictions, average="macro", zero_division=0.0)
    weighted = precision_recall_fscore_support(labels, predictions, average="weighted", zero_division=0.0)
    return {
        "accuracy": float(correct.mean()),
        "macro_precision": float(macro[0]),
        "macro_recall": float(macro[1]),
        "macro_f1": float(macro[2]),
        "micro_f1": float(correct.mean()),
        "weighted_precision": float(weighted[0]),
        "weighted_recall": float(weighted[1]),
        "weighted_f1": float(weighted[2]),
        "balanced_accuracy": _balanced_accuracy(predictions, labels),
        "mcc": _mcc(predictions, labels),
        **_ranking(answers),
        "mean_confidence": float(confidence.mean()),
        "ece": expected_calibration_error(confidence, correct),
        "ece_expected": simulated_calibration_error(confidence),
        "brier": float(_brier_of_rows(answers).mean()),
        "log_loss": answers.log_loss,
    }


def score_classes(answers: Answers, names: Sequence[str]) -> dict[str, ClassMetrics]:
    """Return precision, recall, F1 and row count of each class; a metric is None if no rows define it."""
    numbers = list(range(len(names)))
    labels, predictions = answers.labels, answers.predictions
    columns = precision_recall_fscore_support(labels, predictions, labels=numbers, zero_division=0.0)
    answered = np.bincount(predictions, minlength=len(names))
    classes = {}
    for number, name in enumerate(names):
        precision, recall, f1, rows = (column[number] for column in columns)
        classes[name] = ClassMetrics(
            precision=float(precision) if answered[number] else None,
            recall=float(recall) if rows else None,
            f1=float(f1) if rows or answered[number] else None,
            rows=int(rows),
        )
    return classes


def intervals(answers: Answers) -> dict[str, Interval]:
    """Return the 95 % bootstrap intervals of the headline metrics."""
    table = tally(answers.labels, answers.predictions, classes=answers.classes)
    means = np.stack([_brier_of_rows(answers), answers.log_losses], axis=1)
    return bootstrap_intervals(table) | dict(zip(("brier", "log_loss"), bootstrap_mean_intervals(means), strict=True))


def confusion(answers: Answers) -> list[list[int]]:
    """Return the confusion matrix: rows are true classes, columns are predicted classes."""
    matrix = confusion_matrix(answers.labels, answers.predictions, labels=np.arange(answers.classes))
    return [[int(cell) for cell in row] for row in matrix]


def _balanced_accuracy(predictions: NDArray[np.int64], labels: NDArray[np.int64]) -> float:
    return float(np.mean([(predictions[labels == number] == number).mean() for number in np.unique(labels)]))


def _mcc(predictions: NDArray[np.int64], labels: NDArray[np.int64]) -> float | None:
    if len(np.unique(labels)) < 2 or len(np.unique(predictions)) < 2:
        return None
    return float(matthews_corrcoef(labels, predictions))


def _ranking(answers: Answers) -> Metrics:
    """Return mean AUROC and average precision over the classes that have both positive and negative rows."""
    of_class = [answers.labels == number for number in range(answers.classes)]
    pairs = [
        (is_class, answers.probabilities[:, number])
        for number, is_class in enumerate(of_class)
        if 0 < is_class.sum() < len(answers)
    ]
    if not pairs:
        return {"auroc": None, "average_precision": None}
    return {
        "auroc": float(np.mean([roc_auc_score(*pair) for pair in pairs])),
        "average_precision": float(np.mean([average_precision_score(*pair) for pair in pairs])),
    }


def _brier_of_rows(answers: Answers) -> NDArray[np.float64]:
    truth = np.zeros_like(answers.probabilities, dtype=np.float64)
    truth[np.arange(len(answers)), answers.labels] = 1.0
    distances: NDArray[np.float64] = ((answers.probabilities - truth) ** 2).sum(axis=1)
    return distances
