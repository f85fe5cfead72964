"""`clf evaluate`: measure one model on one split of a dataset."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clf.data.label_names import places_of
from clf.data.reading.paths import expanded
from clf.data.sources.find import SourceFinder, input_paths
from clf.errors import UsageError
from clf.measuring.breakdown import WORST_ERRORS, abstention, by_length
from clf.measuring.label_evaluation import evaluate_labels
from clf.measuring.label_issues import LabelIssues, find_label_issues
from clf.measuring.paired import FEW
from clf.measuring.prediction_file import write_predictions
from clf.measuring.provenance import measured_texts, measurement_inputs
from clf.measuring.rows import MeasuredTexts, answers_of, find_leaks, without_leaks
from clf.models.find_and_load import load_model
from clf.models.record import ModelRecord
from clf.models.replacing import replace_model_record
from clf.outcomes.evaluation import (
    BeforeCalibration,
    Calibration,
    EvaluateResult,
    WrongAnswer,
)
from clf.outcomes.label_evaluation import AnyEvaluation
from clf.reports.html import evaluation_page
from clf.reports.label_issues import write_label_issues
from clf.reports.markdown import evaluation_report
from clf.scoring.answers import Answers, surest
from clf.scoring.metric_table import defined
from clf.scoring.multi_label import AnyAnswers, MultiLabelAnswers
from clf.scoring.thresholds import cross_fitted
from clf.settings import ConfidenceSettings, DataSettings, EvaluateSettings, Settings, flag
from clf.storage.names import place_in
from clf.storage.output import claimed, save_settings
from clf.storage.publish import staged
from clf.storage.report_files import check_reports, check_reports_apart, write_report
from clf.storage.result_folders import EVALUATIONS, shown
from clf.storage.writing import write_json

if TYPE_CHECKING:
    from clf.models.classifier import Classifier

ISSUES_IN_REPORT = 50
ONLY_TOLD = {"label_issues", "output_dir"}
"""Fields that `--json` prints but `metrics.json` leaves out."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Measurement:
    """One model's predictions on the measured rows; `leaked` marks those it was trained on, None if unknown."""

    model: "Classifier"
    texts: MeasuredTexts
    answers: AnyAnswers
    leaked: NDArray[np.bool_] | None = None

    @property
    def record(self) -> ModelRecord | None:
        """The record in the model's folder, if it has one."""
        return self.model.record


def evaluate(model: str | None, settings: Settings) -> AnyEvaluation:
    """Measure a model, write metrics, predictions and a report, and return the result.

    Raises ModelError when the model is not a complete classifier, DataError when the data does not fit the model.
    """
    check_reports(settings.report, settings.run, input_paths(settings.data))
    candidate = load_model(
        model,
        max_length=settings.data.max_length,
        offline=settings.run.offline,
        timeout=settings.download.download_timeout,
    )
    _refuse_for_one_label(candidate, settings.evaluate)
    finder = SourceFinder.of(settings.run, settings.download, settings.demo)
    audited = settings.report.report is not None
    measured = measured_texts(candidate, settings.data, settings.cleaning, finder, audited=audited)
    if len(measured) < FEW:
        log.warning("only %d texts to measure on: other texts could give quite different metrics", len(measured))
    default = place_in(EVALUATIONS, f"{candidate.name}_{measured.dataset}_{measured.split}")
    _class_called(settings.evaluate.positive_label, measured.names)
    inputs = measurement_inputs(candidate, settings.data)
    with claimed(settings.run, default, inputs) as folder:
        check_reports_apart(settings.report, folder, inputs)
        leaked = find_leaks(candidate, measured, allowed=settings.data.allow_leak)
        _choose_threshold(model, candidate, settings, finder)
        measurement = Measurement(candidate, measured, answers_of(candidate, measured, settings.compute), leaked)
        return _evaluated(measurement, settings, finder, folder)


def _refuse_for_one_label(model: "Classifier", settings: EvaluateSettings) -> None:
    """Raise UsageError for a setting that clf does not have for models with several labels per text."""
    wanted = {"label_issues": settings.label_issues, "folds": settings.folds, "positive_label": settings.positive_label}
    if model.multi_label and (unfit := [name for name, value in wanted.items() if value]):
        raise UsageError(
            f"{model.name} predicts several labels per text: clf evaluate has no {flag(unfit[0])} for such a model yet",
            f"leave out {' and '.join(map(flag, unfit))}; the metrics of each label are in the result",
        )


