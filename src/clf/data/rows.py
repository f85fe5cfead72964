"""What the readers of all formats share: batches of rows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

BATCH_ROWS = 10_000
EXPECTED = "expected a text in each row, and a label to train or measure on"
SHOWN = 10  # bad rows named in one message

Row = TypeVar("Row")


@dataclass(frozen=True)
class Batch:
    """Some rows of a file: `columns` of equal length, and the `lines` of the file (from 1) where they start."""

    columns: dict[str, list[Any]]
    lines: list[int]


def chunked(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """Yield lists of at most `size` rows (itertools.batched, which Python 3.11 lacks)."""
    rest = iter(rows)
    while chunk := list(islice(rest, size)):
        yield chunk
