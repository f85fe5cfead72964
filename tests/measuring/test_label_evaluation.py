"""The result of an evaluation with several labels per text: whether thresholds were chosen on the same texts."""

import logging

import numpy as np
import pytest

from clf.measuring.label_evaluation import evaluate_labels
from clf.measuring.measurement import Measurement
from clf.measuring.rows import MeasuredTexts
from clf.models.record import DatasetRecord, ModelRecord
from clf.outcomes.base import SplitName
from clf.scoring.multi_label import MultiLabelAnswers
from clf.settings import DataSettings
from support.recorded import bare_classifier


@pytest.mark.parametrize(
    ("split", "name", "same"), [("validation", "d", True), ("test", "d", False), ("validation", "other", False)]
)
def test_metrics_on_the_texts_that_thresholds_were_chosen_on_are_called_too_good(
    caplog: pytest.LogCaptureFixture, split: SplitName, name: str, same: bool
) -> None:
    caplog.set_level(logging.WARNING)
    dataset = DatasetRecord(
        name="d", origin="d", fingerprint="", files={}, data=DataSettings(), seed=1, prepared="somewhere"
    )
    labels = np.array([[True, False], [False, True], [True, True]])
    answers = MultiLabelAnswers(np.full((3, 2), 0.7, dtype=np.float32), labels, np.array([0.5, 0.8]))
    measured = MeasuredTexts(name, split, ["a", "b", "c"], labels, ["x", "y"])
    record = ModelRecord(schema_version=1, dataset=dataset)
    measurement = Measurement(bare_classifier("m", record), measured, answers, np.array([True, False, False]))
    found = evaluate_labels(measurement, answers, "y", "folder")
    assert found.positive_label == found.per_label["y"]
    assert found.thresholds_fitted_here is same
    assert ("slightly too good" in caplog.text) is same
    measurement.model.given_threshold = 0.5  # those that were chosen do not count then
    assert not evaluate_labels(measurement, answers, None, "folder").thresholds_fitted_here
    assert [(row.row, row.labels, row.predicted) for row in found.worst_errors] == [
        (1, ["y"], ["x"]), (2, ["x", "y"], ["x"])
    ]  # fmt: skip
    assert found.leaked_rows == 1
    assert found.without_leaks is not None
    assert found.without_leaks["subset_accuracy"] == 0.0
    assert found.metrics["subset_accuracy"] == pytest.approx(1 / 3)


def test_metrics_that_these_texts_do_not_define_are_named_as_tables_do(caplog: pytest.LogCaptureFixture) -> None:
    labels = np.array([[True, False]] * 3)
    answers = MultiLabelAnswers(np.full((3, 2), 0.7, dtype=np.float32), labels, np.array([0.5, 0.8]))
    texts = MeasuredTexts("d", "test", ["a", "b", "c"], labels, ["x", "y"])
    evaluate_labels(Measurement(bare_classifier("m"), texts, answers), answers, None, "folder")
    assert caplog.messages[1:] == [
        "not defined: calibration error (mean of labels), because no label has at least 100 texts with it and 100 "
        "without it",
        "not defined: average precision (macro), ROC AUC (macro), Brier skill, because each label is on all of these "
        "texts or on none",
    ]
