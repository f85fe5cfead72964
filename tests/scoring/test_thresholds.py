"""Thresholds of several labels: the best F1 over all cuts, and figures that were not fitted on the same rows."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from clf.scoring.answers import Answers
from clf.scoring.metrics import score
from clf.scoring.multi_label import MultiLabelAnswers
from clf.scoring.thresholds import cross_fitted, decided_apart, fit_thresholds


def answers_of(probabilities: list[float], positive: list[int]) -> MultiLabelAnswers:
    table = np.array(positive, dtype=bool)[:, None]
    return MultiLabelAnswers(np.array(probabilities, dtype=np.float32)[:, None], table, np.array([0.5]))


@pytest.mark.parametrize("seed", range(6))
def test_no_other_threshold_has_a_better_f1(seed: int) -> None:
    generator = np.random.default_rng(seed)
    truth = generator.random((80, 3)) < [0.1, 0.4, 0.7]
    probabilities = (0.3 * truth + 0.7 * generator.random((80, 3))).round(2).astype(np.float32)
    found = fit_thresholds(MultiLabelAnswers(probabilities, truth, np.full(3, 0.5)))
    for label in range(3):
        column = probabilities[:, label]
        tried = [f1_score(truth[:, label], column >= cut) for cut in np.unique(column)]
        assert f1_score(truth[:, label], column >= np.float32(found[label])) == pytest.approx(max(tried))


def test_half_stays_where_it_is_as_good_as_any_and_else_the_nearest_cut_counts() -> None:
    assert fit_thresholds(answers_of([0.9, 0.8, 0.2, 0.1], [1, 1, 0, 0])).tolist() == [0.5]
    assert fit_thresholds(answers_of([0.4, 0.3, 0.2, 0.1], [1, 1, 0, 0])) == pytest.approx([0.25])
    assert fit_thresholds(answers_of([0.9, 0.8, 0.7, 0.6], [1, 1, 0, 0])) == pytest.approx([0.75])
    # A cut below 0.8 and one below 0.6 are both best (2/3): the second is nearer to 0.5.
    tied = answers_of([0.9, 0.8, 0.75, 0.7, 0.65, 0.6], [1, 0, 0, 0, 0, 1])
    assert fit_thresholds(answers_of([0.9, 0.7, 0.6], [1, 0, 1])) == pytest.approx([0.5])
    assert fit_thresholds(tied) == pytest.approx([0.95 - 0.1], abs=0.01)


def test_a_label_without_rows_keeps_half_and_one_that_all_rows_have_is_always_predicted() -> None:
    assert fit_thresholds(answers_of([0.9, 0.2], [0, 0])).tolist() == [0.5]
    always = answers_of([0.3, 0.2], [1, 1])
    assert always.with_thresholds(fit_thresholds(always)).predictions.all()


def test_of_noise_the_fitted_figure_is_too_good_and_the_cross_fitted_one_is_not() -> None:
    generator = np.random.default_rng(0)
    truth = generator.random((200, 40)) < 0.05
    noise = MultiLabelAnswers(generator.random((200, 40), dtype=np.float32), truth, np.full(40, 0.5))
    fitted = score(noise.with_thresholds(fit_thresholds(noise)))["macro_f1"]
    crossed, fresh = score(cross_fitted(noise))["macro_f1"], 2 * 0.05 / 1.05  # what predicting all rows gives
    assert fitted is not None
    assert crossed is not None
    assert fitted > fresh + 0.05
    assert crossed < fresh + 0.02


def test_each_row_is_decided_by_thresholds_of_the_others() -> None:
    answers = answers_of([0.4, 0.3, 0.2, 0.1, 0.45, 0.05], [1, 1, 0, 0, 1, 0])
    crossed = cross_fitted(answers)
    assert crossed.thresholds.shape == (6, 1)
    assert crossed.take(np.array([0, 2])).thresholds.tolist() == crossed.thresholds[[0, 2]].tolist()
    assert cross_fitted(answers).thresholds.tolist() == crossed.thresholds.tolist()
    assert cross_fitted(answers.take(np.array([0]))).thresholds.tolist() == [[0.5]]


def test_answers_to_the_texts_of_the_thresholds_are_decided_without_them_and_classes_have_none() -> None:
    several = answers_of([0.9, 0.7, 0.6, 0.4, 0.2], [1, 0, 1, 0, 1])
    assert (decided_apart(several).predictions == cross_fitted(several).predictions).all()
    one = Answers(np.array([[0.4, 0.6]], dtype=np.float32), np.array([0]))
    assert decided_apart(one) is one


@pytest.mark.parametrize(
    "distorted", [lambda logits: logits + 3, lambda logits: 0.3 * logits, lambda logits: 0.01 * logits]
)
def test_the_threshold_depends_on_the_order_of_the_rows_and_not_on_what_the_probabilities_claim(
    distorted: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> None:
    generator = np.random.default_rng(0)
    truth = generator.random((90, 20)) < 0.1
    logits = 2.0 * generator.normal(truth, 0.5) - 3

    def chosen(values: NDArray[np.float64]) -> MultiLabelAnswers:
        answers = MultiLabelAnswers((1 / (1 + np.exp(-values))).astype(np.float32), truth, np.full(20, 0.5))
        return answers.with_thresholds(fit_thresholds(answers))

    assert score(chosen(distorted(logits)))["macro_f1"] == pytest.approx(score(chosen(logits))["macro_f1"])
