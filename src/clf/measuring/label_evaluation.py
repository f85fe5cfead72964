"""The result of `clf evaluate` where a text may have several labels, from a model's answers."""

import logging
from collections.abc import Mapping
from itertools import compress

import numpy as np

from clf.measuring.breakdown import WORST_ERRORS, abstention, by_length
from clf.measuring.measurement import Measurement
from clf.measuring.rows import MeasuredTexts, without_leaks
from clf.models.record import ModelRecord
from clf.outcomes.base import LabelMetrics, Metrics
from clf.outcomes.label_evaluation import BeforeLabelCalibration, EvaluateLabelsResult, LabelsCalibration, WrongSet
from clf.scoring.answers import surest
from clf.scoring.metric_table import defined, shown_name, undefined_metrics
from clf.scoring.multi_label import MultiLabelAnswers

log = logging.getLogger(__name__)


def evaluate_labels(
    measurement: Measurement, answers: MultiLabelAnswers, positive: str | None, output_dir: str
) -> EvaluateLabelsResult:
    """Score the answers of a model, overall and for each label; `positive` is the label to show beside the others."""
    from clf.scoring.label_pairs import by_number_of_labels, labels_replaced, labels_together
    from clf.scoring.metrics import intervals, score
    from clf.scoring.multi_label_metrics import score_labels

    measured, leaked, record = measurement.texts, measurement.leaked, measurement.record
    metrics, per_label = score(answers), score_labels(answers, measured.names)
    fitted_here = measurement.model.given_threshold is None and fitted_on(record, measured)
    say_undefined(per_label, metrics, fitted_here)
    return EvaluateLabelsResult(
        model=measurement.model.name,
        dataset=measured.dataset,
        split=measured.split,
        rows=len(measured),
        metrics=metrics,
        intervals=intervals(answers),
        per_label=per_label,
        positive_label=per_label[positive] if positive is not None else None,
        calibration=_calibration(answers, record, measured.names),
        abstention=abstention(answers, measurement.model),
        by_length=by_length(measured, answers),
        by_number_of_labels=by_number_of_labels(answers),
        together=labels_together(answers, measured.names),
        replaced=labels_replaced(answers, measured.names),
        worst_errors=_worst_errors(measured, answers),
        leaked_rows=None if leaked is None else int(leaked.sum()),
        without_leaks=without_leaks(answers, leaked),
        thresholds_fitted_here=fitted_here,
        label_issues=0,
        output_dir=output_dir,
    )


def fitted_on(record: ModelRecord | None, measured: MeasuredTexts) -> bool:
    """Return whether these are the texts on which training chose the thresholds of the labels."""
    recorded = record.dataset if record else None
    return recorded is not None and measured.split == "validation" and recorded.name == measured.dataset


def say_undefined(per_label: Mapping[str, LabelMetrics], metrics: Metrics, fitted_here: bool) -> None:
    """Warn of labels that no text has, of metrics that are not defined, and of thresholds fitted on these texts."""
    from clf.scoring.multi_label_metrics import FEWEST_POSITIVES

    if absent := [name for name, row in per_label.items() if not row.rows]:
        log.warning("no text to measure on has the label %s; in macro averages it counts as 0", ", ".join(absent[:10]))
    if metrics["ece"] is None:
        log.warning(
            "not defined: %s, because no label has at least %d texts with it and %d without it",
            shown_name("ece", metrics), FEWEST_POSITIVES, FEWEST_POSITIVES,
        )  # fmt: skip
    if undefined := undefined_metrics({name: value for name, value in metrics.items() if not name.startswith("ece")}):
        log.warning("not defined: %s, because each label is on all of these texts or on none", ", ".join(undefined))
    if fitted_here:
        log.warning("the thresholds of the labels were chosen on these texts: metrics at them are slightly too good")


def _calibration(answers: MultiLabelAnswers, record: ModelRecord | None, names: list[str]) -> LabelsCalibration:
    from clf.scoring.calibration import reliability
    from clf.scoring.selective import risk_coverage

    fitted = record.label_calibration if record else None
    return LabelsCalibration(
        note=fitted.reason if fitted else None,
        reliability=reliability(answers),
        risk_coverage=risk_coverage(answers.confidence, answers.correct),
        before=_before_calibration(answers, record, names),
    )


def _before_calibration(
    answers: MultiLabelAnswers, record: ModelRecord | None, names: list[str]
) -> BeforeLabelCalibration | None:
    """Return the figures of the same model without its scales and biases; None if it has none."""
    from clf.scoring.label_calibration import scaled
    from clf.scoring.metrics import score

    fitted = record.label_calibration if record else None
    if fitted is None or fitted.reason:
        return None
    scales = np.array([fitted.scales.get(name, 1.0) for name in names])
    biases = np.array([fitted.biases.get(name, 0.0) for name in names])
    before = scaled(answers.probabilities, 1 / scales, -biases / scales)
    found = score(MultiLabelAnswers(before, answers.labels, answers.thresholds))
    return BeforeLabelCalibration(
        ece=found["ece"],
        ece_expected=found["ece_expected"],
        **{name: defined(found, name) for name in ("mean_confidence", "log_loss", "brier")},
    )


def _worst_errors(measured: MeasuredTexts, answers: MultiLabelAnswers) -> list[WrongSet]:
    """Return the wrong sets with the highest confidence."""
    sure = answers.confidence.astype(np.float32)
    return [
        WrongSet(
            row=row,
            text=measured.raw_texts[row],
            labels=list(compress(measured.names, answers.labels[row].tolist())),
            predicted=list(compress(measured.names, answers.predictions[row].tolist())),
            confidence=round(float(sure[row]), 4),
        )
        for row in surest(~answers.correct, sure, WORST_ERRORS).tolist()
    ]
