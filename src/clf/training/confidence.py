"""Calibration after training: the temperature, and the confidence threshold below which the model abstains."""

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
from clf.scoring.calibration import Temperature, fit_temperature
from clf.scoring.metrics import score
from clf.scoring.multi_label import AnyAnswers, MultiLabelAnswers, Thresholds, answers_with
from clf.scoring.selective import Choice, choose_threshold
from clf.settings import ConfidenceSettings
from clf.training.label_confidence import FittedLabels, fit_labels

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Calibrated:
    """What was fitted on validation, and the validation metrics with it: the temperature, and the abstention threshold.

    Where a text may have several labels, `labels` holds the scale, bias and threshold of each instead of a temperature.
    """

    temperature: Temperature | None
    choice: Choice | None
    metrics: Metrics
    labels: FittedLabels | None = None

    @property
    def thresholds(self) -> Thresholds | None:
        """The probability from which on each label is predicted, shape (labels,); None with one label per text."""
        return self.labels.thresholds if self.labels else None


def calibrate(
    classifier: Classifier, compute: Compute, validation: LabelledTexts, settings: ConfidenceSettings
) -> Calibrated:
    """Fit the temperature on validation and fold it into the model; choose the threshold if one was requested.

    Where a text may have several labels, fit a scale, a bias and a threshold for each of them.
    """
    with track("calibrating", len(validation)) as advance:
        probabilities = probabilities_of(classifier, validation.texts, compute, advance)
    answers = answers_with(probabilities, validation.labels, classifier.thresholds)
    if isinstance(answers, MultiLabelAnswers):
        crossed, fitted = fit_labels(classifier, answers)
        return Calibrated(None, choose(crossed, settings), score(crossed), fitted)
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
    """Return a choice of threshold as recorded in `clf.json`."""
    validation = choice.validation.as_json() if choice.validation else None
    return AbstentionRecord.model_validate({"aim": choice.aim, "threshold": choice.threshold, "validation": validation})


def choose(answers: AnyAnswers, settings: ConfidenceSettings) -> Choice | None:
    """Choose the threshold if one was requested, and log its effect on these rows."""
    confidence, correct = answers.confidence, answers.correct
    choice = choose_threshold(confidence, correct, settings.target_accuracy, settings.target_coverage)
    if choice and choice.threshold is None:
        log.warning(
            "an accuracy of %g is unreachable: no threshold achieves it on %d validation texts with 95 %% certainty; "
            "without a threshold, the accuracy is %.4f",
            settings.target_accuracy,
            len(answers),
            correct.mean(),
        )
    if choice and choice.validation and choice.validation.accuracy is not None:
        log.info(
            "the model abstains below a confidence of %.4f: it answers %.1f %% of validation, with %.2f %% accuracy",
            choice.threshold,
            100 * choice.validation.coverage,
            100 * choice.validation.accuracy,
        )
    return choice


def say_temperature(temperature: Temperature) -> None:
    """Log the effect of calibration."""
    if temperature.reason:
        log.info("not calibrated: %s", temperature.reason)
        return
    before, after = temperature.before, temperature.after
    log.info(
        "calibrated: temperature %.3f; mean confidence %.3f before, %.3f after; accuracy %.3f",
        temperature.value,
        before["mean_confidence"],
        after["mean_confidence"],
        after["accuracy"],
    )
