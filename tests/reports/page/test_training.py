"""The page of `clf train`."""

import re

from clf.models.record import CalibrationRecord, LabelCalibrationRecord, ModelRecord
from clf.outcomes.preparation import Audit
from clf.reports.page import training
from support.outcomes import train_result

RECORD = ModelRecord.model_validate(
    {
        "schema_version": 1,
        "base_model": {"name": "acme/tiny"},
        "recipe": {"learning_rate": 3e-05},
        "rows": {"test": 400},
    }
)


def test_the_page_says_what_training_took_and_by_which_recipe() -> None:
    page = training.training_page(train_result(train_seconds=1234.4), RECORD, [], Audit())
    assert re.findall(r'<h2 id="h\d+">(.*?)</h2>', page) == ["Learning", "Metrics", "Calibration", "Examples", "Recipe"]
    assert "120 steps, 3 epochs, 1,234 s, 56.8 texts per second." in page
    assert '>learning_rate</th><td class="word" dir="auto">3e-05</td>' in page
    assert '>a fine film</td><td class="name" dir="auto">good</td>' in page
    assert "<p>Not calibrated: it was not tried.</p>" in page
    assert ">accuracy</abbr></th><td>0.8125</td><td>0.7500</td>" in page


def test_the_verdict_is_that_of_the_test_split_if_there_is_one() -> None:
    tested = training.training_cards(train_result(), RECORD)
    assert tested.verdict == "Trained. It is right for 75.0% of 400 test texts."
    untested = training.training_cards(
        train_result(test_metrics=None, metrics={"subset_accuracy": 0.5, "macro_f1": 0.75}), RECORD
    )
    assert untested.verdict == "Trained. The whole set of labels is right for 50.0% of the validation texts."
    assert untested.steps[0] == "Measure it on texts that chose nothing: it was not tested."
    assert [figure.name for figure in untested.figures] == ["F1 (macro)", "subset accuracy"]


def test_a_test_far_below_validation_is_a_reason_to_look_at_the_texts() -> None:
    far = train_result(metrics={"macro_f1": 0.9}, test_metrics={"macro_f1": 0.75, "accuracy": 0.5})
    assert training.training_cards(far, RECORD).steps[0] == (
        "Find out how the test texts differ from those of validation: F1 (macro) is 0.750 on test, 0.900 on validation."
    )
    near = train_result(metrics={"macro_f1": 0.8}, test_metrics={"macro_f1": 0.75, "accuracy": 0.5})
    assert len(training.training_cards(near, RECORD).steps) == 2


def test_a_fitted_temperature_is_told_with_its_effect() -> None:
    before = {"mean_confidence": 0.95, "ece": 0.12}
    after = {"mean_confidence": 0.9, "accuracy": 0.88, "ece": 0.02, "ece_expected": 0.01}
    record = ModelRecord(
        schema_version=1, calibration=CalibrationRecord(value=1.5, rows=1000, before=before, after=after)
    )
    assert training.calibration_note(record) == (
        "Temperature 1.5, fitted on 1,000 validation texts: mean confidence 0.950 became 0.900 at an accuracy of 0.880; "
        "calibration error 0.1200 became 0.0200 (0.0100 by chance)."
    )
    few = ModelRecord(schema_version=1, calibration=CalibrationRecord(reason="too few rows"))
    assert training.calibration_note(few) == "Not calibrated: too few rows."


def test_labels_show_their_thresholds_and_how_they_were_calibrated() -> None:
    fitted = LabelCalibrationRecord(
        scales={"acting": 1.5, "plot": 1.2}, biases={"acting": -0.25, "plot": 0.0}, shared=["plot"], rows=300,
        before={"log_loss": 0.5}, after={"log_loss": 0.25},
    )  # fmt: skip
    record = ModelRecord(schema_version=1, thresholds={"acting": 0.375, "plot": 0.5}, label_calibration=fitted)
    [section] = training.thresholds_section(record)
    assert [[cell.shown for cell in row] for row in section.tables[0].rows] == [
        ["acting", "0.3750", "1.500", "-0.250", "own"],
        ["plot", "0.5000", "1.200", "+0.000", "shared"],
    ]
    assert section.notes == ["Labels of few validation texts share one scale and one bias."]
    assert training.calibration_note(record).startswith(
        "A scale and a bias for each label, fitted on 300 validation texts: log loss 0.5000 became 0.2500."
    )
    assert training.thresholds_section(RECORD) == []
