"""The statistics hold against published numbers, hand-worked ones, scipy, and simulations of the truth."""

import math

import numpy as np
import pytest
from scipy.stats import beta, bootstrap, norm
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from clf.scoring.significance import (
    OF_COUNTS,
    Difference,
    bootstrap_intervals,
    bootstrap_mean_intervals,
    clopper_pearson,
    interval_of,
    interval_with,
    lower_bound,
    mcnemar,
    metric_of_counts,
    paired_difference,
    tally,
)

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]


def simulated(rows: int, first: float, second: float, generator: np.random.Generator, classes: int = 2) -> Rows:
    """Draw labels and the answers of two models of these accuracies, which share half of their luck."""
    labels = generator.integers(0, classes, rows)
    shared, apart = generator.random(rows), generator.random((2, rows))
    same = generator.random(rows) < 0.5
    answers = []
    for accuracy, own in zip((first, second), apart, strict=True):
        wrong = np.where(same, shared, own) >= accuracy
        answers.append(np.where(wrong, (labels + 1) % classes, labels))
    return labels, answers[0], answers[1]


# --- exact intervals and tests ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, the exact method
    [(81, 263, 0.2527, 0.3676), (15, 148, 0.0578, 0.1617), (0, 20, 0.0, 0.1684), (1, 29, 0.0009, 0.1776)],
)
def test_clopper_pearson_gives_published_intervals(successes: int, trials: int, low: float, high: float) -> None:
    assert clopper_pearson(successes, trials) == pytest.approx([low, high], abs=5e-5)


def test_the_one_sided_bound_of_a_faultless_sample_is_the_rule_of_three() -> None:
    assert lower_bound(59, 59) == pytest.approx(0.05 ** (1 / 59))
    assert lower_bound(59, 59) > 0.95 > lower_bound(58, 58)


def test_mcnemar_is_the_binomial_sum() -> None:
    labels = np.zeros(40, dtype=int)
    first, second = np.zeros(40, dtype=int), np.zeros(40, dtype=int)
    first[:2], second[2:12] = 1, 1  # 2 rows only the second gets right, 10 only the first
    expected = 2 * sum(math.comb(12, number) for number in range(3)) / 2**12
    assert mcnemar(tally(labels, first, second, classes=2)) == pytest.approx(expected)
    assert mcnemar(tally(labels, first, first, classes=2)) == 1.0


# --- metrics of counts --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OF_COUNTS)
def test_metrics_of_counts_are_those_of_scikit_learn(name: str) -> None:
    generator = np.random.default_rng(3)
    labels, answers = generator.integers(0, 4, 300), generator.integers(0, 5, 300)
    table = tally(labels, answers, classes=6)
    average, _, metric = name.partition("_")
    functions = {"f1": f1_score, "precision": precision_score, "recall": recall_score}
    if name == "accuracy":
        expected = accuracy_score(labels, answers)
    else:
        expected = functions[metric](labels, answers, average=average, zero_division=0.0)
    assert metric_of_counts(name, table, table.counts[None, :])[0] == pytest.approx(expected)


def test_drawing_counts_is_drawing_rows() -> None:
    labels, first, second = simulated(500, 0.9, 0.85, np.random.default_rng(5))
    table = tally(labels, first, second, classes=2)
    found = paired_difference(table, "accuracy")
    difference = (first == labels).astype(float) - (second == labels)
    peer = bootstrap((difference,), np.mean, n_resamples=9999, method="percentile", rng=np.random.default_rng(1))
    assert found.difference == pytest.approx(difference.mean())
    assert found.interval == pytest.approx(list(peer.confidence_interval), abs=0.004)
    assert found.standard_error == pytest.approx(peer.standard_error, rel=0.05)


def test_the_interval_of_a_mean_is_that_of_scipy() -> None:
    values = np.random.default_rng(2).exponential(size=(400, 1))
    peer = bootstrap((values[:, 0],), np.mean, method="percentile", rng=np.random.default_rng(1)).confidence_interval
    assert bootstrap_mean_intervals(values)[0] == pytest.approx(list(peer), abs=0.02)


def test_one_row_has_an_interval_without_width() -> None:
    table = tally(np.array([1]), np.array([1]), classes=2)
    assert bootstrap_intervals(table, draws=50)["accuracy"] == (1.0, 1.0)


# --- what a difference needs --------------------------------------------------------------------------------


def test_rows_needed_are_those_of_the_usual_formula() -> None:
    labels, first, second = simulated(2000, 0.9, 0.89, np.random.default_rng(11))
    found = paired_difference(tally(labels, first, second, classes=2), "accuracy")
    apart = float(((first == labels) != (second == labels)).mean())
    variance = apart - found.difference**2
    expected = (1.959964 + 0.841621) ** 2 * variance / found.difference**2
    assert found.rows_needed() == pytest.approx(expected, rel=0.05)


