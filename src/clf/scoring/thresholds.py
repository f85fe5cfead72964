"""The probability from which on each label is predicted, where a text may have several labels."""

import numpy as np
from numpy.typing import NDArray

from clf.scoring.multi_label import EVEN, AnyAnswers, MultiLabelAnswers, Thresholds

FOLDS = 5
NEARLY = 1e-12
"""F1 values that differ by less are the same."""


def fit_thresholds(answers: MultiLabelAnswers) -> Thresholds:
    """Return for each label the threshold with the best F1 on these rows, shape (labels,).

    Every cut between two distinct probabilities is tried (Lipton et al. 2014, "Optimal thresholding of classifiers to
    maximize F1 measure"). Of the cuts with the best F1, the one nearest to 0.5 counts; the threshold is 0.5 if it
    makes that cut, otherwise halfway between the two probabilities. A label that no row has keeps 0.5.
    """
    columns = zip(answers.probabilities.T, answers.labels.T, strict=True)
    return np.array([_best_cut(probabilities, positive) for probabilities, positive in columns])


def cross_fitted(answers: MultiLabelAnswers, seed: int = 0) -> MultiLabelAnswers:
    """Return the answers with thresholds that were fitted without the row that they decide, shape (rows, labels).

    Rows are divided into FOLDS parts at random; metrics of the same rows that thresholds were fitted on are too good.
    """
    rows = len(answers)
    part = np.random.default_rng(seed).permutation(rows) % min(FOLDS, rows)
    thresholds = np.full(answers.probabilities.shape, EVEN)
    for number in range(min(FOLDS, rows) if rows > 1 else 0):
        thresholds[part == number] = fit_thresholds(answers.take(part != number))
    return answers.with_thresholds(thresholds)


def decided_apart(answers: AnyAnswers) -> AnyAnswers:
    """Return answers to the texts that training fitted thresholds on, each decided as if it were none of them.

    With one label per text, nothing was fitted that decides.
    """
    return cross_fitted(answers) if isinstance(answers, MultiLabelAnswers) else answers


def _best_cut(probabilities: NDArray[np.float32], positive: NDArray[np.bool_]) -> float:
    all_positive = int(positive.sum())
    if not all_positive:
        return EVEN
    order = np.argsort(-probabilities, kind="stable")
    ordered, hits = probabilities[order].astype(np.float64), np.cumsum(positive[order])
    last = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))  # of each run of equal probabilities
    f1 = 2 * hits[last] / (last + 1 + all_positive)
    best = np.flatnonzero(f1 >= f1.max() - NEARLY)
    upper, lower = ordered[last][best], np.append(ordered[last][1:], 0.0)[best]
    within = (lower < EVEN) & (upper >= EVEN)
    if within.any():
        return EVEN
    halfway = (upper + lower) / 2
    return float(halfway[np.argmin(np.abs(halfway - EVEN))])
