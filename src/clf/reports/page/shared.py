"""Sections that several pages have."""

from collections.abc import Sequence

from clf.outcomes.evaluation import Abstention, LengthGroup
from clf.outcomes.preparation import Audit, SetsOfLabels
from clf.reports.markdown import Intervals, MetricColumns, MetricCosts, table_heads, table_rows
from clf.reports.page import charts
from clf.reports.page.parts import Cell, Section, Table, count, estimate, interval, term

SHOWN_FIRST = 30
"""How many labels a table shows; the others are folded."""


def metrics_table(
    columns: MetricColumns, intervals: Intervals, costs: MetricCosts | None = None, fold: str | None = None
) -> Table:
    """Return the metrics of each column, the intervals of the first column, and the costs of each model."""
    rows = [
        [term(shown), *(Cell(value, "number") for value in values)]
        for shown, *values in table_rows(columns, costs, intervals or None)
    ]
    return Table("Metrics", table_heads(columns, intervals or None), rows, fold)


def parted(table: Table, rest: Sequence[Sequence[Cell]], what: str) -> list[Table]:
    """Return a table, and below it the folded one of the rows that it leaves out."""
    if not rest:
        return [table]
    more = [[Cell(cell.shown, cell.kind) for cell in row] for row in rest]  # without bars: there may be hundreds
    return [table, Table(f"{table.caption}, further", table.columns, more, f"{len(rest):,} more {what}")]


def selective_section(curve: Sequence[tuple[float, float]], answered: Abstention | None) -> Section:
    """Show the gain from answering only the most confident texts."""
    notes = []
    if answered and answered.accuracy_interval:
        low, high = answered.accuracy_interval
        notes = [
            f"At a threshold of confidence of {answered.threshold:.4f} the model answers {answered.coverage:.1%} of "
            f"these texts, {answered.accuracy:.2%} of them correctly (95 % interval {low:.2%} to {high:.2%})."
        ]
    return Section("Risk and coverage", notes, charts.risk_coverage(curve, answered))


def length_section(groups: Sequence[LengthGroup], answered: str) -> Section:
    """Show the accuracy on groups of texts of similar length, with exact 95 % intervals."""
    rows = [
        [
            term(f"{group.from_:,} to {group.to:,}"),
            count(group.rows),
            estimate(group.accuracy, *group.interval),
            Cell(interval(*group.interval), "number"),
        ]
        for group in groups
    ]
    columns = ["characters", "texts", answered, "95 % interval"]
    return Section("By length of the text", tables=[Table(f"{answered} by text length", columns, rows)])


def audit_section(audit: Audit) -> list[Section]:
    """Show what the audit found in the data."""
    if not audit.rows:
        return []
    rows = [[term(f"{split} rows"), count(found)] for split, found in audit.rows.items()]
    for shown, numbers in (("duplicates in", audit.duplicates), ("near duplicates in", audit.near_duplicates),
                           ("leaks:", audit.leaks), ("dropped:", audit.dropped)):  # fmt: skip
        rows += [[term(f"{shown} {_where(key, audit)}"), count(found)] for key, found in numbers.items() if found]
    if audit.conflicting:
        what = "two labels" if audit.sets_of_labels is None else "different sets of labels"
        rows.append([term(f"texts with {what}"), count(audit.conflicting)])
    if audit.sets_of_labels is not None:
        rows += _rows_of_sets(audit.sets_of_labels)
    return [Section("Audit of the data", tables=[Table("What the audit found", ["found", "number"], rows)])]


def _where(key: str, audit: Audit) -> str:
    """Name a split, or a reason, for people; a file that was read as train but is measured as a whole has no train."""
    measured_whole = key == "train" and [*audit.rows_read] == ["train"] and len(audit.rows) == 1
    return "these texts" if measured_whole and key not in audit.rows else key.replace("_", " ")


def _rows_of_sets(found: SetsOfLabels) -> list[list[Cell]]:
    """Show what was found of texts that may have several labels."""
    rows = [[term(f"{split} texts with no label"), count(counts["0"])]
            for split, counts in found.labels_per_text.items() if counts.get("0")]  # fmt: skip
    for shown, number in (("labels of fewer than ten training texts", len(found.rare)),
                          ("labels of nearly all texts", len(found.of_nearly_all)),
                          ("groups of labels that always go together", len(found.always_together)),
                          ("different sets of labels", found.different_sets)):  # fmt: skip
        rows += [[term(shown), count(number)]] if number else []
    return rows
