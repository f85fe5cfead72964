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

BETWEEN = "\x1f"
"""Separates the labels of a set while rows are read; `clean_label` leaves it in no label."""
NONE = BETWEEN
"""The set with no label, which is not the same as a missing label."""

PLAIN = "\x1e"
"""Begins a label that was written as one text, in which a separator may stand between several; it is in no label."""
SHOWN_NONE = "(none)"

LabelTable = NDArray[np.bool_]
"""Which labels each row has, shape (rows, labels)."""


def joined(labels: Iterable[str]) -> str:
    """Return a set of labels as one string, the same for every order of the labels."""
    return BETWEEN.join(sorted({*labels})) or NONE


def parts(joined_labels: str) -> tuple[str, ...]:
    """Return the labels of a set that `joined` wrote; a plain label is a set of one."""
    return tuple(label for label in joined_labels.split(BETWEEN) if label)


def shown(label: str) -> str:
    """Return a label, or a set of labels that `joined` wrote, for people."""
    return " | ".join(parts(label.removeprefix(PLAIN))) or SHOWN_NONE


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

    def counts(self, sets: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """Return the number of rows with each label, shape (labels,)."""
        of_sets = np.bincount(sets, minlength=len(self.members))
        counts: NDArray[np.int64] = of_sets @ self.members.astype(np.int64)
        return counts

    @cached_property
    def ids(self) -> list[list[int]]:
        """The label ids of each set, ascending."""
        return [np.flatnonzero(row).tolist() for row in self.members]
