"""Labels that are missing or surplus are found first, and a rare label is not blamed for being rare."""

import numpy as np
import pytest

from clf.scoring import pair_issues
from clf.scoring.multi_label import MultiLabelAnswers
from clf.scoring.pair_issues import Judged, find_pairs


def answers_of(
    probabilities: list[list[float]] | np.ndarray, labels: list[list[int]] | np.ndarray
) -> MultiLabelAnswers:
    table = np.array(labels, dtype=bool)
    return MultiLabelAnswers(np.array(probabilities, dtype=np.float32), table, np.full(table.shape[1], 0.5))


def all_of(answers: MultiLabelAnswers) -> Judged:
    return Judged(np.ones(len(answers), dtype=bool), np.ones(answers.classes, dtype=bool))


def noisy(rows: int = 3000, seed: int = 1) -> tuple[MultiLabelAnswers, np.ndarray]:
    """Make answers with three labels, from a frequent to a rare one, and the pairs whose given label is wrong."""
    generator = np.random.default_rng(seed)
    truth = generator.random((rows, 3)) < (0.5, 0.2, 0.05)
    logits = np.where(truth, 2.5, -2.5) + generator.normal(size=truth.shape)
    wrong = np.zeros_like(truth)
    for value in (True, False):
        rows_, labels = np.nonzero(truth == value)
        chosen = generator.choice(len(rows_), int(0.1 * truth.sum()), replace=False)
        wrong[rows_[chosen], labels[chosen]] = True
    return answers_of(1 / (1 + np.exp(-logits)), truth ^ wrong), wrong


def test_the_first_pairs_are_errors_of_both_kinds() -> None:
    answers, wrong = noisy()
    found = find_pairs(answers, all_of(answers), 200)
    assert wrong[found.rows, found.labels].mean() > 0.95
    assert wrong.mean() < 0.06
    surplus = answers.labels[found.rows, found.labels].mean()
    assert 0.2 < surplus < 0.8
    assert (np.diff(found.margins) >= 0).all()


def test_what_is_found_and_its_margin_are_those_worked_by_hand() -> None:
    # Rows with the label are usually sure of it by 0.6 (0.9, 0.8, 0.1), the others of the opposite by 0.7.
    answers = answers_of([[0.9], [0.8], [0.1], [0.1], [0.1], [0.7]], [[1], [1], [1], [0], [0], [0]])
    found = find_pairs(answers, all_of(answers), 10)
    assert (found.rows.tolist(), found.labels.tolist(), found.found) == ([2, 5], [0, 0], 2)
    assert found.margins == pytest.approx([0.1 / 0.6 - 1, 0.3 / 0.7 - 1], abs=1e-6)


def test_a_label_of_which_the_model_is_never_sure_is_not_blamed() -> None:
    answers = answers_of([[0.2]] * 5 + [[0.01]] * 95, [[1]] * 5 + [[0]] * 95)
    assert len(find_pairs(answers, all_of(answers), 10)) == 0


def test_a_label_that_all_texts_have_or_none_is_never_blamed() -> None:
    answers = answers_of([[0.9, 0.3], [0.2, 0.8], [0.1, 0.9]], [[1, 0]] * 3)
    assert len(find_pairs(answers, all_of(answers), 10)) == 0


def test_rows_that_were_trained_on_and_labels_that_cannot_be_judged_count_for_nothing() -> None:
    answers, _ = noisy(400)
    seen = np.arange(400) % 2 == 0
    some = find_pairs(answers, Judged(~seen, np.array([True, False, True])), 10_000)
    assert not seen[some.rows].any()
    assert set(some.labels.tolist()) <= {0, 2}
    alone = answers.take(~seen)
    same = find_pairs(alone, Judged(np.ones(200, dtype=bool), np.array([True, False, True])), 10_000)
    assert (np.flatnonzero(~seen)[same.rows] == some.rows).all()
    assert same.margins == pytest.approx(some.margins)


def test_few_rows_at_a_time_give_the_same_first_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    answers, _ = noisy(600)
    whole = find_pairs(answers, all_of(answers), 10_000)
    monkeypatch.setattr("clf.scoring.answers.AT_ONCE", 30)
    monkeypatch.setattr(pair_issues, "AT_ONCE", 5)
    for most in (1, 7, 10_000):
        some = find_pairs(answers, all_of(answers), most)
        assert (some.rows.tolist(), some.labels.tolist()) == (whole.rows[:most].tolist(), whole.labels[:most].tolist())
        assert some.found == whole.found == len(whole)
