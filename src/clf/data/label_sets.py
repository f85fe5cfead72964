"""Sets of labels: what a text has where it may have several labels, or none.

While rows are read, a set is one string, so that a row takes no more memory than with a single label. On disk and in
training, the sets of all rows are a table with one column for each label.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clf.outcomes.base import NO_LABEL
from clf.scoring.label_table import LabelTable

BETWEEN = "\x1f"
"""Separates the labels of a set while rows are read; `clean_label` leaves it in no label."""
NONE = BETWEEN
"""The set with no label, which is not the same as a missing label."""

PLAIN = "\x1e"
"""Begins a label that was written as one text, in which a separator may stand between several; it is in no label."""


def joined(labels: Iterable[str]) -> str:
    """Return a set of labels as one string, the same for every order of the labels."""
    return BETWEEN.join(sorted({*labels})) or NONE


def parts(joined_labels: str) -> tuple[str, ...]:
    """Return the labels of a set that `joined` wrote; a plain label is a set of one."""
    return tuple(label for label in joined_labels.split(BETWEEN) if label)


def shown(label: str) -> str:
    """Return a label, or a set of labels that `joined` wrote, for people."""
    return " | ".join(parts(label.removeprefix(PLAIN))) or NO_LABEL


@dataclass(frozen=True)
class LabelSets:
    """The distinct sets of labels in a dataset, numbered: rows hold the number of their set.

    `members[number, label]` says whether a set has a label, shape (sets, labels).
    """

    names: Sequence[str]
    members: LabelTable

    def table(self, sets: NDArray[np.integer[Any]]) -> LabelTable:
        """Return which labels rows have, given the number of each row's set, shape (rows, labels)."""
        table: LabelTable = self.members[sets]
        return table

    def shown(self, number: int) -> str:
        """Return a set for people."""
        return shown(joined(self.names[label] for label in np.flatnonzero(self.members[number]).tolist()))

    def counts(self, sets: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """Return the number of rows with each label, shape (labels,)."""
        of_sets = np.bincount(sets, minlength=len(self.members))
        starts, labels = self.ids
        weights = np.repeat(of_sets, np.diff(starts))
        return np.bincount(labels, weights=weights, minlength=len(self.names)).astype(np.int64)

    @cached_property
    def ids(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The label ids of all sets, ascending within a set, after the place where each set starts; the end is last."""
        sets, labels = np.nonzero(self.members)
        return np.append(0, np.cumsum(np.bincount(sets, minlength=len(self.members)))), labels


def rows_of_labels(ids: NDArray[np.integer[Any]], labels: int, sets: LabelSets | None) -> NDArray[np.int64]:
    """Return the number of rows with each label, shape (labels,); `ids` are those of labels, or of `sets` of them."""
    return np.bincount(ids, minlength=labels) if sets is None else sets.counts(ids)


def labels_present(labels: NDArray[np.int64] | LabelTable) -> NDArray[np.int64]:
    """Return the ids of the labels that some row has, given ids, shape (rows,), or a table, shape (rows, labels)."""
    return np.unique(labels) if labels.ndim == 1 else np.flatnonzero(labels.any(axis=0))


def renumbered(
    labels: NDArray[np.int64] | LabelTable, ids: NDArray[np.int64], among: int | None = None
) -> NDArray[np.int64] | LabelTable:
    """Return the labels with each label id replaced by `ids[label]`; of a table, its columns are moved.

    The table then has a column for each of `among` labels, by default as many as before.
    """
    if labels.ndim == 1:
        return ids[labels]
    moved = np.zeros((len(labels), among or labels.shape[1]), dtype=bool)
    moved[:, ids] = labels
    return moved


def table_of_lists(lists: Any, labels: int) -> LabelTable:
    """Return which labels each row has, shape (rows, labels), given an Arrow column with a list of ids for each row."""
    whole = lists.combine_chunks()
    counts, ids = (part.to_numpy(zero_copy_only=False) for part in (whole.value_lengths(), whole.flatten()))
    table = np.zeros((len(lists), labels), dtype=bool)
    table[np.repeat(np.arange(len(lists)), counts), ids] = True
    return table
