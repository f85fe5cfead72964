"""`clf evaluate`: measure one model on one split of a dataset."""

import logging
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clf.errors import OutputError, UsageError
from clf.measurement import (
    MeasuredTexts,
    find_leaks,
    load_model,
    measured_texts,
    measurement_inputs,
    predict_measured,
    without_leaks,
)
from clf.reports.html import evaluation_page
from clf.reports.label_issues import write_label_issues
from clf.reports.markdown import evaluation_report
from clf.results import (
    EVALUATIONS,
    MODEL_FILE,
    check_reports,
    output_folder,
    save_settings,
    shown,
    staged,
    write_json,
    write_report,
)
from clf.settings import Settings

if TYPE_CHECKING:
    from clf.models.classifier import Classifier

WORST_ERRORS = 20
ISSUES_IN_REPORT = 50
LENGTH_GROUPS = 5

log = logging.getLogger(__name__)

Probabilities = NDArray[np.float32]


@dataclass(frozen=True)
class Measurement:
    """One model's answers on the rows it was measured on."""

    model: "Classifier"
    texts: MeasuredTexts
    probabilities: Probabilities
    leaked: NDArray[np.bool_] | None


def evaluate(model: str | None, settings: Settings) -> dict[str, Any]:
    """Measure a model, write metrics, predictions and a report, and return the result.

    Raises ModelError for a model that is no whole classifier, DataError for data that does not fit it.
    """
    check_reports(settings.report.report)
    candidate = load_model(model, settings)
    measured = measured_texts(candidate, settings)
    default = EVALUATIONS / f"{candidate.name}_{measured.dataset}_{measured.split}"
    folder = output_folder(settings, default, measurement_inputs(candidate, settings))
    positive = settings.evaluate.positive_label
    if positive is not None and positive not in measured.names:
        raise UsageError(
            f"--positive-label {positive!r} is no class of the model", f"its classes are {', '.join(measured.names)}"
        )
    leaked = find_leaks(candidate, measured, settings)
    _choose_threshold(model, candidate, settings)
    probabilities = predict_measured(candidate, measured, settings)
    measurement = Measurement(candidate, measured, probabilities, leaked)
    result = _result(measurement, positive)
    issues = _label_issues(measurement, settings)
    with staged(folder) as stage:
        write_json(stage / "metrics.json", result)
        _write_predictions(stage / "predictions.parquet", measured, probabilities)
        (stage / "report.md").write_text(evaluation_report(result), encoding="utf-8")
        if issues:
            write_label_issues(stage / "label_issues.csv", issues)
        save_settings(stage, "evaluate", settings)
    result = {**result, "label_issues": len(issues), "output_dir": shown(folder)}
    if settings.report.report:
        page = evaluation_page(result, issues[:ISSUES_IN_REPORT], measured.audit, judged_unseen=leaked is not None)
        write_report(settings.report.report, page)
    return result


def _choose_threshold(name: str | None, model: "Classifier", settings: Settings) -> None:
    """Choose the threshold that was asked for on the validation split of the model's training, and store it."""
    if settings.confidence.target_accuracy is None and settings.confidence.target_coverage is None:
        return
    from clf.training.confidence import choose

    if not model.record:
        raise UsageError(
            f"{model.name} does not record its validation split, so no threshold can be chosen on it",
            "pass clf predict a --threshold instead",
        )
    if name is not None and not Path(name).expanduser().is_dir():
        raise UsageError(
            f"a threshold is stored with the model, and {name} is one of the Hub", "copy it into a folder of your own"
        )
    # Validation is that of the training, whatever dataset the model is measured on.
    data = type(settings.data)(split="validation", allow_leak=True, max_length=settings.data.max_length)
    plain = settings.model_copy(update={"data": data})
    validation = measured_texts(model, plain)
    log.info("choosing the threshold on the %d validation texts of the training", len(validation.raw_texts))
    probabilities = predict_measured(model, validation, plain)
    choice = choose(probabilities, validation.labels, settings.confidence)
    if choice is None or choice.threshold is None:
        log.warning("the threshold that is stored, %s, stays", model.record.get("threshold"))
        return
    model.record |= {"threshold": choice.threshold, "abstention": choice.as_dict()}
    file = Path(model.model.name_or_path) / MODEL_FILE
    try:
        before = file.stat()
        write_json(file, model.record)
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))  # it is no newer model
    except OSError as error:
        hint = "make the model's folder writable, or pass clf predict a --threshold"
        raise OutputError(f"cannot store the threshold in {file}: {error.strerror}", hint) from error


