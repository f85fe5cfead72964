"""Is a difference more than chance? Paired bootstrap, McNemar's exact test and exact intervals of proportions."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, norm

from clf.outcomes.base import Interval
from clf.scoring.answers import row_slices
from clf.scoring.metric_table import OF_COUNTS, Values
from clf.scoring.resampling import DRAWS, Integers, OfDraws, Tally, drawn_counts

MEAN_DRAWS = 1_000
LEVEL = 0.95
POWER = 0.8


@dataclass(frozen=True)
class AnswerCounts:
    """How often each combination of true class and predictions occurs.

    `cells` has shape (combinations, 1 + models): the true class, then the prediction of each model; `counts` has
    shape (combinations,). Metrics of predicted classes need nothing else. Resampling rows with replacement is the same
    as drawing counts from a multinomial distribution, so the bootstrap costs the same for any number of rows.
    """

    cells: Integers
    counts: Integers
    classes: int

    @property
    def rows(self) -> int:
        """The number of rows."""
        return int(self.counts.sum())

    def draw(self, draws: int = DRAWS, seed: int = 0) -> Iterator[Integers]:
        """Resample the rows with replacement `draws` times; yield counts of shape (some draws, combinations)."""
        return drawn_counts(self.counts, draws, seed)

    @property
    def draws(self) -> int:
        """How many draws to compare models by."""
        return DRAWS

    def metric(self, name: str) -> OfDraws:
        """Return what computes a metric in OF_COUNTS of each model for each row of counts, (draws, combinations)."""
        models = range(self.cells.shape[1] - 1)
        return lambda counts: [metric_of_counts(name, self, counts, model) for model in models]

    def right(self, model: int = 0) -> NDArray[np.bool_]:
        """Whether a model's prediction is the true class, shape (combinations,)."""
        right: NDArray[np.bool_] = self.cells[:, 0] == self.cells[:, 1 + model]
        return right


def tally(labels: Integers, *predictions: NDArray[np.integer[Any]], classes: int) -> AnswerCounts:
    """Count the combinations of true class and predictions; each argument has shape (rows,)."""
    columns = (labels, *predictions)
    shape = (classes,) * len(columns)
    cells = counts = np.empty(0, dtype=np.int64)  # one number for each combination
    for rows in row_slices(len(labels)):
        numbers = np.ravel_multi_index([column[rows].astype(np.int64) for column in columns], shape)
        found, times = np.unique(numbers, return_counts=True)
        cells, places = np.unique(np.concatenate([cells, found]), return_inverse=True)
        counts = np.bincount(places, np.concatenate([counts, times])).astype(np.int64)
    return AnswerCounts(np.stack(np.unravel_index(cells, shape), axis=1), counts, classes)


def metric_of_counts(name: str, table: AnswerCounts, counts: Integers, model: int = 0) -> Values:
    """Return a metric of one model for each row of `counts`, shape (draws, combinations).

    Averages cover the classes that appear in a draw's labels or predictions, as in scikit-learn.
    Raises KeyError for a metric without `of_counts`.
    """
    truth, answers = table.cells[:, 0], table.cells[:, 1 + model]
    numbers = np.arange(table.classes)
    is_true, is_answer = (column[:, None] == numbers for column in (truth, answers))
    weights = counts.astype(np.float64)
    true, answered, right = (weights @ part.astype(np.float64) for part in (is_true, is_answer, is_true & is_answer))
    return OF_COUNTS[name](true, answered, right)


# --- intervals ----------------------------------------------------------------------------------------------


def bootstrap_intervals(table: AnswerCounts, draws: int = DRAWS, seed: int = 0) -> dict[str, Interval]:
    """Return the 95 % bootstrap interval (percentiles; Efron 1979) of each metric in OF_COUNTS, for the first model."""
    found: dict[str, list[Values]] = {name: [] for name in OF_COUNTS}
    for counts in table.draw(draws, seed):
        for name, values in found.items():
            values.append(metric_of_counts(name, table, counts))
    return {name: interval_of(np.concatenate(values)) for name, values in found.items()}


