"""Probabilities and true labels -> metrics."""

# ruff: noqa: TID253 - this module computes
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import (
    average_precision_score,
    confusion_matrix,
    matthews_corrcoef,
    precision_recall_fscore_support,
    roc_auc_score,
)

from clf.scoring.calibration import expected_calibration_error, simulated_calibration_error
from clf.scoring.significance import bootstrap_intervals, bootstrap_mean_intervals, tally

METRICS = ("accuracy", "macro_precision", "macro_recall", "macro_f1", "micro_f1", "weighted_precision",
           "weighted_recall", "weighted_f1", "balanced_accuracy", "mcc", "auroc", "average_precision",
           "mean_confidence", "ece", "ece_expected", "brier", "log_loss")  # fmt: skip

Metrics = dict[str, float | None]
"""Metrics by name; None where one is not defined for these rows."""


def score(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> dict[str, Any]:
    """Return the headline metrics of `probabilities`, shape (texts, classes), against label ids, shape (texts,).

    Macro averages are over the classes that stand in the labels or the predictions; balanced accuracy is the mean
    recall of the classes in the labels; micro F1 of one label a text is its accuracy. AUROC and average precision are
    the mean over the classes, each against the rest, that have rows on both sides. Brier is the mean squared distance
    to the one-hot truth, summed over classes (0 best, 2 worst); log loss is in nats. What these rows leave undefined
    is None: MCC where all labels or all answers are one class, AUROC where all labels are.
    """
    predictions = probabilities.argmax(axis=1)
    confidence = probabilities.max(axis=1).astype(np.float64)
    macro = precision_recall_fscore_support(labels, predictions, average="macro", zero_division=0.0)
    weighted = precision_recall_fscore_support(labels, predictions, average="weighted", zero_division=0.0)
    correct = predictions == labels
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
        **_ranking(probabilities, labels),
        "mean_confidence": float(confidence.mean()),
        "ece": expected_calibration_error(confidence, correct),
        "ece_expected": simulated_calibration_error(confidence),
        "brier": _brier(probabilities, labels),
        "log_loss": _log_loss(probabilities, labels),
    }


def score_classes(
    probabilities: NDArray[np.float32], labels: NDArray[np.int64], names: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Return precision, recall, F1 and row count of each class; None where a class has no rows to measure."""
    numbers = list(range(len(names)))
    predictions = probabilities.argmax(axis=1)
    columns = precision_recall_fscore_support(labels, predictions, labels=numbers, zero_division=0.0)
    answered = np.bincount(predictions, minlength=len(names))
    classes = {}
    for number, name in enumerate(names):
        precision, recall, f1, rows = (column[number] for column in columns)
        classes[name] = {
            "precision": float(precision) if answered[number] else None,
            "recall": float(recall) if rows else None,
            "f1": float(f1) if rows or answered[number] else None,
            "rows": int(rows),
        }
    return classes


def intervals(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> dict[str, list[float]]:
    """Return the 95 % bootstrap intervals of the headline metrics."""
    table = tally(labels, probabilities.argmax(axis=1), classes=probabilities.shape[1])
    means = np.stack([_brier_of_rows(probabilities, labels), _log_loss_of_rows(probabilities, labels)], axis=1)
    return bootstrap_intervals(table) | dict(zip(("brier", "log_loss"), bootstrap_mean_intervals(means), strict=True))


def confusion(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> list[list[int]]:
    """Return the confusion matrix: rows are true classes, columns predicted ones."""
    numbers = np.arange(probabilities.shape[1])
    return [
        [int(cell) for cell in row] for row in confusion_matrix(labels, probabilities.argmax(axis=1), labels=numbers)
    ]


def _balanced_accuracy(predictions: NDArray[np.int64], labels: NDArray[np.int64]) -> float:
    return float(np.mean([(predictions[labels == number] == number).mean() for number in np.unique(labels)]))


def _mcc(predictions: NDArray[np.int64], labels: NDArray[np.int64]) -> float | None:
    if len(np.unique(labels)) < 2 or len(np.unique(predictions)) < 2:
        return None
    return float(matthews_corrcoef(labels, predictions))


def _ranking(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> Metrics:
    """Return AUROC and average precision, the mean over the classes that have rows on both sides."""
    present = [number for number in range(probabilities.shape[1]) if 0 < (labels == number).sum() < len(labels)]
    if not present:
        return {"auroc": None, "average_precision": None}
    pairs = [(labels == number, probabilities[:, number]) for number in present]
    return {
        "auroc": float(np.mean([roc_auc_score(*pair) for pair in pairs])),
        "average_precision": float(np.mean([average_precision_score(*pair) for pair in pairs])),
    }


def _brier(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    return float(_brier_of_rows(probabilities, labels).mean())


def _brier_of_rows(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    truth = np.zeros_like(probabilities, dtype=np.float64)
    truth[np.arange(len(labels)), labels] = 1.0
    distances: NDArray[np.float64] = ((probabilities - truth) ** 2).sum(axis=1)
    return distances


def _log_loss(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    return float(_log_loss_of_rows(probabilities, labels).mean())


def _log_loss_of_rows(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    chosen = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    losses: NDArray[np.float64] = -np.log(np.clip(chosen, 1e-12, 1.0))
    return losses
