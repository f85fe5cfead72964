"""The audit of texts that may have several labels: how many each has, and labels from which little can be learned."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from clf.data.label_sets import LabelSets
from clf.data.preparing.rows import Bools, Ints
from clf.outcomes.preparation import SetsOfLabels

RARE = 10
"""With fewer training texts, a label is called rare: little can be learned of it."""
NEARLY_ALL = 0.95
"""A label that more of the training texts have is told of: nearly every text will be given it."""


def audit_sets(splits: Mapping[str, Ints], sets: LabelSets) -> SetsOfLabels:
    """Audit the sets of labels in each split, given the numbers of the sets of its rows.

    Labels are judged by train, or by the first split if there is no train.
    """
    sizes = sets.members.sum(axis=1)
    texts = splits.get("train", next(iter(splits.values())))
    counts = dict(zip(sets.names, sets.counts(texts).tolist(), strict=True))
    present = np.unique(texts)
    return SetsOfLabels(
        labels_per_text={split: _histogram(sizes[numbers]) for split, numbers in splits.items()},
        mean_labels_per_text={
            split: round(float(sizes[numbers].mean()), 4) for split, numbers in splits.items() if len(numbers)
        },
        different_sets=len(present),
        rare={name: count for name, count in counts.items() if count < RARE},
        of_nearly_all={
            name: round(count / len(texts), 4) for name, count in counts.items() if count > NEARLY_ALL * len(texts)
        },
        always_together=[
            names
            for same in always_together(sets.members[present])
            if counts[(names := [sets.names[label] for label in same])[0]] > 1  # of a single text, any two would
        ],
    )


def _histogram(sizes: NDArray[np.int64]) -> dict[str, int]:
    """Count the texts by their number of labels, from none to the most that a text has."""
    return {str(size): count for size, count in enumerate(np.bincount(sizes).tolist())}


def always_together(members: Bools) -> list[list[int]]:
    """Return the labels that the same sets have, two or more together; a label that no set has is left out."""
    found: dict[bytes, list[int]] = {}
    for label, column in enumerate(np.packbits(members, axis=0).T):
        if column.any():
            found.setdefault(column.tobytes(), []).append(label)
    return [labels for labels in found.values() if len(labels) > 1]