def _evaluated(measurement: Measurement, settings: Settings, finder: SourceFinder, folder: Path) -> AnyEvaluation:
    """Score the answers, judge the labels, and publish the result and the report."""
    measured, answers, leaked = measurement.texts, measurement.answers, measurement.leaked
    if isinstance(answers, MultiLabelAnswers):
        name, record, issues = measurement.model.name, measurement.record, None
        result: AnyEvaluation = evaluate_labels(name, record, measured, answers, leaked, shown(folder))
    else:
        positive = _class_called(settings.evaluate.positive_label, measured.names)
        scored = _result(measurement, answers, positive, folder)
        issues = _label_issues(measurement, answers, settings, finder)
        result = scored.model_copy(update={"label_issues": len(issues)})
    with staged(folder) as stage:
        write_json(stage / "metrics.json", result.as_json(without=ONLY_TOLD))
        write_predictions(stage / "predictions.parquet", measured, answers)
        (stage / "report.md").write_text(evaluation_report(result), encoding="utf-8")
        if issues:
            write_label_issues(stage / "label_issues.csv", issues)
        save_settings(stage, "evaluate", settings)
    if settings.report.report:
        first = issues.first(ISSUES_IN_REPORT) if issues else []
        page = evaluation_page(result, first, measured.audit, judged_unseen=leaked is not None)
        write_report(settings.report.report, page, overwrite=settings.run.overwrite)
    return result


def _class_called(name: str | None, names: list[str]) -> str | None:
    """Return the class of the model that the user names; raise UsageError if there is none."""
    if name is None:
        return None
    (place,) = places_of([name], names)
    if place is None:
        raise UsageError(
            f"--positive-label {name!r} is not a class of the model", f"its classes are {', '.join(names)}"
        )
    return names[place]


# --- the threshold ------------------------------------------------------------------------------------------


def _choose_threshold(name: str | None, model: "Classifier", settings: Settings, finder: SourceFinder) -> None:
    """Choose the requested threshold on the validation split from the model's training, and store it."""
    if settings.confidence.target_accuracy is None and settings.confidence.target_coverage is None:
        return
    if model.record is None:
        raise UsageError(
            f"{model.name} does not record its validation split, so no threshold can be chosen",
            "pass --threshold to clf predict instead",
        )
    if name is not None and not expanded(name).is_dir():
        raise UsageError(
            f"a threshold is stored in the model folder, but {name} is a model on the Hub", "copy it to a local folder"
        )
    # Always the validation split from training, whatever dataset the model is measured on.
    data = DataSettings(split="validation", allow_leak=True, max_length=settings.data.max_length)
    validation = measured_texts(model, data, settings.cleaning, finder)
    log.info("choosing the threshold on the %d validation texts from training", len(validation))
    answers = answers_of(model, validation, settings.compute)
    if isinstance(answers, MultiLabelAnswers):  # the thresholds of the labels were fitted on these texts
        answers = cross_fitted(answers)
    _store_threshold(model, model.record, answers, settings.confidence)


def _store_threshold(
    model: "Classifier", record: ModelRecord, answers: AnyAnswers, confidence: ConfidenceSettings
) -> None:
    from clf.training.confidence import abstention_record, choose

    choice = choose(answers, confidence)
    if choice is None or choice.threshold is None:
        stored = (
            "no threshold is stored"
            if record.threshold is None
            else f"the stored threshold, {record.threshold}, is kept"
        )
        log.warning("%s", stored)
        return
    changed = record.with_values(threshold=choice.threshold, abstention=abstention_record(choice))
    replace_model_record(Path(model.model.name_or_path), record, changed)
    model.record = changed


# --- measuring ----------------------------------------------------------------------------------------------


def _result(measurement: Measurement, answers: Answers, positive: str | None, folder: Path) -> EvaluateResult:
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
    if undefined := [name for name, value in metrics.items() if value is None]:
        log.warning(
            "not defined, because all texts have the same label or the same prediction: %s", ", ".join(undefined)
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
        abstention=abstention(answers, measurement.record),
        by_length=by_length(measured, answers),
        worst_errors=_worst_errors(measured, answers),
        leaked_rows=None if leaked is None else int(leaked.sum()),
        without_leaks=without_leaks(answers, leaked),
        label_issues=0,
        output_dir=shown(folder),
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


# --- label issues -------------------------------------------------------------------------------------------


def _label_issues(measurement: Measurement, answers: Answers, settings: Settings, finder: SourceFinder) -> LabelIssues:
    """Return the rows whose labels are most likely wrong, judged by models that were not trained on them."""
    wanted, folds = settings.evaluate.label_issues, settings.evaluate.folds
    texts, leaked = measurement.texts, measurement.leaked
    if folds:
        from clf.measuring.out_of_fold import out_of_fold

        texts, answers = out_of_fold(measurement.model, folds, settings.compute, finder)
        wanted, leaked = wanted or len(texts), None
    unseen = np.ones(len(texts), dtype=bool) if leaked is None else ~leaked
    if wanted and not unseen.all():
        log.warning("not checking the labels of %d texts that the model was trained on", int((~unseen).sum()))
    none = np.zeros(0, dtype=np.int64)
    return (
        find_label_issues(texts, answers, unseen, wanted)
        if wanted and unseen.any()
        else LabelIssues(texts, answers, none)
    )
