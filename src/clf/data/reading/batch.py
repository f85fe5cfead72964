"""Batches of rows, which the readers of all formats share."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from clf.data.reading.columns import Columns
    from clf.data.reading.label_form import LabelForm
    from clf.outcomes.peek import FileForm

SPLITS = ("train", "validation", "test")
BATCH_ROWS = 10_000
BATCH_CHARACTERS = 16_000_000
BATCH_CELLS = 1_000_000
WINDOW = 1_000
"""Texts that are sorted by length and predicted together, so that every source gives the same predictions."""
EXPECTED = "expected a text in each row, and a label for training or evaluation"
SHOWN = 10  # bad rows listed in one message
IN_FIRST_LINES = {"in_first_lines": True}
"""What is logged with this as `extra` is not shown where the first lines about a file are, which say the same."""

Row = TypeVar("Row")
CellRow = tuple[int, list[str]]
"""The line where a row starts, and its cells."""


@dataclass(frozen=True)
class Batch:
    """Some rows of a file: `columns` of equal length, and the `lines` of the file (from 1) where the rows start.

    `problems` maps the index of each bad row that was kept to a description of what is wrong with it.
    """

    columns: dict[str, list[Any]]
    lines: list[int]
    file: Path | None = None
    problems: dict[int, str] = field(default_factory=dict)
    below_header: bool = False
    """Whether the names of the columns stand in the file above the rows, where data may stand too."""
    divided_by: str | None = None
    """The column that put these rows into their split, if one file has all splits."""

    def part(self, start: int, end: int) -> "Batch":
        """Return the rows from `start` up to `end`."""
        columns = {name: values[start:end] for name, values in self.columns.items()}
        problems = {row - start: what for row, what in self.problems.items() if start <= row < end}
        return replace(self, columns=columns, lines=self.lines[start:end], problems=problems)


@dataclass(frozen=True)
class Split:
    """The source of the rows of one split; `rows()` can be called repeatedly."""

    rows: Callable[[], Iterator[Batch]]
    shown: str
    lines: Callable[[], int] = lambda: 0
    """The number of lines in its files, or of rows if the files state it; 0 if unknown before reading."""
    files: tuple[Path, ...] = ()
    """The files that the user named, if it is read from files."""
    form: "Callable[[], FileForm] | None" = None
    """Tells how the first of them is read."""
    goes_on: Callable[[], bool] = lambda: False
    """Tells whether more rows follow in its files than `rows()` yields, as when only the first are asked for."""
    like: "Columns | None" = None
    """The columns of train, which a file without a header and with as many columns has too."""
    label_form: "LabelForm | None" = None
    """How the labels of train, or of a model's training, are written; none if that is not known."""


def chunked(rows: Iterable[Row], size: int, characters: Callable[[Row], int] | None = None) -> Iterator[list[Row]]:
    """Yield lists of at most `size` rows; a list ends early when its `characters` exceed BATCH_CHARACTERS."""
    chunk: list[Row] = []
    weight = 0
    for row in rows:
        chunk.append(row)
        if characters:
            weight += characters(row)
        if len(chunk) == size or weight > BATCH_CHARACTERS:
            yield chunk
            chunk, weight = [], 0
    if chunk:
        yield chunk


def unfold(columns: dict[str, list[Any]], wanted: Iterable[str]) -> dict[str, list[Any]]:
    """Add each wanted column written as `a.b`: the values of key `b` in the objects of column `a`."""
    added = {}
    for name in wanted:
        first, *keys = name.split(".")
        if keys and name not in columns and first in columns:
            values = columns[first]
            for key in keys:
                if not any(isinstance(value, dict) for value in values):
                    values = []  # so that a name of many parts costs nothing
                    break
                values = [value.get(key) if isinstance(value, dict) else None for value in values]
            if any(value is not None for value in values):
                added[name] = values
    return {**columns, **added}


def filled_cells(cells: Iterable[str]) -> list[str]:
    """Return the cells with more than white space."""
    return [cell for cell in cells if cell.strip()]


def told_rows(rows: list[CellRow]) -> str:
    """Return `line 1 ('…')` for the first of some rows, to be shown to the user."""
    shown = [f"line {line} ({' '.join(' '.join(cells).split())[:50]!r})" for line, cells in rows[:3]]
    return ", ".join(shown) + (f" and {len(rows) - 3} more" if len(rows) > 3 else "")
