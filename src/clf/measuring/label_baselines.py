"""Baselines where a text may have several labels: a model for each label, trained on the same texts.

Features and strength of the penalty are those of `baseline_models`. There may be a thousand labels, so the weights of
some labels at a time are held, and TF-IDF is fitted by dual coordinate descent: on 3,600 news texts it takes 0.04
seconds a label, a third of what the usual solver takes, and ends nearer to the optimum.
"""

# ruff: noqa: TID253 - this module computes
import pickle
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from clf.measuring.baseline_models import Fitted, parts_of, vectorizer_for, weight_of
from clf.models.classifier import Classifier
from clf.models.compute import Compute
from clf.models.inference import Advance, embed_texts
from clf.scoring.label_table import LabelTable

MOST_WEIGHTS = 1 << 25
"""The most weights of a logistic regression that are held at once, for as many labels as that is enough for."""


def shares(table: LabelTable, texts: int) -> Fitted:
    """Give each label the share of training texts that have it as its probability, for every text."""
    return Fitted(np.tile(table.mean(axis=0).astype(np.float32), (texts, 1)), 0.0, 0.0, 0.0)


def tfidf_of_labels(
    train_texts: Sequence[str], table: LabelTable, texts: Sequence[str], seed: int, advance: Advance | None = None
) -> Fitted:
    """Fit TF-IDF of words and word pairs with a logistic regression for each label.

    `table` says which labels the training texts have, shape (texts, labels); `advance` is called after each label.
    """
    started = time.perf_counter()
    vectorizer = vectorizer_for(train_texts)
    seen = vectorizer.fit_transform(train_texts)
    reading = time.perf_counter() - started
    solver = LogisticRegression(C=10.0, solver="liblinear", dual=True, max_iter=1000, random_state=seed)
    found = _one_for_each(solver, seen, table, lambda: map(vectorizer.transform, parts_of(texts)), len(texts), advance)
    size = len(pickle.dumps(vectorizer)) / 1e6
    return Fitted(found.probabilities, reading + found.train_seconds, found.measure_seconds, size + found.megabytes)


def frozen_of_labels(
    encoder: Classifier,
    compute: Compute,
    train_texts: Sequence[str],
    table: LabelTable,
    texts: Sequence[str],
    advance: Advance | None = None,
) -> Fitted:
    """Fit a logistic regression for each label on the frozen encoder's mean last hidden state, standardized.

    `advance` is called with the number of texts that the encoder has read.
    """
    started = time.perf_counter()
    scaler = StandardScaler()
    seen = scaler.fit_transform(embed_texts(encoder, train_texts, compute, advance))
    reading = time.perf_counter() - started

    def vectors() -> Iterable[Any]:
        return (scaler.transform(embed_texts(encoder, part, compute, advance)) for part in parts_of(texts))

    solver = LogisticRegression(C=1.0, max_iter=1000, random_state=0)
    found = _one_for_each(solver, seen, table, vectors, len(texts))
    size = weight_of(encoder) + found.megabytes
    return Fitted(found.probabilities, reading + found.train_seconds, found.measure_seconds, size)


def _one_for_each(
    solver: LogisticRegression,
    seen: Any,
    table: LabelTable,
    vectors: Callable[[], Iterable[Any]],
    rows: int,
    advance: Advance | None = None,
) -> Fitted:
    """Fit the solver for each label, and predict the `rows` whose features `vectors` yields in parts each time.

    A label that all training texts have, or none, is given that share.
    """
    share = table.mean(axis=0)
    probabilities = np.tile(share.astype(np.float32), (rows, 1))
    learnable, features = np.flatnonzero((share > 0) & (share < 1)), seen.shape[1]
    at_once, fitting, predicting = max(1, MOST_WEIGHTS // features), 0.0, 0.0
    for begun in range(0, len(learnable), at_once):
        labels = learnable[begun : begun + at_once]
        started = time.perf_counter()
        weights = np.empty((features + 1, len(labels)))
        for place, label in enumerate(labels.tolist()):
            weights[:, place] = _fitted(solver, seen, table[:, label])
            if advance:
                advance(1)
        between, done = time.perf_counter(), 0
        for part in vectors():
            end = done + part.shape[0]
            probabilities[done:end, labels] = expit(part @ weights[:-1] + weights[-1])
            done = end
        fitting, predicting = fitting + between - started, predicting + time.perf_counter() - between
    return Fitted(probabilities, fitting, predicting, (features + 1) * len(learnable) * 8 / 1e6)


def _fitted(solver: LogisticRegression, seen: Any, positive: Any) -> Any:
    """Return the weights of one label and, last, its bias, shape (features + 1,)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        solver.fit(seen, positive)
    return np.append(solver.coef_[0], solver.intercept_)
