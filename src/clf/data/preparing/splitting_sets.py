"""Split rows that have sets of labels into train, validation and test, with related rows in the same split."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from clf.data.preparing.rows import Ints
from clf.data.preparing.sets import numbered
from clf.data.stratifying import Kinds, Units, kinds_of, ranges, stratify
from clf.errors import DataError
from clf.scoring.label_table import LabelTable

if TYPE_CHECKING:
    from clf.data.preparing import clusters


def cut_sets(
    together: "clusters.Units", sets: Ints, members: LabelTable, shares: Mapping[str, float], seed: int
) -> dict[str, Ints]:
    """Split rows into `train` and the `shares`, which get their share of each label; pinned rows go to train.

    `sets` holds the number of each row's set, whose labels are in `members`. A label is in train whatever happens;
    it is in the other splits if it has enough texts that may be apart. Returns ascending row numbers for each split.
    Raises DataError if a split is empty.
    """
    first, unit_of = numbered(together.number)
    by_row = np.argsort(first).astype(np.int32)  # units in the order of their first rows rather than of their numbers
    rank = np.empty_like(by_row)
    rank[by_row] = np.arange(len(by_row), dtype=np.int32)
    first, unit_of = first[by_row], rank[unit_of]
    pinned = np.zeros(len(first), dtype=bool)
    pinned[unit_of[together.pinned]] = True
    side = stratify(*kinds_of_rows(sets, members, first, unit_of), pinned, list(shares.values()), seed)
    parts: dict[str, Ints] = {
        split: np.flatnonzero(side[unit_of] == number) for number, split in enumerate(("train", *shares))
    }
    if empty := [split for split, part in parts.items() if not len(part) and shares.get(split, 1)]:
        raise DataError(
            f"nothing is left for {' and '.join(empty)}: too many of the {len(sets)} texts must stay together, or are "
            "the only ones with a label",
            "add texts, pass --validation and --test files, or choose another --group-column",
        )
    return parts


def kinds_of_rows(sets: Ints, members: LabelTable, first: Ints, unit_of: Ints) -> tuple[Kinds, Units]:
    """Return the kinds of units: a kind for each set, and one for each unit whose rows have different sets.

    `first` holds the first row of each unit, `unit_of` the unit of each row; the rest is as for `cut_sets`.
    """
    kind, sizes = sets[first].astype(np.int32), np.bincount(unit_of)
    mixed = np.zeros(len(first), dtype=bool)
    mixed[unit_of[sets != kind[unit_of]]] = True
    number = np.cumsum(mixed) - 1
    rows = np.flatnonzero(mixed[unit_of])
    of_set, labels = np.nonzero(members)
    ends = np.cumsum(np.bincount(of_set, minlength=len(members)))
    many = np.diff(ends, prepend=0)[sets[rows]]
    places, of_row = ranges(ends[sets[rows]] - many, many)
    width = members.shape[1]
    cells, counts = np.unique(number[unit_of[rows]][of_row] * width + labels[places], return_counts=True)
    kind[mixed] = len(members) + number[mixed]
    kinds = kinds_of(
        np.append(of_set, len(members) + cells // width),
        np.append(labels, cells % width),
        np.append(np.ones(len(labels), dtype=np.int32), counts),
        np.append(np.ones(len(members), dtype=np.int64), sizes[mixed]),
        width,
    )
    return kinds, Units(kind, np.where(mixed, 1, sizes))
