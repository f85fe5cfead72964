"""What the best constant answers reach."""

import numpy as np
import pytest

from clf.scoring.constant_answers import f1_of_every_label, most_common
from clf.scoring.multi_label import MultiLabelAnswers
from clf.scoring.multi_label_metrics import score_labels, score_sets
from support.outcomes import class_metrics


def test_the_most_common_class_is_right_for_its_share() -> None:
    assert most_common({"a": class_metrics(rows=1), "b": class_metrics(rows=3)}) == ("b", 0.75)
    assert most_common({"a": class_metrics(rows=0)}) == ("a", 0.0)


def test_giving_every_label_reaches_what_scoring_such_answers_finds() -> None:
    labels = np.random.default_rng(0).random((50, 3)) < (0.1, 0.5, 0.9)
    answers = MultiLabelAnswers(np.ones((50, 3), dtype=np.float32), labels, np.full(3, 0.5))
    expected = score_sets(answers)["macro_f1"]
    assert f1_of_every_label(score_labels(answers, ["a", "b", "c"]), 50) == pytest.approx(expected)
