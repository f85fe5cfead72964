"""A model's probabilities with the true labels: the one place where probabilities become predictions.

All scoring code gets predictions, confidence and correctness from `Answers`. A variant for several labels per text
would provide the same properties.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

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
    logits = np.log(np.maximum(probabilities.astype(np.float64), TINY)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    scaled: Probabilities = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return scaled


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
    def predictions(self) -> Labels:
        """The predicted class of each row, shape (rows,)."""
        return predictions_of(self.probabilities)

    @cached_property
    def confidence(self) -> NDArray[np.float64]:
        """The confidence of each prediction (its probability), shape (rows,)."""
        return confidence_of(self.probabilities)

    @cached_property
    def correct(self) -> NDArray[np.bool_]:
        """Whether each prediction is correct, shape (rows,)."""
        correct: NDArray[np.bool_] = self.predictions == self.labels
        return correct

    @cached_property
    def log_losses(self) -> NDArray[np.float64]:
        """The log loss of each row in nats, at most 27.6, shape (rows,)."""
        of_truth = self.probabilities[np.arange(len(self)), self.labels].astype(np.float64)
        losses: NDArray[np.float64] = -np.log(np.clip(of_truth, LEAST, 1.0))
        return losses

    @property
    def log_loss(self) -> float:
        """The mean log loss in nats."""
        return float(self.log_losses.mean())

    def take(self, rows: Labels | NDArray[np.bool_]) -> "Answers":
        """Return the answers for a subset of the rows."""
        return Answers(self.probabilities[rows], self.labels[rows])

    def with_temperature(self, temperature: float) -> "Answers":
        """Return the answers after dividing the logits by `temperature`."""
        return Answers(with_temperature(self.probabilities, temperature), self.labels)
