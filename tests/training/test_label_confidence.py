"""Where a text may have several labels, each gets a scale, a bias and a threshold, folded into the model and said."""

import logging
from pathlib import Path

import numpy as np
import pytest
import torch

from clf.data.prepared import LabelledTexts
from clf.models.classifier import Classifier
from clf.models.compute import Compute
from clf.models.from_files import load_for_training
from clf.models.inference import probabilities_of
from clf.models.store import find_model
from clf.models.temperature import last_layer
from clf.scoring.metrics import score
from clf.scoring.multi_label import MultiLabelAnswers
from clf.scoring.thresholds import fit_thresholds
from clf.settings import ConfidenceSettings
from clf.training.confidence import calibrate
from support.tiny import review_rows

CPU = Compute(torch.device("cpu"), "fp32")
NAMES = ["a", "b", "rare", "never"]


@pytest.fixture(autouse=True)
def notes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


@pytest.fixture
def classifier(tiny_encoder: Path) -> Classifier:
    """Give a classifier that knows nothing and is sure of everything."""
    made = load_for_training(find_model(str(tiny_encoder)), NAMES, seed=1, multi_label=True)
    made.max_length = 16
    with torch.no_grad():
        made.model.classifier.weight.mul_(100.0)
    return made


def validation(count: int = 240) -> LabelledTexts:
    texts = [text for text, _ in review_rows(count)]
    numbers = np.arange(count)
    table = np.stack([numbers % 2 == 0, numbers % 3 == 0, numbers % 20 == 0, numbers < 0], axis=1)
    return LabelledTexts(texts, texts, table, numbers)


def test_the_calibrated_probabilities_are_those_of_the_model_and_the_thresholds_are_fitted_on_them(
    classifier: Classifier, caplog: pytest.LogCaptureFixture
) -> None:
    rows = validation()
    before = MultiLabelAnswers(probabilities_of(classifier, rows.texts, CPU), rows.labels, np.full(4, 0.5))
    found = calibrate(classifier, CPU, rows, ConfidenceSettings(target_coverage=0.5))
    fitted = found.labels
    assert fitted is not None
    assert found.temperature is None
    after = probabilities_of(classifier, rows.texts, CPU)
    assert after == pytest.approx(fitted.calibration.apply(before.probabilities), abs=1e-3)
    calibrated = MultiLabelAnswers(after, rows.labels, fitted.thresholds)
    assert calibrated.log_loss < before.log_loss - 0.1
    assert found.metrics["log_loss"] == pytest.approx(calibrated.log_loss, abs=1e-3)
    assert found.thresholds == pytest.approx(fit_thresholds(calibrated), abs=1e-2)
    assert found.choice is not None
    assert fitted.calibration.own.tolist() == [True, True, False, False]
    assert "shared by the labels with few validation texts: rare, never" in caplog.text
    assert "no validation text has the label never, so its threshold stays at 0.5" in caplog.text
    assert "thresholds with the best F1 on validation: a 0." in caplog.text
    assert "metrics are at thresholds from here on, no longer at 0.5" in caplog.text


def test_a_head_without_biases_is_told(classifier: Classifier, caplog: pytest.LogCaptureFixture) -> None:
    layer = last_layer(classifier.model)
    assert layer is not None
    layer.bias = None
    found = calibrate(classifier, CPU, validation(), ConfidenceSettings())
    assert found.labels is not None
    assert not found.labels.calibration.biases.any()
    assert "calibrated: a scale (the head has no biases) for each label" in caplog.text


def test_few_texts_leave_the_model_as_it_is(classifier: Classifier, caplog: pytest.LogCaptureFixture) -> None:
    rows = validation(40)
    before = probabilities_of(classifier, rows.texts, CPU)
    found = calibrate(classifier, CPU, rows, ConfidenceSettings())
    assert found.labels is not None
    assert "40 validation rows" in (found.labels.calibration.reason or "")
    assert (probabilities_of(classifier, rows.texts, CPU) == before).all()
    assert "not calibrated: 40 validation rows" in caplog.text


def test_labels_of_few_validation_texts_are_warned_of(classifier: Classifier, caplog: pytest.LogCaptureFixture) -> None:
    calibrate(classifier, CPU, validation(180), ConfidenceSettings())
    assert "fewer than 10 validation texts have the label rare (9): its threshold and its" in caplog.text


def test_labels_with_validation_texts_are_told_in_no_warning(
    classifier: Classifier, caplog: pytest.LogCaptureFixture
) -> None:
    rows = validation()
    all_there = LabelledTexts(rows.texts, rows.raw_texts, rows.labels | (rows.rows % 7 == 0)[:, None], rows.rows)
    calibrate(classifier, CPU, all_there, ConfidenceSettings())
    assert [record.levelname for record in caplog.records] == ["INFO"] * len(caplog.records)
    assert caplog.records


def test_a_model_that_takes_no_scales_keeps_its_answers_and_gets_thresholds_for_them(
    classifier: Classifier, caplog: pytest.LogCaptureFixture
) -> None:
    classifier.model.register_forward_hook(
        lambda module, inputs, output: output.__class__(logits=output.logits.sin() * 9)
    )
    rows = validation()
    before = probabilities_of(classifier, rows.texts, CPU)
    found = calibrate(classifier, CPU, rows, ConfidenceSettings())
    assert found.labels is not None
    fitted = found.labels.calibration
    assert (fitted.scales == 1).all()
    assert not fitted.biases.any()
    assert fitted.after == fitted.before
    assert probabilities_of(classifier, rows.texts, CPU) == pytest.approx(before, abs=1e-6)
    assert "not calibrated: the last layer of this architecture cannot take a scale for each label" in caplog.messages
    uncalibrated = MultiLabelAnswers(before, rows.labels, np.full(4, 0.5))
    assert found.thresholds == pytest.approx(fit_thresholds(uncalibrated), abs=1e-3)


def test_metrics_on_validation_are_those_of_thresholds_fitted_on_other_texts(classifier: Classifier) -> None:
    rows = validation()
    found = calibrate(classifier, CPU, rows, ConfidenceSettings())
    assert found.thresholds is not None
    at_own = score(MultiLabelAnswers(probabilities_of(classifier, rows.texts, CPU), rows.labels, found.thresholds))
    crossed, own = found.metrics["macro_f1"], at_own["macro_f1"]
    assert crossed is not None
    assert own is not None
    assert crossed < own
    assert found.metrics["average_precision"] == pytest.approx(at_own["average_precision"], abs=1e-3)
