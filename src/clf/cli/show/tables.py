"""Tables of metrics and classes, counts, and shortened texts."""

from collections.abc import Mapping, Sequence

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from clf.cli.show.terminal import show
from clf.outcomes.base import ClassMetrics, LabelMetrics
from clf.reports.markdown import Intervals, MetricColumns, MetricCosts, table_heads, table_rows
from clf.safety import one_line, safe


def print_metrics(
    columns: MetricColumns, title: str, costs: MetricCosts | None = None, intervals: Intervals | None = None
) -> None:
    """Print the main metrics: one column for each model or split, intervals for the first, and costs."""
    heads = table_heads(columns, intervals)
    table = make_table(title, heads, right=range(1, len(heads)))
    for row in table_rows(columns, costs, intervals):
        table.add_row(*row)
    show(table)


def print_classes(per_class: Mapping[str, ClassMetrics]) -> None:
    """Print precision, recall and F1 of each class."""
    table = make_table("Classes", ["class", "precision", "recall", "F1", "rows"], right=range(1, 5))
    for name, row in per_class.items():
        table.add_row(
            escape(safe(name)),
            *map(_number, (row.precision, row.recall, row.f1)),
            str(row.rows),
        )
    show(table)


def print_labels(per_label: Mapping[str, LabelMetrics]) -> None:
    """Print the threshold, precision, recall and F1 of each label where a text may have several."""
    heads = ["label", "threshold", "precision", "recall", "F1", "rows"]
    table = make_table("Labels", heads, right=range(1, len(heads)))
    for name, row in per_label.items():
        figures = map(_number, (row.threshold, row.precision, row.recall, row.f1))
        table.add_row(escape(safe(name)), *figures, str(row.rows))
    show(table)


def print_confusion(matrix: Sequence[Sequence[int]], names: Sequence[str]) -> None:
    """Print the confusion matrix, unless it is too wide for a terminal."""
    if len(names) > 12:
        return
    table = make_table(
        "Confusion matrix (rows: true, columns: predicted)", ["", *names], right=range(1, len(names) + 1)
    )
    for name, row in zip(names, matrix, strict=True):
        table.add_row(escape(safe(name)), *map(str, row))
    show(table)


def count(number: float, what: str) -> str:
    """Return a number with its noun in the singular or plural: 1 row, 2 rows."""
    shown = str(number) if isinstance(number, int) else f"{number:g}"
    return f"{shown} {what}" if number == 1 else f"{shown} {what}s"


def shorten(text: str, width: int = 160) -> str:
    """Shorten a text to one line of at most `width` characters."""
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"


def make_table(title: str, columns: Sequence[str], right: Sequence[int] | range) -> Table:
    """Return an empty table; the columns whose numbers are in `right` are right-aligned."""
    table = Table(title=Text(one_line(title)), title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        table.add_column(Text(safe(column)), justify="right" if number in right else "left", overflow="fold")
    return table


def _number(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.4f}"
