"""One file with all splits, divided by the column that says in which split a row is."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from clf.data.reading.batch import SHOWN, Batch, Split
from clf.data.reading.column_names import plain
from clf.data.reading.split_column import says_split, split_named, splits_named
from clf.errors import DataError
from clf.settings import DataSettings

log = logging.getLogger(__name__)


def divided(whole: Split, data: DataSettings) -> dict[str, Split]:
    """Return the splits in the rows of a file; all of it is train if no column says otherwise."""
    first = next(whole.rows(), None)
    named = _dividing(first, data) if first else None
    if named is None:
        return {"train": whole}
    column, splits = named
    log.info("%s: the column %s says in which split a row is: %s", whole.shown, column, ", ".join(splits))
    return {split: replace(whole, rows=partial(_rows_of, whole.rows, column, split, whole.shown)) for split in splits}


def _dividing(batch: Batch, data: DataSettings) -> tuple[str, list[str]] | None:
    for name, values in batch.columns.items():
        if says_split(plain(name)) and name not in data.columns and (splits := splits_named(values)):
            return name, splits
    return None


def _rows_of(rows: Callable[[], Iterator[Batch]], column: str, split: str, shown: str) -> Iterator[Batch]:
    """Yield the rows of one split."""
    nowhere: list[int] = []
    for batch in rows():
        named = [split_named(value) for value in batch.columns.get(column, [None] * len(batch.lines))]
        if None in named:
            place = named.index(None)
            value: Any = batch.columns[column][place]
            raise DataError(
                f"{shown}, line {batch.lines[place]}: the column {column!r} says {str(value)[:40]!r},"
                " expected train, validation or test",
                "correct it, or pass each split as a file of its own with --validation and --test",
            )
        nowhere += [line for line, name in zip(batch.lines, named, strict=True) if name == ""]
        kept = [row for row, name in enumerate(named) if name == split]
        if kept:
            columns = {name: [values[row] for row in kept] for name, values in batch.columns.items()}
            yield replace(batch, columns=columns, lines=[batch.lines[row] for row in kept])
    if nowhere and split == "train":
        listed = ", ".join(map(str, nowhere[:SHOWN])) + (" …" if len(nowhere) > SHOWN else "")
        log.warning("%s: %d rows are in no split and left out (line %s)", shown, len(nowhere), listed)
