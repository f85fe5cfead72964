"""What a model answers, beside what is true: the one place that knows how probabilities become a prediction.

Everything that scores asks `Answers` for predictions, confidence and what is correct. A second kind of answers, of
several labels per text, would answer the same questions.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

TINY, LEAST = 1e-30, 1e-12
"""The least probability whose logarithm is taken: to scale it, and as a loss."""

Probabilities = NDArray[np.float32]
"""Shape (rows, classes)."""
Labels = NDArray[np.int64]
"""Ids of classes, shape (rows,)."""


def predictions_of(probabilities: Probabilities) -> Labels:
    """Return the class of the largest probability of each row, shape (rows,)."""
    predictions: Labels = probabilities.argmax(axis=1)
    return predictions


def confidence_of(probabilities: Probabilities) -> NDArray[np.float64]:
    """Return the largest probability of each row, shape (rows,)."""
    confidence: NDArray[np.float64] = probabilities.max(axis=1).astype(np.float64)
    return confidence


def with_temperature(probabilities: Probabilities, temperature: float) -> Probabilities:
    """Return what the probabilities, shape (rows, classes), become when the logits are divided by `temperature`."""
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
        """How many classes there are."""
        return int(self.probabilities.shape[1])

    @cached_property
    def predictions(self) -> Labels:
        """The answered class of each row, shape (rows,)."""
        return predictions_of(self.probabilities)

    @cached_property
    def confidence(self) -> NDArray[np.float64]:
        """How sure each answer is: its probability, shape (rows,)."""
        return confidence_of(self.probabilities)

    @cached_property
    def correct(self) -> NDArray[np.bool_]:
        """Whether each answer is true, shape (rows,)."""
        correct: NDArray[np.bool_] = self.predictions == self.labels
        return correct

    @cached_property
    def log_losses(self) -> NDArray[np.float64]:
        """The log loss of each row in nats, 27.6 at most, shape (rows,)."""
        of_truth = self.probabilities[np.arange(len(self)), self.labels].astype(np.float64)
        losses: NDArray[np.float64] = -np.log(np.clip(of_truth, LEAST, 1.0))
        return losses

    @property
    def log_loss(self) -> float:
        """The mean log loss in nats."""
        return float(self.log_losses.mean())

    def take(self, rows: Labels | NDArray[np.bool_]) -> "Answers":
        """Return the answers for some rows."""
        return Answers(self.probabilities[rows], self.labels[rows])

    def with_temperature(self, temperature: float) -> "Answers":
        """Return what the answers become when the logits are divided by `temperature`."""
        return Answers(with_temperature(self.probabilities, temperature), self.labels)
