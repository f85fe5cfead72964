"""What `clf evaluate` finds in answers that were written by hand, and what it stores in the model."""

from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from clf.data.sources.find import SourceFinder
from clf.evaluate import _label_issues
from clf.measuring.prediction_file import write_predictions
from clf.settings import EvaluateSettings, Settings
from support.measured import measured


def test_predictions_are_written_with_the_probability_of_each_class(tmp_path: Path) -> None:
    found = measured([[0.25, 0.75], [0.5, 0.5]], (0, 1))
    write_predictions(tmp_path / "p.parquet", found.texts, found.answers)
    assert pyarrow.parquet.read_table(tmp_path / "p.parquet").to_pydict() == {
        "text": ["x", "xx"], "label": ["bad", "good"], "predicted_label": ["good", "bad"],
        "predicted_confidence": [0.75, 0.5], "score_bad": [0.25, 0.5], "score_good": [0.75, 0.5],
    }  # fmt: skip


# --- label issues -------------------------------------------------------------------------------------------

# The last three rows are as sure of the other class as those before are of theirs; the second of them is surest.
ISSUES = ([[0.9, 0.1]] * 6 + [[0.1, 0.9]] * 6 + [[0.1, 0.9], [0.01, 0.99], [0.1, 0.9]], (0,) * 6 + (1,) * 6 + (0,) * 3)


def issues(wanted: int, leaked: Any = None) -> list[Any]:
    settings = Settings(evaluate=EvaluateSettings(label_issues=wanted))
    found = measured(*ISSUES, leaked=leaked)
    return list(_label_issues(found, settings, SourceFinder(seed=1)))


def test_as_many_issues_as_wanted_are_listed_the_likeliest_first() -> None:
    assert [each.row for each in issues(30)] == [13, 12, 14]
    [first] = issues(1)
    assert (first.split, first.label, first.suggested_label, first.text) == ("test", "bad", "good", "x" * 14)
    assert first.confidence_in_label == 0.01
    assert first.margin == round(0.01 - (6 * 0.9 + 0.21) / 9 - (0.99 - 0.9), 4)
    assert issues(0) == []


def test_labels_of_texts_that_were_trained_on_are_not_judged(caplog: pytest.LogCaptureFixture) -> None:
    assert [each.row for each in issues(30, leaked=[False] * 13 + [True] * 2)] == [12]
    assert caplog.messages == ["not checking the labels of 2 texts that the model was trained on"]
    assert issues(30, leaked=[True] * 15) == []
    caplog.clear()
    assert len(issues(30, leaked=[False] * 15)) == 3
    assert caplog.messages == []
