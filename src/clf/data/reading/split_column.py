"""A column that says in which split a row is."""

import re
from collections.abc import Iterable
from typing import Any

SPLIT_COLUMNS = ("split", "subset", "partition", "set", "dataset_split", "data_split", "data_set", "ml_use", "usage")
"""The usual names of such a column."""
NO_SPLIT = {"unsupervised", "unsup", "unlabeled", "unlabelled", "unassigned", ""}
"""Values with which a row is in no split."""
_SPLITS = {
    "train": re.compile(r"train(ing)?"),
    "validation": re.compile(r"val(id(ation)?)?|dev(elopment)?|eval(uation)?"),
    "test": re.compile(r"test(ing)?|holdout"),
}


def says_split(name: str) -> bool:
    """Return whether a column with this plain name may say the split of a row, as may one without a header."""
    return name in SPLIT_COLUMNS or name.isdecimal()


def split_named(value: Any) -> str | None:
    """Return the split that a value names: train, validation or test; "" if none, and None if it is another value."""
    text = "" if value is None else str(value).strip().lower()
    if text in NO_SPLIT:
        return ""
    return next((split for split, pattern in _SPLITS.items() if pattern.fullmatch(text)), None)


def splits_named(values: Iterable[Any]) -> list[str]:
    """Return the splits that the values of a column name; none if a value names no split, or if all are in one."""
    named = {split_named(value) for value in values}
    splits = [split for split in _SPLITS if split in named]
    return splits if None not in named and "train" in splits and len(splits) > 1 else []
