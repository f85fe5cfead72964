"""What the readers of all formats share: batches of rows."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

BATCH_ROWS = 10_000
BATCH_CHARACTERS = 16_000_000
EXPECTED = "expected a text in each row, and a label to train or measure on"
SHOWN = 10  # bad rows named in one message

Row = TypeVar("Row")


@dataclass(frozen=True)
class Batch:
    """Some rows of a file: `columns` of equal length, and the `lines` of the file (from 1) where they start."""

    columns: dict[str, list[Any]]
    lines: list[int]


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


def unfold(columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Add a column `a.b` for each key `b` of the objects in column `a`; the objects stay too."""
    unfolded = dict(columns)
    for name, values in columns.items():
        if any(isinstance(value, dict) for value in values):
            keys = dict.fromkeys(str(key) for value in values if isinstance(value, dict) for key in value)
            inner = {
                f"{name}.{key}": [value.get(key) if isinstance(value, dict) else None for value in values]
                for key in keys
            }
            unfolded |= unfold(inner)
    return unfolded
