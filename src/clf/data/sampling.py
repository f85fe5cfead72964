"""A part of some rows, with the classes in proportion."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def stratified_subset(labels: Sequence[int] | Ints, rows: int, seed: int) -> Ints:
    """Choose `rows` row numbers, ascending, with the classes in proportion and none left out while room lasts."""
    values = np.asarray(labels)
    if rows >= len(values):
        return np.arange(len(values))
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(values))
    # Each row gets its rank within its class as a share of the class; taking the lowest shares keeps proportions.
    share = np.empty(len(values))
    grouped = order[np.argsort(values[order], kind="stable")]
    for of_class in np.split(grouped, np.flatnonzero(np.diff(values[grouped])) + 1):
        share[of_class] = (np.arange(len(of_class)) + generator.random()) / len(of_class)
        share[of_class[0]] = -1.0
    return np.sort(np.argsort(share, kind="stable")[:rows])
