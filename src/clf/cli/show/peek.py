"""What `clf prepare --peek` prints."""

from pathlib import Path

from rich.markup import escape

from clf.cli.show.tables import count, make_table
from clf.cli.show.terminal import print_lines, show
from clf.data.flags import typed
from clf.data.reading.first_lines import row_line
from clf.outcomes.peek import PeekedColumn, PeekedSplit, PeekResult
from clf.safety import one_line, safe, shell_line
from clf.settings import DataSettings, flag
from clf.storage.result_folders import shown

MOST_COLUMNS = 40
MOST_LABELS = 20
VALUES_WIDTH = 60


def print_peeked(result: PeekResult) -> None:
    """Print how each split is read; the columns only where they differ from those of the split before."""
    if result.prepared:
        print_lines(f"{result.dataset} is prepared already, from {result.origin}")
    if result.labels:
        more = " …" if len(result.labels) > MOST_LABELS else ""
        print_lines(f"labels: {', '.join(result.labels[:MOST_LABELS])}{more}")
    before: list[tuple[str, str | None]] = []
    for split in result.splits:
        _print_source(split, result.prepared)
        if (columns := [(column.name, column.role) for column in split.columns]) != before:
            _print_columns(split.columns)
        before = columns
        if not result.prepared:
            print_lines(*(row_line(row.text, row.label) for row in split.rows))
            _print_left_out(split)
    if result.flags:
        print_lines(f"The same as flags: {shell_line(result.flags)}")


def _print_source(split: PeekedSplit, prepared: bool) -> None:
    for form in split.files:
        print_lines(f"{split.split}: {form.file}: {form.shown}")
    if split.more_files:
        print_lines(f"{split.split}: … and {count(split.more_files, 'more file')}")
    if prepared:
        print_lines(f"{split.split}: {count(split.rows_read, 'row')}")
    elif not split.files:
        kind = ", text files in a folder for each class" if Path(split.source).is_dir() else ""
        print_lines(f"{split.split}: {split.source}{kind}")


def _print_columns(columns: list[PeekedColumn]) -> None:
    if not columns:
        return
    table = make_table("Columns", ["column", "role", "because", "values"], right=[])
    for column in columns[:MOST_COLUMNS]:
        cells = (
            column.name,
            column.role or "?",
            column.reason,
            one_line(", ".join(map(_apart, column.values)), VALUES_WIDTH),
        )
        table.add_row(*(escape(safe(cell)) for cell in cells))
    show(table)
    if len(columns) > MOST_COLUMNS:
        print_lines(f"… and {count(len(columns) - MOST_COLUMNS, 'more column')} (see --json)")


def _apart(value: str) -> str:
    """Return a value in quotes if the commas between values could be taken for those in it."""
    return '"' + value.replace('"', '""') + '"' if "," in value else value


def _print_left_out(split: PeekedSplit) -> None:
    if split.rows_left_out:
        reasons = ", ".join(f"{rows} with {reason}" for reason, rows in split.rows_left_out.items())
        print_lines(f"left out of the first {count(split.rows_read, 'row')}: {reasons}")


def again(result: PeekResult, data: DataSettings) -> list[str]:
    """Return the arguments that prepare the dataset, with all settings for the data that were set."""
    if result.prepared:
        return ["train", "--dataset", shown(Path(data.dataset or ""))]
    given = ["prepare"]
    for name in DataSettings.model_fields:
        if name in data.model_fields_set:
            value = getattr(data, name)
            if isinstance(value, bool):
                given += [flag(name)] if value else []
            else:
                values = value if isinstance(value, list) else [value]
                given += [part for one in values for part in typed(flag(name), str(one))]
    return given