def test_rows_needed_settle_what_they_can() -> None:
    found = Difference("accuracy", 0.02, [-0.01, 0.05], 0.015, 1000)
    assert found.rows_needed() == pytest.approx(1000 * (2.801585 * 0.015 / 0.02) ** 2, abs=1)
    assert found.rows_needed(target=0.05) is None  # neither proved better by 0.05, nor worse than nothing
    worse = Difference("accuracy", -0.02, [-0.05, 0.01], 0.015, 1000)
    assert worse.rows_needed() == worse.rows_needed(target=0.05) == found.rows_needed()
    assert worse.rows_needed(target=-0.02) == found.rows_needed()  # at the margin: it would prove to be worse
    assert worse.rows_needed(target=-0.03) > found.rows_needed()  # type: ignore[operator]


def test_models_that_never_disagree_need_no_number_of_rows() -> None:
    labels = np.array([0, 1] * 20)
    table = tally(labels, labels, labels, classes=2)
    assert paired_difference(table, "macro_f1").rows_needed() is None


# --- counts, draws and percentiles --------------------------------------------------------------------------


def test_the_percentiles_leave_a_fortieth_on_either_side() -> None:
    assert interval_of(np.arange(1001.0)) == pytest.approx([25.0, 975.0])
    assert interval_of(np.arange(101.0)) == pytest.approx([2.5, 97.5])


def test_equal_combinations_are_counted_together() -> None:
    table = tally(np.array([1, 0, 1, 1]), np.array([0, 0, 0, 1]), np.array([2, 0, 2, 1]), classes=3)
    assert table.cells.tolist() == [[0, 0, 0], [1, 0, 2], [1, 1, 1]]
    assert table.counts.tolist() == [1, 2, 1]
    assert (table.rows, table.classes) == (4, 3)


def test_draws_come_in_parts_and_each_has_as_many_rows_as_the_table() -> None:
    table = tally(np.array([0, 0, 1]), np.array([0, 1, 1]), classes=2)
    parts = list(table.draw(1001, seed=3))
    assert [part.shape for part in parts] == [(500, 3), (500, 3), (1, 3)]
    assert {int(rows) for part in parts for rows in part.sum(axis=1)} == {3}
    assert np.concatenate(parts).mean(axis=0) == pytest.approx([1, 1, 1], abs=0.1)
    assert [part.shape[0] for part in table.draw(500)] == [500]


def test_a_seed_gives_the_same_draws_and_another_one_others() -> None:
    table = tally(np.array([0, 0, 1] * 30), np.array([0, 1, 1] * 30), np.array([0, 0, 0] * 30), classes=2)
    assert bootstrap_intervals(table) == bootstrap_intervals(table, draws=10_000, seed=0)
    assert bootstrap_intervals(table, 50, seed=1) != bootstrap_intervals(table, 50, seed=2)
    found = paired_difference(table, "macro_f1")
    assert found == paired_difference(table, "macro_f1", draws=10_000, seed=0)
    assert found.interval != paired_difference(table, "macro_f1", seed=1).interval
    values = np.random.default_rng(1).random((20, 2))
    assert bootstrap_mean_intervals(values) == bootstrap_mean_intervals(values, draws=1000, seed=0)
    assert bootstrap_mean_intervals(values) != bootstrap_mean_intervals(values, seed=1)


def test_intervals_are_those_of_the_first_model_for_every_metric_of_counts() -> None:
    labels, answers = np.array([0, 0, 1] * 30), np.array([0, 1, 1] * 30)
    found = bootstrap_intervals(tally(labels, answers, labels, classes=2))
    assert set(found) == set(OF_COUNTS)
    low, high = found["accuracy"]
    assert (low, high) == pytest.approx([2 / 3 - 0.0974, 2 / 3 + 0.0974], abs=0.012)  # 1.96 standard errors


def test_every_row_may_be_drawn_the_first_and_the_last_too() -> None:
    assert bootstrap_mean_intervals(np.array([[0.0, 1.0], [1.0, 0.0]])) == [(0.0, 1.0), (0.0, 1.0)]


def test_each_column_of_means_has_an_interval_of_its_own() -> None:
    values = np.random.default_rng(2).normal([0.0, 10.0], [1.0, 2.0], size=(400, 2))
    for column, (low, high) in enumerate(bootstrap_mean_intervals(values)):
        half = 1.96 * values[:, column].std() / 20
        assert (low, high) == pytest.approx(values[:, column].mean() + np.array([-half, half]), abs=0.15 * half)


# --- two models ---------------------------------------------------------------------------------------------


