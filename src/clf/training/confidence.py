"""The end of a training: the temperature that makes confidence mean something, and the threshold to abstain below."""

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clf.data.prepared import LabelledTexts
from clf.models.classifier import Classifier
from clf.models.compute import Compute
from clf.models.temperature import fold_temperature
from clf.progress import track
from clf.scoring.calibration import Temperature, fit_temperature, with_temperature
from clf.scoring.inference import predict_texts
from clf.scoring.metrics import score
from clf.scoring.selective import Choice, choose_threshold
from clf.settings import ConfidenceSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Calibrated:
    """What was fitted on validation, and the metrics there with it."""

    temperature: Temperature
    choice: Choice | None
    metrics: dict[str, Any]

    def as_record(self) -> dict[str, Any]:
        """Return it as `clf.json` has it."""
        return {
            "temperature": self.temperature.value,
            "calibration": self.temperature.as_dict(),
            "threshold": self.choice.threshold if self.choice else None,
            "abstention": self.choice.as_dict() if self.choice else None,
        }


def calibrate(
    classifier: Classifier, compute: Compute, validation: LabelledTexts, settings: ConfidenceSettings
) -> Calibrated:
    """Fit the temperature on validation and fold it into the model; choose the threshold that was asked for."""
    with track("calibrating", len(validation)) as advance:
        probabilities = predict_texts(classifier, validation.texts, compute, advance)
    temperature = fit_temperature(probabilities, validation.labels)
    if temperature.reason is None and not fold_temperature(classifier.model, temperature.value):
        reason = "the last layer of this architecture cannot take a temperature"
        temperature = Temperature(
            1.0, temperature.rows, temperature.errors, temperature.before, temperature.before, reason
        )
    say_temperature(temperature)
    probabilities = with_temperature(probabilities, temperature.value)
    choice = choose(probabilities, validation.labels, settings)
    return Calibrated(temperature, choice, score(probabilities, validation.labels))


def choose(
    probabilities: NDArray[np.float32], labels: NDArray[np.int64], settings: ConfidenceSettings
) -> Choice | None:
    """Choose the threshold that was asked for, and say what it does on these rows."""
    confidence, correct = probabilities.max(axis=1).astype(np.float64), probabilities.argmax(axis=1) == labels
    choice = choose_threshold(confidence, correct, settings.target_accuracy, settings.target_coverage)
    if choice and choice.threshold is None:
        log.warning(
            "an accuracy of %g is unreachable: no threshold shows it on %d validation texts with 95 %% certainty; "
            "without one, %.4f of them are right",
            settings.target_accuracy,
            len(labels),
            correct.mean(),
        )
    if choice and choice.validation and choice.validation.accuracy is not None:
        log.info(
            "below a confidence of %.4f the model abstains: it answers %.1f %% of validation, %.2f %% of it right",
            choice.threshold,
            100 * choice.validation.coverage,
            100 * choice.validation.accuracy,
        )
    return choice


def say_temperature(temperature: Temperature) -> None:
    """Say what calibration did."""
    if temperature.reason:
        log.info("not calibrated: %s", temperature.reason)
        return
    before, after = temperature.before, temperature.after
    log.info(
        "calibrated: temperature %.3f; mean confidence %.3f, now %.3f, at an accuracy of %.3f",
        temperature.value,
        before["mean_confidence"],
        after["mean_confidence"],
        after["accuracy"],
    )
