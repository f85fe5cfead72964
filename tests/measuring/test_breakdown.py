"""What answers of either kind are worth by confidence and by length, on rows worked out by hand."""

import numpy as np

from clf.measuring.breakdown import abstention, by_length
from clf.measuring.rows import MeasuredTexts
from clf.models.record import ModelRecord
from clf.scoring.multi_label import MultiLabelAnswers
from support.recorded import bare_classifier

TABLE = np.array([[True, False], [False, False], [True, True], [False, True]])
TEXTS = MeasuredTexts("d", "test", ["a", "bb", "ccc", "dddd"], TABLE, ["x", "y"])
ANSWERS = MultiLabelAnswers(
    np.array([[0.9, 0.1], [0.2, 0.2], [0.6, 0.4], [0.1, 0.9]], dtype=np.float32), TABLE, np.array([0.5, 0.5])
)


def test_a_text_is_answered_rightly_if_its_whole_set_is_right() -> None:
    found = abstention(ANSWERS, bare_classifier("m", ModelRecord(schema_version=1, threshold=0.5)))
    assert found is not None
    assert (found.answered, found.accuracy, found.coverage, found.aim) == (3, 1.0, 0.75, None)
    everything = abstention(ANSWERS, bare_classifier("m", ModelRecord(schema_version=1, threshold=0.0)))
    assert everything is not None
    assert everything.accuracy == 0.75


def test_without_a_threshold_nothing_is_told() -> None:
    assert abstention(ANSWERS, bare_classifier("m")) is None
    assert abstention(ANSWERS, bare_classifier("m", ModelRecord(schema_version=1))) is None


def test_texts_are_grouped_by_their_length() -> None:
    groups = by_length(TEXTS, ANSWERS)
    assert [(group.from_, group.to, group.rows, group.accuracy) for group in groups] == [
        (1, 1, 1, 1.0), (2, 2, 1, 1.0), (3, 3, 1, 0.0), (4, 4, 1, 1.0)
    ]  # fmt: skip
