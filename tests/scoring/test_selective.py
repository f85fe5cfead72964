"""Thresholds of confidence: what they reach, that they are honest, and what they say where nothing reaches it."""

import numpy as np
import pytest
from scipy.stats import beta

from clf.scoring.selective import (
    Choice,
    answered,
    choose_threshold,
    risk_coverage,
    threshold_for_accuracy,
    threshold_for_coverage,
)

CONFIDENCE = np.linspace(0.5, 1.0, 1000)


def test_the_threshold_for_an_accuracy_is_where_errors_end() -> None:
    correct = CONFIDENCE > 0.7
    threshold = threshold_for_accuracy(CONFIDENCE, correct, 0.95)
    assert threshold is not None
    assert 0.66 < threshold < 0.70
    assert answered(CONFIDENCE, correct, threshold).accuracy > 0.95  # type: ignore[operator]


def test_an_accuracy_that_nothing_shows_is_unreachable() -> None:
    assert threshold_for_accuracy(CONFIDENCE, np.arange(1000) % 3 > 0, 0.95) is None
    assert threshold_for_accuracy(CONFIDENCE[:20], np.ones(20, bool), 0.95) is None  # too few to show it


@pytest.mark.long
def test_the_threshold_is_too_low_no_more_often_than_one_time_in_twenty() -> None:
    generator, missed = np.random.default_rng(1), 0
    for _ in range(300):
        confidence = np.sort(generator.uniform(0.5, 1.0, 600))
        threshold = threshold_for_accuracy(confidence, generator.random(600) < confidence, 0.9)
        # The truth is known: above t the mean accuracy of calibrated answers is (1 + t) / 2.
        missed += threshold is not None and (1 + threshold) / 2 < 0.9
    assert missed / 300 <= 0.06


def test_rows_of_equal_confidence_are_answered_together() -> None:
    confidence = np.repeat([0.9, 0.6], 300)
    correct = np.concatenate([np.ones(300, bool), np.arange(300) % 2 == 0])
    assert threshold_for_accuracy(confidence, correct, 0.95) == 0.9


@pytest.mark.parametrize("coverage", [0.1, 0.5, 1.0])
def test_the_threshold_for_a_coverage_answers_that_share(coverage: float) -> None:
    threshold = threshold_for_coverage(CONFIDENCE, coverage)
    assert answered(CONFIDENCE, CONFIDENCE > 0, threshold).coverage == pytest.approx(coverage)


def test_nothing_answered_has_no_accuracy() -> None:
    found = answered(CONFIDENCE, CONFIDENCE > 0, 1.1)
    assert (found.answered, found.accuracy, found.accuracy_interval) == (0, None, None)


def test_risk_and_coverage_end_at_the_error_rate() -> None:
    curve = risk_coverage(np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True]))
    assert curve == [(0.25, 0.0), (0.5, 0.0), (0.75, pytest.approx(1 / 3)), (1.0, 0.25)]


def test_a_choice_says_what_it_aimed_at() -> None:
    correct = CONFIDENCE > 0.7
    choice = choose_threshold(CONFIDENCE, correct, 0.95, None)
    assert choice is not None
    assert choice.aim == {"target_accuracy": 0.95}
    assert choice.validation is not None
    assert choose_threshold(CONFIDENCE, correct, None, None) is None
    unreachable = choose_threshold(CONFIDENCE, ~correct, 0.95, None)
    assert unreachable is not None
    assert unreachable.threshold is None


# --- by hand, and at the limits -----------------------------------------------------------------------------

FOUR = np.array([0.6, 0.9, 0.7, 0.8])
RIGHT = np.array([False, True, False, True])


def test_a_confidence_at_the_threshold_is_answered() -> None:
    found = answered(FOUR, RIGHT, 0.7)
    assert (found.threshold, found.rows, found.answered, found.coverage) == (0.7, 4, 3, 0.75)
    assert found.accuracy == pytest.approx(2 / 3)
    # Clopper and Pearson: quantiles of beta distributions
    assert found.coverage_interval == pytest.approx([beta.ppf(0.025, 3, 2), beta.ppf(0.975, 4, 1)])
    assert found.accuracy_interval == pytest.approx([beta.ppf(0.025, 2, 2), beta.ppf(0.975, 3, 1)])


def test_nothing_right_is_an_accuracy_of_zero() -> None:
    found = answered(FOUR, np.zeros(4, bool), 0.85)
    assert (found.answered, found.accuracy) == (1, 0.0)


