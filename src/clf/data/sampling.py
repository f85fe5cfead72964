"""Stratified subsets of rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clf.data.stratifying import Units, kinds_of, stratify
from clf.scoring.label_table import LabelTable, distinct_sets

Ints = NDArray[np.int64]


def stratified_subset(labels: Sequence[int] | NDArray[np.integer[Any]] | LabelTable, rows: int, seed: int) -> Ints:
    """Choose a stratified subset of `rows` row numbers, ascending, with each class at least once if `rows` allows.

    `labels` are ids, shape (rows,), or say which labels each row has, shape (rows, labels).
    """
    values = np.asarray(labels)
    if rows >= len(values):
        return np.arange(len(values))
    if values.ndim == 2:
        return _subset_of_sets(values, rows, seed)
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(values))
    # Each row gets its rank within its class as a fraction of the class; the lowest fractions keep the proportions.
    share = np.empty(len(values))
    grouped = order[np.argsort(values[order], kind="stable")]
    for of_class in np.split(grouped, np.flatnonzero(np.diff(values[grouped])) + 1):
        share[of_class] = (np.arange(len(of_class)) + generator.random()) / len(of_class)
        share[of_class[0]] = -1.0
    return np.sort(np.argsort(share, kind="stable")[:rows])


def _subset_of_sets(table: LabelTable, rows: int, seed: int) -> Ints:
    """Choose rows so that each label has its share of them."""
    first, number = distinct_sets(table)
    members = table[first]
    owners, labels = np.nonzero(members)
    alone = np.ones(len(members), dtype=np.int64)
    kinds = kinds_of(owners, labels, np.ones(len(owners), dtype=np.int64), alone, table.shape[1])
    units = Units(number, np.ones(len(number), dtype=np.int64))
    left = stratify(kinds, units, np.zeros(len(table), dtype=bool), [1 - rows / len(table)], seed, least=0) > 0
    # Rounding leaves some rows too few or too many: those whose rarest label has most texts go.
    generator = np.random.default_rng(seed)
    chosen, others = generator.permutation(np.flatnonzero(~left)), generator.permutation(np.flatnonzero(left))
    counts = units.counts(kinds, chosen)[:-1]
    rarest = np.where(members, counts, len(table)).min(axis=1)[number[chosen]]
    chosen = chosen[np.argsort(rarest, kind="stable")][:rows]
    return np.sort(np.append(chosen, others[: rows - len(chosen)]))
