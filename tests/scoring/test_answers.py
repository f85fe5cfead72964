"""Probabilities become predictions, confidence and log losses in one way, also at their limits."""

import math
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from clf.scoring.answers import (
    AT_ONCE,
    Answers,
    Probabilities,
    confidence_of,
    predictions_of,
    row_slices,
    surest,
    with_temperature,
)


def table(*rows: list[float]) -> Probabilities:
    return np.array(rows, dtype=np.float32)


ANSWERS = Answers(table([0.9, 0.1], [0.4, 0.6], [0.25, 0.75]), np.array([0, 0, 1]))
NONE = Answers(np.zeros((0, 2), dtype=np.float32), np.zeros(0, dtype=np.int64))


def test_the_largest_probability_is_the_prediction_and_a_tie_goes_to_the_first_class() -> None:
    probabilities = table([0.2, 0.3, 0.5], [0.4, 0.4, 0.2], [0.2, 0.4, 0.4], [0.6, 0.3, 0.1])
    assert predictions_of(probabilities).tolist() == [2, 0, 1, 0]
    assert confidence_of(probabilities) == pytest.approx([0.5, 0.4, 0.4, 0.6])
    assert confidence_of(probabilities).dtype == np.float64


def test_the_properties_of_each_row_are_those_worked_by_hand() -> None:
    assert (len(ANSWERS), ANSWERS.classes) == (3, 2)
    assert ANSWERS.predictions.tolist() == [0, 1, 1]
    assert ANSWERS.confidence == pytest.approx([0.9, 0.6, 0.75])
    assert ANSWERS.correct.tolist() == [True, False, True]
    assert ANSWERS.log_losses == pytest.approx([-math.log(0.9), -math.log(0.4), -math.log(0.75)], abs=1e-6)
    assert ANSWERS.log_loss == pytest.approx((-math.log(0.9) - math.log(0.4) - math.log(0.75)) / 3, abs=1e-6)


def test_a_log_loss_is_between_zero_and_that_of_a_trillionth() -> None:
    above_one = float(np.nextafter(np.float32(1), np.float32(2)))
    losses = Answers(table([0.0, 1.0], [1.0, 0.0], [above_one, 0.0]), np.array([0, 0, 0])).log_losses
    assert losses == pytest.approx([12 * math.log(10), 0.0, 0.0], abs=1e-12)
    assert losses.min() >= 0.0


@pytest.mark.parametrize(
    ("before", "temperature", "after"),
    [
        ([0.9, 0.1], 2.0, [0.75, 0.25]),  # the roots of 9 and 1 are as 3 to 1
        ([0.75, 0.25], 0.5, [0.9, 0.1]),
        ([0.9, 0.1], 1.0, [0.9, 0.1]),
        ([0.5, 0.5], 7.0, [0.5, 0.5]),
        ([1.0, 0.0], 10.0, [1000 / 1001, 1 / 1001]),  # a zero counts as 1e-30, whose tenth root is a thousandth
        ([0.0, 1.0], 0.25, [0.0, 1.0]),
        ([1e-3, 1e-3], 0.005, [0.5, 0.5]),  # their powers are too small for a float
    ],
)
def test_a_temperature_divides_the_logits(before: list[float], temperature: float, after: list[float]) -> None:
    scaled = with_temperature(table(before, before, before), temperature)
    assert scaled.dtype == np.float32
    for row in scaled:
        assert row == pytest.approx(after, abs=1e-6)


def test_a_temperature_keeps_rows_sums_and_order() -> None:
    logits = np.random.default_rng(7).normal(size=(200, 3)) * 2
    probabilities = (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).astype(np.float32)
    scaled = with_temperature(probabilities, 3.0)
    assert scaled.sum(axis=1) == pytest.approx(np.ones(200), abs=1e-5)
    assert (scaled.argmax(axis=1) == probabilities.argmax(axis=1)).all()
    assert with_temperature(scaled, 1 / 3.0) == pytest.approx(probabilities, abs=1e-4)


