"""`clf evaluate`: measure one model on one split of a dataset."""

import logging
from pathlib import Path

import numpy as np

from clf.data.label_names import places_of
from clf.data.sources.find import SourceFinder, input_paths
from clf.errors import UsageError
from clf.measuring.evaluating import evaluated
from clf.measuring.label_issues import AnyIssues, find_issues
from clf.measuring.measurement import Measurement
from clf.measuring.paired import FEW
from clf.measuring.prediction_file import write_predictions
from clf.measuring.provenance import measured_texts, measurement_inputs
from clf.measuring.rows import answers_of, find_leaks
from clf.measuring.stored_threshold import store_threshold
from clf.models.find_and_load import load_model
from clf.outcomes.label_evaluation import AnyEvaluation
from clf.reports.label_issues import write_label_issues
from clf.reports.markdown import evaluation_report
from clf.reports.page.evaluation import evaluation_page
from clf.scoring.pair_issues import Judged
from clf.settings import Settings, flag
from clf.storage.names import place_in
from clf.storage.output import claimed, save_settings
from clf.storage.publish import staged
from clf.storage.report_files import check_reports, check_reports_apart, write_report
from clf.storage.result_folders import EVALUATIONS, shown
from clf.storage.writing import write_json

ISSUES_IN_REPORT = 50
ONLY_TOLD = {"label_issues", "output_dir"}
"""Fields that `--json` prints but `metrics.json` leaves out."""

log = logging.getLogger(__name__)


def evaluate(model: str | None, settings: Settings) -> AnyEvaluation:
    """Measure a model, write metrics, predictions and a report, and return the result.

    Raises ModelError when the model is not a complete classifier, DataError when the data does not fit the model.
    """
    check_reports(settings.report, settings.run, input_paths(settings.data))
    _refuse_two_thresholds(settings)
    candidate = load_model(
        model,
        max_length=settings.data.max_length,
        offline=settings.run.offline,
        timeout=settings.download.download_timeout,
    )
    candidate.given_threshold = settings.predict.threshold
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
        if settings.confidence.model_dump(exclude_none=True):
            store_threshold(model, candidate, settings, finder)
        measurement = Measurement(candidate, measured, answers_of(candidate, measured, settings.compute), leaked)
        return _evaluated(measurement, settings, finder, folder)


def _refuse_two_thresholds(settings: Settings) -> None:
    """Raise UsageError if a threshold is given and another one is to be chosen."""
    aims = settings.confidence.model_dump(exclude_none=True)
    if settings.predict.threshold is not None and aims:
        chosen = flag(next(iter(aims)))
        raise UsageError(
            f"--threshold measures at a threshold without storing it, and {chosen} chooses one and stores it",
            f"leave out {chosen}, or the threshold: --threshold, CLF_PREDICT__THRESHOLD, or [predict] in clf.toml",
        )


def _evaluated(measurement: Measurement, settings: Settings, finder: SourceFinder, folder: Path) -> AnyEvaluation:
    """Score the answers, judge the labels, and publish the result and the report."""
    positive = _class_called(settings.evaluate.positive_label, measurement.texts.names)
    scored = evaluated(measurement, positive, shown(folder))
    issues = _label_issues(measurement, settings, finder)
    result = scored.model_copy(update={"label_issues": len(issues)})
    with staged(folder) as stage:
        write_json(stage / "metrics.json", result.as_json(without=ONLY_TOLD))
        write_predictions(stage / "predictions.parquet", measurement.texts, measurement.answers)
        (stage / "report.md").write_text(evaluation_report(result), encoding="utf-8")
        if issues:
            write_label_issues(stage / "label_issues.csv", issues, issues.kind)
        save_settings(stage, "evaluate", settings)
    if settings.report.report:
        first, unseen = issues.first(ISSUES_IN_REPORT), measurement.leaked is not None
        page = evaluation_page(result, first, measurement.texts.audit, judged_unseen=unseen)
        write_report(settings.report.report, page, overwrite=settings.run.overwrite)
    return result


def _class_called(name: str | None, names: list[str]) -> str | None:
    """Return the class, or label, of the model that the user names; raise UsageError if there is none."""
    if name is None:
        return None
    (place,) = places_of([name], names)
    if place is None:
        raise UsageError(f"--positive-label {name!r} is not a label of the model", f"its labels are {', '.join(names)}")
    return names[place]


# --- label issues -------------------------------------------------------------------------------------------


def _label_issues(measurement: Measurement, settings: Settings, finder: SourceFinder) -> AnyIssues:
    """Return the labels that are most likely wrong, judged by models that were not trained on their texts."""
    wanted, folds = settings.evaluate.label_issues, settings.evaluate.folds
    texts, answers = measurement.texts, measurement.answers
    if folds:
        from clf.measuring.out_of_fold import out_of_fold

        texts, answers, judged = out_of_fold(measurement.model, folds, settings.compute, finder)
        wanted = wanted or len(texts)
    else:
        judged = Judged(measurement.unseen, np.ones(len(texts.names), dtype=bool))
    if wanted and not judged.rows.all():
        log.warning("not checking the labels of %d texts that the model was trained on", int((~judged.rows).sum()))
    return find_issues(texts, answers, judged, wanted)
