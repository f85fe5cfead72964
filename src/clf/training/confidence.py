"""The end of a training: the temperature that makes confidence mean something, and the threshold to abstain below."""

import logging
from dataclasses import dataclass

from clf.data.prepared import LabelledTexts
from clf.models.classifier import Classifier
from clf.models.compute import Compute
from clf.models.inference import probabilities_of
from clf.models.record import AbstentionRecord
from clf.models.temperature import fold_temperature
from clf.outcomes.base import Metrics
from clf.progress import track
from clf.scoring.answers import Answers
from clf.scoring.calibration import Temperature, fit_temperature
from clf.scoring.metrics import score
from clf.scoring.selective import Choice, choose_threshold
from clf.settings import ConfidenceSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Calibrated:
    """What was fitted on validation, and the metrics there with it."""

    temperature: Temperature
    choice: Choice | None
    metrics: Metrics


def calibrate(
    classifier: Classifier, compute: Compute, validation: LabelledTexts, settings: ConfidenceSettings
) -> Calibrated:
    """Fit the temperature on validation and fold it into the model; choose the threshold that was asked for."""
    with track("calibrating", len(validation)) as advance:
        probabilities = probabilities_of(classifier, validation.texts, compute, advance)
    answers = Answers(probabilities, validation.labels)
    temperature = fit_temperature(answers)
    if temperature.reason is None and not fold_temperature(classifier.model, temperature.value):
        reason = "the last layer of this architecture cannot take a temperature"
        temperature = Temperature(
            1.0, temperature.rows, temperature.errors, temperature.before, temperature.before, reason
        )
    say_temperature(temperature)
    answers = answers.with_temperature(temperature.value)
    return Calibrated(temperature, choose(answers, settings), score(answers))


def abstention_record(choice: Choice) -> AbstentionRecord:
    """Return a choice as `clf.json` has it."""
    validation = choice.validation.as_json() if choice.validation else None
    return AbstentionRecord.model_validate({"aim": choice.aim, "threshold": choice.threshold, "validation": validation})


def choose(answers: Answers, settings: ConfidenceSettings) -> Choice | None:
    """Choose the threshold that was asked for, and say what it does on these rows."""
    confidence, correct = answers.confidence, answers.correct
    choice = choose_threshold(confidence, correct, settings.target_accuracy, settings.target_coverage)
    if choice and choice.threshold is None:
        log.warning(
            "an accuracy of %g is unreachable: no threshold shows it on %d validation texts with 95 %% certainty; "
            "without one, %.4f of them are right",
            settings.target_accuracy,
            len(answers),
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
