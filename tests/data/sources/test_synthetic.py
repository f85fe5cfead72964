"""Synthetic reviews are the same everywhere, never nearly the same, and differ between labels by their opinions only."""

import os
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import clf
from clf.data.sources.synthetic import LABELS, OPINIONS, SEEN, UNSEEN, Review, synthetic_reviews
from clf.data.sources.synthetic_parts import MAX_ROWS, MIN_ROWS

OPINION_WORDS = {word for kinds in OPINIONS.values() for words in kinds.values() for word in words}


def words(text: str) -> list[str]:
    return re.findall(r"[\w'-]+", text.lower())


def all_reviews(splits: dict[str, list[Review]]) -> list[Review]:
    return [review for split in splits.values() for review in split]


def largest_likeness(reviews: list[Review]) -> float:
    """The highest Jaccard similarity of character 5-grams between any two reviews, over all pairs."""
    texts = [review.text for review in reviews]
    has = CountVectorizer(analyzer="char", ngram_range=(5, 5), binary=True, dtype=np.float32).fit_transform(texts)
    common = (has @ has.T).toarray()
    sizes = common.diagonal()
    return float(np.triu(common / (sizes[:, None] + sizes[None, :] - common), k=1).max())


def fitted_accuracy(train: list[Review], labels: list[str], test: list[Review]) -> float:
    model = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10))
    model.fit([review.text for review in train], labels)
    return float(model.score([review.text for review in test], [review.label for review in test]))


@pytest.mark.parametrize(("rows", "sizes"), [(20, (14, 2, 4)), (100, (70, 10, 20)), (333, (233, 33, 67))])
def test_splits_have_their_share_of_the_rows_and_are_balanced(rows: int, sizes: tuple[int, ...]) -> None:
    splits = synthetic_reviews(rows)
    assert tuple(splits) == ("train", "validation", "test")
    assert tuple(len(split) for split in splits.values()) == sizes
    for split in splits.values():
        counts = Counter(review.label for review in split)
        assert set(counts) == set(LABELS)
        assert abs(counts["negative"] - counts["positive"]) <= 1


def test_the_same_rows_and_seed_give_the_same_reviews_in_every_process() -> None:
    program = "from clf.data.sources.synthetic import synthetic_reviews; print(synthetic_reviews(60, 7))"
    source = str(Path(clf.__file__).parents[1])
    for hash_seed in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": source}
        printed = subprocess.run([sys.executable, "-c", program], env=env, check=True, capture_output=True, text=True)
        assert printed.stdout.strip() == str(synthetic_reviews(60, 7))


def test_another_seed_gives_other_reviews() -> None:
    first, second = ({review.text for review in all_reviews(synthetic_reviews(100, seed))} for seed in (0, 1))
    assert not first & second


def test_test_reviews_use_films_and_frames_that_train_and_validation_never_use() -> None:
    splits = synthetic_reviews(1000)
    seen, unseen = splits["train"] + splits["validation"], splits["test"]
    assert {review.film for review in seen} == set(SEEN["film"])
    assert {review.film for review in unseen} == set(UNSEEN["film"])
    assert not {review.film for review in seen} & {review.film for review in unseen}
    assert not {frame for review in seen for frame in review.frames} & {
        frame for review in unseen for frame in review.frames
    }
    assert all(review.film in review.text for review in seen + unseen)


@pytest.mark.parametrize("seed", range(5))
def test_train_holds_every_opinion_word_of_test(seed: int) -> None:
    splits = synthetic_reviews(100, seed)
    used = {name: {word for review in split for word in words(review.text)} for name, split in splits.items()}
    assert used["test"] & OPINION_WORDS <= used["train"]


@pytest.mark.parametrize("rows", [20, 100, 1000])
def test_every_review_is_short_and_holds_several_words_of_opinion(rows: int) -> None:
    for review in all_reviews(synthetic_reviews(rows)):
        own = {word for kind in OPINIONS[review.label].values() for word in kind}
        said = [word for word in words(review.text) if word in OPINION_WORDS]
        assert 25 <= len(review.text.split()) <= 60
        assert 3 <= len(review.frames) <= 4
        assert 3 <= len(said) <= 5
        assert set(said) <= own


def test_every_review_is_spelled_and_capitalized_as_english() -> None:
    for review in all_reviews(synthetic_reviews(1000)):
        assert re.fullmatch(r"[A-Za-z ,.:'-]+", review.text)
        assert not re.search(r"\ba [aeiou]|\ban [^aeiou]", review.text)
        assert all(sentence[0].isupper() for sentence in review.text.split(". "))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_two_of_a_hundred_reviews_are_near_duplicates(seed: int) -> None:
    assert largest_likeness(all_reviews(synthetic_reviews(100, seed))) < 0.5


def test_no_two_of_two_thousand_reviews_are_near_duplicates() -> None:
    assert largest_likeness(all_reviews(synthetic_reviews(2000))) < 0.75


def test_both_labels_use_the_same_films_frames_and_neutral_words() -> None:
    reviews = all_reviews(synthetic_reviews(1000))
    negative, positive = ([review for review in reviews if review.label == label] for label in LABELS)
    assert {review.film for review in negative} == {review.film for review in positive}
    assert {f for review in negative for f in review.frames} == {f for review in positive for f in review.frames}
    neutral = [{word for review in side for word in words(review.text)} for side in (negative, positive)]
    assert neutral[0] - OPINION_WORDS == neutral[1] - OPINION_WORDS


@pytest.mark.parametrize("seed", range(5))
def test_every_frame_of_the_seventy_train_reviews_serves_both_labels(seed: int) -> None:
    train = synthetic_reviews(100, seed)["train"]
    served = {(frame, review.label) for review in train for frame in review.frames}
    assert len(served) == 2 * len({frame for frame, _ in served})


def test_without_the_opinion_words_the_label_cannot_be_told() -> None:
    splits = synthetic_reviews(2000)
    masked = {
        name: [
            Review(
                " ".join(w for w in words(r.text) if w not in OPINION_WORDS | {"an"}),
                r.label,
                r.film,
                r.frames,
            )
            for r in split
        ]
        for name, split in splits.items()
    }
    labels = [review.label for review in masked["train"]]
    assert 0.4 <= fitted_accuracy(masked["train"], labels, masked["test"]) <= 0.6


@pytest.mark.parametrize("seed", range(5))
def test_a_linear_model_learns_the_labels(seed: int) -> None:
    splits = synthetic_reviews(100, seed)
    labels = [review.label for review in splits["train"]]
    assert fitted_accuracy(splits["train"], labels, splits["test"]) >= 0.95


def test_a_linear_model_learns_nothing_from_shuffled_labels() -> None:
    accuracies = []
    for seed in range(10):
        splits = synthetic_reviews(100, seed)
        labels = [review.label for review in splits["train"]]
        random.Random(seed).shuffle(labels)
        accuracies.append(fitted_accuracy(splits["train"], labels, splits["test"]))
    assert sum(accuracies) / len(accuracies) <= 0.7


@pytest.mark.parametrize("rows", [-1, 0, MIN_ROWS - 1, MAX_ROWS + 1])
def test_rows_outside_the_limits_are_refused(rows: int) -> None:
    with pytest.raises(ValueError, match=f"{MIN_ROWS} to {MAX_ROWS}, found {rows}"):
        synthetic_reviews(rows)


def test_the_largest_set_can_be_written() -> None:
    assert len(all_reviews(synthetic_reviews(MAX_ROWS))) == MAX_ROWS
