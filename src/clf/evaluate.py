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
from clf.measuring.label_issues import LabelIssues, find_label_issues
from clf.measuring.paired import FEW
from clf.measuring.provenance import measured_texts, measurement_inputs
from clf.measuring.rows import MeasuredTexts, answers_of, find_leaks, without_leaks
from clf.models.find_and_load import load_model
from clf.models.record import ModelRecord
from clf.models.replacing import replace_model_record
from clf.outcomes.evaluation import (
    Abstention,
    BeforeCalibration,
    Calibration,
    EvaluateResult,
    LengthGroup,
    WrongAnswer,
)
from clf.reports.html import evaluation_page
from clf.reports.label_issues import write_label_issues
from clf.reports.markdown import evaluation_report
from clf.scoring.answers import Answers, row_slices, surest
from clf.scoring.metric_table import defined
from clf.settings import ConfidenceSettings, DataSettings, Settings
from clf.storage.names import place_in
from clf.storage.output import claimed, save_settings
from clf.storage.publish import staged
from clf.storage.report_files import check_reports, check_reports_apart, write_report
from clf.storage.result_folders import EVALUATIONS, shown
from clf.storage.writing import write_json

if TYPE_CHECKING:
    from clf.models.classifier import Classifier

WORST_ERRORS = 20
ISSUES_IN_REPORT = 50
LENGTH_GROUPS = 5
ONLY_TOLD = {"label_issues", "output_dir"}
"""Fields that `--json` prints but `metrics.json` leaves out."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Measurement:
    """One model's predictions on the measured rows; `leaked` marks those it was trained on, None if unknown."""

    model: "Classifier"
    texts: MeasuredTexts
    answers: Answers
    leaked: NDArray[np.bool_] | None = None

    @property
    def record(self) -> ModelRecord | None:
        """The record in the model's folder, if it has one."""
        return self.model.record


def evaluate(model: str | None, settings: Settings) -> EvaluateResult:
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


def _evaluated(measurement: Measurement, settings: Settings, finder: SourceFinder, folder: Path) -> EvaluateResult:
    """Judge the labels, and publish the result and the report."""
    measured, leaked = measurement.texts, measurement.leaked
    result = _result(measurement, _class_called(settings.evaluate.positive_label, measured.names), folder)
    issues = _label_issues(measurement, settings, finder)
    result = result.model_copy(update={"label_issues": len(issues)})
    with staged(folder) as stage:
        write_json(stage / "metrics.json", result.as_json(without=ONLY_TOLD))
        _write_predictions(stage / "predictions.parquet", measured, measurement.answers)
        (stage / "report.md").write_text(evaluation_report(result), encoding="utf-8")
        if len(issues):
            write_label_issues(stage / "label_issues.csv", issues)
        save_settings(stage, "evaluate", settings)
    if settings.report.report:
        page = evaluation_page(result, issues.first(ISSUES_IN_REPORT), measured.audit, judged_unseen=leaked is not None)
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
    _store_threshold(model, model.record, answers_of(model, validation, settings.compute), settings.confidence)


def _store_threshold(
    model: "Classifier", record: ModelRecord, answers: Answers, confidence: ConfidenceSettings
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


def _result(measurement: Measurement, positive: str | None, folder: Path) -> EvaluateResult:
    from clf.scoring.metrics import confusion, intervals, score, score_classes

    measured, answers, leaked = measurement.texts, measurement.answers, measurement.leaked
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
        abstention=_abstention(answers, measurement.record),
        by_length=_by_length(measured, answers),
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


def _abstention(answers: Answers, record: ModelRecord | None) -> Abstention | None:
    """Return coverage and accuracy at the stored threshold on the measured rows; None without a threshold."""
    from clf.scoring.selective import answered

    if record is None or record.threshold is None:
        return None
    aim = record.abstention.aim if record.abstention else None
    found = answered(answers.confidence, answers.correct, record.threshold)
    return Abstention.model_validate({"aim": aim, **found.as_json()})


def _by_length(measured: MeasuredTexts, answers: Answers) -> list[LengthGroup]:
    """Return the accuracy by text length, in up to five groups of about the same number of rows."""
    from clf.scoring.significance import clopper_pearson

    lengths = np.fromiter(map(len, measured.raw_texts), dtype=np.int32, count=len(measured))
    edges = np.unique(np.quantile(lengths, np.linspace(0, 1, LENGTH_GROUPS + 1)[1:-1]))
    groups = np.searchsorted(edges, lengths, side="left").astype(np.int8)
    correct = answers.correct
    return [
        LengthGroup(
            **{"from": int(lengths[rows].min())},
            to=int(lengths[rows].max()),
            rows=int(rows.sum()),
            accuracy=float(correct[rows].mean()),
            interval=clopper_pearson(int(correct[rows].sum()), int(rows.sum())),
        )
        for group in np.unique(groups).tolist()
        for rows in [groups == group]
    ]


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


def _label_issues(measurement: Measurement, settings: Settings, finder: SourceFinder) -> LabelIssues:
    """Return the rows whose labels are most likely wrong, judged by models that were not trained on them."""
    wanted, folds = settings.evaluate.label_issues, settings.evaluate.folds
    texts, answers, leaked = measurement.texts, measurement.answers, measurement.leaked
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


def _write_predictions(path: Path, measured: MeasuredTexts, answers: Answers) -> None:
    import pyarrow
    import pyarrow.parquet

    names = pyarrow.array(measured.names, pyarrow.string())

    def table(rows: slice) -> pyarrow.Table:
        columns = {
            "text": pyarrow.array(measured.raw_texts[rows], pyarrow.large_string()),
            "label": names.take(pyarrow.array(answers.labels[rows])),
            "predicted_label": names.take(pyarrow.array(answers.predictions[rows])),
            "predicted_confidence": answers.choices.sure[rows],
            **{f"score_{name}": answers.probabilities[rows, number] for number, name in enumerate(measured.names)},
        }
        return pyarrow.table(columns)

    with pyarrow.parquet.ParquetWriter(path, table(slice(0)).schema, compression="zstd") as writer:
        for rows in row_slices(*answers.probabilities.shape):
            writer.write_table(table(rows))
