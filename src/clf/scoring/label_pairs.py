"""Which labels go together, which are given instead of others, and how many labels a text has."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clf.outcomes.label_evaluation import LabelPair, NumberGroup, Replaced
from clf.scoring.answers import row_slices
from clf.scoring.label_table import LabelTable
from clf.scoring.multi_label import MultiLabelAnswers
from clf.scoring.significance import clopper_pearson

MOST_PAIRS = 100
MANY_LABELS = 6
"""Texts with so many labels or more are one group."""
LABELS_AT_ONCE = 16
"""So that adding the counts of a slice of rows takes less time than counting them."""
Counts = NDArray[np.int64]


def labels_together(answers: MultiLabelAnswers, names: Sequence[str]) -> list[LabelPair]:
    """Return the pairs of labels that most texts have, or were given, the most frequent first."""
    true, predicted = _pairs(answers.labels, answers.labels), _pairs(answers.predictions, answers.predictions)
    have = true.diagonal()
    most = np.triu(np.maximum(true, predicted), k=1)
    return [
        LabelPair(
            label=names[one],
            other=names[other],
            rows=int(true[one, other]),
            predicted=int(predicted[one, other]),
            expected=float(have[one]) * float(have[other]) / len(answers),
        )
        for one, other in _largest(most)
    ]


def labels_replaced(answers: MultiLabelAnswers, names: Sequence[str]) -> list[Replaced]:
    """Return the pairs of a missing label and one that was given wrongly to the same text, the most frequent first."""
    wrong = answers.labels ^ answers.predictions
    found = _pairs(wrong & answers.labels, wrong & answers.predictions)
    return [
        Replaced(missing=names[missing], added=names[added], rows=int(found[missing, added]))
        for missing, added in _largest(found)
    ]


def by_number_of_labels(answers: MultiLabelAnswers) -> list[NumberGroup]:
    """Return how many whole sets are right by the number of labels of a text; MANY_LABELS and more are one group."""
    have, given = answers.labels.sum(axis=1), answers.predictions.sum(axis=1)
    groups = np.minimum(have, MANY_LABELS)
    return [
        NumberGroup(
            **{"from": int(have[rows].min())},
            to=int(have[rows].max()),
            rows=int(rows.sum()),
            mean_predicted=float(given[rows].mean()),
            accuracy=float(answers.correct[rows].mean()),
            interval=clopper_pearson(int(answers.correct[rows].sum()), int(rows.sum())),
        )
        for group in np.unique(groups).tolist()
        for rows in [groups == group]
    ]


def _pairs(one: LabelTable, other: LabelTable) -> Counts:
    """Return for each pair of labels the rows that have the first in one table and the second in the other."""
    counts = np.zeros((one.shape[1], other.shape[1]), dtype=np.int64)
    for rows in row_slices(len(one), one.shape[1] // LABELS_AT_ONCE):
        counts += (one[rows].T.astype(np.float32) @ other[rows].astype(np.float32)).astype(np.int64)
    return counts


def _largest(counts: Counts) -> list[tuple[int, int]]:
    """Return the places of up to MOST_PAIRS counts above 0, the largest first, else in their order."""
    flat = counts.ravel()
    places = np.flatnonzero(flat)
    if len(places) > MOST_PAIRS:
        places = places[flat[places] >= np.partition(flat[places], -MOST_PAIRS)[-MOST_PAIRS]]
    chosen = places[np.argsort(-flat[places], kind="stable")][:MOST_PAIRS]
    return [divmod(place, counts.shape[1]) for place in chosen.tolist()]
