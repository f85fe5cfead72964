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
        values = {_written(value) for value in batch.columns[train.label]}
        if not values <= IN_SPLITS - trained:
            return ""
        for later in source.rows():
            if not {_written(value) for value in later.columns.get(train.label, [])} <= IN_SPLITS - trained:
                return ""
        return f"has no labels: every {train.label!r} is " + (" or ".join(sorted(map(repr, values - {""}))) or "empty")
    if not set(train.text) <= set(batch.columns):
        return ""
    if set(batch.columns) <= set(first.columns):
        return why
    try:
        choose_columns(batch, data, source.shown)
    except DataError:
        return why
    return ""


def _lacks_one_of_numbered(batch: Batch, first: Batch) -> bool:
    """Return whether a file without a header has one column fewer than train."""
    return all(map(str.isdecimal, [*batch.columns, *first.columns])) and len(batch.columns) == len(first.columns) - 1


def _written(value: Any) -> str:
    return "" if value is None else str(value).strip().lower()
