"""Train, validation and test: stratified, seeded, with equal texts on one side."""

import logging
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clf.errors import DataError

log = logging.getLogger(__name__)


def cut(keys: Sequence[str], labels: Sequence[str], shares: dict[str, float], seed: int) -> dict[str, list[int]]:
    """Cut rows into `train` and the `shares`, class by class; rows with equal `keys` stay together.

    Returns ascending row numbers for each split. Raises DataError when a class is too small to be cut.
    """
    first: dict[str, int] = {}
    for row, key in enumerate(keys):
        first.setdefault(key, row)
    side: dict[int, str] = {}
    generator = np.random.default_rng(seed)
    members = _by_label([(row, labels[row]) for row in first.values()])
    for label in sorted(members):
        _check_size(label, len(members[label]), len(shares))
        side |= _deal(generator.permutation(members[label]).tolist(), shares)
    splits: dict[str, list[int]] = {split: [] for split in ("train", *shares)}
    for row, key in enumerate(keys):
        splits[side[first[key]]].append(row)
    return splits


def _by_label(rows: list[tuple[int, str]]) -> dict[str, list[int]]:
    members: dict[str, list[int]] = {}
    for row, label in rows:
        members.setdefault(label, []).append(row)
    return members


def _check_size(label: str, texts: int, held_out: int) -> None:
    if texts < 2:
        raise DataError(
            f"class {label!r} has {texts} distinct text, too few to split",
            "add texts of that class, or merge it into another with --label-map",
        )
    if texts <= held_out:
        log.warning("class %r has only %d distinct texts: not every split gets one", label, texts)


def _deal(rows: list[int], shares: dict[str, float]) -> dict[int, str]:
    """Give each split its share of one class, at least one text while train keeps one."""
    side = dict.fromkeys(rows, "train")
    start = 0
    for split, share in reversed(shares.items()):
        wanted = max(1, round(share * len(rows))) if share else 0
        taken = rows[start : start + max(0, min(wanted, len(rows) - start - 1))]
        side |= dict.fromkeys(taken, split)
        start += len(taken)
    return side


def stratified_subset(labels: Sequence[int] | NDArray[np.int64], rows: int, seed: int) -> NDArray[np.int64]:
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
