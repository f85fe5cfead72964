"""One file with all splits, divided by the column that says in which split a row is."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from shlex import quote
from typing import Any

from clf.data.reading.batch import SHOWN, SPLITS, Batch, Split
from clf.data.reading.column_names import find_name, plain
from clf.data.reading.decisions import written
from clf.data.split_names import IS_SPLIT, says_split, split_named, splits_named
from clf.errors import DataError
from clf.settings import DataSettings

log = logging.getLogger(__name__)


def divided(whole: Split, data: DataSettings) -> dict[str, Split]:
    """Return the splits in the rows of a file; all of it is train if no column says otherwise.

    A file with such a column is read once more, since the rows of a split may come at its end.
    """
    first = next(whole.rows(), None)
    if first is None:
        return {"train": whole}
    asked = {find_name([*first.columns], name) for name in data.columns}
    for column, values in first.columns.items():
        seen = splits_named(values)
        if column in asked:
            continue
        if not _may_divide(column, values, seen):
            _say_unused(whole.shown, column, values, seen)
            continue
        different = _different(whole.rows(), column)
        if splits := splits_named(different) or seen:  # reading names the line of another value
            log.info("%s: the column %s says in which split a row is: %s", whole.shown, column, ", ".join(splits))
            return {one: replace(whole, rows=partial(_rows_of, whole.rows, column, one, whole.shown)) for one in splits}
        _say_without_train(whole.shown, column, different)
    return {"train": whole}


def _may_divide(column: str, values: list[Any], seen: list[str]) -> bool:
    """Return whether a column may say the split: by its name if all of the first values name one, or by two of them."""
    if column.isdecimal():
        return len(seen) > 1
    return says_split(plain(column)) and (bool(seen) or None not in map(split_named, values))


def _say_without_train(shown: str, column: str, values: set[str]) -> None:
    """Warn of a column that puts rows into splits, but none into train."""
    named = {split_named(value) for value in values}
    found = [split for split in SPLITS if split in named]
    if found and "train" not in found and None not in named:
        log.warning(
            "%s: the column %s puts %s into %s and none into train, so it is not used and all rows are read as one"
            " split; write train in the rows to train on, or pass the rows of train as another file and this one with"
            " --%s",
            shown, column, "some rows" if "" in named else "all rows", " and ".join(found), found[-1],
        )  # fmt: skip


def _say_unused(shown: str, column: str, values: list[Any], seen: list[str]) -> None:
    """Warn of a column that seems to say the split, but by another name, with other values, or with yes and no."""
    if says_split(plain(column)) and not column.isdecimal():
        named = {split_named(value): str(value) for value in values}
        if None in named and "train" in named and {"validation", "test"} & {*named}:
            log.warning(
                "%s: the column %s names splits, but also has the value %r, so it is not used; write train, validation,"
                " test or nothing there, or pass each split as a file of its own with --validation and --test",
                shown, column, named[None][:40],
            )  # fmt: skip
    elif plain(column) in IS_SPLIT and len({written(value) for value in values} - {""}) == 2:
        log.warning(
            "%s: the column %s seems to say in which split a row is, but it is not used; write train, validation or"
            " test there instead of yes and no, and call it 'split'",
            shown, column,
        )  # fmt: skip
    elif len(seen) > 1:
        log.warning(
            "%s: the column %s has the values %s, but its name does not say that they are splits, so it is not used;"
            " call it 'split' to use it",
            shown, column, " and ".join(seen),
        )  # fmt: skip


def _different(batches: Iterator[Batch], column: str) -> set[str]:
    found: set[str] = set()
    for batch in batches:
        found |= {"" if value is None else str(value) for value in batch.columns.get(column, [None])}
    return found


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
                "correct it, or pass each split as a file of its own with --validation and --test, or pass"
                f" --ignore-column {quote(column)} to read all rows as one split",
            )
        nowhere += [line for line, name in zip(batch.lines, named, strict=True) if name == ""]
        kept = [row for row, name in enumerate(named) if name == split]
        if kept:
            columns = {name: [values[row] for row in kept] for name, values in batch.columns.items()}
            yield replace(batch, columns=columns, lines=[batch.lines[row] for row in kept], divided_by=column)
    if nowhere and split == "train":
        listed = ", ".join(map(str, nowhere[:SHOWN])) + (" …" if len(nowhere) > SHOWN else "")
        log.warning(
            "%s: %d rows are in no split and left out (line %s); --ignore-column %s reads all rows as one split",
            shown,
            len(nowhere),
            listed,
            quote(column),
        )
