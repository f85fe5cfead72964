"""Issues are found among the rows that the model has not seen, and each is made only when it is read."""

import numpy as np

from clf.measuring.label_issues import find_label_issues
from clf.measuring.rows import MeasuredTexts
from clf.scoring.answers import Answers
from clf.scoring.label_issues import rank_label_issues

GOOD = [0.9, 0.8, 0.1, 0.3, 0.2, 0.95]
LABELS = np.array([1, 1, 1, 0, 0, 0])
ANSWERS = Answers(np.array([[1 - good, good] for good in GOOD], dtype=np.float32), LABELS)
TEXTS = MeasuredTexts("films", "test", [f"text {row}" for row in range(6)], LABELS, ["bad", "good"])
ALL = np.ones(6, dtype=bool)


def test_an_issue_says_what_is_likelier_and_by_how_much() -> None:
    issues = find_label_issues(TEXTS, ANSWERS, ALL, 10)
    assert [issue.row for issue in issues] == rank_label_issues(ANSWERS)[:2].tolist() == [2, 5]
    [first] = issues.first(1)
    assert (first.split, first.text, first.label, first.suggested_label) == ("test", "text 2", "good", "bad")
    assert (first.confidence_in_label, first.margin) == (0.1, -0.8833)


def test_rows_of_the_training_are_left_out_and_the_most_likely_errors_are_kept() -> None:
    seen = np.arange(6) == 2
    assert [issue.row for issue in find_label_issues(TEXTS, ANSWERS, ~seen, 10)] == [5]
    assert [issue.row for issue in find_label_issues(TEXTS, ANSWERS, ALL, 1)] == [2]
    assert len(find_label_issues(TEXTS, ANSWERS, ~ALL, 10)) == 0
