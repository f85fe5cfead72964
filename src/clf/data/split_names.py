"""How files, folders, the cells of a column and datasets of the Hub name their splits."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

UNLABELLED = frozenset({"unsupervised", "unsup", "unlabeled", "unlabelled"})
"""Names of parts without labels."""
SPLIT_COLUMNS = (
    "split", "splits", "split_name", "split_type", "subset", "partition", "set", "dataset_split", "data_split",
    "data_set", "fold", "fold_name", "phase", "ml_use", "usage",
)  # fmt: skip
"""The usual names of a column that says in which split a row is."""
IS_SPLIT = ("is_train", "is_training", "in_train", "is_test", "is_val", "is_valid", "is_validation", "is_dev")
"""The usual names of a column that says with yes and no whether a row is in a split."""
NO_SPLIT = UNLABELLED | {"unassigned", ""}
"""Values with which a row is in no split."""
_WORDS = {
    "train": "train(?:ing)?",
    "validation": "val(?:id(?:ation)?)?|dev|eval",
    "test": "test(?:ing)?",
}
_MORE_IN_CELLS = {"train": "trn", "validation": "development|evaluation", "test": "tst|holdout"}
"""Words that name a split where they stand alone; in the name of a file they may say something else."""
_AS_A_WORD = {split: re.compile(words, re.IGNORECASE) for split, words in _WORDS.items()}
_CELLS = {split: re.compile(f"{words}|{_MORE_IN_CELLS[split]}", re.IGNORECASE) for split, words in _WORDS.items()}
_COUNTED = r"\d+(?:[-_. ]*of[-_. ]*\d+|[-_. ]+\d+)*"
_NUMBERED = {
    split: re.compile(rf"(?:{words})[-_. ]*(?:part|shard|chunk|batch|file|p)?[-_. ]*{_COUNTED}", re.IGNORECASE)
    for split, words in _WORDS.items()
}
_AT_START = {split: re.compile(f"(?:{words})(?:[^a-z].*)?", re.IGNORECASE) for split, words in _WORDS.items()}
SAYS_SPLIT = "says in which split a row is"


def split_at_start(name: str) -> str | None:
    """Return the split that a name begins with as a word, such as `train-00000-of-00001`; None without one."""
    return _of(_AT_START, name)


def split_in(name: str) -> str | None:
    """Return the split that a name mentions as a word at any place, such as `20news-bydate-train`; None without one."""
    splits = {split for word in re.split(r"[^A-Za-z]+", name) if (split := _of(_AS_A_WORD, word))}
    return splits.pop() if len(splits) == 1 else None


def says_split(name: str) -> bool:
    """Return whether a column with this plain name may say the split of a row, as may one without a header."""
    return name in SPLIT_COLUMNS or name.isdecimal()


def split_named(value: Any) -> str | None:
    """Return the split that a value names: train, validation or test; "" if none, and None if it is another value."""
    text = "" if value is None else str(value).strip().lower()
    return "" if text in NO_SPLIT else _of(_CELLS, text)


def splits_named(values: Iterable[Any]) -> list[str]:
    """Return the splits that the values of a column name; none if a value is another, or if all rows are in train.

    Without train, there are none either. Some rows in train and the others in no split are a choice of rows.
    """
    named = {split_named(value) for value in values}
    splits = [split for split in _WORDS if split in named]
    return splits if None not in named and "train" in splits and len(named) > 1 else []


def among_files(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return which of the names of one split are read, and which are copies or parts beside the whole: those are not.

    Where one is the word itself, such as `train`, its numbered parts (`train_1`, `train-part2`) belong to it, but
    `train_old`, `train (1)` or `train-en` do not. Without such a name, all are read.
    """
    if not any(_of(_AS_A_WORD, name) for name in names):
        return list(names), []
    read = [name for name in names if _of(_AS_A_WORD, name) or _of(_NUMBERED, name)]
    known = set(read)
    return read, [name for name in names if name not in known]


def _of(patterns: dict[str, re.Pattern[str]], name: str) -> str | None:
    return next((split for split, pattern in patterns.items() if pattern.fullmatch(name)), None)
