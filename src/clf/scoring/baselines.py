"""What a candidate has to beat: cheap models, trained on the same texts."""

# ruff: noqa: TID253 - this module computes
import re
import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

SMALL = 1000
WORD = re.compile(r"(?u)\b\w+\b")


def tfidf_probabilities(
    train_texts: Sequence[str], train_labels: NDArray[np.int64], texts: Sequence[str], classes: int, seed: int
) -> NDArray[np.float32]:
    """Fit TF-IDF of words and word pairs with logistic regression; return probabilities, shape (texts, classes).

    Sublinear counts, min_df 2 (1 below SMALL training texts) and C = 10, as measured best on IMDB and AG News.
    """
    words = any(WORD.search(text) for text in train_texts)
    vectorizer = TfidfVectorizer(
        ngram_range=(1, 2),
        sublinear_tf=True,
        min_df=2 if len(train_texts) >= SMALL else 1,
        token_pattern=WORD.pattern if words else r"\S",  # emoji and marks alone are all there is
    )
    model = make_pipeline(vectorizer, LogisticRegression(C=10.0, max_iter=1000, random_state=seed))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(train_texts, train_labels)
    probabilities = np.zeros((len(texts), classes), dtype=np.float32)
    probabilities[:, model.classes_] = model.predict_proba(texts)
    return probabilities
