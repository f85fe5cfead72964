"""Calibration error on constructed cases, its bias at few rows, and the temperature that reduces it."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

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


def test_the_reliability_diagram_has_the_bins_of_the_error() -> None:
    answers = overconfident(1500)
    bins = reliability(answers)
    assert [each.rows for each in bins] == [100] * 15
    error = sum(each.rows * abs(each.accuracy - each.confidence) for each in bins) / 1500
    assert error == pytest.approx(expected_calibration_error(answers.confidence, answers.correct))


# --- by hand, and at the limits -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("confidence", "correct", "error"),
    [
        ([0.6, 0.7, 0.8], [True, False, True], (0.4 + 0.7 + 0.2) / 3),  # fewer rows than bins: a bin for each
        ([0.8, 0.6, 0.7], [True, True, False], (0.2 + 0.4 + 0.7) / 3),
        ([0.9, 0.9], [True, False], 0.4),  # equal confidence shares its accuracy, across bins too
        ([0.9, 0.5, 0.9], [True, True, False], (0.5 + 0.4 + 0.4) / 3),
        ([0.0, 0.5], [False, True], 0.25),
        ([1.0, 1.0], [False, False], 1.0),
    ],
)
def test_the_error_of_a_few_rows_is_worked_by_hand(confidence: list[float], correct: list[bool], error: float) -> None:
    found = expected_calibration_error(np.array(confidence), np.array(correct))
    assert found == pytest.approx(error)


def test_gaps_of_one_bin_cancel_out_and_those_of_two_bins_add_up() -> None:
    confidence = np.linspace(0.5, 0.529, 30)  # two rows in each of the 15 bins
    assert expected_calibration_error(confidence, np.arange(30) % 2 == 0) == pytest.approx(0.0145)
    wrong_in_first = np.arange(30) > 1
    gaps = np.abs(wrong_in_first - confidence)
    assert expected_calibration_error(confidence, wrong_in_first) == pytest.approx(gaps.mean())


def test_a_row_too_many_for_equal_bins_goes_into_the_last() -> None:
    bins = reliability(Answers(np.linspace([0.6, 0.4], [0.9, 0.1], 16).astype(np.float32), np.zeros(16, dtype=int)))
    assert [each.rows for each in bins] == [1] * 14 + [2]
    assert bins[-1].confidence == pytest.approx((0.88 + 0.9) / 2)


def test_the_simulated_error_is_the_mean_of_two_hundred_draws_of_a_calibrated_model() -> None:
    confidence = np.random.default_rng(2).uniform(0.4, 1.0, 37)
    for seed in (0, 5):
        generator, ordered = np.random.default_rng(seed), np.sort(confidence)
        drawn = [expected_calibration_error(ordered, generator.random(37) < ordered) for _ in range(200)]
        assert simulated_calibration_error(confidence, seed) == pytest.approx(np.mean(drawn), rel=1e-12)
    assert simulated_calibration_error(confidence) == simulated_calibration_error(confidence[::-1], seed=0)


def test_the_reliability_of_equal_confidences_is_their_shared_accuracy() -> None:
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.9, 0.1]], dtype=np.float32)
    bins = reliability(Answers(probabilities, np.array([0, 1, 1])))
    assert [(each.confidence, each.accuracy, each.rows) for each in bins] == [
        (pytest.approx(0.6), 1.0, 1),
        (pytest.approx(0.9), 0.5, 1),
        (pytest.approx(0.9), 0.5, 1),
    ]


def test_answers_without_any_doubt_are_one_group() -> None:
    bins = reliability(Answers(np.array([[1.0, 0.0]] * 4, dtype=np.float32), np.array([0, 0, 0, 1])))
    assert [(each.confidence, each.accuracy, each.rows) for each in bins] == [(1.0, 0.75, 1)] * 4


# --- the temperature ----------------------------------------------------------------------------------------


def with_errors(rows: int, errors: int) -> Answers:
    """Make answers of several confidences for class 0, of which the first `errors` are wrong."""
    sure = np.linspace(0.6, 0.99, rows)
    labels = (np.arange(rows) < errors).astype(np.int64)
    return Answers(np.stack([sure, 1 - sure], axis=1).astype(np.float32), labels)


def test_a_hundred_rows_and_ten_errors_are_just_enough() -> None:
    found = fit_temperature(with_errors(100, 10))
    assert (found.reason, found.rows, found.errors) == (None, 100, 10)
    assert found.value != 1.0


@pytest.mark.parametrize(
    ("rows", "errors", "said"),
    [
        (99, 10, "99 validation rows with 10 errors"),
        (100, 9, "100 validation rows with 9 errors"),
        (100, 1, "100 validation rows with 1 error"),
        (1, 0, "1 validation rows with 0 errors"),
    ],
)
def test_one_row_or_error_fewer_is_too_few(rows: int, errors: int, said: str) -> None:
    found = fit_temperature(with_errors(rows, errors))
    needed = "(at least 100 rows and 10 errors are needed)"
    assert found.reason == f"{said} are too few to calibrate on {needed}"
    assert (found.value, found.rows, found.errors) == (1.0, rows, errors)
    assert found.before == found.after


def test_the_temperature_is_the_one_of_the_lowest_log_loss_to_four_decimals() -> None:
    answers = overconfident(900, factor=3.0)
    peer = minimize_scalar(lambda value: answers.with_temperature(value).log_loss, (2.0, 3.0), options={"xtol": 1e-8})
    found = fit_temperature(answers).value
    assert found == pytest.approx(peer.x, rel=1e-4)
    assert found == round(found, 4) != round(found, 3)


def test_the_temperature_is_at_least_a_quarter() -> None:
    assert fit_temperature(overconfident(1000, factor=0.05)).value == pytest.approx(0.25, abs=3e-4)


def test_the_figures_before_and_after_are_those_of_the_answers() -> None:
    answers = overconfident(500)
    found = fit_temperature(answers)
    for figures, one in ((found.before, answers), (found.after, answers.with_temperature(found.value))):
        assert figures == {
            "accuracy": pytest.approx(one.correct.mean()),
            "mean_confidence": pytest.approx(one.confidence.mean()),
            "ece": expected_calibration_error(one.confidence, one.correct),
            "ece_expected": simulated_calibration_error(one.confidence),
            "log_loss": one.log_loss,
        }
