"""Stratified subsets of rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def stratified_subset(labels: Sequence[int] | NDArray[np.integer[Any]], rows: int, seed: int) -> Ints:
    """Choose a stratified subset of `rows` row numbers, ascending, with each class at least once if `rows` allows."""
    values = np.asarray(labels)
    if rows >= len(values):
        return np.arange(len(values))
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(values))
    # Each row gets its rank within its class as a fraction of the class; the lowest fractions keep the proportions.
    share = np.empty(len(values))
    grouped = order[np.argsort(values[order], kind="stable")]
    for of_class in np.split(grouped, np.flatnonzero(np.diff(values[grouped])) + 1):
        share[of_class] = (np.arange(len(of_class)) + generator.random()) / len(of_class)
        share[of_class[0]] = -1.0
    return np.sort(np.argsort(share, kind="stable")[:rows])