def bootstrap_mean_intervals(values: Values, draws: int = MEAN_DRAWS, seed: int = 0) -> list[Interval]:
    """Return the 95 % bootstrap interval of the mean of each column of `values`, shape (rows, columns)."""
    generator, rows = np.random.default_rng(seed), len(values)
    means = np.empty((draws, values.shape[1]))
    for draw in range(draws):
        means[draw] = values[generator.integers(0, rows, rows)].mean(axis=0)
    return [interval_of(column) for column in means.T]


def interval_of(draws: Values) -> Interval:
    """Return the percentiles that leave 2.5 % of the draws on either side."""
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(draws, [tail, 100 - tail])
    return float(low), float(high)


def interval_with(found: float, draws: Values) -> Interval:
    """Return the interval of these draws, widened to hold what was found in the rows themselves, if it does not.

    Draws of labels with one or two rows may all be worse, or better, than the rows: percentiles then lie beside the
    estimate.
    """
    low, high = interval_of(draws)
    return min(low, found), max(high, found)


@dataclass(frozen=True)
class Difference:
    """A paired difference of a metric, candidate minus baseline, with its 95 % bootstrap interval."""

    metric: str
    difference: float
    interval: Interval
    standard_error: float
    rows: int

    def rows_needed(self, target: float = 0.0) -> int | None:
        """Return how many rows would settle this difference, two-sided at 5 %, with 80 % power.

        With enough rows, a difference above `target` is shown to be above it, and one below zero is shown to be worse;
        nothing can be shown in between. The standard error falls with the square root of the number of rows:
        n' = n ((z(0.975) + z(0.8)) SE / effect)^2. None if no number of rows is enough, or the models never disagree.
        """
        above, below = self.difference - target, -self.difference
        effect = above if above > 0 else below
        if effect <= 0 or not self.standard_error:
            return None
        z = float(norm.ppf((1 + LEVEL) / 2) + norm.ppf(POWER))
        return max(1, math.ceil(self.rows * (z * self.standard_error / effect) ** 2))


def paired_difference(table: Tally, metric: str, draws: int | None = None, seed: int = 0) -> Difference:
    """Compare the first two models of a tally by a paired bootstrap, which draws the same rows for both.

    It takes as many draws as the tally says if `draws` is None. Raises KeyError for a metric that counts do not
    determine.
    """
    of_draws = table.metric(metric)

    def difference(counts: Integers) -> Values:
        first, second = of_draws(counts)[:2]
        return first - second

    parts = table.draw(table.draws if draws is None else draws, seed)
    drawn = np.concatenate([difference(counts) for counts in parts])
    found = float(difference(table.counts[None, :])[0])
    return Difference(metric, found, interval_with(found, drawn), float(drawn.std()), table.rows)


def mcnemar(table: Tally) -> float:
    """Return McNemar's exact two-sided p-value for the rows that only one of the first two models gets right.

    McNemar 1947; exact, from the binomial distribution of the discordant rows. 1 if there are none. Where a row may
    have several labels, a model is right about it if its whole set is.
    """
    first, second = table.right(0), table.right(1)
    won, lost = int(table.counts[first & ~second].sum()), int(table.counts[second & ~first].sum())
    return float(binomtest(won, won + lost).pvalue) if won + lost else 1.0


def clopper_pearson(successes: int, trials: int) -> Interval:
    """Return the exact 95 % interval of a proportion (Clopper and Pearson 1934)."""
    interval = binomtest(successes, trials).proportion_ci(LEVEL, "exact")
    return float(interval.low), float(interval.high)


def lower_bound(successes: int, trials: int) -> float:
    """Return the one-sided 95 % Clopper-Pearson lower bound of the true proportion."""
    return float(binomtest(successes, trials, alternative="greater").proportion_ci(LEVEL, "exact").low)
