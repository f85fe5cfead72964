"""What `clf evaluate` finds in answers that were written by hand, and what it stores in the model."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest

from clf.data.sources.find import SourceFinder
from clf.errors import OutputError, UsageError
from clf.evaluate import Measurement, _choose_threshold, _label_issues, _result, _store_threshold
from clf.measuring.prediction_file import write_predictions
from clf.measuring.rows import MeasuredTexts
from clf.models.record import ModelRecord, write_model_record
from clf.outcomes.evaluation import EvaluateResult
from clf.scoring.answers import Answers
from clf.scoring.metrics import score
from clf.scoring.significance import clopper_pearson
from clf.settings import ConfidenceSettings, DataSettings, EvaluateSettings, Settings
from support.recorded import bare_classifier

TEN = [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.4, 0.6], [0.95, 0.05]] * 2


def measured(
    probabilities: list[list[float]] = TEN, labels: tuple[int, ...] = (0, 1) * 5, leaked: Any = None, **record: Any
) -> Measurement:
    """Make answers to texts of 1, 2, … letters, by a model with these values in its record, or without a record."""
    answers = Answers(np.array(probabilities, dtype=np.float32), np.array(labels))
    texts = MeasuredTexts(
        "films", "test", ["x" * (row + 1) for row in range(len(labels))], answers.labels, ["bad", "good"]
    )
    kept = ModelRecord.model_validate({"schema_version": 1, **record}) if record else None
    return Measurement(bare_classifier("m", kept), texts, answers, None if leaked is None else np.array(leaked))


def result(*arguments: Any, positive: str | None = None, **options: Any) -> EvaluateResult:
    found = measured(*arguments, **options)
    assert isinstance(found.answers, Answers)
    return _result(found, found.answers, positive, Path("out"))


@pytest.fixture(scope="module")
def plain() -> EvaluateResult:
    """Give the result of a model without a record."""
    return result()


def test_texts_are_grouped_by_length_into_five_groups_of_equal_size(plain: EvaluateResult) -> None:
    groups = plain.by_length
    assert [(each.from_, each.to, each.rows) for each in groups] == [
        (1, 2, 2),
        (3, 4, 2),
        (5, 6, 2),
        (7, 8, 2),
        (9, 10, 2),
    ]
    assert [each.accuracy for each in groups] == [1.0, 1.0, 0.5, 0.0, 0.0]
    assert groups[2].interval == clopper_pearson(1, 2)
    [one] = result([[0.9, 0.1]], (0,)).by_length
    assert (one.from_, one.to, one.rows, one.accuracy) == (1, 1, 1, 1.0)


def test_the_worst_errors_are_the_surest_and_at_most_twenty(plain: EvaluateResult) -> None:
    found = plain.worst_errors
    assert [(each.row, each.label, each.predicted, each.confidence) for each in found] == [
        (9, "good", "bad", 0.95), (5, "good", "bad", 0.9), (6, "bad", "good", 0.8), (7, "good", "bad", 0.7),
        (8, "bad", "good", 0.6),
    ]  # fmt: skip
    assert found[0].text == "x" * 10
    many = result([[0.6, 0.4]] * 22, (1,) * 22).worst_errors
    assert [each.row for each in many] == list(range(20))


def test_the_metrics_of_the_positive_class_are_shown_on_request(plain: EvaluateResult) -> None:
    assert plain.positive_class is None
    found = result(positive="good")
    assert found.positive_class == found.per_class["good"]


def test_metrics_that_the_rows_leave_undefined_are_named(caplog: pytest.LogCaptureFixture) -> None:
    result([[0.9, 0.1], [0.2, 0.8]], (0, 0))
    assert caplog.messages == [
        "no text to measure on has the label good; macro averages cover the other classes only",
        "not defined, because all texts have the same label or the same prediction: mcc, auroc, average_precision",
    ]


def test_figures_before_calibration_are_those_of_the_undivided_logits() -> None:
    found = result(temperature=2.0, calibration={"reason": None}).calibration
    before = score(measured().answers.with_temperature(0.5))
    assert found.temperature == 2.0
    assert found.before is not None
    assert (found.before.ece, found.before.log_loss) == (
        pytest.approx(before["ece"]),
        pytest.approx(before["log_loss"]),
    )
    assert found.before.mean_confidence > score(measured().answers)["mean_confidence"]  # type: ignore[operator]


def test_a_model_without_a_temperature_or_with_one_of_1_has_nothing_before(plain: EvaluateResult) -> None:
    unknown = plain.calibration
    assert (unknown.temperature, unknown.note, unknown.before) == (None, None, None)
    assert result(clf_version="0.1").calibration.temperature is None
    one = result(temperature=1.0, calibration={"reason": "too few rows"}).calibration
    assert (one.temperature, one.note, one.before) == (1.0, "too few rows", None)
    assert sum(each.rows for each in one.reliability) == 10
    assert one.risk_coverage[-1] == (1.0, 0.5)


def test_the_stored_threshold_is_applied_to_the_measured_texts(plain: EvaluateResult) -> None:
    assert plain.abstention is None
    found = result(threshold=0.0, abstention={"aim": {"target_coverage": 1.0}}).abstention
    assert found is not None
    assert (found.answered, found.accuracy, found.aim) == (10, 0.5, {"target_coverage": 1.0})
    sure = result(threshold=0.92).abstention
    assert sure is not None
    assert (sure.rows, sure.answered, sure.accuracy, sure.aim) == (10, 2, 0.5, None)


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
    assert isinstance(found.answers, Answers)
    return list(_label_issues(found, found.answers, settings, SourceFinder(seed=1)))


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
