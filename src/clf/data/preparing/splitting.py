"""Split rows into train, validation and test: stratified, seeded, with related rows in the same split."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clf.data.preparing.rows import Ints
from clf.data.preparing.sets import numbered
from clf.errors import DataError

if TYPE_CHECKING:
    from clf.data.preparing.clusters import Units


def cut(
    units: "Units", keys: NDArray[np.uint64], labels: Ints, names: Sequence[str], shares: dict[str, float], seed: int
) -> dict[str, Ints]:
    """Split rows into `train` and the `shares`, class by class; units stay together, and pinned rows go to train.

    Texts with the same key in `keys` are identical; `labels` are ids of `names`; a unit belongs to its rarest class.
    Returns ascending row numbers for each split. Raises DataError if a class is too small to split or a split is empty.
    """
    _check_sizes(keys, labels, names)
    first, unit_of = numbered(units.number)
    sizes = np.bincount(unit_of).astype(np.int32)
    pinned = np.zeros(len(first), dtype=bool)
    pinned[unit_of[units.pinned]] = True
    side = np.zeros(len(first), dtype=np.int8)
    generator = np.random.default_rng(seed)
    # The units of each class, in the order of their first rows rather than of their numbers.
    members = _by_class(first, _rarest(labels, first, unit_of, sizes))
    for label in sorted(members, key=lambda label: names[label]):
        shuffled = generator.permutation(members[label])
        side[shuffled] = _deal(sizes[shuffled], pinned[shuffled], list(shares.values()))
    parts: dict[str, Ints] = {
        split: np.flatnonzero(side[unit_of] == number) for number, split in enumerate(("train", *shares))
    }
    _check_parts(parts, shares, int(np.bincount(labels).max()))
    return parts


def _check_parts(parts: dict[str, Ints], shares: dict[str, float], largest: int) -> None:
    """Raise DataError if a split is empty; `largest` is the number of rows of the largest class."""
    wanted = [split for split, share in shares.items() if share]
    empty = [split for split, part in parts.items() if not len(part) and shares.get(split, 1)]
    if empty and largest <= len(wanted):
        without = ", pass --test FILE, or skip the test split with --test-size 0" if "test" in wanted else ""
        raise DataError(
            f"the largest class has {largest} text{'s' * (largest > 1)}, too few to split off "
            f"{' and '.join(wanted)}, expected at least {len(wanted) + 1}",
            f"add texts{without}",
        )
    if empty:
        raise DataError(
            f"nothing is left for {' and '.join(empty)}: too many rows must stay together",
            "choose another --group-column, or pass --validation and --test files",
        )


def _rarest(labels: Ints, first: Ints, unit_of: Ints, sizes: Ints) -> Ints:
    """Return for each unit the rarest class of its rows; `first` holds its first row, `sizes` its number of rows."""
    counts = np.bincount(labels)
    found = labels[first]
    together = np.flatnonzero((sizes > 1)[unit_of])  # the rows of units with several rows
    order = together[np.lexsort((counts[labels[together]], unit_of[together]))]
    units, starts = np.unique(unit_of[order], return_index=True)
    found[units] = labels[order][starts]
    return found


def _by_class(first: Ints, classes: Ints) -> dict[int, Ints]:
    order = np.lexsort((first, classes)).astype(np.int32)
    ordered = classes[order]
    starts = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    return {int(classes[members[0]]): members for members in np.split(order, starts) if len(members)}


def _check_sizes(keys: NDArray[np.uint64], labels: Ints, names: Sequence[str]) -> None:
    """Raise DataError if any class has only one distinct text; the error names all such classes."""
    order = np.lexsort((keys, labels))
    labels, keys = labels[order], keys[order]
    new = np.append(True, (labels[1:] != labels[:-1]) | (keys[1:] != keys[:-1]))
    texts = np.bincount(labels[new], minlength=len(names))
    few = [repr(names[label]) for label in np.flatnonzero(texts == 1).tolist()]
    if few:
        raise DataError(
            f"class{'es' if len(few) > 1 else ''} {', '.join(few[:10])} "
            f"{'have' if len(few) > 1 else 'has'} 1 distinct text, too few to split",
            "add texts of that class, or merge it into another with --label-map",
        )


def _deal(sizes: Ints, pinned: NDArray[np.bool_], shares: list[float]) -> Ints:
    """Assign each unit of one class to a split, the last share first; 0 is train, which keeps at least one unit."""
    side = np.zeros(len(sizes), dtype=np.int64)
    free = np.flatnonzero(~pinned)
    if not pinned.any():  # the largest unit (the last one of that size) stays in train
        free = np.delete(free, len(free) - 1 - np.argmax(sizes[::-1]))
    for number, share in reversed(list(enumerate(shares, 1))):
        wanted = max(1, round(share * int(sizes.sum()))) if share else 0
        chosen = free[_filling(sizes[free], wanted)]
        if not len(chosen) and wanted and len(free) and 2 * sizes[free].min() <= sizes.sum():
            chosen = free[[np.argmin(sizes[free])]]
        side[chosen] = number
        free = free[side[free] == 0]
    return side


def _filling(sizes: Ints, wanted: int) -> Ints:
    """Choose units in order until `wanted` rows are reached, skipping units that would exceed it."""
    if (sizes == 1).all():
        return np.arange(min(wanted, len(sizes)))
    chosen, rows = [], 0
    for unit, size in enumerate(sizes.tolist()):
        if rows + size <= wanted:
            chosen.append(unit)
            rows += size
    return np.array(chosen, dtype=np.int64)
