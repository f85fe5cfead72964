"""Calibration error on constructed cases, and its bias at few rows."""

import numpy as np
import pytest

from clf.scoring.calibration import expected_calibration_error, simulated_calibration_error


def test_one_bin_of_constant_confidence_gives_the_gap() -> None:
    assert expected_calibration_error(np.full(15_000, 0.8), np.arange(15_000) % 10 < 6) == pytest.approx(0.2)


def test_perfect_confidence_has_no_error() -> None:
    assert expected_calibration_error(np.ones(100), np.ones(100, dtype=bool)) == 0.0


def test_the_simulated_error_falls_with_the_rows_and_meets_a_calibrated_model() -> None:
    generator = np.random.default_rng(1)
    confidence = generator.uniform(0.5, 1.0, 3000)
    few, many = simulated_calibration_error(confidence[:100]), simulated_calibration_error(confidence)
    assert few > 3 * many > 0
    errors = [expected_calibration_error(confidence, generator.random(3000) < confidence) for _ in range(50)]
    assert np.mean(errors) == pytest.approx(many, rel=0.1)


def test_fewer_rows_than_bins_are_fine() -> None:
    assert expected_calibration_error(np.array([0.6]), np.array([True])) == pytest.approx(0.4)


def test_the_order_of_rows_changes_nothing() -> None:
    confidence, correct = np.array([0.9, 0.9, 0.6, 0.6] * 10), np.array([True, False, True, True] * 10)
    shuffled = np.random.default_rng(3).permutation(40)
    forward = expected_calibration_error(confidence, correct)
    assert expected_calibration_error(confidence[shuffled], correct[shuffled]) == pytest.approx(forward)