# --- measuring ----------------------------------------------------------------------------------------------


def _result(measurement: Measurement, positive: str | None) -> dict[str, Any]:
    from clf.scoring.metrics import confusion, intervals, score, score_classes

    measured, probabilities = measurement.texts, measurement.probabilities
    per_class = score_classes(probabilities, measured.labels, measured.names)
    absent = [name for name, row in per_class.items() if not row["rows"]]
    if absent:
        log.warning(
            "no text to measure on has the label %s; the macro averages are over the others", ", ".join(absent[:10])
        )
    metrics = score(probabilities, measured.labels)
    if undefined := [name for name, value in metrics.items() if value is None]:
        log.warning("not defined on these texts, all of one class or all answered so: %s", ", ".join(undefined))
    leaked = measurement.leaked
    return {
        "model": measurement.model.name,
        "dataset": measured.dataset,
        "split": measured.split,
        "rows": len(measured.raw_texts),
        "metrics": metrics,
        "intervals": intervals(probabilities, measured.labels),
        "per_class": per_class,
        "positive_class": per_class[positive] if positive is not None else None,
        "confusion_matrix": confusion(probabilities, measured.labels),
        "calibration": _calibration(measurement),
        "abstention": _abstention(measurement),
        "by_length": _by_length(measurement),
        "worst_errors": _worst_errors(measurement),
        "leaked_rows": None if leaked is None else int(leaked.sum()),
        "without_leaks": without_leaks(probabilities, measured, leaked),
    }


