"""Results as one self-contained HTML page: no network, no scripts, all untrusted text escaped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files

from clf import __version__
from clf.data.label_sets import SHOWN_NONE
from clf.models.record import CalibrationRecord, ModelRecord
from clf.outcomes.base import ClassMetrics
from clf.outcomes.comparison import Answer, CompareResult, Comparison, Flips
from clf.outcomes.evaluation import EvaluateResult, LabelIssue, WrongAnswer
from clf.outcomes.label_evaluation import AnyEvaluation, AnyIssue, EvaluateLabelsResult, PairIssue, WrongSet
from clf.outcomes.preparation import Audit, SetsOfLabels
from clf.outcomes.training import TrainResult
from clf.reports import charts
from clf.reports.markdown import (
    LABEL_HEADS,
    Intervals,
    MetricColumns,
    MetricCosts,
    evaluation_columns,
    label_cells,
    label_notes,
    table_heads,
    table_rows,
)
from clf.safety import one_line

TEXT_WIDTH = 400


@dataclass(frozen=True)
class Cell:
    """One table cell, as shown; `kind` is number, text or empty."""

    shown: str
    kind: str = ""


@dataclass(frozen=True)
class Section:
    """One section of a page: a heading, notes, a chart and a table."""

    title: str
    notes: list[str] = field(default_factory=list)
    picture: str | None = None
    columns: list[str] = field(default_factory=list)
    rows: list[list[Cell]] = field(default_factory=list)


def evaluation_page(result: AnyEvaluation, issues: Sequence[AnyIssue], audit: Audit, judged_unseen: bool = True) -> str:
    """Render the page of `clf evaluate`."""
    title = f"{result.model} on {result.dataset}, {result.split}"
    sections = [
        metrics_section(evaluation_columns(result), result.intervals),
        *(_of_classes(result) if isinstance(result, EvaluateResult) else _of_labels(result)),
        Section("By length", picture=charts.by_length(result.by_length)),
        errors_section(result.worst_errors),
        *issues_section(issues, judged_unseen),
        *audit_section(audit),
    ]
    return page(title, f"{result.rows:,} texts", sections)


def comparison_page(result: CompareResult, audit: Audit) -> str:
    """Render the page of `clf compare`."""
    columns = {result.model: result.candidate, **result.baselines}
    notes = [f"Try {advice}." for advice in result.advice]
    sections = [
        Section("Rules of the gate", notes, None, ["rule", "outcome", "found"],
                [[_text(rule.name), _text(rule.outcome), _text(rule.message)] for rule in result.rules]),
        differences_section(result.comparisons),
        metrics_section(columns, result.intervals, result.costs),
        *leaks_section(result),
        *classes_sections(result.per_class, None),
        *flips_sections(result.flips),
        *audit_section(audit),
    ]  # fmt: skip
    title = f"{result.model} compared on {result.dataset}, {result.split}"
    return page(title, f"{result.rows:,} texts", sections, (result.gate, result.summary))


def training_page(
    result: TrainResult, record: ModelRecord, history: Sequence[Mapping[str, float]], audit: Audit
) -> str:
    """Render the page of `clf train`."""
    columns = {"validation": result.metrics} | ({"test": result.test_metrics} if result.test_metrics else {})
    seconds, rate = result.train_seconds, result.examples_per_second
    took = f"{result.steps:,} steps, {result.epochs:g} epochs, {seconds:,.0f} s, {rate:,.1f} texts per second"
    examples = [
        [_text(row.text), _text(row.label), _text(row.predicted), _number(row.confidence)] for row in result.examples
    ]
    recipe = record.train.model_dump(mode="json")
    sections = [
        Section("Learning", [f"{took}."], charts.learning(history)),
        metrics_section(columns, {}),
        Section("Calibration", [_label_note(record) if record.thresholds else _calibration_note(record.calibration)]),
        Section("Examples", [], None, ["text", "label", "predicted", "confidence"], examples),
        Section("Recipe", [], None, ["setting", "value"],
                [[_text(name), _text(value)] for name, value in recipe.items()]),
        *audit_section(audit),
    ]  # fmt: skip
    base = record.base_model.name if record.base_model else ""
    return page(result.model_dir, f"{base}, fine-tuned on {record.dataset.name if record.dataset else ''}", sections)


def page(title: str, subtitle: str, sections: Sequence[Section], verdict: tuple[str, str] | None = None) -> str:
    """Fill the template; every text in it is made safe and escaped."""
    from jinja2 import Environment

    template = files("clf.reports").joinpath("page.html.jinja").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, finalize=_harmless)
    made: str = environment.from_string(template).render(
        version=__version__,
        title=title,
        subtitle=f"{subtitle} · clf {__version__}",
        sections=[section for section in sections if section.picture or section.rows or section.notes],
        verdict={"kind": verdict[0], "text": verdict[1]} if verdict else None,
    )
    return made


def _harmless(value: object) -> object:
    """Make every text of the page one safe line; the charts are markup, and made of such lines already."""
    return one_line(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


# --- sections -----------------------------------------------------------------------------------------------


def metrics_section(columns: MetricColumns, intervals: Intervals, costs: MetricCosts | None = None) -> Section:
    """Show the metrics of each column, the intervals of the first column, and the costs of each model."""
    rows = [
        [_text(shown), *(Cell(number, "number") for number in numbers)]
        for shown, *numbers in table_rows(columns, costs, intervals or None)
    ]
    return Section("Metrics", [], None, [one_line(name, 40) for name in table_heads(columns, intervals or None)], rows)


def _of_classes(result: EvaluateResult) -> list[Section]:
    """Show confidence, classes and which of them are confused, with one label per text."""
    classes = classes_sections(result.per_class, result.confusion_matrix)
    return [confidence_section(result), *selective_section(result), *classes]


def _of_labels(result: EvaluateLabelsResult) -> list[Section]:
    """Show confidence and each label with its threshold and calibration, where a text may have several."""
    rows = [
        [_text(name), *(Cell(shown, "number") for shown in label_cells(row))] for name, row in result.per_label.items()
    ]
    return [
        Section(
            "Confidence in whole sets", label_notes(result), charts.reliability(result.calibration.reliability, None)
        ),
        *selective_section(result),
        Section("Labels", [], charts.class_bars(result.per_label), list(LABEL_HEADS), rows),
    ]


def confidence_section(result: EvaluateResult) -> Section:
    """Show whether confidence means what it says, before and after calibration."""
    found, calibration, before = result.metrics, result.calibration, result.calibration.before
    notes = [
        f"Mean confidence {found['mean_confidence']:.3f} at an accuracy of {found['accuracy']:.3f}; calibration error "
        f"{found['ece']:.4f}, where a perfectly calibrated model would show {found['ece_expected']:.4f} by chance."
    ]
    if before:
        notes.append(
            f"Before calibration (temperature {calibration.temperature:g}): mean confidence "
            f"{before.mean_confidence:.3f}, calibration error {before.ece:.4f}."
        )
    if calibration.note:
        notes.append(f"Not calibrated: {calibration.note}.")
    picture = charts.reliability(calibration.reliability, before.reliability if before else None)
    return Section("Confidence", notes, picture)


def selective_section(result: AnyEvaluation) -> list[Section]:
    """Show the gain from answering only the most confident texts."""
    answered, notes = result.abstention, []
    if answered and answered.accuracy_interval:
        low, high = answered.accuracy_interval
        notes = [
            f"At the stored threshold of {answered.threshold:.4f} the model answers {answered.coverage:.1%} of "
            f"these texts, {answered.accuracy:.2%} of them correctly (95 % interval {low:.2%} to {high:.2%})."
        ]
    return [Section("Risk and coverage", notes, charts.risk_coverage(result.calibration.risk_coverage, answered))]


def classes_sections(per_class: Mapping[str, ClassMetrics], matrix: Sequence[Sequence[int]] | None) -> list[Section]:
    """Show the metrics of each class, and which classes are confused."""
    rows = [
        [_text(name), *map(_number, (row.precision, row.recall, row.f1)), _count(row.rows)]
        for name, row in per_class.items()
    ]
    columns = ["class", "precision", "recall", "F1", "rows"]
    sections = [Section("Classes", [], charts.class_bars(per_class), columns, rows)]
    if matrix is not None:
        sections.append(Section("Confusion matrix", [], charts.confusion(matrix, list(per_class))))
    return sections


def errors_section(errors: Sequence[WrongAnswer] | Sequence[WrongSet]) -> Section:
    """Show the errors with the highest confidence."""
    rows = [[_text(row.text), *map(_text, _label_and_predicted(row)), _number(row.confidence)] for row in errors]
    notes = ["Highest confidence first. Some of them may be wrong labels."] if rows else ["There are none."]
    return Section("Worst errors", notes, None, ["text", "label", "predicted", "confidence"], rows)


def _label_and_predicted(error: WrongAnswer | WrongSet) -> tuple[str, str]:
    if isinstance(error, WrongAnswer):
        return error.label, error.predicted
    return _set_of(error.labels), _set_of(error.predicted)


def _set_of(labels: Sequence[str]) -> str:
    return " | ".join(labels) or SHOWN_NONE


def issues_section(issues: Sequence[AnyIssue], judged_unseen: bool) -> list[Section]:
    """Show the labels that are most likely wrong, or of several those that are missing or surplus."""
    rows = [[_text(row.text), *_wrong(row), _number(row.margin)] for row in issues]
    unseen = "Judged by models that did not see the text in training, most likely errors first."
    unknown = "Most likely errors first. Whether the model saw these texts in training is unknown."
    several = any(isinstance(row, PairIssue) for row in issues)
    what = ["all its labels", "looks wrong", "probability"] if several else ["label", "suggested label"]
    notes = [unseen if judged_unseen else unknown]
    return [Section("Labels that look wrong", notes, None, ["text", *what, "margin"], rows)] if rows else []


def _wrong(issue: AnyIssue) -> list[Cell]:
    if isinstance(issue, LabelIssue):
        return [_text(issue.label), _text(issue.suggested_label)]
    return [_text(issue.labels or SHOWN_NONE), _text(f"{issue.issue}: {issue.label}"), _number(issue.probability)]


def differences_section(comparisons: Sequence[Comparison]) -> Section:
    """Show the difference from each baseline."""
    rows = [
        [
            _text(row.baseline + ("" if row.gates else " (shown only)")),
            _number(row.difference, "+.4f"),
            Cell(f"{row.interval[0]:+.4f} to {row.interval[1]:+.4f}", "number"),
            _text(row.verdict),
            Cell(f"{row.won:,} / {row.lost:,}", "number"),
            _number(row.p_value, ".3g"),
        ]
        for row in comparisons
    ]
    columns = ["against", "difference", "95 % interval", "verdict", "only candidate / only baseline right", "McNemar p"]
    return Section("Differences", [], charts.differences(comparisons) if comparisons else None, columns, rows)


def leaks_section(result: CompareResult) -> list[Section]:
    """Show the metrics without the rows that were in a model's training data, if there are any."""
    columns = {name: metrics for name, metrics in result.without_leaks.items() if metrics}
    if not columns:
        return []
    section = metrics_section(columns, {})
    notes = [f"{result.leaked_rows:,} of the texts were in the training data of one of the models."]
    return [Section("Without leaked rows", notes, None, section.columns, section.rows)]


