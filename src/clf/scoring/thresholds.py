"""The probability from which on each label is predicted, where a text may have several labels."""

import numpy as np
from numpy.typing import NDArray

from clf.scoring.multi_label import EVEN, AnyAnswers, MultiLabelAnswers, Thresholds

FOLDS = 5
EXPECTED = 20
"""As how many rows with a label what its probabilities expect counts, beside the rows themselves."""
NEARLY, ALIKE = 1e-12, 0.25
"""F1 values that differ by less than NEARLY, or than this part of the standard error of the best, are the same."""


def fit_thresholds(answers: MultiLabelAnswers) -> Thresholds:
    """Return for each label the threshold with the best F1 on these rows, shape (labels,).

    Every cut between two distinct probabilities is tried (Lipton et al. 2014, "Optimal thresholding of classifiers to
    maximize F1 measure"). The F1 of a cut comes from two sources: the rows with the label, and the number of rows with
    it that the probabilities expect, scaled to EXPECTED rows. The first is right whatever the probabilities, but chance
    decides where few rows have the label; the second is certain, but wrong where the probabilities are (Ye et al. 2012,
    "Optimizing F-measure: a tale of two approaches"). So the rarer the label, the more its probabilities decide.

    Of the cuts with the best F1, or one as good (ALIKE), the one nearest to 0.5 counts; the threshold is 0.5 if it
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
    expected, weight = np.cumsum(ordered), EXPECTED / all_positive
    right = hits[last] + weight * expected[last]
    chosen_and_true = (1 + weight) * (last + 1) + all_positive + weight * expected[-1]
    f1 = 2 * right / chosen_and_true
    top = int(f1.argmax())
    best = np.flatnonzero(f1 >= f1[top] - max(NEARLY, ALIKE * _standard_error(right[top], chosen_and_true[top])))
    upper, lower = ordered[last][best], np.append(ordered[last][1:], 0.0)[best]
    within = (lower < EVEN) & (upper >= EVEN)
    if within.any():
        return EVEN
    halfway = (upper + lower) / 2
    return float(halfway[np.argmin(np.abs(halfway - EVEN))])


def _standard_error(right: float, chosen_and_true: float) -> float:
    """Return the standard error of F1 = 2 * right / chosen_and_true, by the delta method.

    Of the rows that are chosen or true, a share s is both; F1 = 2 s / (1 + s), and s is a share of independent rows.
    """
    either = chosen_and_true - right
    share = min(1.0, right / either)
    return float(2 / (1 + share) ** 2 * np.sqrt(share * (1 - share) / either))
