"""Answers where a text may have several labels, by hand."""

import numpy as np
import pytest

from clf.scoring.multi_label import MultiLabelAnswers

PROBABILITIES = np.array([[0.9, 0.2], [0.6, 0.4], [0.1, 0.3]], dtype=np.float32)
LABELS = np.array([[1, 0], [1, 1], [0, 0]], dtype=bool)


@pytest.fixture
def answers() -> MultiLabelAnswers:
    return MultiLabelAnswers(PROBABILITIES, LABELS, np.array([0.5, 0.5]))


def test_a_label_is_predicted_from_its_threshold_on(answers):
    assert answers.predictions.tolist() == [[True, False], [True, False], [False, False]]
    changed = answers.with_thresholds(np.array([0.61, 0.4]))
    assert changed.predictions.tolist() == [[True, False], [False, True], [False, False]]


def test_only_the_exact_set_is_correct_and_its_confidence_is_a_product(answers):
    assert answers.correct.tolist() == [True, False, True]
    assert answers.confidence == pytest.approx([0.9 * 0.8, 0.6 * 0.6, 0.9 * 0.7])


def test_the_confidence_is_that_in_the_predicted_set_wherever_the_thresholds_are(answers):
    changed = answers.with_thresholds(np.array([0.95, 0.2]))
    assert changed.predictions.tolist() == [[False, True], [False, True], [False, True]]
    assert changed.confidence == pytest.approx([0.1 * 0.2, 0.4 * 0.4, 0.9 * 0.3])


def test_losses_are_means_over_labels(answers):
    expected = -np.log([[0.9, 0.8], [0.6, 0.4], [0.9, 0.7]]).mean(axis=1)
    assert answers.log_losses == pytest.approx(expected, rel=1e-6)
    assert answers.brier_scores == pytest.approx([(0.01 + 0.04) / 2, (0.16 + 0.36) / 2, (0.01 + 0.09) / 2], rel=1e-5)
    assert answers.take(np.array([1])).log_loss == pytest.approx(expected[1], rel=1e-6)


def test_what_a_comparison_keeps_are_the_sets_and_the_confidence_in_them(answers):
    choices = answers.choices
    assert (len(choices), choices.classes, choices.packed.nbytes) == (3, 2, 3)
    assert choices.predictions.tolist() == answers.predictions.tolist()
    assert choices.correct.tolist() == answers.correct.tolist()
    assert choices.sure == pytest.approx(answers.confidence)
    assert [choices.true_labels(row, "ab") for row in range(3)] == [["a"], ["a", "b"], []]
    assert [choices.predicted_labels(row, "ab") for row in range(3)] == [["a"], ["a"], []]


def test_more_labels_than_a_byte_has_bits_are_kept_too():
    labels = np.random.default_rng(1).random((5, 19)) < 0.5
    choices = MultiLabelAnswers(labels.astype(np.float32), labels, np.full(19, 0.5)).choices
    assert choices.packed.shape == (5, 3)
    assert (choices.predictions == labels).all()
    assert choices.correct.all()
