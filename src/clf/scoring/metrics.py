"""Computes metrics from probabilities and true labels."""

# ruff: noqa: TID253 - this module computes
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import matthews_corrcoef, precision_recall_fscore_support

from clf.outcomes.base import ClassMetrics, Interval, Metrics
from clf.scoring.answers import Answers
from clf.scoring.calibration import expected_calibration_error, simulated_calibration_error
from clf.scoring.multi_label import MultiLabelAnswers
from clf.scoring.multi_label_metrics import score_sets, set_intervals
from clf.scoring.ranking import auroc_and_average_precision
from clf.scoring.significance import AnswerCounts, bootstrap_intervals, bootstrap_mean_intervals, tally


def score(answers: Answers | MultiLabelAnswers) -> Metrics:
    """Return the headline metrics of either kind of answers by their names in `metric_table`."""
    return score_sets(answers) if isinstance(answers, MultiLabelAnswers) else _score(answers)


def intervals(answers: Answers | MultiLabelAnswers) -> dict[str, Interval]:
    """Return the 95 % bootstrap intervals of the headline metrics that have one."""
    return set_intervals(answers) if isinstance(answers, MultiLabelAnswers) else _intervals(answers)


def _score(answers: Answers) -> Metrics:
    """Return the headline metrics with one label per text.

    Macro averages cover the classes that appear in the labels or the predictions. Balanced accuracy is the mean
    recall of the classes in the labels. With one label per text, micro F1 equals accuracy. AUROC and average precision
    are one-vs-rest means over the classes that have both positive and negative rows. Brier is the mean squared
    distance to the one-hot truth, summed over classes (0 best, 2 worst). Log loss is in nats. A metric that these rows
    leave undefined is None: MCC if all labels or all predictions are one class, AUROC and average precision if all
    labels are.
    """
    table, confidence, correct = _tally(answers), answers.confidence, answers.correct
    macro = precision_recall_fscore_support(**_pairs(table), average="macro", zero_division=0.0)
    weighted = precision_recall_fscore_support(**_pairs(table), average="weighted", zero_division=0.0)
    return {
        "accuracy": float(correct.mean()),
        "macro_precision": float(macro[0]),
        "macro_recall": float(macro[1]),
        "macro_f1": float(macro[2]),
        "micro_f1": float(correct.mean()),
        "weighted_precision": float(weighted[0]),
        "weighted_recall": float(weighted[1]),
        "weighted_f1": float(weighted[2]),
        "balanced_accuracy": _balanced_accuracy(table),
        "mcc": _mcc(table),
        **_ranking(answers),
        "mean_confidence": float(confidence.mean()),
        "ece": expected_calibration_error(confidence, correct),
        "ece_expected": simulated_calibration_error(confidence),
        "brier": float(answers.brier_scores.mean()),
        "log_loss": answers.log_loss,
    }


def score_classes(answers: Answers, names: Sequence[str]) -> dict[str, ClassMetrics]:
    """Return precision, recall, F1 and row count of each class; a metric is None if no rows define it."""
    table, numbers = _tally(answers), list(range(len(names)))
    columns = precision_recall_fscore_support(**_pairs(table), labels=numbers, zero_division=0.0)
    answered = np.bincount(table.cells[:, 1], table.counts, minlength=len(names))
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


def _intervals(answers: Answers) -> dict[str, Interval]:
    means = np.empty((len(answers), 2))
    means[:, 0], means[:, 1] = answers.brier_scores, answers.log_losses
    return bootstrap_intervals(_tally(answers)) | dict(
        zip(("brier", "log_loss"), bootstrap_mean_intervals(means), strict=True)
    )


def confusion(answers: Answers) -> list[list[int]]:
    """Return the confusion matrix: rows are true classes, columns are predicted classes."""
    table = _tally(answers)
    matrix = np.zeros((answers.classes, answers.classes), dtype=np.int64)
    matrix[table.cells[:, 0], table.cells[:, 1]] = table.counts
    rows: list[list[int]] = matrix.tolist()
    return rows


def _tally(answers: Answers) -> AnswerCounts:
    return tally(answers.labels, answers.predictions, classes=answers.classes)


def _pairs(table: AnswerCounts) -> dict[str, NDArray[np.int64]]:
    """Return the arguments of scikit-learn's metrics: each pair of true and predicted class, with its number of rows.

    The metrics are the same as from the rows themselves.
    """
    return {"y_true": table.cells[:, 0], "y_pred": table.cells[:, 1], "sample_weight": table.counts}


def _balanced_accuracy(table: AnswerCounts) -> float:
    truth, predicted = table.cells[:, 0], table.cells[:, 1]
    rows = np.bincount(truth, table.counts, minlength=table.classes)
    right = np.bincount(truth, table.counts * (truth == predicted), minlength=table.classes)
    return float(np.mean(right[rows > 0] / rows[rows > 0]))


def _mcc(table: AnswerCounts) -> float | None:
    if any(len(np.unique(column)) < 2 for column in table.cells.T):
        return None
    return float(matthews_corrcoef(**_pairs(table)))


def _ranking(answers: Answers) -> Metrics:
    """Return mean AUROC and average precision over the classes that have both positive and negative rows."""
    rows = np.bincount(answers.labels, minlength=answers.classes)
    found = [
        auroc_and_average_precision(answers.probabilities[:, number], answers.labels == number)
        for number in np.flatnonzero((rows > 0) & (rows < len(answers))).tolist()
    ]
    if not found:
        return {"auroc": None, "average_precision": None}
    auroc, average_precision = (float(np.mean(each)) for each in zip(*found, strict=True))
    return {"auroc": auroc, "average_precision": average_precision}