def flips_sections(flips: Mapping[str, Flips]) -> list[Section]:
    """Show texts that only the candidate gets right, and texts that only the baseline gets right."""
    sections = []
    for name, both in flips.items():
        against = f" (against {one_line(name, 40)})"
        won, lost = f"Only the candidate is right{against}", f"Only {one_line(name, 40)} is right"
        for title, examples in ((won, both.won), (lost, both.lost)):
            rows = [
                [_text(row.text), _text(row.label), *map(_answer, (row.candidate, row.baseline))] for row in examples
            ]
            if rows:
                sections.append(Section(title, [], None, ["text", "label", "candidate", name], rows))
    return sections


def audit_section(audit: Audit) -> list[Section]:
    """Show what the audit found in the data."""
    if not audit.rows:
        return []
    rows = [[_text(f"{split} rows"), _count(count)] for split, count in audit.rows.items()]
    for shown, found in (("duplicates in", audit.duplicates), ("near duplicates in", audit.near_duplicates),
                         ("leaks:", audit.leaks), ("dropped:", audit.dropped)):  # fmt: skip
        rows += [[_text(f"{shown} {name.replace('_', ' ')}"), _count(count)] for name, count in found.items() if count]
    if audit.conflicting:
        what = "two labels" if audit.sets_of_labels is None else "different sets of labels"
        rows.append([_text(f"texts with {what}"), _count(audit.conflicting)])
    if audit.sets_of_labels is not None:
        rows += _rows_of_sets(audit.sets_of_labels)
    return [Section("Audit of the data", [], None, ["found", "number"], rows)]


