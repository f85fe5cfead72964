"""A model's answers where a text may have several labels: a probability and a decision for each label of each text.

`MultiLabelAnswers` answers the same questions as `Answers`, and `SetChoices` those of `Choices`; only their predictions
and labels are tables.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from clf.scoring.answers import LEAST, Answers, Choices, Labels, Probabilities, row_slices
from clf.scoring.label_table import LabelTable

Thresholds = NDArray[np.float64]
"""The probability from which on each label is predicted: shape (labels,), or (rows, labels) if rows have their own."""
BAR = "|"
"""What tables and files of text write between the labels of a text."""
EVEN = 0.5
"""The threshold of a label for which none was chosen."""


def joined_names(chosen: LabelTable, names: Sequence[str]) -> str:
    """Return the names of the chosen labels, shape (labels,), joined by BAR; empty if there are none."""
    return BAR.join(name for name, there in zip(names, chosen.tolist(), strict=True) if there)


def predicted_labels(probabilities: Probabilities, thresholds: Thresholds) -> LabelTable:
    """Return which labels are predicted for each row: those whose probability reaches the threshold."""
    found: LabelTable = probabilities >= thresholds.astype(np.float32)
    return found


def decided_by(answers: "MultiLabelAnswers", rows: NDArray[np.int64] | NDArray[np.bool_]) -> Thresholds:
    """Return the thresholds of some rows."""
    return answers.thresholds if answers.thresholds.ndim == 1 else answers.thresholds[rows]


def confidence_in_sets(probabilities: Probabilities, predicted: LabelTable) -> NDArray[np.float64]:
    """Return the probability of each row's predicted set, shape (rows,), as if labels were independent.

    That is the product over labels of p for a predicted label and 1 - p for another; at thresholds of 0.5, the larger.
    """
    sure = np.empty(len(probabilities))
    for rows in row_slices(*probabilities.shape):
        part = probabilities[rows].astype(np.float64)
        sure[rows] = np.where(predicted[rows], part, 1 - part).prod(axis=1)
    return sure


@dataclass(frozen=True)
class SetChoices:
    """The sets of labels that a model chose, and the true ones of the same rows, as `Choices` where a text has one.

    `packed` are the predicted sets, eight labels a byte, and `sure` is the confidence in them, shape (rows,); `labels`
    are the true sets, shape (rows, labels), which the models on the same rows share.
    """

    packed: NDArray[np.uint8]
    sure: NDArray[np.float32]
    labels: LabelTable

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def classes(self) -> int:
        """The number of labels."""
        return int(self.labels.shape[1])

    @property
    def predictions(self) -> LabelTable:
        """Which labels are predicted, shape (rows, labels)."""
        return self.predicted(slice(None))

    def predicted(self, rows: slice) -> LabelTable:
        """Return which labels are predicted for some rows, shape (rows, labels)."""
        return np.unpackbits(self.packed[rows], axis=1, count=self.classes).view(np.bool_)

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether the predicted set of each row is exactly the true one, shape (rows,)."""
        correct = np.empty(len(self), dtype=np.bool_)
        for rows in row_slices(len(self), self.classes):
            correct[rows] = (self.predicted(rows) == self.labels[rows]).all(axis=1)
        return correct

    def true_labels(self, row: int, names: Sequence[str]) -> list[str]:
        """Return the names of the true labels of a row."""
        return list(compress(names, self.labels[row].tolist()))

    def predicted_labels(self, row: int, names: Sequence[str]) -> list[str]:
        """Return the names of the predicted labels of a row."""
        return list(compress(names, self.predicted(slice(row, row + 1))[0].tolist()))


@dataclass(frozen=True)
class MultiLabelAnswers:
    """Probabilities and true labels of the same rows, shape (rows, labels), and the thresholds of the labels."""

    probabilities: Probabilities
    labels: LabelTable
    thresholds: Thresholds

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def classes(self) -> int:
        """The number of labels."""
        return int(self.probabilities.shape[1])

    @cached_property
    def predictions(self) -> LabelTable:
        """Which labels are predicted, shape (rows, labels)."""
        return predicted_labels(self.probabilities, self.thresholds)

    @cached_property
    def choices(self) -> SetChoices:
        """The predicted sets and the confidence in them."""
        return SetChoices(np.packbits(self.predictions, axis=1), self.confidence.astype(np.float32), self.labels)

    @cached_property
    def confidence(self) -> NDArray[np.float64]:
        """The confidence in the predicted set of each row, shape (rows,)."""
        return confidence_in_sets(self.probabilities, self.predictions)

    @cached_property
    def correct(self) -> LabelTable:
        """Whether the predicted set of each row is exactly the true one, shape (rows,)."""
        correct: LabelTable = (self.predictions == self.labels).all(axis=1)
        return correct

    @property
    def log_losses(self) -> NDArray[np.float64]:
        """The binary log loss of each row in nats, the mean over its labels, shape (rows,)."""
        losses = np.empty(len(self))
        for rows in row_slices(*self.probabilities.shape):
            part = self.probabilities[rows].astype(np.float64)
            of_truth = np.where(self.labels[rows], part, 1 - part)
            losses[rows] = -np.log(np.clip(of_truth, LEAST, 1.0)).mean(axis=1)
        return losses

    @property
    def brier_scores(self) -> NDArray[np.float64]:
        """The squared difference of probability and truth of each row, the mean over its labels, shape (rows,)."""
        scores = np.empty(len(self))
        for rows in row_slices(*self.probabilities.shape):
            scores[rows] = ((self.probabilities[rows] - self.labels[rows].astype(np.float64)) ** 2).mean(axis=1)
        return scores

    @property
    def log_loss(self) -> float:
        """The mean log loss in nats."""
        return float(self.log_losses.mean())

    def true_label(self, row: int, names: Sequence[str]) -> str:
        """Return the names of the true labels of a row, joined by BAR."""
        return joined_names(self.labels[row], names)

    def predicted_label(self, row: int, names: Sequence[str]) -> str:
        """Return the names of the predicted labels of a row, joined by BAR."""
        return joined_names(self.predictions[row], names)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "MultiLabelAnswers":
        """Return the answers for a subset of the rows."""
        return MultiLabelAnswers(self.probabilities[rows], self.labels[rows], decided_by(self, rows))

    def with_thresholds(self, thresholds: Thresholds) -> "MultiLabelAnswers":
        """Return the same answers with other thresholds."""
        return MultiLabelAnswers(self.probabilities, self.labels, thresholds)


AnyAnswers = Answers | MultiLabelAnswers
AnyChoices = Choices | SetChoices


def answers_with(
    probabilities: Probabilities, labels: Labels | LabelTable, thresholds: Thresholds | None
) -> AnyAnswers:
    """Return the answers of either kind: with `thresholds`, a text may have several labels."""
    if thresholds is None:
        return Answers(probabilities, labels.astype(np.int64, copy=False))
    return MultiLabelAnswers(probabilities, labels.astype(bool, copy=False), thresholds)
