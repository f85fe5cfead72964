"""Issues with several labels per text: a label that is missing or surplus, made only when it is read."""

import numpy as np

from clf.measuring.label_issues import find_issues
from clf.measuring.pair_issues import find_pair_issues
from clf.measuring.rows import MeasuredTexts
from clf.scoring.multi_label import MultiLabelAnswers
from clf.scoring.pair_issues import Judged

ACTING = [0.9, 0.8, 0.1, 0.1, 0.1, 0.9]
PLOT = [0.9, 0.1] * 3
LABELS = np.array([[1, 1], [1, 0], [1, 1], [0, 0], [0, 1], [0, 0]], dtype=bool)
ANSWERS = MultiLabelAnswers(np.array([ACTING, PLOT], dtype=np.float32).T, LABELS, np.full(2, 0.5))
TEXTS = MeasuredTexts("films", "test", [f"text {row}" for row in range(6)], LABELS, ["acting", "plot"])
ALL = Judged(np.ones(6, dtype=bool), np.ones(2, dtype=bool))


def test_an_issue_says_which_label_is_missing_or_surplus_among_which() -> None:
    issues = find_pair_issues(TEXTS, ANSWERS, ALL, 10)
    assert [(each.row, each.label, each.issue, each.labels) for each in issues] == [
        (5, "acting", "missing", ""), (2, "acting", "surplus", "acting|plot")
    ]  # fmt: skip
    [first] = issues.first(1)
    assert (first.split, first.text, first.probability) == ("test", "text 5", 0.9)
    assert first.margin == round(0.1 / (1.9 / 3) - 1, 4)
    assert issues.first(10) == list(issues)


def test_as_many_as_wanted_are_kept_and_none_of_rows_or_labels_that_are_not_judged() -> None:
    assert len(find_pair_issues(TEXTS, ANSWERS, ALL, 1)) == 1
    assert len(find_pair_issues(TEXTS, ANSWERS, ALL, 0)) == 0
    assert [each.row for each in find_issues(TEXTS, ANSWERS, Judged(np.arange(6) != 5, ALL.labels), 10)] == [2]
    assert len(find_pair_issues(TEXTS, ANSWERS, Judged(ALL.rows, np.array([False, True])), 10)) == 0
    assert len(find_pair_issues(TEXTS, ANSWERS, Judged(~ALL.rows, ALL.labels), 10)) == 0
