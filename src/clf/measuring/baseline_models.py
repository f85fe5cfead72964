"""Baselines for a candidate to beat: cheap models, trained on the same texts."""

# ruff: noqa: TID253 - this module computes
import pickle
import re
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from clf.models.classifier import Classifier
from clf.models.compute import Compute
from clf.models.inference import EMBEDDED_AT_ONCE as AT_ONCE
from clf.models.inference import Advance, embed_texts

SMALL = 1000
WORD = re.compile(r"(?u)\b\w+\b")


@dataclass(frozen=True)
class Fitted:
    """The probabilities of a baseline, shape (texts, classes), and its costs."""

    probabilities: NDArray[np.float32]
    train_seconds: float
    measure_seconds: float
    megabytes: float


def majority(train_labels: NDArray[np.int64], texts: int, classes: int) -> Fitted:
    """Predict the most common training class for every text, with the class shares as probabilities."""
    shares = np.bincount(train_labels, minlength=classes) / len(train_labels)
    return Fitted(np.tile(shares.astype(np.float32), (texts, 1)), 0.0, 0.0, 0.0)


def tfidf(
    train_texts: Sequence[str], train_labels: NDArray[np.int64], texts: Sequence[str], classes: int, seed: int
) -> Fitted:
    """Fit TF-IDF of words and word pairs with logistic regression; C = 10 was best on IMDB and AG News."""
    regression = LogisticRegression(C=10.0, max_iter=1000, random_state=seed)
    model = make_pipeline(vectorizer_for(train_texts), regression)
    return _fit(model, train_texts, train_labels, parts_of(texts), len(texts), classes)


def vectorizer_for(train_texts: Sequence[str]) -> TfidfVectorizer:
    """Return what makes TF-IDF of words and word pairs, to be fitted on these texts.

    Sublinear counts and min_df 2 (1 below SMALL training texts) were best on IMDB and AG News.
    """
    words = any(WORD.search(text) for text in train_texts)
    return TfidfVectorizer(
        ngram_range=(1, 2),
        sublinear_tf=True,
        min_df=2 if len(train_texts) >= SMALL else 1,
        token_pattern=WORD.pattern if words else r"\S",  # the texts hold only emoji and punctuation
    )


def frozen(
    encoder: Classifier,
    compute: Compute,
    train_texts: Sequence[str],
    train_labels: NDArray[np.int64],
    texts: Sequence[str],
    classes: int,
    advance: Advance | None = None,
) -> Fitted:
    """Fit logistic regression on the frozen encoder's mean last hidden state of each text, standardized."""
    started = time.perf_counter()
    seen = embed_texts(encoder, train_texts, compute, advance)
    embedding = time.perf_counter() - started
    measured = (embed_texts(encoder, part, compute, advance) for part in parts_of(texts))
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=1000, random_state=0))
    fitted = _fit(model, seen, train_labels, measured, len(texts), classes)
    return Fitted(
        fitted.probabilities,
        embedding + fitted.train_seconds,
        fitted.measure_seconds,
        fitted.megabytes + weight_of(encoder),
    )


def weight_of(encoder: Classifier) -> float:
    """Return the size of an encoder's weights, without its head, in MB."""
    weights = encoder.model.base_model.parameters()
    return float(sum(weight.numel() * weight.element_size() for weight in weights) / 1e6)


def parts_of(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the texts some thousands at a time: so many are vectors at once."""
    yield from (texts[start : start + AT_ONCE] for start in range(0, len(texts), AT_ONCE))


def _fit(model: Any, seen: Any, labels: NDArray[np.int64], measured: Iterable[Any], rows: int, classes: int) -> Fitted:
    """Fit the model, and predict the parts of what is measured, `rows` in all."""
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(seen, labels)
    between = time.perf_counter()
    probabilities = np.zeros((rows, classes), dtype=np.float32)
    done = 0
    for part in measured:
        found = model.predict_proba(part)
        probabilities[done : done + len(found), model.classes_] = found
        done += len(found)
    megabytes = len(pickle.dumps(model)) / 1e6  # the size it would have on disk; nothing is written
    return Fitted(probabilities, between - started, time.perf_counter() - between, megabytes)
