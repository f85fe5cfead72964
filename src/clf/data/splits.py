"""Train, validation and test: stratified, seeded, with what belongs together on one side."""

import logging
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clf.errors import DataError

log = logging.getLogger(__name__)
Ints = NDArray[np.int64]


def cut(
    units: Ints, keys: NDArray[np.uint64], labels: Ints, names: Sequence[str], shares: dict[str, float], seed: int
) -> dict[str, Ints]:
    """Cut rows into `train` and the `shares`, class by class; rows of one unit stay together.

    `keys` tell texts apart; `labels` are ids of `names`; a unit counts for the class of its first row. Returns
    ascending row numbers for each split. Raises DataError when a class is too small to be cut.
    """
    _, first, unit_of, sizes = np.unique(units, return_index=True, return_inverse=True, return_counts=True)
    order = np.argsort(first)  # units in the order of their first rows, whatever their numbers
    side = np.zeros(len(first), dtype=np.int64)
    generator = np.random.default_rng(seed)
    for label in sorted(np.unique(labels).tolist(), key=lambda label: names[label]):
        members = order[labels[first][order] == label]
        _check_size(names[label], len(np.unique(keys[labels == label])), len(members), len(shares))
        members = generator.permutation(members)
        side[members] = _deal(sizes[members], list(shares.values()))
    return {split: np.flatnonzero(side[unit_of] == number) for number, split in enumerate(("train", *shares))}


def _check_size(name: str, texts: int, units: int, held_out: int) -> None:
    if texts < 2:
        raise DataError(
            f"class {name!r} has {texts} distinct text, too few to split",
            "add texts of that class, or merge it into another with --label-map",
        )
    if units <= held_out:
        log.warning("class %r has only %d texts that differ: not every split gets one", name, units)


def _deal(sizes: Ints, shares: list[float]) -> Ints:
    """Give each unit of one class a side: 0 is train, which keeps at least one; the last share is dealt first."""
    side = np.zeros(len(sizes), dtype=np.int64)
    for number, share in reversed(list(enumerate(shares, 1))):
        wanted = max(1, round(share * int(sizes.sum()))) if share else 0
        free = np.flatnonzero(side == 0)
        fitting = free[sizes[free] <= wanted]  # a unit larger than the share stays in train
        if len(fitting) == len(free):
            fitting = fitting[:-1]
        chosen = fitting[np.cumsum(sizes[fitting]) <= wanted]
        if not len(chosen) and wanted and len(free) > 1:
            chosen = free[[np.argmin(sizes[free])]]
        side[chosen] = number
    return side


def stratified_subset(labels: Sequence[int] | Ints, rows: int, seed: int) -> Ints:
    """Choose `rows` row numbers, ascending, with the classes in proportion and none left out while room lasts."""
    values = np.asarray(labels)
    if rows >= len(values):
        return np.arange(len(values))
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(values))
    # Each row gets its rank within its class as a share of the class; taking the lowest shares keeps proportions.
    share = np.empty(len(values))
    for label in np.unique(values):
        of_class = order[values[order] == label]
        share[of_class] = (np.arange(len(of_class)) + generator.random()) / len(of_class)
        share[of_class[0]] = -1.0
    return np.sort(np.argsort(share, kind="stable")[:rows])
