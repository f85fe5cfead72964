"""Finds labels that are probably wrong by confident learning, from models that were not trained on the row."""

import numpy as np
from numpy.typing import NDArray

from clf.scoring.answers import Answers


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
    reaches = answers.probabilities >= _means(answers)
    likeliest = np.where(reaches, answers.probabilities, -1.0).argmax(axis=1)
    issue: NDArray[np.bool_] = reaches.any(axis=1) & (likeliest != answers.labels)
    return issue


def label_margins(answers: Answers) -> NDArray[np.float64]:
    """Return the margin of each row's label over the best other class; negative if another class is more likely."""
    own, others = _adjusted(answers)
    margins: NDArray[np.float64] = own - others.max(axis=1)
    return margins


def suggested_labels(answers: Answers) -> NDArray[np.int64]:
    """Return for each row the best class other than its label."""
    return np.asarray(_adjusted(answers)[1].argmax(axis=1), dtype=np.int64)


def _adjusted(answers: Answers) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the probabilities minus their class means: for each row's label, and for the other classes."""
    rows, labels = np.arange(len(answers)), answers.labels
    adjusted = answers.probabilities.astype(np.float64) - _means(answers)
    own = adjusted[rows, labels].copy()
    adjusted[rows, labels] = -np.inf
    return own, adjusted


def _means(answers: Answers) -> NDArray[np.float64]:
    """Return the mean probability of each class among the rows with that label; 1 for a class without rows."""
    labels, classes = answers.labels, answers.classes
    counts = np.bincount(labels, minlength=classes)
    sums = np.bincount(labels, answers.probabilities[np.arange(len(labels)), labels], minlength=classes)
    return np.where(counts > 0, sums / np.maximum(counts, 1), 1.0)
