"""Wrong labels are found first, and a class the model is never sure of is not blamed for it."""

import numpy as np

from clf.scoring.answers import Answers
from clf.scoring.label_issues import is_label_issue, label_margins, rank_label_issues


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