def test_a_difference_is_the_first_model_minus_the_second() -> None:
    labels = np.zeros(100, dtype=int)
    first, second = (np.arange(100) < wrong for wrong in (10, 30))
    found = paired_difference(tally(labels, first.astype(int), second.astype(int), classes=2), "accuracy")
    assert (found.metric, found.rows) == ("accuracy", 100)
    assert found.difference == pytest.approx(0.2)
    assert found.standard_error == pytest.approx(math.sqrt(0.2 * 0.8 / 100), rel=0.03)
    assert 0.1 < found.interval[0] < 0.2 < found.interval[1] < 0.3


def test_a_metric_that_counts_do_not_determine_is_refused() -> None:
    table = tally(np.array([0]), np.array([0]), np.array([0]), classes=2)
    with pytest.raises(KeyError, match="auroc"):
        paired_difference(table, "auroc")


def mcnemar_of(won: int, lost: int, both: int = 5) -> float:
    """Return the p-value of two models of which only the first is right `won` times, only the second `lost` times."""
    labels = np.zeros(won + lost + both, dtype=int)
    first, second = labels.copy(), labels.copy()
    second[:won], first[won : won + lost] = 1, 1
    return mcnemar(tally(labels, first, second, classes=2))


@pytest.mark.parametrize(
    ("won", "lost", "p_value"),
    [(0, 0, 1.0), (1, 0, 1.0), (0, 1, 1.0), (5, 0, 2 / 32), (0, 5, 2 / 32), (3, 3, 1.0), (6, 1, 2 * 8 / 128)],
)
def test_mcnemar_counts_only_rows_that_one_model_alone_gets_right(won: int, lost: int, p_value: float) -> None:
    assert mcnemar_of(won, lost) == mcnemar_of(won, lost, both=50) == pytest.approx(p_value)


Z = float(norm.ppf(0.975) + norm.ppf(0.8))


@pytest.mark.parametrize(
    ("difference", "error", "target", "needed"),
    [
        (0.02, 0.015, 0.0, math.ceil(1000 * (Z * 0.015 / 0.02) ** 2)),
        (0.02, 0.015, 0.01, math.ceil(1000 * (Z * 0.015 / 0.01) ** 2)),
        (-0.02, 0.015, 0.01, math.ceil(1000 * (Z * 0.015 / 0.02) ** 2)),
        (-0.01, 0.015, -0.03, math.ceil(1000 * (Z * 0.015 / 0.02) ** 2)),  # within the margin
        (0.9, 0.0001, 0.0, 1),
        (0.5, 0.5 / Z, 0.0, 1000),
        (0.0, 0.015, 0.0, None),
        (0.02, 0.015, 0.02, None),
        (0.02, 0.0, 0.0, None),
    ],
)
def test_rows_needed_follow_from_the_effect_and_its_error(
    difference: float, error: float, target: float, needed: int | None
) -> None:
    assert Difference("accuracy", difference, (-1.0, 1.0), error, 1000).rows_needed(target) == needed


def test_bounds_are_quantiles_of_beta_distributions() -> None:
    assert lower_bound(8, 10) == pytest.approx(beta.ppf(0.05, 8, 3))
    assert lower_bound(0, 10) == 0.0
    assert clopper_pearson(8, 10) == pytest.approx([beta.ppf(0.025, 8, 3), beta.ppf(0.975, 9, 2)])
    assert clopper_pearson(10, 10) == pytest.approx([0.025**0.1, 1.0])


# --- simulations --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("metric", "truth"), [("accuracy", 0.04), ("macro_f1", 0.04)])
def test_the_interval_holds_the_truth_as_often_as_it_says(metric: str, truth: float) -> None:
    generator, held = np.random.default_rng(17), 0
    for _ in range(2000):
        labels, first, second = simulated(400, 0.90, 0.86, generator)
        low, high = paired_difference(tally(labels, first, second, classes=2), metric, draws=1000).interval
        held += low <= truth <= high
    assert 0.93 <= held / 2000 <= 0.97


def test_equal_models_are_rarely_called_better() -> None:
    generator, better = np.random.default_rng(23), 0
    for _ in range(1000):
        labels, first, second = simulated(2000, 0.9, 0.9, generator, classes=4)
        better += paired_difference(tally(labels, first, second, classes=4), "macro_f1", draws=1000).interval[0] > 0
    assert better / 1000 <= 0.04


def test_an_interval_is_widened_to_hold_the_estimate_if_all_draws_are_worse() -> None:
    draws = np.linspace(0.1, 0.2, 101)
    assert interval_with(0.3, draws) == pytest.approx((0.1025, 0.3))
    assert interval_with(0.15, draws) == interval_of(draws)
