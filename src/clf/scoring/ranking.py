"""How well scores rank the rows of a class above the others: AUROC and average precision."""

# ruff: noqa: TID253 - this module computes
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import auc

Counts = NDArray[np.int64]


def auroc_and_average_precision(scores: NDArray[np.float32], positive: NDArray[np.bool_]) -> tuple[float, float]:
    """Return both, given scores and which rows are positive, shape (rows,); there must be rows of both kinds.

    The values are those of scikit-learn's `roc_auc_score` and `average_precision_score` to the last bit. Those take
    up to 130 bytes a row beside their arguments, each; this takes half of that, and sorts the rows only once.
    """
    hits, misses = _counts_from_the_top(scores, positive)
    return _area(hits, misses), _average_precision(hits, misses)


def _counts_from_the_top(scores: NDArray[np.float32], positive: NDArray[np.bool_]) -> tuple[Counts, Counts]:
    """Return how many positive and how many negative rows score at least as much as each distinct score."""
    order = np.argsort(scores)[::-1]
    ordered, hit = scores[order], positive[order]
    del order
    ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
    hits = np.cumsum(hit, dtype=np.int64)[ends]
    ends += 1
    ends -= hits
    return hits, ends


def _area(hits: Counts, misses: Counts) -> float:
    corner = np.ones(len(hits), dtype=bool)  # the points between two corners are on a straight line
    corner[1:-1] = np.diff(misses, 2) != 0
    corner[1:-1] |= np.diff(hits, 2) != 0
    across, up = (np.append(0.0, counts[corner] / counts[-1]) for counts in (misses, hits))
    return float(auc(across, up))


def _average_precision(hits: Counts, misses: Counts) -> float:
    steps = np.diff(np.append((hits / hits[-1])[::-1], 0.0))
    steps *= (hits / (hits + misses))[::-1]
    return float(max(0.0, -steps.sum()))
