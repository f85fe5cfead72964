"""The page of `clf evaluate`, for models that give a text one label and for those that give it several."""

from collections.abc import Sequence

from clf.outcomes.base import NO_LABEL
from clf.outcomes.comparison import shown_labels
from clf.outcomes.evaluation import EvaluateResult, LabelIssue, WrongAnswer
from clf.outcomes.label_evaluation import AnyEvaluation, AnyIssue, PairIssue, WrongSet
from clf.outcomes.preparation import Audit
from clf.reports.markdown import evaluation_columns
from clf.reports.page.classes import sections_of_classes
from clf.reports.page.labels import sections_of_labels
from clf.reports.page.parts import Cell, Page, Section, Table, counted, name, number, text
from clf.reports.page.render import render
from clf.reports.page.shared import audit_section, length_section, metrics_table
from clf.reports.page.summary import evaluation_cards


def evaluation_page(result: AnyEvaluation, issues: Sequence[AnyIssue], audit: Audit, judged_unseen: bool = True) -> str:
    """Render the page of `clf evaluate`."""
    one = isinstance(result, EvaluateResult)
    page = Page(
        title=f"{result.model} on {result.dataset}, {result.split}",
        subtitle=counted(result.rows, "text"),
        cards=evaluation_cards(result),
        sections=[
            metrics_section(result),
            *(sections_of_classes(result) if isinstance(result, EvaluateResult) else sections_of_labels(result)),
            length_section(result.by_length, "accuracy" if one else "subset accuracy"),
            *audit_section(audit),
            errors_section(result.worst_errors),
            *issues_section(issues, judged_unseen),
        ],
        end=f"All figures: {result.output_dir}/metrics.json",
    )
    return render(page)


def metrics_section(result: AnyEvaluation) -> Section:
    """Show all metrics with their intervals; those without leaked rows are folded."""
    columns = dict(evaluation_columns(result))
    tables = []
    if leaks := columns.pop("without leaked rows", None):
        were = "text that was" if result.leaked_rows == 1 else "texts that were"
        fold = f"Without the {result.leaked_rows:,} {were} in the training data"
        tables = [metrics_table({"without leaked rows": leaks}, {}, fold=fold)]
    return Section("Metrics", tables=[metrics_table(columns, result.intervals), *tables])


def errors_section(errors: Sequence[WrongAnswer] | Sequence[WrongSet]) -> Section:
    """Show the errors with the highest confidence."""
    rows = [[text(row.text), *map(name, _label_and_predicted(row)), number(row.confidence)] for row in errors]
    notes = ["Highest confidence first. Some of them may be wrong labels."] if rows else ["There are none."]
    table = Table("Errors with the highest confidence", ["text", "label", "predicted", "confidence"], rows)
    return Section("Worst errors", notes, tables=[table], size="wide")


def _label_and_predicted(error: WrongAnswer | WrongSet) -> tuple[str, str]:
    if isinstance(error, WrongAnswer):
        return error.label, error.predicted
    return shown_labels(error.labels), shown_labels(error.predicted)


def issues_section(issues: Sequence[AnyIssue], judged_unseen: bool) -> list[Section]:
    """Show the labels that are most likely wrong, or of several those that are missing or surplus."""
    if not issues:
        return []
    several = any(isinstance(row, PairIssue) for row in issues)
    what = ["all its labels", "looks wrong", "label", "probability"] if several else ["label", "suggested label"]
    rows = [[text(row.text), *_wrong(row), number(row.margin)] for row in issues]
    unseen = "Judged by models that did not see the text in training, most likely errors first."
    unknown = "Most likely errors first. Whether the model saw these texts in training is unknown."
    table = Table("Labels that look wrong", ["text", *what, "margin"], rows)
    return [Section("Labels that look wrong", [unseen if judged_unseen else unknown], tables=[table], size="wide")]


def _wrong(issue: AnyIssue) -> list[Cell]:
    if isinstance(issue, LabelIssue):
        return [name(issue.label), name(issue.suggested_label)]
    return [name(issue.labels or NO_LABEL), Cell(issue.issue), name(issue.label), number(issue.probability)]
