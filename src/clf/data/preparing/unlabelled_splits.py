"""Validation and test without labels, as competitions publish them, are left out: nothing can be measured on them."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from clf.data.reading.batch import Batch, Split
from clf.data.reading.column_values import IN_SPLITS
from clf.data.reading.columns import Columns
from clf.data.reading.roles import choose_columns
from clf.errors import DataError
from clf.settings import DataSettings

log = logging.getLogger(__name__)


def labelled_splits(splits: Mapping[str, Split], data: DataSettings, needed: Collection[str]) -> dict[str, Split]:
    """Return the splits that have labels, and say in a warning which have none.

    Raises DataError if a split that is `needed`, because the user named it, has none.
    """
    first = next(splits["train"].rows(), None) if "train" in splits and len(splits) > 1 else None
    if first is None:
        return dict(splits)
    columns = choose_columns(first, data, splits["train"].shown)
    unlabelled = {split: why for split in splits if split != "train"
                  if (why := _why_unlabelled(splits[split], columns, first, data))}  # fmt: skip
    labelled = {split: source if split == "train" else replace(source, like=columns)
                for split, source in splits.items() if split not in unlabelled}  # fmt: skip
    for split, why in unlabelled.items():
        shown = splits[split].shown
        if split in needed:
            raise DataError(
                f"{shown} {why}, so nothing can be measured on it",
                "pass a file with labels; clf predict gives labels to texts without",
            )
        left = [name for name in labelled if name != "train"]
        instead = f"measured on {left[0]}" if left else "validation and test are split off train"
        log.warning("%s %s: the %s split is left out (%s); clf predict labels it", shown, why, split, instead)
    return labelled


def asked_for(data: DataSettings) -> set[str]:
    """Return the splits for which the settings name a file."""
    return {split for split, file in (("validation", data.validation), ("test", data.test)) if file}


def _why_unlabelled(source: Split, train: Columns, first: Batch, data: DataSettings) -> str:
    """Say why a split has no labels; empty if it has some."""
    batch = next(source.rows(), None)
    if batch is None or train.label is None:
        return ""
    why = f"has no label column {train.label!r}"
    if _lacks_one_of_numbered(batch, first):
        return why
    if train.label in batch.columns:
        trained = {_written(value) for value in first.columns[train.label]}
        return _why_empty(source, train.label, IN_SPLITS - trained)
    if not set(train.text) <= set(batch.columns):
        return ""
    if set(batch.columns) <= set(first.columns):
        return why
    try:
        choose_columns(batch, data, source.shown)
    except DataError:
        return why
    return ""


def _why_empty(source: Split, label: str, empty: frozenset[str]) -> str:
    """Say of a column of labels that all its rows are empty; a note instead if only the first rows are known."""
    found: set[str] = set()
    rows = 0
    for batch in source.rows():
        found |= {_written(value) for value in batch.columns.get(label, [])}
        rows += len(batch.lines)
        if not found <= empty:
            return ""
    values = " or ".join(sorted(map(repr, found - {""}))) or "empty"
    if not source.goes_on():
        return f"has no labels: every {label!r} is {values}"
    log.warning(
        "%s: in the first %d rows, every %r is %s; clf prepare also looks at the rows after them, and nothing can be"
        " measured if they have no labels either",
        source.shown, rows, label, values,
    )  # fmt: skip
    return ""


def _lacks_one_of_numbered(batch: Batch, first: Batch) -> bool:
    """Return whether a file without a header has one column fewer than train."""
    return all(map(str.isdecimal, [*batch.columns, *first.columns])) and len(batch.columns) == len(first.columns) - 1


def _written(value: Any) -> str:
    return "" if value is None else str(value).strip().lower()
