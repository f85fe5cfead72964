"""A model's probabilities with the true labels: the one place where probabilities become predictions.

All scoring code gets predictions, confidence and correctness from `Answers`, or where a text may have several labels
from `clf.scoring.multi_label.MultiLabelAnswers`, which has the same properties.

There may be millions of rows, so a row takes few bytes: predictions are small integers, what is quickly computed again
is not kept, and what needs wide temporary arrays is computed for some rows at a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

AT_ONCE = 1 << 16
TINY, LEAST = 1e-30, 1e-12
"""Lower limits on a probability before its logarithm is computed: for temperature scaling, and for the log loss."""

Probabilities = NDArray[np.float32]
"""Shape (rows, classes)."""
Labels = NDArray[np.int64]
"""Class ids, shape (rows,)."""


def predictions_of(probabilities: Probabilities) -> Labels:
    """Return the class with the largest probability in each row, shape (rows,)."""
    predictions: Labels = probabilities.argmax(axis=1)
    return predictions


def confidence_of(probabilities: Probabilities) -> NDArray[np.float64]:
    """Return the largest probability of each row, shape (rows,)."""
    confidence: NDArray[np.float64] = probabilities.max(axis=1).astype(np.float64)
    return confidence


def with_temperature(probabilities: Probabilities, temperature: float) -> Probabilities:
    """Return the probabilities, shape (rows, classes), after dividing the logits by `temperature`."""
    scaled = np.empty(probabilities.shape, dtype=np.float32)
    for rows in row_slices(*probabilities.shape):
        logits = np.log(np.maximum(probabilities[rows].astype(np.float64), TINY)) / temperature
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        scaled[rows] = powers / powers.sum(axis=1, keepdims=True)
    return scaled


def row_slices(rows: int, classes: int = 1) -> Iterator[slice]:
    """Yield slices of consecutive rows, with about AT_ONCE values each."""
    step = max(1, AT_ONCE // max(1, classes))
    yield from (slice(start, min(start + step, rows)) for start in range(0, rows, step))


def surest(rows: NDArray[np.bool_], sure: NDArray[np.float32], count: int) -> Labels:
    """Return the numbers of up to `count` of the marked rows, the most confident first, else in their order."""
    numbers = np.flatnonzero(rows)
    of_rows = sure[numbers]
    if len(numbers) > count > 0:
        kept = of_rows >= np.partition(of_rows, -count)[-count]
        numbers, of_rows = numbers[kept], of_rows[kept]
    chosen: Labels = numbers[np.argsort(-of_rows, kind="stable")][:count]
    return chosen


@dataclass(frozen=True)
class Choices:
    """What a model chose, and the true labels of the same rows: enough to compare two models, without probabilities.

    `predictions` are class ids of the smallest type, `sure` is the confidence in them; all have the shape (rows,).
    """

    predictions: NDArray[np.unsignedinteger[Any]]
    sure: NDArray[np.float32]
    labels: Labels
    classes: int

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def confidence(self) -> NDArray[np.float64]:
        """The confidence of each prediction (its probability), shape (rows,)."""
        return self.sure.astype(np.float64)

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether each prediction is correct, shape (rows,)."""
        correct: NDArray[np.bool_] = self.predictions == self.labels
        return correct

    def true_labels(self, row: int, names: Sequence[str]) -> list[str]:
        """Return the name of the true label of a row, as the only one in a list."""
        return [names[int(self.labels[row])]]

    def predicted_labels(self, row: int, names: Sequence[str]) -> list[str]:
        """Return the name of the predicted label of a row, as the only one in a list."""
        return [names[int(self.predictions[row])]]


@dataclass(frozen=True)
class Answers:
    """Probabilities, shape (rows, classes), and the true labels of the same rows, shape (rows,)."""

    probabilities: Probabilities
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def classes(self) -> int:
        """The number of classes."""
        return int(self.probabilities.shape[1])

    @cached_property
    def choices(self) -> Choices:
        """The predictions and the confidence in them."""
        smallest = np.min_scalar_type(max(0, self.classes - 1))
        predictions = predictions_of(self.probabilities).astype(smallest)
        return Choices(predictions, self.probabilities.max(axis=1), self.labels, self.classes)

    @property
    def predictions(self) -> NDArray[np.unsignedinteger[Any]]:
        """The predicted class of each row, shape (rows,)."""
        return self.choices.predictions

    @property
    def confidence(self) -> NDArray[np.float64]:
        """The confidence of each prediction (its probability), shape (rows,)."""
        return self.choices.confidence

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether each prediction is correct, shape (rows,)."""
        return self.choices.correct

    @property
    def log_losses(self) -> NDArray[np.float64]:
        """The log loss of each row in nats, at most 27.6, shape (rows,)."""
        losses = np.empty(len(self))
        for rows in row_slices(len(self)):
            part, labels = self.probabilities[rows], self.labels[rows]
            of_truth = part[np.arange(len(part)), labels].astype(np.float64)
            losses[rows] = -np.log(np.clip(of_truth, LEAST, 1.0))
        return losses

    @property
    def brier_scores(self) -> NDArray[np.float64]:
        """The squared distance of each row's probabilities to the one-hot truth, shape (rows,)."""
        scores = np.empty(len(self))
        for rows in row_slices(*self.probabilities.shape):
            part, labels = self.probabilities[rows], self.labels[rows]
            truth = np.zeros_like(part, dtype=np.float64)
            truth[np.arange(len(part)), labels] = 1.0
            scores[rows] = ((part - truth) ** 2).sum(axis=1)
        return scores

    @property
    def log_loss(self) -> float:
        """The mean log loss in nats."""
        return float(self.log_losses.mean())

    def true_label(self, row: int, names: Sequence[str]) -> str:
        """Return the name of the true label of a row."""
        return names[int(self.labels[row])]

    def predicted_label(self, row: int, names: Sequence[str]) -> str:
        """Return the name of the predicted label of a row."""
        return names[int(self.predictions[row])]

    def take(self, rows: Labels | NDArray[np.bool_]) -> "Answers":
        """Return the answers for a subset of the rows."""
        return Answers(self.probabilities[rows], self.labels[rows])

    def with_temperature(self, temperature: float) -> "Answers":
        """Return the answers after dividing the logits by `temperature`."""
        return Answers(with_temperature(self.probabilities, temperature), self.labels)
