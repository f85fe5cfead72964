"""The temperature is folded into the model, the threshold is chosen after it, and both are told."""

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
from clf.scoring.answers import Answers
from clf.scoring.calibration import Temperature
from clf.settings import ConfidenceSettings
from clf.training.confidence import abstention_record, calibrate, choose, say_temperature
from support.tiny import review_rows

CPU = Compute(torch.device("cpu"), "fp32")
FIGURES = {"accuracy": 0.75, "mean_confidence": 0.9, "ece": 0.2, "ece_expected": 0.1, "log_loss": 0.5}


@pytest.fixture(autouse=True)
def notes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


@pytest.fixture
def classifier(tiny_encoder: Path) -> Classifier:
    """Give a classifier that knows nothing and is sure of everything."""
    made = load_for_training(find_model(str(tiny_encoder)), ["bad", "good"], seed=1)
    made.max_length = 16
    with torch.no_grad():
        made.model.classifier.weight.mul_(1000.0)
    return made


def validation(count: int = 100) -> LabelledTexts:
    """Return texts of which the classifier is right about some."""
    texts = [text for text, _ in review_rows(count)]
    return LabelledTexts(texts, texts, np.arange(count) // 2 % 2, np.arange(count))


# --- temperature --------------------------------------------------------------------------------------------


def test_the_temperature_is_in_the_model_and_in_the_metrics(
    classifier: Classifier, caplog: pytest.LogCaptureFixture
) -> None:
    rows = validation()
    before = Answers(probabilities_of(classifier, rows.texts, CPU), rows.labels)
    found = calibrate(classifier, CPU, rows, ConfidenceSettings(target_coverage=0.5))
    assert found.temperature.value > 1.5
    after = before.with_temperature(found.temperature.value)
    assert probabilities_of(classifier, rows.texts, CPU) == pytest.approx(after.probabilities, abs=1e-3)
    assert found.metrics["log_loss"] == pytest.approx(after.log_loss, abs=1e-3)
    assert after.log_loss < before.log_loss - 0.1
    assert found.choice
    assert found.choice.threshold == pytest.approx(np.median(after.confidence), abs=1e-2)  # not that of before
    assert f"calibrated: temperature {found.temperature.value:.3f}" in caplog.text


def test_too_few_texts_leave_the_model_as_it_is(classifier: Classifier, caplog: pytest.LogCaptureFixture) -> None:
    weights = classifier.model.classifier.weight.clone()
    found = calibrate(classifier, CPU, validation(99), ConfidenceSettings())
    assert found.temperature.value == 1.0
    assert found.choice is None
    assert torch.equal(classifier.model.classifier.weight, weights)
    assert "not calibrated: 99 validation rows" in caplog.text


def test_a_model_that_takes_no_temperature_is_recorded_with_none(
    classifier: Classifier, caplog: pytest.LogCaptureFixture
) -> None:
    classifier.model.register_forward_hook(
        lambda module, inputs, output: output.__class__(logits=output.logits.sin() * 9)
    )
    rows = validation()
    before = Answers(probabilities_of(classifier, rows.texts, CPU), rows.labels)
    found = calibrate(classifier, CPU, rows, ConfidenceSettings())
    assert found.temperature.value == 1.0
    assert found.temperature.after == found.temperature.before
    assert (found.temperature.rows, found.temperature.errors) == (100, int((~before.correct).sum()))
    assert found.metrics["log_loss"] == pytest.approx(before.log_loss, abs=1e-5)
    assert caplog.messages == ["not calibrated: the last layer of this architecture cannot take a temperature"]


def test_a_temperature_is_told_with_its_effect(caplog: pytest.LogCaptureFixture) -> None:
    after = FIGURES | {"mean_confidence": 0.76, "accuracy": 0.74}
    say_temperature(Temperature(1.2345, 100, 25, FIGURES, after))
    assert caplog.messages == [
        "calibrated: temperature 1.234; mean confidence 0.900 before, 0.760 after; accuracy 0.740"
    ]


# --- threshold ----------------------------------------------------------------------------------------------


def answers(confident: int, right: int, count: int = 100) -> Answers:
    """Return answers of which the first are confident, and the first are right."""
    sure = np.where(np.arange(count) < confident, 0.9, 0.6)
    return Answers(np.stack([1 - sure, sure], axis=1).astype(np.float32), (np.arange(count) < right).astype(np.int64))


def test_no_threshold_is_chosen_unless_one_is_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    assert choose(answers(50, 90), ConfidenceSettings()) is None
    assert caplog.messages == []


def test_a_threshold_is_told_with_what_it_answers(caplog: pytest.LogCaptureFixture) -> None:
    choice = choose(answers(40, 30), ConfidenceSettings(target_coverage=0.25))
    assert choice
    assert choice.threshold == pytest.approx(0.9)
    assert caplog.messages == [
        "the model abstains below a confidence of 0.9000: it answers 40.0 % of validation, with 75.00 % accuracy"
    ]


def test_an_accuracy_that_no_threshold_reaches_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    choice = choose(answers(50, 75), ConfidenceSettings(target_accuracy=0.99))
    assert choice
    assert choice.threshold is None
    assert caplog.messages == [
        "an accuracy of 0.99 is unreachable: no threshold achieves it on 100 validation texts with 95 % certainty; "
        "without a threshold, the accuracy is 0.7500"
    ]
    assert caplog.records[0].levelno == logging.WARNING


def test_a_choice_is_recorded_with_its_aim_and_its_effect() -> None:
    choice = choose(answers(40, 30), ConfidenceSettings(target_coverage=0.25))
    assert choice
    made = abstention_record(choice)
    assert (made.aim, made.threshold) == ({"target_coverage": 0.25}, choice.threshold)
    assert made.validation
    assert (made.validation["coverage"], made.validation["accuracy"]) == (0.4, 0.75)


def test_a_choice_that_failed_is_recorded_without_an_effect() -> None:
    choice = choose(answers(50, 75), ConfidenceSettings(target_accuracy=0.99))
    assert choice
    made = abstention_record(choice)
    assert (made.aim, made.threshold, made.validation) == ({"target_accuracy": 0.99}, None, None)
