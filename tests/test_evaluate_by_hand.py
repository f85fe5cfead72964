"""What `clf evaluate` finds in answers that were written by hand, and what it stores in the model."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from clf.data.sources.find import SourceFinder
from clf.errors import OutputError, UsageError
from clf.evaluate import _choose_threshold, _label_issues, _store_threshold
from clf.measuring.prediction_file import write_predictions
from clf.models.record import ModelRecord, write_model_record
from clf.settings import ConfidenceSettings, DataSettings, EvaluateSettings, Settings
from support.measured import measured
from support.recorded import bare_classifier


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


# --- the threshold that is stored ---------------------------------------------------------------------------


def test_a_threshold_is_stored_without_making_the_model_newer(tmp_path: Path) -> None:
    kept = ModelRecord(schema_version=1, threshold=0.5)
    write_model_record(tmp_path, kept)
    before = (tmp_path / "clf.json").stat().st_mtime_ns
    model = bare_classifier(tmp_path, kept)
    _store_threshold(model, kept, measured().answers, ConfidenceSettings(target_coverage=0.2))
    written = json.loads((tmp_path / "clf.json").read_text())
    assert written["threshold"] == pytest.approx(0.95)
    assert written["abstention"]["aim"] == {"target_coverage": 0.2}
    assert written["abstention"]["validation"]["answered"] == 2
    assert (tmp_path / "clf.json").stat().st_mtime_ns == before
    assert model.record is not None
    assert model.record.threshold == written["threshold"]


@pytest.mark.parametrize(
    ("threshold", "said"), [(None, "no threshold is stored"), (0.5, "the stored threshold, 0.5, is kept")]
)
def test_a_target_out_of_reach_leaves_what_was_stored(
    caplog: pytest.LogCaptureFixture, threshold: float | None, said: str
) -> None:
    kept = ModelRecord(schema_version=1, threshold=threshold)
    model = bare_classifier("m", kept)
    _store_threshold(model, kept, measured().answers, ConfidenceSettings(target_accuracy=0.99))
    assert model.record is kept
    assert caplog.messages[-1] == said


def test_a_threshold_that_cannot_be_stored_is_an_error_with_its_reason(tmp_path: Path) -> None:
    kept = ModelRecord(schema_version=1)
    model = bare_classifier(tmp_path / "gone", kept)
    with pytest.raises(OutputError, match=r"cannot store the threshold in .*gone/clf\.json: No such file") as refused:
        _store_threshold(model, kept, measured().answers, ConfidenceSettings(target_coverage=0.2))
    assert refused.value.hint == "make the model folder writable, or pass --threshold to clf predict"


def test_a_threshold_needs_a_record_and_a_local_folder() -> None:
    asked = Settings(confidence=ConfidenceSettings(target_coverage=0.5), data=DataSettings(dataset="none"))
    finder = SourceFinder(seed=1)
    with pytest.raises(UsageError, match="tiny does not record its validation split, so no threshold can be chosen"):
        _choose_threshold("m", bare_classifier("m"), asked, finder)
    with pytest.raises(UsageError, match="but acme/tiny is a model on the Hub") as refused:
        _choose_threshold("acme/tiny", bare_classifier("m", ModelRecord(schema_version=1)), asked, finder)
    assert refused.value.hint == "copy it to a local folder"
    _choose_threshold("acme/tiny", bare_classifier("m"), Settings(), finder)  # nothing was asked for
