"""The page of `clf train`."""

from collections.abc import Mapping, Sequence

from clf.models.record import CalibrationRecord, LabelCalibrationRecord, ModelRecord
from clf.outcomes.preparation import Audit
from clf.outcomes.training import TrainResult
from clf.reports.page import charts
from clf.reports.page.figures import calibration_figure, figure
from clf.reports.page.parts import Cards, Cell, Page, Section, Table, Track, counted, name, number, text
from clf.reports.page.render import render
from clf.reports.page.shared import SHOWN_FIRST, audit_section, metrics_table, parted
from clf.scoring.metric_table import table_of

FAR_BELOW = 0.1
"""So much lower an F1 on test than on validation is a reason to look at the texts."""


def training_page(
    result: TrainResult, record: ModelRecord, history: Sequence[Mapping[str, float]], audit: Audit
) -> str:
    """Render the page of `clf train`."""
    base = record.base_model.name if record.base_model else ""
    page = Page(
        title=result.model_dir,
        subtitle=f"{base}, fine-tuned on {record.dataset.name if record.dataset else ''}",
        cards=training_cards(result, record),
        sections=[
            learning_section(result, history),
            metrics_section(result),
            Section("Calibration", [calibration_note(record)]),
            *thresholds_section(record),
            *audit_section(audit),
            examples_section(result),
            recipe_section(record),
        ],
        end=f"Its record: {result.model_dir}/clf.json",
    )
    return render(page)


def training_cards(result: TrainResult, record: ModelRecord) -> Cards:
    """Return the metrics on test, or on validation if it was not tested, and what to do next."""
    split = "validation" if result.test_metrics is None else "test"
    found = result.metrics if result.test_metrics is None else result.test_metrics
    rows = record.rows.get(split)
    where = f"{counted(rows, split + ' text')}" if rows else f"the {split} texts"
    shown = {metric.name: metric.shown or metric.name for metric in table_of(found)}
    whole = "subset_accuracy" if "subset_accuracy" in found else "accuracy"
    figures = [
        figure(shown["macro_f1"], found.get("macro_f1"), None),
        figure(shown[whole], found.get(whole), None),
        calibration_figure(shown["ece"], found),
    ]
    right = found.get(whole)
    what = "The whole set of labels" if whole == "subset_accuracy" else "It"
    verdict = f"Trained. {what} is right for {right:.1%} of {where}." if right is not None else "Trained."
    return Cards(verdict, "", [calibration_note(record)], [each for each in figures if each], _steps(result))


def _steps(result: TrainResult) -> list[str]:
    steps = []
    if result.test_metrics is None:
        steps.append("Measure it on texts that chose nothing: it was not tested.")
    validation, test = (split.get("macro_f1") for split in (result.metrics, result.test_metrics or {}))
    if validation is not None and test is not None and validation - test > FAR_BELOW:
        steps.append(
            f"Find out how the test texts differ from those of validation: F1 (macro) is {test:.3f} on test, "
            f"{validation:.3f} on validation."
        )
    return [
        *steps,
        "See intervals, errors and each label: `clf evaluate --report page.html`",
        "Compare it with simple baselines: `clf compare --baseline tfidf`",
    ]


def learning_section(result: TrainResult, history: Sequence[Mapping[str, float]]) -> Section:
    """Show what training took, and the curves of loss and F1."""
    seconds, rate = result.train_seconds, result.examples_per_second
    took = f"{result.steps:,} steps, {result.epochs:g} epochs, {seconds:,.0f} s, {rate:,.1f} texts per second."
    return Section("Learning", [took], charts.learning(history))


def metrics_section(result: TrainResult) -> Section:
    """Show the metrics on validation, and on test if it was tested."""
    columns = {"validation": result.metrics} | ({"test": result.test_metrics} if result.test_metrics else {})
    return Section("Metrics", tables=[metrics_table(columns, {})])


def calibration_note(record: ModelRecord) -> str:
    """Say how the model was calibrated, or why it was not."""
    found: CalibrationRecord | LabelCalibrationRecord | None = (
        record.label_calibration if record.thresholds else record.calibration
    )
    if found is None or found.reason:
        return f"Not calibrated: {found.reason if found else 'it was not tried'}."
    before, after = found.before, found.after
    if isinstance(found, LabelCalibrationRecord):
        return (
            f"A scale and a bias for each label, fitted on {found.rows:,} validation texts: log loss "
            f"{before['log_loss']:.4f} became {after['log_loss']:.4f}. The metrics of validation are at "
            "thresholds that were fitted without the text that they decide."
        )
    return (
        f"Temperature {found.value:g}, fitted on {found.rows:,} validation texts: mean confidence "
        f"{before['mean_confidence']:.3f} became {after['mean_confidence']:.3f} at an accuracy of "
        f"{after['accuracy']:.3f}; calibration error {before['ece']:.4f} became {after['ece']:.4f} "
        f"({after['ece_expected']:.4f} by chance)."
    )


def thresholds_section(record: ModelRecord) -> list[Section]:
    """Show the threshold, scale and bias of each label, where a text may have several."""
    fitted = record.label_calibration or LabelCalibrationRecord()
    rows = [
        [
            name(label),
            number(threshold, ".4f", Track(0.0, 0.0, [threshold])),
            number(fitted.scales.get(label, 1.0), ".3f"),
            number(fitted.biases.get(label, 0.0), "+.3f"),
            Cell("shared" if label in fitted.shared else "own"),
        ]
        for label, threshold in (record.thresholds or {}).items()
    ]
    if not rows:
        return []
    columns = ["label", "threshold", "scale", "bias", "scale and bias"]
    table = Table("Threshold of each label", columns, rows[:SHOWN_FIRST])
    notes = ["Labels of few validation texts share one scale and one bias."] if fitted.shared else []
    return [Section("Thresholds", notes, tables=parted(table, rows[SHOWN_FIRST:], "labels"))]


def examples_section(result: TrainResult) -> Section:
    """Show some texts with their labels and the predictions."""
    rows = [[text(row.text), name(row.label), name(row.predicted), number(row.confidence)] for row in result.examples]
    table = Table("Examples", ["text", "label", "predicted", "confidence"], rows)
    return Section("Examples", tables=[table], size="wide")


def recipe_section(record: ModelRecord) -> Section:
    """Show the settings that the model was trained with, folded."""
    rows = [[name(setting), text(value)] for setting, value in record.train.model_dump(mode="json").items()]
    return Section("Recipe", tables=[Table("Recipe", ["setting", "value"], rows, counted(len(rows), "setting"))])
