"""Divides training texts into folds: labels are spread evenly, and identical texts share a fold."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clf.data.preparing.splitting_sets import kinds_of_rows
from clf.data.stratifying import stratify
from clf.data.text_hashes import hash_texts
from clf.errors import DataError
from clf.scoring.label_table import LabelTable, distinct_sets

FEWER = "pass a smaller --folds"
SHOWN = 10

log = logging.getLogger(__name__)

Parts = NDArray[np.int64]
"""The fold of each row, shape (rows,)."""


def fold_numbers(texts: Sequence[str], labels: NDArray[Any], folds: int, seed: int, names: Sequence[str]) -> Parts:
    """Return the fold of each row, given ids of `names`, shape (rows,), or a table of labels, shape (rows, labels).

    Raises DataError if a class has fewer texts than folds; of a table, see `labels_to_judge`.
    """
    if labels.ndim == 2:
        return _of_sets(texts, labels, folds, seed)
    counts = np.bincount(labels, minlength=len(names))
    if counts.min() < folds:
        rare = names[int(counts.argmin())]
        raise DataError(f"{rare} has only {counts.min()} training texts, fewer than {folds} folds", FEWER)
    generator = np.random.default_rng(seed)
    parts = np.empty(len(labels), dtype=np.int64)
    for number in range(len(names)):
        rows = generator.permutation(np.flatnonzero(labels == number))
        parts[rows] = np.arange(len(rows)) % folds
    first, group = _identical(texts)
    together: Parts = parts[first[group]]
    return together


def _of_sets(texts: Sequence[str], table: LabelTable, folds: int, seed: int) -> Parts:
    """Return the fold of each row by iterative stratification; identical texts may have different sets."""
    first_of_set, sets = distinct_sets(table)
    first, group = _identical(texts)
    nowhere = np.zeros(len(first), dtype=bool)
    kinds, units = kinds_of_rows(sets, table[first_of_set], first, group)
    return stratify(kinds, units, nowhere, [1 / folds] * (folds - 1), seed, least=0)[group].astype(np.int64)


def _identical(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first row of each distinct text, and for each row the number of its text."""
    _, first, group = np.unique(hash_texts(texts), return_index=True, return_inverse=True)
    return first, group


def labels_to_judge(labels: NDArray[Any], parts: Parts, names: Sequence[str]) -> NDArray[np.bool_]:
    """Return of which labels each fold can be judged by models that saw them, shape (labels,); warn of the others.

    With several labels per text, at least as many texts as folds must have the label, and as many not have it, and
    neither may all stand in one fold. Raises DataError if no label is left.
    """
    if labels.ndim == 1:
        return np.ones(len(names), dtype=bool)
    folds = int(parts.max()) + 1
    having = np.stack([labels[parts == number].sum(axis=0) for number in range(folds)])
    lacking = np.bincount(parts, minlength=folds)[:, None] - having
    enough = np.ones(len(names), dtype=bool)
    for counts in (having, lacking):
        enough &= (counts.sum(axis=0) >= folds) & ((counts > 0).sum(axis=0) > 1)
    if not enough.any():
        raise DataError(f"each label has, or lacks, fewer training texts than {folds} folds", FEWER)
    if not enough.all():
        few = [name for name, there in zip(names, enough.tolist(), strict=True) if not there]
        log.warning(
            "not checking the labels %s: with %d folds, at least %d training texts must have a label, and as many not "
            "have it",
            ", ".join(few[:SHOWN]) + (f" and {len(few) - SHOWN} more" if len(few) > SHOWN else ""),
            folds,
            folds,
        )
    return enough
