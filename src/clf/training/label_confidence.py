"""Calibration after training where a text may have several labels: a scale, a bias and a threshold for each label."""

import logging
from dataclasses import dataclass, replace

import numpy as np

from clf.models.classifier import Classifier
from clf.models.label_scaling import fold_label_scaling, takes_biases
from clf.scoring.label_calibration import LabelCalibration, fit_label_calibration
from clf.scoring.multi_label import EVEN, MultiLabelAnswers, Thresholds
from clf.scoring.thresholds import cross_fitted, fit_thresholds

SHOWN = 10
FEW = 10
"""With fewer texts of a label, a wrong one more or less changes its F1 by several points."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FittedLabels:
    """The calibration of each label, and the probability from which on it is predicted, shape (labels,)."""

    calibration: LabelCalibration
    thresholds: Thresholds


def fit_labels(classifier: Classifier, answers: MultiLabelAnswers) -> tuple[MultiLabelAnswers, FittedLabels]:
    """Fit scales and biases on validation, fold them into the model, and fit the thresholds of the labels.

    Returns the calibrated answers, each decided by thresholds that were fitted without its text, and what was fitted.
    """
    calibration = _calibrated(classifier, answers)
    answers = MultiLabelAnswers(calibration.apply(answers.probabilities), answers.labels, answers.thresholds)
    thresholds = fit_thresholds(answers)
    _say(calibration, thresholds, answers, classifier)
    return cross_fitted(answers), FittedLabels(calibration, thresholds)


def _calibrated(classifier: Classifier, answers: MultiLabelAnswers) -> LabelCalibration:
    """Fit the scales and biases, and fold them into the model; they are 1 and 0 if it cannot take them."""
    found = fit_label_calibration(answers, with_bias=takes_biases(classifier.model))
    if found.reason is not None or fold_label_scaling(classifier.model, found.scales, found.biases):
        return found
    reason = "the last layer of this architecture cannot take a scale for each label"
    labels = len(found.scales)
    return replace(found, scales=np.ones(labels), biases=np.zeros(labels), after=found.before, reason=reason)


def _say(
    calibration: LabelCalibration, thresholds: Thresholds, answers: MultiLabelAnswers, classifier: Classifier
) -> None:
    names = classifier.labels
    if calibration.reason:
        log.info("not calibrated: %s", calibration.reason)
    else:
        shared = [name for name, own in zip(names, calibration.own, strict=True) if not own]
        log.info(
            "calibrated: a scale%s for each label; log loss %.4f before, %.4f after%s",
            " and a bias" if takes_biases(classifier.model) else " (the head has no biases)",
            calibration.before["log_loss"],
            calibration.after["log_loss"],
            f"; shared by the labels with few validation texts: {_listed(shared)}" if shared else "",
        )
    having = answers.labels.sum(axis=0).tolist()
    absent = [name for name, count in zip(names, having, strict=True) if not count]
    if absent:
        log.warning("no validation text has the label %s, so its threshold stays at %g", _listed(absent), EVEN)
    few = [f"{name} ({count})" for name, count in zip(names, having, strict=True) if 0 < count < FEW]
    if few:
        log.warning(
            "fewer than %d validation texts have the label %s: its threshold and its metrics are uncertain",
            FEW, _listed(few),
        )  # fmt: skip
    chosen = [f"{name} {threshold:.2f}" for name, threshold in zip(names, thresholds, strict=True)]
    log.info("thresholds with the best F1 on validation: %s", _listed(chosen))
    log.info(
        "metrics are at thresholds from here on, no longer at %g: each validation text at thresholds that were fitted"
        " without it", EVEN,
    )  # fmt: skip


def _listed(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
