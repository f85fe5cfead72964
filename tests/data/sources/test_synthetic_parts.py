"""What both generators of reviews share: options dealt evenly, filled frames, and reviews that are too similar."""

import random

from clf.data.sources.synthetic_parts import Deck, Written, filled, in_splits


def test_every_option_is_dealt_once_before_any_again_and_a_skipped_one_keeps_its_turn() -> None:
    deck = Deck(("a", "b", "c"), random.Random(1))
    first = [deck.deal(set()) for _ in range(3)]
    assert sorted(first) == ["a", "b", "c"]
    taken = {"a"}
    assert sorted([deck.deal(taken), deck.deal(taken)]) == ["b", "c"]
    assert deck.deal(set()) == "a"


def test_slots_are_filled_and_the_article_follows() -> None:
    assert filled("It is a {word} film.", {"word": "awful"}.__getitem__) == "It is an awful film."
    assert filled("It is a {word} film.", {"word": "dull"}.__getitem__) == "It is a dull film."


def test_a_review_that_is_too_similar_is_not_added_if_it_has_as_many_frames_in_common() -> None:
    written, text = Written(0.5, common=2), "the same words in both of them"
    assert written.adds(text, ("one", "two"))
    assert not written.adds(text + "!", ("two", "one", "three"))
    assert written.adds(text, ("one", "four"))
    assert written.adds("something else altogether", ("one", "two"))


def test_test_is_written_by_the_other_author() -> None:
    made = in_splits(100, lambda count: ["seen"] * count, lambda count: ["unseen"] * count)
    assert made == {"train": ["seen"] * 70, "validation": ["seen"] * 10, "test": ["unseen"] * 20}
