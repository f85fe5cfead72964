"""Finds labels that are probably wrong by confident learning, from models that were not trained on the row."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from clf.scoring.answers import Answers, row_slices


def rank_label_issues(answers: Answers) -> NDArray[np.int64]:
    """Return all rows, the most likely label errors first.

    The probabilities must come from models that were not trained on the row; the labels are those in the dataset.
    Confident learning (Northcutt et al. 2021): a row qualifies for class j if its probability of j reaches the
    mean probability of j among the rows labelled j. If the most likely class it qualifies for is not its label, the
    row is an issue. Issues come first. Within issues, and within the rest, rows are sorted by margin: the probability
    of the label minus that of the best other class, each relative to its class mean, so that a class on which the
    model is never confident is not penalised.
    """
    margins = label_margins(answers)
    return np.lexsort((margins, ~is_label_issue(answers))).astype(np.int64)


def is_label_issue(answers: Answers) -> NDArray[np.bool_]:
    """Return for each row whether it is an issue, as `rank_label_issues` defines it."""
    issue, means = np.empty(len(answers), dtype=bool), _means(answers)
    for rows in row_slices(*answers.probabilities.shape):
        probabilities = answers.probabilities[rows]
        reaches = probabilities >= means
        likeliest = np.where(reaches, probabilities, -1.0).argmax(axis=1)
        issue[rows] = reaches.any(axis=1) & (likeliest != answers.labels[rows])
    return issue


def label_margins(answers: Answers) -> NDArray[np.float64]:
    """Return the margin of each row's label over the best other class; negative if another class is more likely."""
    margins = np.empty(len(answers))
    for rows, own, others in _adjusted(answers):
        margins[rows] = own - others.max(axis=1)
    return margins


def suggested_labels(answers: Answers) -> NDArray[np.int64]:
    """Return for each row the best class other than its label."""
    suggested = np.empty(len(answers), dtype=np.int64)
    for rows, _, others in _adjusted(answers):
        suggested[rows] = others.argmax(axis=1)
    return suggested


def _adjusted(answers: Answers) -> Iterator[tuple[slice, NDArray[np.float64], NDArray[np.float64]]]:
    """Yield some rows with their probabilities minus the class means: for the label, and for the other classes."""
    means = _means(answers)
    for rows in row_slices(*answers.probabilities.shape):
        labels = answers.labels[rows]
        adjusted = answers.probabilities[rows].astype(np.float64) - means
        places = np.arange(len(labels))
        own = adjusted[places, labels].copy()
        adjusted[places, labels] = -np.inf
        yield rows, own, adjusted


def _means(answers: Answers) -> NDArray[np.float64]:
    """Return the mean probability of each class among the rows with that label; 1 for a class without rows."""
    labels, classes = answers.labels, answers.classes
    counts = np.bincount(labels, minlength=classes)
    sums = np.bincount(labels, answers.probabilities[np.arange(len(labels)), labels], minlength=classes)
    return np.where(counts > 0, sums / np.maximum(counts, 1), 1.0)