@pytest.mark.parametrize(("rows", "threshold"), [(58, None), (59, 0.5)])
def test_fifty_nine_faultless_rows_are_the_fewest_that_show_95_percent(rows: int, threshold: float | None) -> None:
    confidence = np.linspace(1.0, 0.5, rows)
    assert threshold_for_accuracy(confidence, np.ones(rows, bool), 0.95) == threshold


@pytest.mark.parametrize(("rows", "threshold"), [(176, None), (177, 0.5)])
def test_the_first_threshold_has_room_for_an_error_if_there_are_rows_for_it(rows: int, threshold: float | None) -> None:
    # The error is the most confident answer: 59 rows with it do not show 95 %, but 177 do.
    confidence = np.linspace(1.0, 0.5, rows)
    assert threshold_for_accuracy(confidence, np.arange(rows) > 0, 0.95) == threshold


def test_thresholds_are_tried_until_the_first_that_fails() -> None:
    confidence = np.linspace(1.0, 0.5, 377)  # from 177 on, every row or every second one is tried
    correct = (np.arange(377) < 177) | (np.arange(377) >= 200)
    found = threshold_for_accuracy(confidence, correct, 0.95)
    # 4 errors in 181 are few enough (the bound is 0.9501), 5 in 182 are not (0.943); later rows, which are right, are not looked at.
    assert found == confidence[180]


def test_the_order_of_rows_does_not_matter() -> None:
    shuffled = np.random.default_rng(4).permutation(1000)
    correct = CONFIDENCE > 0.7
    found = threshold_for_accuracy(CONFIDENCE[shuffled], correct[shuffled], 0.95)
    assert found == threshold_for_accuracy(CONFIDENCE, correct, 0.95)
    assert risk_coverage(CONFIDENCE[shuffled], correct[shuffled]) == risk_coverage(CONFIDENCE, correct)


def test_an_accuracy_of_one_is_never_shown_and_of_zero_always() -> None:
    assert threshold_for_accuracy(CONFIDENCE, np.ones(1000, bool), 1.0) is None
    assert threshold_for_accuracy(CONFIDENCE, np.zeros(1000, bool), 0.0) == 0.5
    assert threshold_for_accuracy(np.array([0.7]), np.array([False]), 0.0) == 0.7


@pytest.mark.parametrize(
    ("coverage", "threshold"), [(0.0, 0.9), (0.25, 0.9), (0.26, 0.8), (0.5, 0.8), (0.51, 0.7), (0.75, 0.7), (1.0, 0.6)]
)
def test_at_least_the_share_asked_for_is_answered(coverage: float, threshold: float) -> None:
    assert threshold_for_coverage(FOUR, coverage) == threshold


def test_a_share_that_is_whole_rows_but_for_rounding_is_those_rows() -> None:
    assert 0.07 * 100 > 7  # in floating point
    assert threshold_for_coverage(np.arange(100.0), 0.07) == 93.0
    assert threshold_for_coverage(np.arange(1000.0), 0.5001) == 499.0


def test_a_risk_coverage_curve_has_at_most_two_hundred_points() -> None:
    assert len(risk_coverage(CONFIDENCE[:200], CONFIDENCE[:200] > 0)) == 200
    curve = risk_coverage(CONFIDENCE, CONFIDENCE > 0.6)
    assert len(curve) == 200
    assert (curve[0], curve[-1]) == ((0.001, 0.0), (1.0, pytest.approx(0.2, abs=1e-9)))
    assert risk_coverage(np.array([0.9]), np.array([False])) == [(1.0, 1.0)]


def test_the_chosen_threshold_is_the_one_for_its_target_with_its_effect() -> None:
    choice = choose_threshold(FOUR, RIGHT, None, 0.5)
    assert choice == Choice({"target_coverage": 0.5}, 0.8, answered(FOUR, RIGHT, 0.8))
    assert choose_threshold(FOUR, RIGHT, None, 0.0) == Choice({"target_coverage": 0.0}, 0.9, answered(FOUR, RIGHT, 0.9))
    accuracy_first = choose_threshold(FOUR, RIGHT, 0.0, 0.5)
    assert accuracy_first == Choice({"target_accuracy": 0.0}, 0.6, answered(FOUR, RIGHT, 0.6))
    assert choose_threshold(FOUR, RIGHT, 0.99, None) == Choice({"target_accuracy": 0.99}, None, None)
