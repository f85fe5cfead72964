"""Probabilities and true labels -> metrics."""

# ruff: noqa: TID253 - this module computes
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from clf.scoring.calibration import expected_calibration_error, simulated_calibration_error

METRICS = ("accuracy", "macro_precision", "macro_recall", "macro_f1", "weighted_precision", "weighted_recall",
           "weighted_f1", "mean_confidence", "ece", "ece_expected", "brier", "log_loss")  # fmt: skip


def score(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> dict[str, float]:
    """Return the headline metrics of `probabilities`, shape (texts, classes), against label ids, shape (texts,).

    Macro averages are over the classes that stand in the labels or the predictions. Brier is the mean squared
    distance to the one-hot truth, summed over classes (0 best, 2 worst); log loss is in nats.
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
        "weighted_precision": float(weighted[0]),
        "weighted_recall": float(weighted[1]),
        "weighted_f1": float(weighted[2]),
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


def confusion(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> list[list[int]]:
    """Return the confusion matrix: rows are true classes, columns predicted ones."""
    numbers = np.arange(probabilities.shape[1])
    return [
        [int(cell) for cell in row] for row in confusion_matrix(labels, probabilities.argmax(axis=1), labels=numbers)
    ]


def _brier(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    truth = np.zeros_like(probabilities, dtype=np.float64)
    truth[np.arange(len(labels)), labels] = 1.0
    return float(((probabilities - truth) ** 2).sum(axis=1).mean())


def _log_loss(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    chosen = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.clip(chosen, 1e-12, 1.0)).mean())
