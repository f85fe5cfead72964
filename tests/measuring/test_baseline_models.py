"""The cheap baselines learn what words say, or only how often each class comes."""

import numpy as np
import pytest

from clf.data.sources.synthetic import synthetic_reviews
from clf.measuring.baseline_models import SMALL, frozen, majority, tfidf
from clf.models.classifier import Classifier
from clf.models.compute import choose_compute
from clf.settings import ComputeSettings


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
    assert (fitted.train_seconds, fitted.measure_seconds, fitted.megabytes) == (0.0, 0.0, 0.0)
    assert majority(np.array([0]), texts=0, classes=2).probabilities.shape == (0, 2)


def test_a_class_missing_from_training_in_the_middle_has_a_column_of_zeros() -> None:
    fitted = tfidf(["good film", "bad film"] * 3, np.array([2, 0] * 3), ["good", "bad"], 3, seed=1)
    assert fitted.probabilities[:, 1].tolist() == [0.0, 0.0]
    assert fitted.probabilities.argmax(axis=1).tolist() == [2, 0]
    assert fitted.probabilities.sum(axis=1) == pytest.approx([1.0, 1.0])


def test_pairs_of_words_count() -> None:
    texts = ["not good", "good indeed not", "bad not", "not bad indeed"] * 5
    labels = np.array([0, 1, 0, 1] * 5)
    fitted = tfidf(
        ["film not good", "good not film", *texts], np.array([0, 1, *labels]), ["not good", "good not"], 2, 1
    )
    bad, good = fitted.probabilities[:, 1]
    assert bad < good  # the two texts differ only in the order of their words


@pytest.mark.parametrize(("texts", "known"), [(SMALL - 2, True), (SMALL, False)])
def test_a_word_of_a_single_text_counts_only_where_there_are_few_texts(texts: int, known: bool) -> None:
    seen = ["good", "bad"] * (texts // 2 - 1) + ["splendid good", "bad"]
    rare, unknown = tfidf(seen, np.array([1, 0] * (texts // 2)), ["splendid", "never"], 2, seed=1).probabilities[:, 1]
    assert (rare > unknown + 0.01) == known
    assert known or rare == unknown


def test_texts_of_nothing_but_emoji_are_told_apart_by_their_characters() -> None:
    fitted = tfidf(["😀 !", "😡 ?"] * 4, np.array([1, 0] * 4), ["😀", "😡😡"], 2, seed=1)
    assert fitted.probabilities.argmax(axis=1).tolist() == [1, 0]


def test_one_word_of_one_letter_is_a_word() -> None:
    fitted = tfidf(["x", "y"] * 4, np.array([1, 0] * 4), ["x", "y"], 2, seed=1)
    assert fitted.probabilities.argmax(axis=1).tolist() == [1, 0]


def test_the_frozen_encoder_is_fitted_on_its_hidden_states_and_weighs_what_it_weighs(classifier: Classifier) -> None:
    texts, labels = ["a wonderful film", "an awful film"] * 6, np.array([2, 0] * 6)
    counted: list[int] = []
    compute = choose_compute(ComputeSettings(device="cpu", precision="fp32"))
    before = {name: weight.clone() for name, weight in classifier.model.state_dict().items()}
    fitted = frozen(classifier, compute, texts, labels, texts[:3], 3, counted.append)
    assert fitted.probabilities.argmax(axis=1).tolist() == [2, 0, 2]
    assert fitted.probabilities[:, 1].tolist() == [0.0, 0.0, 0.0]
    assert sum(counted) == 12 + 3
    weights = sum(weight.numel() for weight in classifier.model.base_model.parameters()) * 4 / 1e6
    assert weights < fitted.megabytes < weights + 0.05
    assert fitted.train_seconds > 0 < fitted.measure_seconds
    assert all((weight == before[name]).all() for name, weight in classifier.model.state_dict().items())
