"""The cheap baselines learn what words say, or only how often each class comes."""

import numpy as np

from clf.data.sources.synthetic import synthetic_reviews
from clf.measuring.baseline_models import majority, tfidf


def test_tfidf_learns_the_synthetic_reviews() -> None:
    splits = synthetic_reviews(100, 1)
    names = ["negative", "positive"]
    ids = {split: np.array([names.index(review.label) for review in reviews]) for split, reviews in splits.items()}
    texts = {split: [review.text for review in reviews] for split, reviews in splits.items()}
    fitted = tfidf(texts["train"], ids["train"], texts["test"], 3, seed=1)
    assert fitted.probabilities.shape == (20, 3)
    assert fitted.probabilities[:, 2].max() == 0.0
    assert (fitted.probabilities.argmax(axis=1) == ids["test"]).mean() >= 0.95
    assert fitted.megabytes > 0 < fitted.train_seconds


def test_the_majority_is_answered_with_the_shares_of_training() -> None:
    fitted = majority(np.array([1, 1, 1, 0]), texts=2, classes=3)
    assert fitted.probabilities.tolist() == [[0.25, 0.75, 0.0]] * 2