def _sureness(probabilities: Probabilities, labels: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    return probabilities.max(axis=1).astype(np.float64), probabilities.argmax(axis=1) == labels


def _calibration(measurement: Measurement) -> dict[str, Any]:
    """Return the reliability of the model as it is, and as it was before its temperature, where it has one."""
    from clf.scoring.calibration import reliability, with_temperature
    from clf.scoring.metrics import score
    from clf.scoring.selective import risk_coverage

    labels, temperature = measurement.texts.labels, measurement.model.record.get("temperature")
    confidence, correct = _sureness(measurement.probabilities, labels)
    result: dict[str, Any] = {
        "temperature": temperature,
        "note": (measurement.model.record.get("calibration") or {}).get("reason"),
        "reliability": [vars(each) for each in reliability(confidence, correct)],
        "risk_coverage": risk_coverage(confidence, correct),
        "before": None,
    }
    if temperature and temperature != 1.0:
        before = with_temperature(measurement.probabilities, 1 / temperature)
        scored = score(before, labels)
        result["before"] = {
            **{name: scored[name] for name in ("mean_confidence", "ece", "ece_expected", "log_loss", "brier")},
            "reliability": [vars(each) for each in reliability(*_sureness(before, labels))],
        }
    return result


def _abstention(measurement: Measurement) -> dict[str, Any] | None:
    """Return what the stored threshold does on the measured rows; None without one."""
    from clf.scoring.selective import answered

    threshold = measurement.model.record.get("threshold")
    if threshold is None:
        return None
    aim = (measurement.model.record.get("abstention") or {}).get("aim")
    return {
        "aim": aim,
        **answered(*_sureness(measurement.probabilities, measurement.texts.labels), threshold).as_dict(),
    }


def _by_length(measurement: Measurement) -> list[dict[str, Any]]:
    """Return the accuracy of texts of similar length, in up to five groups of about equally many rows."""
    from clf.scoring.significance import clopper_pearson

    lengths = np.array([len(text) for text in measurement.texts.raw_texts])
    _, correct = _sureness(measurement.probabilities, measurement.texts.labels)
    edges = np.unique(np.quantile(lengths, np.linspace(0, 1, LENGTH_GROUPS + 1)[1:-1]))
    groups = np.searchsorted(edges, lengths, side="left")
    return [
        {
            "from": int(lengths[rows].min()),
            "to": int(lengths[rows].max()),
            "rows": int(rows.sum()),
            "accuracy": float(correct[rows].mean()),
            "interval": clopper_pearson(int(correct[rows].sum()), int(rows.sum())),
        }
        for group in np.unique(groups).tolist()
        for rows in [groups == group]
    ]


def _worst_errors(measurement: Measurement) -> list[dict[str, Any]]:
    """Return the errors the model was surest of."""
    names = measurement.texts.names
    confidence, correct = _sureness(measurement.probabilities, measurement.texts.labels)
    wrong = np.flatnonzero(~correct)
    return [
        {
            "row": int(row),
            "text": measurement.texts.raw_texts[row],
            "label": names[int(measurement.texts.labels[row])],
            "predicted": names[int(measurement.probabilities[row].argmax())],
            "confidence": round(float(confidence[row]), 4),
        }
        for row in wrong[np.argsort(-confidence[wrong], kind="stable")][:WORST_ERRORS].tolist()
    ]


# --- label issues -------------------------------------------------------------------------------------------


def _label_issues(measurement: Measurement, settings: Settings) -> list[dict[str, Any]]:
    """Return the rows whose labels are most likely wrong, judged by models that did not see them."""
    wanted, folds = settings.evaluate.label_issues, settings.evaluate.folds
    if folds:
        from clf.folds import out_of_fold

        texts, probabilities = out_of_fold(measurement.model, settings, folds)
        measurement = replace(measurement, texts=texts, probabilities=probabilities, leaked=None)
        wanted = wanted or len(texts.raw_texts)
    if not wanted:
        return []
    from clf.scoring.label_issues import is_label_issue, label_margins, rank_label_issues, suggested_labels

    texts, probabilities = measurement.texts, measurement.probabilities
    unseen = np.ones(len(texts.labels), dtype=bool) if measurement.leaked is None else ~measurement.leaked
    if not unseen.all():
        log.warning("%d texts the model was trained on are not judged", int((~unseen).sum()))
    if not unseen.any():
        return []
    suggested = suggested_labels(probabilities, texts.labels)
    issue, margins = is_label_issue(probabilities, texts.labels), label_margins(probabilities, texts.labels)
    issue &= unseen
    ranked = [row for row in rank_label_issues(probabilities, texts.labels).tolist() if issue[row]]
    log.info("%d of %d labels look wrong", len(ranked), len(texts.raw_texts))
    return [
        {
            "split": texts.split,
            "row": row,
            "label": texts.names[int(texts.labels[row])],
            "suggested_label": texts.names[int(suggested[row])],
            "margin": round(float(margins[row]), 4),
            "confidence_in_label": round(float(probabilities[row, texts.labels[row]]), 4),
            "text": texts.raw_texts[row],
        }
        for row in ranked[:wanted]
    ]


def _write_predictions(path: Path, measured: MeasuredTexts, probabilities: Probabilities) -> None:
    import pyarrow
    import pyarrow.parquet

    columns = {
        "text": pyarrow.array(measured.raw_texts, pyarrow.large_string()),
        "label": [measured.names[label] for label in measured.labels.tolist()],
        "predicted_label": [measured.names[label] for label in probabilities.argmax(axis=1).tolist()],
        "predicted_confidence": probabilities.max(axis=1),
        **{f"score_{name}": probabilities[:, number] for number, name in enumerate(measured.names)},
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), path, compression="zstd")