def test_answers_keep_their_labels_at_another_temperature() -> None:
    cooler = ANSWERS.with_temperature(2.0)
    assert cooler.labels.tolist() == [0, 0, 1]
    assert cooler.probabilities[0] == pytest.approx([0.75, 0.25])
    assert ANSWERS.probabilities[0] == pytest.approx([0.9, 0.1])


def test_rows_are_taken_by_number_or_by_mask() -> None:
    backwards = ANSWERS.take(np.array([2, 0]))
    assert backwards.labels.tolist() == [1, 0]
    assert backwards.confidence == pytest.approx([0.75, 0.9])
    right = ANSWERS.take(ANSWERS.correct)
    assert right.labels.tolist() == [0, 1]
    assert right.predictions.tolist() == [0, 1]


def test_answers_cannot_be_exchanged_after_their_predictions_were_computed() -> None:
    with pytest.raises(FrozenInstanceError):
        ANSWERS.labels = np.array([1, 1, 1])  # type: ignore[misc]


def test_no_rows_have_no_predictions() -> None:
    assert (len(NONE), NONE.classes) == (0, 2)
    assert [part.tolist() for part in (NONE.predictions, NONE.correct, NONE.log_losses)] == [[], [], []]
    assert with_temperature(NONE.probabilities, 2.0).shape == (0, 2)


# --- many rows ----------------------------------------------------------------------------------------------


def test_slices_cover_all_rows_and_hold_fewer_of_them_the_more_classes_there_are() -> None:
    for rows, classes in ((0, 2), (1, 1), (AT_ONCE, 1), (AT_ONCE + 1, 1), (1000, AT_ONCE // 3), (3, 10 * AT_ONCE)):
        parts = list(row_slices(rows, classes))
        assert [row for part in parts for row in range(part.start, part.stop)] == list(range(rows))
        assert all(part.stop - part.start <= max(1, AT_ONCE // classes) for part in parts)


def test_what_is_computed_for_some_rows_at_a_time_is_what_it_is_for_all() -> None:
    rows = AT_ONCE + 3
    generator = np.random.default_rng(4)
    probabilities = generator.dirichlet([1, 1, 1], rows).astype(np.float32)
    labels = generator.integers(0, 3, rows)
    answers, truth = Answers(probabilities, labels), np.eye(3)[labels]
    assert (answers.brier_scores == ((probabilities - truth) ** 2).sum(axis=1)).all()
    of_truth = probabilities[np.arange(rows), labels].astype(np.float64)
    assert (answers.log_losses == -np.log(np.clip(of_truth, 1e-12, 1.0))).all()
    logits = np.log(np.maximum(probabilities.astype(np.float64), 1e-30)) / 1.7
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    expected = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    assert (with_temperature(probabilities, 1.7) == expected).all()


@pytest.mark.parametrize(("classes", "kind"), [(1, "uint8"), (2, "uint8"), (256, "uint8"), (257, "uint16")])
def test_predictions_have_the_smallest_type_that_holds_every_class(classes: int, kind: str) -> None:
    answers = Answers(np.eye(classes, dtype=np.float32)[-1:], np.array([classes - 1]))
    assert (answers.predictions.dtype, answers.predictions.tolist()) == (np.dtype(kind), [classes - 1])
    assert answers.correct.tolist() == [True]


def test_the_surest_of_the_marked_rows_come_first_and_equal_ones_in_their_order() -> None:
    sure = np.array([0.5, 0.9, 0.7, 0.7, 0.9, 0.7, 1.0], dtype=np.float32)
    marked = np.array([True] * 6 + [False])
    assert surest(marked, sure, 99).tolist() == [1, 4, 2, 3, 5, 0]
    for count in range(7):
        assert surest(marked, sure, count).tolist() == [1, 4, 2, 3, 5, 0][:count]
    assert surest(~np.ones(7, dtype=bool), sure, 3).tolist() == []
