"""Simulated texts with several labels, and the sets that two models predict for them: the truth is known."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

Sets = tuple[np.ndarray, np.ndarray, np.ndarray]
"""The true sets and those of two models, each of shape (rows, labels)."""
EVERYTHING, NOTHING = np.inf, -np.inf
"""Skills of models that predict a label for each text, and for none."""
TOGETHER = 0.4
"""The share of a label's variance that all labels of a text have in common."""


@dataclass(frozen=True)
class World:
    """Labels with these shares of the texts, and two models that tell texts with a label from others by their skill.

    A model's score for a text with the label is its skill above that of a text without, in standard deviations. Half
    of the variance of scores is that of the text, which both models share.
    """

    shares: tuple[float, ...]
    first: tuple[float, ...]
    second: tuple[float, ...]

    def draw(self, rows: int, generator: np.random.Generator) -> Sets:
        """Draw texts and both models' answers."""
        shape, shares = (rows, len(self.shares)), np.array(self.shares)
        latent = TOGETHER**0.5 * generator.standard_normal((rows, 1), dtype=np.float32)
        latent = latent + (1 - TOGETHER) ** 0.5 * generator.standard_normal(shape, dtype=np.float32)
        true = latent > norm.ppf(1 - shares)
        of_text = generator.standard_normal(shape, dtype=np.float32)
        first, second = (
            self._answers(np.array(skill), true, of_text, generator) for skill in (self.first, self.second)
        )
        return true, first, second

    def _answers(
        self, skill: np.ndarray, true: np.ndarray, of_text: np.ndarray, generator: np.random.Generator
    ) -> np.ndarray:
        noise = 0.5**0.5 * (of_text + generator.standard_normal(true.shape, dtype=np.float32))
        known, shares = np.where(np.isfinite(skill), skill, 1.0), np.array(self.shares)
        threshold = known / 2 + np.log((1 - shares) / shares) / (2 * known)  # close to that of the best F1
        predicted = known * true + noise > threshold
        return np.where(np.isfinite(skill), predicted, skill > 0)

    def with_gain(self, gain: float) -> "World":
        """Return the world whose second model's skills are the first's less `gain`."""
        return World(self.shares, self.first, tuple(skill - gain for skill in self.first))
