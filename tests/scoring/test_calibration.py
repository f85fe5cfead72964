"""Calibration error on constructed cases, and its bias at few rows."""

import numpy as np
import pytest

from clf.scoring.answers import Answers, with_temperature
from clf.scoring.calibration import (
    expected_calibration_error,
    fit_temperature,
    reliability,
    simulated_calibration_error,
)


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


def overconfident(rows: int = 4000, factor: float = 2.0, classes: int = 3) -> Answers:
    """Draw calibrated answers and labels, then sharpen the answers: the temperature that mends them is `factor`."""
    generator = np.random.default_rng(7)
    logits = generator.normal(size=(rows, classes)) * 2
    honest = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (generator.random(rows)[:, None] > honest.cumsum(axis=1)).sum(axis=1)
    return Answers(with_temperature(honest.astype(np.float32), 1 / factor), labels)


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0, 5.0])
def test_the_temperature_undoes_what_sharpened_the_answers(factor: float) -> None:
    found = fit_temperature(overconfident(factor=factor))
    assert found.value == pytest.approx(factor, rel=0.06)
    assert found.after["log_loss"] <= found.before["log_loss"]
    assert found.after["ece"] < 2.5 * found.after["ece_expected"]
    assert found.after["accuracy"] == found.before["accuracy"]


def test_the_temperature_is_bounded() -> None:
    assert fit_temperature(overconfident(factor=40.0)).value == pytest.approx(10.0, rel=0.01)


def test_too_few_rows_or_errors_leave_it_at_one_and_say_so() -> None:
    answers = overconfident()
    few = fit_temperature(answers.take(np.arange(99)))
    assert (few.value, few.before) == (1.0, few.after)
    assert "99 validation rows" in str(few.reason)
    faultless = fit_temperature(Answers(answers.probabilities, answers.predictions))
    assert "0 errors" in str(faultless.reason)


def test_a_temperature_keeps_rows_sums_and_order() -> None:
    probabilities = overconfident(200).probabilities
    scaled = with_temperature(probabilities, 3.0)
    assert scaled.sum(axis=1) == pytest.approx(np.ones(200), abs=1e-5)
    assert (scaled.argmax(axis=1) == probabilities.argmax(axis=1)).all()
    assert with_temperature(scaled, 1 / 3.0) == pytest.approx(probabilities, abs=1e-4)


def test_the_reliability_diagram_has_the_bins_of_the_error() -> None:
    answers = overconfident(1500)
    bins = reliability(answers)
    assert [each.rows for each in bins] == [100] * 15
    error = sum(each.rows * abs(each.accuracy - each.confidence) for each in bins) / 1500
    assert error == pytest.approx(expected_calibration_error(answers.confidence, answers.correct))
