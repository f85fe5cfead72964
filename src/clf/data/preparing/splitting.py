"""Train, validation and test: stratified, seeded, with what belongs together on one side."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clf.errors import DataError

if TYPE_CHECKING:
    from clf.data.preparing.clusters import Units

Ints = NDArray[np.int64]


def cut(
    units: "Units", keys: NDArray[np.uint64], labels: Ints, names: Sequence[str], shares: dict[str, float], seed: int
) -> dict[str, Ints]:
    """Cut rows into `train` and the `shares`, class by class; rows of one unit stay together, pinned ones in train.

    `keys` tell texts apart; `labels` are ids of `names`; a unit counts for the rarest class in it. Returns ascending
    row numbers for each split. Raises DataError when a class is too small to be cut, or a part stays empty.
    """
    _check_sizes(keys, labels, names)
    _, first, unit_of, sizes = np.unique(units.number, return_index=True, return_inverse=True, return_counts=True)
    pinned = np.zeros(len(first), dtype=bool)
    pinned[unit_of[units.pinned]] = True
    side = np.zeros(len(first), dtype=np.int64)
    generator = np.random.default_rng(seed)
    # Units by class, and in the order of their first rows, whatever their numbers.
    members = _by_class(first, _rarest(labels, unit_of))
    for label in sorted(members, key=lambda label: names[label]):
        shuffled = generator.permutation(members[label])
        side[shuffled] = _deal(sizes[shuffled], pinned[shuffled], list(shares.values()))
    parts = {split: np.flatnonzero(side[unit_of] == number) for number, split in enumerate(("train", *shares))}
    _check_parts(parts, shares, int(np.bincount(labels).max()))
    return parts


def _check_parts(parts: dict[str, Ints], shares: dict[str, float], largest: int) -> None:
    """Refuse to leave a part empty; `largest` is the number of rows of the largest class."""
    wanted = [split for split, share in shares.items() if share]
    empty = [split for split, part in parts.items() if not len(part) and shares.get(split, 1)]
    if empty and largest <= len(wanted):
        without = ", give --test FILE, or do without a test: --test-size 0" if "test" in wanted else ""
        raise DataError(
            f"the largest class has {largest} text{'s' * (largest > 1)}, too few to cut {' and '.join(wanted)} off, "
            f"expected at least {len(wanted) + 1}",
            f"add texts{without}",
        )
    if empty:
        raise DataError(
            f"nothing is left for {' and '.join(empty)}: too many rows belong together",
            "choose another --group-column, or give --validation and --test files",
        )


def _rarest(labels: Ints, unit_of: Ints) -> Ints:
    """Return for each unit the class, of those of its rows, with the fewest rows."""
    counts = np.bincount(labels)
    order = np.lexsort((counts[labels], unit_of))
    return labels[order][np.unique(unit_of[order], return_index=True)[1]]


def _by_class(first: Ints, classes: Ints) -> dict[int, Ints]:
    order = np.lexsort((first, classes))
    found, starts = np.unique(classes[order], return_index=True)
    return dict(zip(found.tolist(), np.split(order, starts[1:]), strict=True))


def _check_sizes(keys: NDArray[np.uint64], labels: Ints, names: Sequence[str]) -> None:
    """Refuse classes with a single distinct text, all of them together."""
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
    """Give each unit of one class a side: 0 is train, which keeps at least one; the last share is dealt first."""
    side = np.zeros(len(sizes), dtype=np.int64)
    free = np.flatnonzero(~pinned)
    if not pinned.any():  # the largest, of equals the last, is train's
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
    """Choose units in order, passing over those that would overfill, until `wanted` rows are reached."""
    if (sizes == 1).all():
        return np.arange(min(wanted, len(sizes)))
    chosen, rows = [], 0
    for unit, size in enumerate(sizes.tolist()):
        if rows + size <= wanted:
            chosen.append(unit)
            rows += size
    return np.array(chosen, dtype=np.int64)
