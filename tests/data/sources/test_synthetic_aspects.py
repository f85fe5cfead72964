"""Reviews of aspects: the same everywhere, never nearly the same, and told apart by the words for the aspects only."""

import re
from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score

from clf.data.sources.synthetic_aspects import ASPECTS, OTHER, SEEN, SETS, UNSEEN, WORDS, AspectReview, aspect_reviews
from clf.data.sources.synthetic_parts import MAX_ROWS, MIN_ROWS

TOPIC_WORDS = {word for words in WORDS.values() for word in words}
Reviews = list[AspectReview]


def words(text: str) -> list[str]:
    return re.findall(r"[\w'-]+", text.lower())


def all_reviews(splits: dict[str, Reviews]) -> Reviews:
    return [review for split in splits.values() for review in split]


def table(reviews: Reviews) -> NDArray[np.bool_]:
    """Return which aspects each review speaks of."""
    return np.array([[aspect in review.labels for aspect in ASPECTS] for review in reviews])


def largest_likeness(reviews: Reviews) -> float:
    """The highest Jaccard similarity of character 5-grams between any two reviews, over all pairs."""
    counted = CountVectorizer(analyzer="char", ngram_range=(5, 5), binary=True, dtype=np.float32)
    has = counted.fit_transform([review.text for review in reviews])
    common = (has @ has.T).toarray()
    sizes = common.diagonal()
    return float(np.triu(common / (sizes[:, None] + sizes[None, :] - common), k=1).max())


def fitted_precision(train: list[str], labels: NDArray[np.bool_], test: list[str], truth: NDArray[np.bool_]) -> float:
    """The macro average precision of a logistic regression for each aspect."""
    vectors = TfidfVectorizer()
    known, new = vectors.fit_transform(train), vectors.transform(test)
    scores = [LogisticRegression(C=10).fit(known, column).predict_proba(new)[:, 1] for column in labels.T]
    return float(average_precision_score(truth, np.array(scores).T))


@pytest.mark.parametrize(("rows", "sizes"), [(20, (14, 2, 4)), (100, (70, 10, 20)), (333, (233, 33, 67))])
def test_in_each_split_every_set_is_as_frequent_and_half_of_the_reviews_speak_of_each_aspect(
    rows: int, sizes: tuple[int, ...]
) -> None:
    splits = aspect_reviews(rows)
    assert tuple(splits) == ("train", "validation", "test")
    assert tuple(len(split) for split in splits.values()) == sizes
    for split in splits.values():
        assert all(abs(2 * count - len(split)) <= 2 for count in table(split).sum(axis=0))
        counts = Counter(review.labels for review in split)
        assert max(counts.values()) - min(counts[labels] for labels in SETS) <= 1


def test_the_same_rows_and_seed_give_the_same_reviews_and_another_seed_others() -> None:
    assert aspect_reviews(60, 7) == aspect_reviews(60, 7)
    first, second = ({review.text for review in all_reviews(aspect_reviews(60, seed))} for seed in (0, 1))
    assert not first & second


def test_a_review_mentions_three_things_of_each_of_its_aspects_and_other_things_else() -> None:
    for review in all_reviews(aspect_reviews(200)):
        said = [word for word in words(review.text) if word in TOPIC_WORDS]
        topics = Counter(topic for topic, of_topic in WORDS.items() for word in said if word in of_topic)
        others = 3 * (3 - len(review.labels))
        assert topics == dict.fromkeys(review.labels, 3) | ({OTHER: others} if others else {})
        assert len(said) == len(set(said)) == 9
        assert 25 <= len(review.text.split()) <= 60
        assert re.fullmatch(r"[A-Za-z ,.'-]+", review.text)


def test_test_reviews_have_films_and_frames_of_their_own_and_words_that_train_has() -> None:
    for seed in range(5):
        splits = aspect_reviews(100, seed)
        seen, unseen = splits["train"] + splits["validation"], splits["test"]
        assert {review.film for review in seen} == set(SEEN["film"])
        assert {review.film for review in unseen} <= set(UNSEEN["film"])
        assert not {frame for review in seen for frame in review.frames} & {
            frame for review in unseen for frame in review.frames
        }
        used = {name: {word for review in split for word in words(review.text)} for name, split in splits.items()}
        assert used["test"] & TOPIC_WORDS <= used["train"]


@pytest.mark.parametrize("seed", range(5))
def test_every_frame_of_a_mention_serves_all_topics_about_equally_often(seed: int) -> None:
    train = aspect_reviews(100, seed)["train"]
    for aspect in ASPECTS:
        with_, without = ([r for r in train if (aspect in r.labels) is there] for there in (True, False))
        shared = [{frame for review in side for frame in review.frames} for side in (with_, without)]
        assert set(SEEN["mention"]) <= shared[0] & shared[1]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_two_of_a_hundred_reviews_are_near_duplicates(seed: int) -> None:
    assert largest_likeness(all_reviews(aspect_reviews(100, seed))) < 0.5


def test_no_two_of_seven_hundred_reviews_are_near_duplicates() -> None:
    assert largest_likeness(all_reviews(aspect_reviews(700))) < 0.75


def test_without_the_words_for_aspects_and_other_things_the_labels_cannot_be_told() -> None:
    splits = aspect_reviews(700)
    masked = {
        name: [" ".join(word for word in words(review.text) if word not in TOPIC_WORDS) for review in split]
        for name, split in splits.items()
    }
    found = fitted_precision(masked["train"], table(splits["train"]), masked["test"], table(splits["test"]))
    assert 0.4 <= found <= 0.6  # half of the reviews speak of each aspect


def test_a_linear_model_learns_the_labels_and_nothing_from_shuffled_ones() -> None:
    learned, shuffled = [], []
    for seed in range(5):
        splits = aspect_reviews(100, seed)
        train, test = ([review.text for review in splits[name]] for name in ("train", "test"))
        labels, truth = table(splits["train"]), table(splits["test"])
        learned.append(fitted_precision(train, labels, test, truth))
        shuffled.append(fitted_precision(train, np.random.default_rng(seed).permutation(labels), test, truth))
    assert min(learned) >= 0.9
    assert sum(shuffled) / len(shuffled) <= 0.65


@pytest.mark.parametrize("rows", [MIN_ROWS - 1, MAX_ROWS + 1])
def test_rows_outside_the_limits_are_refused(rows: int) -> None:
    with pytest.raises(ValueError, match=f"{MIN_ROWS} to {MAX_ROWS}, found {rows}"):
        aspect_reviews(rows)
