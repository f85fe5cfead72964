"""The result of `clf evaluate` with one label per text, from a model's answers."""

import logging

from clf.measuring.breakdown import WORST_ERRORS, abstention, by_length
from clf.measuring.measurement import Measurement
from clf.measuring.rows import MeasuredTexts, without_leaks
from clf.models.record import ModelRecord
from clf.outcomes.evaluation import BeforeCalibration, Calibration, EvaluateResult, WrongAnswer
from clf.scoring.answers import Answers, surest
from clf.scoring.metric_table import defined, undefined_metrics

log = logging.getLogger(__name__)


def evaluate_classes(
    measurement: Measurement, answers: Answers, positive: str | None, output_dir: str
) -> EvaluateResult:
    """Score the answers of a model, overall and for each class; `positive` is the class to show beside the others."""
    from clf.scoring.metrics import confusion, intervals, score, score_classes

    measured, leaked = measurement.texts, measurement.leaked
    per_class = score_classes(answers, measured.names)
    absent = [name for name, row in per_class.items() if not row.rows]
    if absent:
        log.warning(
            "no text to measure on has the label %s; macro averages cover the other classes only",
            ", ".join(absent[:10]),
        )
    metrics = score(answers)
    if undefined := undefined_metrics(metrics):
        log.warning(
            "not defined: %s, because all texts have the same label or the same prediction", ", ".join(undefined)
        )
    return EvaluateResult(
        model=measurement.model.name,
        dataset=measured.dataset,
        split=measured.split,
        rows=len(measured),
        metrics=metrics,
        intervals=intervals(answers),
        per_class=per_class,
        positive_class=per_class[positive] if positive is not None else None,
        confusion_matrix=confusion(answers),
        calibration=_calibration(answers, measurement.record),
        abstention=abstention(answers, measurement.model),
        by_length=by_length(measured, answers),
        worst_errors=_worst_errors(measured, answers),
        leaked_rows=None if leaked is None else int(leaked.sum()),
        without_leaks=without_leaks(answers, leaked),
        label_issues=0,
        output_dir=output_dir,
    )


def _calibration(answers: Answers, record: ModelRecord | None) -> Calibration:
    """Return the reliability of the model as it is, and before temperature scaling if it has a temperature."""
    from clf.scoring.calibration import reliability
    from clf.scoring.selective import risk_coverage

    fitted = record.calibration if record else None
    temperature = record.temperature if record and "temperature" in record.model_fields_set else None
    return Calibration(
        temperature=temperature,
        note=fitted.reason if fitted else None,
        reliability=reliability(answers),
        risk_coverage=risk_coverage(answers.confidence, answers.correct),
        before=_before_calibration(answers.with_temperature(1 / temperature))
        if temperature and temperature != 1.0
        else None,
    )


def _before_calibration(answers: Answers) -> BeforeCalibration:
    from clf.scoring.calibration import reliability
    from clf.scoring.metrics import score

    scored = score(answers)
    return BeforeCalibration(
        **{name: defined(scored, name) for name in ("mean_confidence", "ece", "ece_expected", "log_loss", "brier")},
        reliability=reliability(answers),
    )


def _worst_errors(measured: MeasuredTexts, answers: Answers) -> list[WrongAnswer]:
    """Return the wrong predictions with the highest confidence."""
    names = measured.names
    sure = answers.choices.sure
    return [
        WrongAnswer(
            row=row,
            text=measured.raw_texts[row],
            label=names[answers.labels[row]],
            predicted=names[answers.predictions[row]],
            confidence=round(float(sure[row]), 4),
        )
        for row in surest(~answers.correct, sure, WORST_ERRORS).tolist()
    ]
