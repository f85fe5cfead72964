"""Thresholds of confidence: what they reach, that they are honest, and what they say where nothing reaches it."""

import numpy as np
import pytest

from clf.scoring.selective import (
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