def _rows_of_sets(found: SetsOfLabels) -> list[list[Cell]]:
    """Show what was found of texts that may have several labels."""
    rows = [[_text(f"{split} texts with no label"), _count(counts["0"])]
            for split, counts in found.labels_per_text.items() if counts.get("0")]  # fmt: skip
    for shown, number in (("labels of fewer than ten training texts", len(found.rare)),
                          ("labels of nearly all texts", len(found.of_nearly_all)),
                          ("groups of labels that always go together", len(found.always_together)),
                          ("different sets of labels", found.different_sets)):  # fmt: skip
        rows += [[_text(shown), _count(number)]] if number else []
    return rows


def _answer(answer: Answer) -> Cell:
    return _text(f"{answer.label} {answer.confidence:.3f}")


def _calibration_note(calibration: CalibrationRecord | None) -> str:
    if calibration is None or calibration.reason:
        return f"Not calibrated: {calibration.reason if calibration else 'it was not tried'}."
    before, after = calibration.before, calibration.after
    return (
        f"Temperature {calibration.value:g}, fitted on {calibration.rows:,} validation texts: mean confidence "
        f"{before['mean_confidence']:.3f} became {after['mean_confidence']:.3f} at an accuracy of "
        f"{after['accuracy']:.3f}; calibration error {before['ece']:.4f} became {after['ece']:.4f} "
        f"({after['ece_expected']:.4f} by chance)."
    )


def _label_note(record: ModelRecord) -> str:
    """Say how each label was calibrated, where a text may have several."""
    found = record.label_calibration
    if found is None or found.reason:
        return f"Not calibrated: {found.reason if found else 'it was not tried'}."
    return (
        f"A scale and a bias for each label, fitted on {found.rows:,} validation texts: log loss "
        f"{found.before['log_loss']:.4f} became {found.after['log_loss']:.4f}. The metrics of validation are at "
        "thresholds that were fitted without the text that they decide."
    )


def _text(value: object) -> Cell:
    shown = one_line(value, TEXT_WIDTH)
    return Cell(shown, "text" if len(shown) > 40 else "")


def _number(value: float | None, form: str = ".4f") -> Cell:
    return Cell(
        "not defined" if value is None and form == ".4f" else "" if value is None else format(value, form), "number"
    )


def _count(value: int) -> Cell:
    return Cell(f"{value:,}", "number")
