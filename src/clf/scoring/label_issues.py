"""Which labels are probably wrong? Confident learning, from probabilities of models that did not see the row."""

import numpy as np
from numpy.typing import NDArray

from clf.scoring.answers import Answers


def rank_label_issues(answers: Answers) -> NDArray[np.int64]:
    """Return all rows, the likeliest label errors first.

    The answers must be out of sample; their labels are those given.
    Confident learning (Northcutt et al. 2021): a row counts for class j when its probability of j reaches the mean of
    those labelled j; a row that counts for another class than its label's is an issue. Issues come first, and in
    each part the rows by their margin: the probability of their label less that of the best other class, both
    measured from the means of their classes, so that a class the model is never sure of is not blamed for it.
    """
    margins = label_margins(answers)
    return np.lexsort((margins, ~is_label_issue(answers))).astype(np.int64)


def is_label_issue(answers: Answers) -> NDArray[np.bool_]:
    """Tell for each row whether it counts for another class than that of its label."""
    reaches = answers.probabilities >= _means(answers)
    likeliest = np.where(reaches, answers.probabilities, -1.0).argmax(axis=1)
    issue: NDArray[np.bool_] = reaches.any(axis=1) & (likeliest != answers.labels)
    return issue


def label_margins(answers: Answers) -> NDArray[np.float64]:
    """Return the margin of each row's label over the best other class; negative where another one is likelier."""
    own, others = _adjusted(answers)
    margins: NDArray[np.float64] = own - others.max(axis=1)
    return margins


def suggested_labels(answers: Answers) -> NDArray[np.int64]:
    """Return for each row the best class other than its label's."""
    return np.asarray(_adjusted(answers)[1].argmax(axis=1), dtype=np.int64)


def _adjusted(answers: Answers) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return probabilities less the means of their classes: of each row's label, and of the others."""
    rows, labels = np.arange(len(answers)), answers.labels
    adjusted = answers.probabilities.astype(np.float64) - _means(answers)
    own = adjusted[rows, labels].copy()
    adjusted[rows, labels] = -np.inf
    return own, adjusted


def _means(answers: Answers) -> NDArray[np.float64]:
    """Return the mean probability of each class among the rows labelled so; 1 for a class that labels none."""
    labels, classes = answers.labels, answers.classes
    counts = np.bincount(labels, minlength=classes)
    sums = np.bincount(labels, answers.probabilities[np.arange(len(labels)), labels], minlength=classes)
    return np.where(counts > 0, sums / np.maximum(counts, 1), 1.0)
