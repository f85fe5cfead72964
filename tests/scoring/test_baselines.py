"""The cheap baseline learns what words say."""

import numpy as np

from clf.data.synthetic import synthetic_reviews
from clf.scoring.baselines import tfidf_probabilities


def test_tfidf_learns_the_synthetic_reviews() -> None:
    splits = synthetic_reviews(100, 1)
    names = ["negative", "positive"]
    ids = {split: np.array([names.index(review.label) for review in reviews]) for split, reviews in splits.items()}
    texts = {split: [review.text for review in reviews] for split, reviews in splits.items()}
    probabilities = tfidf_probabilities(texts["train"], ids["train"], texts["test"], 3, seed=1)
    assert probabilities.shape == (20, 3)
    assert probabilities[:, 2].max() == 0.0
    assert (probabilities.argmax(axis=1) == ids["test"]).mean() >= 0.95
