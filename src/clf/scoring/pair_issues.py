"""Finds labels that a text probably lacks, or has in error, by models that were not trained on the text.

Each label is a class of its own that a text has or has not, as in confident learning (Northcutt et al. 2021) for two
classes; what is found is ranked over all labels together.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clf.scoring.answers import AT_ONCE, LEAST, row_slices
from clf.scoring.label_table import LabelTable
from clf.scoring.multi_label import MultiLabelAnswers

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Pairs:
    """Pairs of a row and a label, shape (pairs,) each, with the margin of what is given; the lowest come first.

    There may be `found` more than these, which are the first.
    """

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    margins: Values
    found: int

    def __len__(self) -> int:
        return len(self.rows)


NO_PAIRS = Pairs(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0), 0)


@dataclass(frozen=True)
class Judged:
    """What may be judged: the rows that no model was trained on, shape (rows,), and some labels, shape (labels,)."""

    rows: NDArray[np.bool_]
    labels: NDArray[np.bool_]


def find_pairs(answers: MultiLabelAnswers, judged: Judged, most: int) -> Pairs:
    """Return up to `most` (> 0) pairs whose label is probably missing or surplus, the likeliest errors first.

    The probabilities must come from models that were not trained on the row. A row qualifies for having a label if its
    probability reaches the mean probability of the rows with the label, and for not having it in the same way. A pair
    is found if it qualifies for the other one of the two, unless it qualifies for both and what is given is likelier.
    The margin of a pair is how far the probability of what is given lies below its mean, as a share of that: -0.9 is a
    tenth of what is usual. So a label that the model is never sure of, be it rare or hard, is not blamed for it. Other
    rankings were tried on planted errors, see docs/several-labels.md: none is better for rare and frequent labels both.
    """
    kept, found = NO_PAIRS, 0
    waiting: list[Pairs] = []
    for rows, margins, wrong in _margins(answers, judged):
        found += int(wrong.sum())
        if len(kept) == most:
            wrong &= margins < kept.margins[-1]
        places, labels = np.nonzero(wrong)
        waiting.append(Pairs(places + rows.start, labels, margins[places, labels], found))
        if sum(map(len, waiting)) > max(most, AT_ONCE):
            kept, waiting = _first([kept, *waiting], most, found), []
    return _first([kept, *waiting], most, found)


def _first(parts: list[Pairs], most: int, found: int) -> Pairs:
    """Return the pairs with the lowest margins; equal ones stay in their order."""
    rows, labels, margins = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("rows", "labels", "margins")
    )
    order = np.argsort(margins, kind="stable")[:most]
    return Pairs(rows[order], labels[order], margins[order], found)


def _margins(answers: MultiLabelAnswers, judged: Judged) -> Iterator[tuple[slice, Values, LabelTable]]:
    """Yield some rows with the margins of their labels, and which of them are found, shape (some rows, labels) each."""
    usual = _usual(answers, judged.rows)
    for rows in row_slices(*answers.probabilities.shape):
        given, having = answers.labels[rows], answers.probabilities[rows].astype(np.float64)
        of_given, of_other = np.where(given, having, 1 - having), np.where(given, 1 - having, having)
        usual_of_given, usual_of_other = np.where(given, usual[1], usual[0]), np.where(given, usual[0], usual[1])
        wrong = _reaches(of_other, usual_of_other) & ((of_other > of_given) | ~_reaches(of_given, usual_of_given))
        wrong &= judged.rows[rows, None] & judged.labels
        yield rows, (of_given - usual_of_given) / np.maximum(usual_of_given, LEAST), wrong


def _reaches(probabilities: Values, usual: Values) -> LabelTable:
    """Return where a probability is at least the usual one, which sums leave a little above equal ones."""
    reaches: LabelTable = probabilities.astype(np.float32) >= usual.astype(np.float32)
    return reaches


def _usual(answers: MultiLabelAnswers, judged: NDArray[np.bool_]) -> Values:
    """Return the mean probability of not having each label and of having it, in the rows of which it is true.

    The shape is (2, labels); 1 where no row is such a one.
    """
    sums, counts = np.zeros((2, answers.classes)), np.zeros((2, answers.classes))
    for rows in row_slices(*answers.probabilities.shape):
        given, having = answers.labels[rows][judged[rows]], answers.probabilities[rows][judged[rows]].astype(np.float64)
        sums += ((1 - having) * ~given).sum(axis=0), (having * given).sum(axis=0)
        counts += (~given).sum(axis=0), given.sum(axis=0)
    means: Values = np.where(counts > 0, sums / np.maximum(counts, 1), 1.0)
    return means
