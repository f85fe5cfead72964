"""Thresholds of several labels: the best F1 over all cuts, by rows and probabilities, and figures of other rows."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from clf.scoring import thresholds
from clf.scoring.answers import Answers
from clf.scoring.metrics import score
from clf.scoring.multi_label import MultiLabelAnswers
from clf.scoring.thresholds import cross_fitted, decided_apart, fit_thresholds

Column = NDArray[np.float32]


def answers_of(probabilities: list[float], positive: list[int]) -> MultiLabelAnswers:
    table = np.array(positive, dtype=bool)[:, None]
    return MultiLabelAnswers(np.array(probabilities, dtype=np.float32)[:, None], table, np.array([0.5]))


def by_hand(column: Column, truth: NDArray[np.bool_]) -> float:
    """Return the threshold, each cut tried by itself: rows count, and twenty more as the probabilities expect them."""
    weight, tried = 20 / truth.sum(), []
    for upper, lower in pairwise([*sorted({*column.tolist()}, reverse=True), 0.0]):
        chosen = column >= np.float32(upper)
        right = truth[chosen].sum() + weight * column[chosen].sum(dtype=np.float64)
        wrong = (~truth[chosen]).sum() + weight * (1 - column[chosen].astype(np.float64)).sum()
        missed = truth[~chosen].sum() + weight * column[~chosen].sum(dtype=np.float64)
        jaccard = right / (right + wrong + missed)
        error = 2 / (1 + jaccard) ** 2 * np.sqrt(jaccard * (1 - jaccard) / (right + wrong + missed))
        threshold = 0.5 if lower < 0.5 <= upper else (upper + lower) / 2
        tried.append((2 * right / (2 * right + wrong + missed), error, threshold))
    best, error, _ = max(tried)
    return float(min((cut for f1, _, cut in tried if f1 >= best - error / 4), key=lambda cut: abs(cut - 0.5)))


@pytest.mark.parametrize("seed", range(6))
def test_of_the_cuts_that_are_as_good_as_the_best_the_nearest_to_half_is_found(seed: int) -> None:
    generator = np.random.default_rng(seed)
    truth = generator.random((80, 3)) < [0.1, 0.4, 0.7]
    probabilities = (0.3 * truth + 0.7 * generator.random((80, 3))).round(2).astype(np.float32)
    found = fit_thresholds(MultiLabelAnswers(probabilities, truth, np.full(3, 0.5)))
    assert found == pytest.approx([by_hand(probabilities[:, label], truth[:, label]) for label in range(3)])


def test_where_many_rows_have_the_label_they_decide() -> None:
    generator = np.random.default_rng(1)
    truth = np.arange(6000) % 3 == 0
    column = (0.2 * truth + 0.8 * generator.random(6000)).astype(np.float32)
    [found] = fit_thresholds(MultiLabelAnswers(column[:, None], truth[:, None], np.array([0.5])))
    best = max(f1_score(truth, column >= cut) for cut in np.linspace(0.1, 0.9, 41))
    assert f1_score(truth, column >= np.float32(found)) == pytest.approx(best, abs=2e-3)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.4])
def test_on_new_rows_thresholds_of_calibrated_probabilities_are_better_than_those_of_the_rows_alone(
    share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, new = calibrated(share, 200, 0), calibrated(share, 4000, 1)
    reached = {}
    for weight, alike in ((thresholds.EXPECTED, thresholds.ALIKE), (0, 0)):
        monkeypatch.setattr(thresholds, "EXPECTED", weight)
        monkeypatch.setattr(thresholds, "ALIKE", alike)
        reached[weight] = score(new.with_thresholds(fit_thresholds(known)))["macro_f1"] or 0.0
    assert reached[20] > reached[0] + 0.001


def calibrated(share: float, rows: int, seed: int) -> MultiLabelAnswers:
    """Return probabilities of a hundred labels that are right on average; each label is on this share of the rows."""
    generator = np.random.default_rng(seed)
    truth = generator.random((rows, 100)) < share
    logits = 2.5 * generator.normal(np.where(truth, 1.25, -1.25), 1.0) + np.log(share / (1 - share))
    return MultiLabelAnswers((1 / (1 + np.exp(-logits))).astype(np.float32), truth, np.full(100, 0.5))


def test_half_stays_where_it_is_as_good_as_any_and_else_the_nearest_cut_counts() -> None:
    assert fit_thresholds(answers_of([0.9, 0.8, 0.2, 0.1], [1, 1, 0, 0])).tolist() == [0.5]
    assert fit_thresholds(answers_of([0.4, 0.3, 0.2, 0.1], [1, 1, 0, 0])) == pytest.approx([0.25])
    # Two rows do not outweigh probabilities that expect the label on all four; two hundred do.
    assert fit_thresholds(answers_of([0.9, 0.8, 0.7, 0.6], [1, 1, 0, 0])).tolist() == [0.5]
    many = answers_of([0.9, 0.8, 0.7, 0.6] * 100, [1, 1, 0, 0] * 100)
    assert fit_thresholds(many) == pytest.approx([0.75])


def test_a_label_without_rows_keeps_half_and_one_that_all_rows_have_is_always_predicted() -> None:
    assert fit_thresholds(answers_of([0.9, 0.2], [0, 0])).tolist() == [0.5]
    always = answers_of([0.3, 0.2], [1, 1])
    assert always.with_thresholds(fit_thresholds(always)).predictions.all()


def test_of_noise_the_fitted_figure_is_too_good_and_the_cross_fitted_one_is_not() -> None:
    generator = np.random.default_rng(0)
    truth = generator.random((200, 40)) < 0.05
    scores = (0.1 * generator.random((200, 40))).astype(np.float32)
    noise = MultiLabelAnswers(scores, truth, np.full(40, 0.5))
    fitted = score(noise.with_thresholds(fit_thresholds(noise)))["macro_f1"]
    crossed, fresh = score(cross_fitted(noise))["macro_f1"], 2 * 0.05 / 1.05  # what predicting all rows gives
    assert fitted is not None
    assert crossed is not None
    assert fitted > fresh + 0.01
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
