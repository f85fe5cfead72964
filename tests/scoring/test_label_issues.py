"""Wrong labels are found first, and a class the model is never sure of is not blamed for it."""

import numpy as np
import pytest

from clf.scoring.answers import Answers
from clf.scoring.label_issues import is_label_issue, label_margins, rank_label_issues, suggested_labels


def noisy(rows: int = 2000, classes: int = 4, noise: float = 0.2) -> tuple[Answers, np.ndarray]:
    generator = np.random.default_rng(1)
    truth = generator.integers(0, classes, rows)
    logits = generator.normal(size=(rows, classes))
    logits[np.arange(rows), truth] += 3
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    wrong = generator.random(rows) < noise
    given = np.where(wrong, (truth + generator.integers(1, classes, rows)) % classes, truth)
    return Answers(probabilities.astype(np.float32), given), given != truth


def test_the_first_issues_are_errors() -> None:
    answers, wrong = noisy()
    ranked = rank_label_issues(answers)
    assert wrong[ranked[:200]].mean() > 0.95
    assert wrong.mean() < 0.25


def test_every_row_is_ranked_once_and_issues_come_first() -> None:
    answers, _ = noisy()
    ranked = rank_label_issues(answers)
    assert sorted(ranked.tolist()) == list(range(len(answers)))
    issues = is_label_issue(answers)
    assert issues[ranked[: issues.sum()]].all()


def test_a_class_that_is_never_sure_is_not_blamed() -> None:
    # Class 1 is right at 0.4, class 0 at 0.9: a row of class 1 at its usual 0.4 is no issue.
    probabilities = np.array([[0.9, 0.1]] * 5 + [[0.6, 0.4]] * 5 + [[0.1, 0.9]], dtype=np.float32)
    given = np.array([0] * 5 + [1] * 5 + [0])
    answers = Answers(probabilities, given)
    assert is_label_issue(answers).tolist() == [False] * 10 + [True]
    assert label_margins(answers).argmin() == 10


def test_a_class_without_a_row_is_never_suggested() -> None:
    probabilities = np.array([[0.5, 0.2, 0.3], [0.2, 0.5, 0.3]], dtype=np.float32)
    assert not is_label_issue(Answers(probabilities, np.array([0, 1]))).any()


# The classes are sure by 0.7, 0.5 and 0.4 on the rows with their label.
BY_HAND = Answers(
    np.array(
        [[0.8, 0.1, 0.1], [0.6, 0.2, 0.2], [0.2, 0.7, 0.1], [0.2, 0.3, 0.5], [0.1, 0.45, 0.45], [0.3, 0.35, 0.35]],
        dtype=np.float32,
    ),
    np.array([0, 0, 1, 1, 2, 2]),
)


def test_margins_suggestions_and_issues_are_those_worked_by_hand() -> None:
    assert label_margins(BY_HAND) == pytest.approx([0.4, 0.1, 0.5, -0.3, 0.1, 0.1], abs=1e-6)
    assert suggested_labels(BY_HAND).tolist() == [2, 2, 2, 2, 1, 1]
    assert is_label_issue(BY_HAND).tolist() == [False, False, False, True, False, False]
    assert rank_label_issues(BY_HAND)[0] == 3
    assert rank_label_issues(BY_HAND)[-2:].tolist() == [0, 2]


def test_the_best_other_class_is_the_one_furthest_above_its_own_mean() -> None:
    # By its probability, class 1 is likelier than class 2 in the last row, but class 1 is used to more.
    probabilities = np.array([[0.9, 0.1, 0.0], [0.1, 0.9, 0.0], [0.4, 0.4, 0.2], [0.4, 0.35, 0.25]], dtype=np.float32)
    answers = Answers(probabilities, np.array([0, 1, 2, 0]))
    assert suggested_labels(answers)[3] == 2
    assert label_margins(answers)[3] == pytest.approx((0.4 - 0.65) - (0.25 - 0.2), abs=1e-6)


def test_a_probability_at_the_mean_of_its_class_is_enough() -> None:
    probabilities = np.array([[0.75, 0.25], [0.25, 0.75], [0.25, 0.75]], dtype=np.float32)
    assert is_label_issue(Answers(probabilities, np.array([0, 1, 1]))).tolist() == [False] * 3
    below = np.array([[0.75, 0.25], [0.25, 0.75], [0.5, 0.5]], dtype=np.float32)
    swapped = Answers(np.vstack([below, [[0.25, 0.75]]]).astype(np.float32), np.array([0, 1, 0, 0]))
    # Class 0 is sure by 0.5, class 1 by 0.75: the last row just reaches the latter.
    assert is_label_issue(swapped).tolist() == [False, False, False, True]


def test_a_class_without_a_row_counts_as_one_that_is_always_sure() -> None:
    probabilities = np.array([[0.3, 0.2, 0.5], [0.1, 0.9, 0.0], [0.01, 0.03, 0.96]], dtype=np.float32)
    answers = Answers(probabilities, np.array([0, 1, 1]))  # the means are 0.3, 0.465 and 1
    assert label_margins(answers) == pytest.approx([0.265, 0.435 + 0.2, -0.435 + 0.04], abs=1e-6)
    assert suggested_labels(answers).tolist() == [1, 0, 2]
    assert is_label_issue(answers).tolist() == [False, False, False]


def test_a_class_reached_by_a_probability_of_zero_comes_before_one_that_is_not_reached() -> None:
    probabilities = np.array([[0.9, 0.0, 0.1], [0.5, 0.0, 0.5]], dtype=np.float32)
    assert is_label_issue(Answers(probabilities, np.array([0, 1]))).tolist() == [False, False]


def test_issues_come_before_rows_with_smaller_margins_and_equal_margins_keep_their_order() -> None:
    sure, unsure, issue = [1.0, 0.0, 0.0], [0.125, 0.4375, 0.4375], [0.5, 0.5, 0.0]  # `unsure` reaches no class
    others = [[0.25, 0.5, 0.25]] * 2 + [[0.25, 0.25, 0.5]] * 2
    probabilities = np.array([sure] * 5 + [unsure] + [issue] * 2 + others, dtype=np.float32)
    answers = Answers(probabilities, np.array([0] * 8 + [1, 1, 2, 2]))
    margins = label_margins(answers)
    assert margins[5] < margins[6] == margins[7] < 0
    assert np.flatnonzero(is_label_issue(answers)).tolist() == [6, 7]
    assert rank_label_issues(answers).tolist() == [6, 7, 5, 8, 9, 10, 11, 0, 1, 2, 3, 4]


def test_no_rows_have_no_issues() -> None:
    nothing = Answers(np.zeros((0, 2), dtype=np.float32), np.zeros(0, dtype=np.int64))
    assert [part(nothing).tolist() for part in (is_label_issue, rank_label_issues, suggested_labels)] == [[], [], []]
