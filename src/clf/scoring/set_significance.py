"""Is a difference more than chance, where a text may have several labels? The tally that `significance` draws from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clf.scoring.answers import AT_ONCE, row_slices
from clf.scoring.label_table import LabelTable, distinct_sets
from clf.scoring.metric_table import OF_LABEL_COUNTS, Values
from clf.scoring.resampling import DRAWS, DRAWS_AT_ONCE, Integers, OfDraws, drawn_counts

SET_METRICS: Final = ("macro_f1", "micro_f1", "weighted_f1", "sample_f1", "subset_accuracy")
"""The metrics that may decide a comparison where a text may have several labels."""
FEWEST_DRAWS = 1_000
"""Draws of a large tally: seeds then move each end of an interval by about a twelfth of the standard error."""
COUNTS_OF_ALL_DRAWS = 50_000_000
"""Draws times combinations; a tally for which DRAWS would need more of them is drawn less often."""
COUNTS_AT_ONCE = 1 << 23
FEW_OF_ROWS = 10
"""A tally has few combinations if there are this many rows for each: counts are then drawn faster than rows."""
COMBINATIONS_AT_ONCE = 1024
"""Of fewer, products with many labels would add more than they multiply."""
DIGITS = 12


@dataclass(frozen=True)
class SetCounts:
    """How often each combination of a true set and the models' predicted sets occurs.

    `true` has shape (combinations, labels), as the table of each model in `predicted`; `counts` has shape
    (combinations,). It answers the same questions as `AnswerCounts`.
    """

    true: LabelTable
    predicted: tuple[LabelTable, ...]
    counts: Integers

    @property
    def rows(self) -> int:
        """The number of rows."""
        return int(self.counts.sum())

    @property
    def draws(self) -> int:
        """How many draws to compare models by: fewer than DRAWS for a large tally, whose intervals are narrow."""
        return min(DRAWS, max(FEWEST_DRAWS, COUNTS_OF_ALL_DRAWS // len(self.counts)))

    def draw(self, draws: int = DRAWS, seed: int = 0) -> Iterator[Integers]:
        """Resample the rows with replacement `draws` times; yield counts of shape (some draws, combinations)."""
        combinations, rows = len(self.counts), self.rows
        step = min(DRAWS_AT_ONCE, max(1, COUNTS_AT_ONCE // combinations))
        if combinations * FEW_OF_ROWS <= rows:
            yield from drawn_counts(self.counts, draws, seed, step)
            return
        generator, of_row = np.random.default_rng(seed), np.repeat(np.arange(combinations, dtype=np.int32), self.counts)
        for begun in range(0, draws, step):
            counts = np.empty((min(step, draws - begun), combinations), dtype=np.int64)
            for one in counts:
                chosen = generator.integers(0, rows, rows, dtype=np.uint32)
                one[:] = np.bincount(of_row[chosen], minlength=combinations)
            yield counts

    def right(self, model: int = 0) -> NDArray[np.bool_]:
        """Whether a model's set is exactly the true one, shape (combinations,)."""
        return right_sets(self.true, self.predicted[model])

    def label_counts(self, counts: Integers) -> list[tuple[Values, Values, Values]]:
        """Return the true, predicted and correct rows of each label, shape (draws, labels) each, for each model.

        Products of 4-byte numbers are fast, and exact up to 2 ** 24 rows.
        """
        parts, labels = 1 + 2 * len(self.predicted), self.true.shape[1]
        weights, found = counts.astype(np.float32), np.zeros((len(counts), parts * labels))
        for part in row_slices(len(self.true), AT_ONCE // COMBINATIONS_AT_ONCE):
            true = self.true[part]
            tables = [true, *(table for model in self.predicted for table in (model[part], true & model[part]))]
            found += weights[:, part] @ np.hstack(tables).astype(np.float32)
        true_rows, *others = np.split(found, parts, axis=1)
        return [(true_rows, *pair) for pair in zip(others[::2], others[1::2], strict=True)]

    def metric(self, name: str) -> OfDraws:
        """Return what computes a metric of each model for each row of counts, shape (draws, combinations).

        Raises KeyError for a metric that counts do not determine. Values are rounded: what is added up in another order
        must not look like a difference, where 0 decides.
        """
        exact = self._metric(name)
        return lambda counts: [np.round(values, DIGITS) for values in exact(counts)]

    def _metric(self, name: str) -> OfDraws:
        if name in OF_SETS:
            values = [OF_SETS[name](self.true, predicted).astype(np.float64) for predicted in self.predicted]
            return lambda counts: [counts @ of_model / self.rows for of_model in values]
        of_counts = OF_LABEL_COUNTS[name]
        if name != "micro_f1":
            return lambda counts: [self.of_labels(name, *of_model) for of_model in self.label_counts(counts)]
        sums = [self._sums(predicted) for predicted in self.predicted]  # it adds the labels up: sooner is cheaper
        return lambda counts: [of_counts(*np.hsplit(counts @ of_model, 3)) for of_model in sums]

    def of_labels(self, name: str, true: Values, predicted: Values, right: Values) -> Values:
        """Return a metric in OF_LABEL_COUNTS for each draw, from what `label_counts` counts, shape (draws, labels).

        Means over labels leave out a label that has rows, but none of those drawn: as 0 it would make each draw worse
        than the rows themselves. Such a label adds nothing to the sum, so the mean is divided by the share of the rest.
        """
        found = OF_LABEL_COUNTS[name](true, predicted, right)
        if not name.startswith("macro_"):
            return found
        kept = (true > 0) | ~self.true.any(axis=0)
        of_kept: Values = found / np.maximum(kept.mean(axis=1), 1e-300)
        return of_kept

    def _sums(self, predicted: LabelTable) -> Values:
        """Return how many labels are true, predicted and correct in each combination, shape (combinations, 3)."""
        tables = (self.true, predicted, self.true & predicted)
        return np.stack([table.sum(axis=1, dtype=np.float64) for table in tables], axis=1)


def tally_sets(labels: LabelTable, *predictions: LabelTable) -> SetCounts:
    """Count the combinations of a true set and predicted ones; each argument has shape (rows, labels)."""
    first, number = distinct_sets(labels, *predictions)
    return SetCounts(labels[first], tuple(table[first] for table in predictions), np.bincount(number))


def f1_of_sets(true: LabelTable, predicted: LabelTable) -> Values:
    """Return the F1 of each row's predicted set, shape (rows,): 1 where neither set has a label."""
    together = true.sum(axis=1) + predicted.sum(axis=1)
    shares: Values = np.where(together > 0, 2 * (true & predicted).sum(axis=1) / np.maximum(together, 1), 1.0)
    return shares


def right_sets(true: LabelTable, predicted: LabelTable) -> NDArray[np.bool_]:
    """Return whether each row's predicted set is exactly the true one, shape (rows,)."""
    right: NDArray[np.bool_] = (true == predicted).all(axis=1)
    return right


OF_SETS: dict[str, Callable[[LabelTable, LabelTable], Values | NDArray[np.bool_]]] = {
    "sample_f1": f1_of_sets,
    "subset_accuracy": right_sets,
}
"""The metrics that are means of a value of each row."""
