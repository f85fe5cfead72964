"""What the readers of all formats share: batches of rows."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

SPLITS = ("train", "validation", "test")
BATCH_ROWS = 10_000
BATCH_CHARACTERS = 16_000_000
WINDOW = 1_000
"""Texts that a model reads together, sorted by length, wherever they come from: so the same get the same answers."""
EXPECTED = "expected a text in each row, and a label to train or measure on"
SHOWN = 10  # bad rows named in one message

Row = TypeVar("Row")


@dataclass(frozen=True)
class Batch:
    """Some rows of a file: `columns` of equal length, and the `lines` of the file (from 1) where they start.

    `problems` says, by the row's place in the batch, what is wrong with rows that were kept although they are bad.
    """

    columns: dict[str, list[Any]]
    lines: list[int]
    file: Path | None = None
    problems: dict[int, str] = field(default_factory=dict)

    def part(self, start: int, end: int) -> "Batch":
        """Return some of the rows."""
        columns = {name: values[start:end] for name, values in self.columns.items()}
        problems = {row - start: what for row, what in self.problems.items() if start <= row < end}
        return Batch(columns, self.lines[start:end], self.file, problems)


@dataclass(frozen=True)
class Split:
    """Where the rows of one split come from; `rows()` can be called again and again."""

    rows: Callable[[], Iterator[Batch]]
    shown: str
    lines: Callable[[], int] = lambda: 0
    """Lines of its files, or their rows where they know them; 0 when that is unknown before reading."""


def chunked(rows: Iterable[Row], size: int, characters: Callable[[Row], int] | None = None) -> Iterator[list[Row]]:
    """Yield lists of at most `size` rows, ended sooner when their `characters` come to BATCH_CHARACTERS."""
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


def sliced(batches: Iterable[Any]) -> Iterator[Any]:
    """Cut Arrow batches to at most BATCH_ROWS rows and BATCH_CHARACTERS bytes."""
    for batch in batches:
        rows = max(1, min(BATCH_ROWS, BATCH_CHARACTERS * batch.num_rows // max(1, batch.nbytes)))
        for start in range(0, batch.num_rows, rows):
            yield batch.slice(start, rows)


def unfold(columns: dict[str, list[Any]], wanted: Iterable[str]) -> dict[str, list[Any]]:
    """Add the wanted columns that are spelled `a.b`: the values of key `b` of the objects in column `a`."""
    added = {}
    for name in wanted:
        first, *keys = name.split(".")
        if keys and name not in columns and first in columns:
            values = columns[first]
            for key in keys:
                values = [value.get(key) if isinstance(value, dict) else None for value in values]
            if any(value is not None for value in values):
                added[name] = values
    return {**columns, **added}
