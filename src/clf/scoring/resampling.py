"""What the bootstrap draws from: a tally of combinations, with counts from a multinomial distribution."""

from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

DRAWS = 10_000
DRAWS_AT_ONCE = 500

Integers = NDArray[np.int64]
OfDraws = Callable[[Integers], list[NDArray[np.float64]]]
"""Counts of shape (draws, combinations) -> a metric of each model, shape (draws,)."""


class Tally(Protocol):
    """What a comparison asks of a tally of answers, whether a row has one label or several."""

    @property
    def counts(self) -> Integers:
        """How often each combination of the truth and the models' answers occurs, shape (combinations,)."""

    @property
    def rows(self) -> int:
        """The number of rows."""

    @property
    def draws(self) -> int:
        """How many draws to compare models by."""

    def draw(self, draws: int, seed: int) -> Iterator[Integers]:
        """Resample the rows with replacement `draws` times; yield counts of shape (some draws, combinations)."""

    def metric(self, name: str) -> OfDraws:
        """Return what computes a metric of each model for each row of counts, shape (draws, combinations)."""

    def right(self, model: int) -> NDArray[np.bool_]:
        """Whether a model answers rightly, shape (combinations,)."""


def drawn_counts(counts: Integers, draws: int, seed: int, at_once: int = DRAWS_AT_ONCE) -> Iterator[Integers]:
    """Draw from the multinomial distribution with these counts; yield counts of shape (up to `at_once`, combinations).

    `at_once` does not change what is drawn.
    """
    generator, rows = np.random.default_rng(seed), int(counts.sum())
    for begun in range(0, draws, at_once):
        yield generator.multinomial(rows, counts / rows, size=min(at_once, draws - begun))
