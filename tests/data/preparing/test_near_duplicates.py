"""Near duplicates are found by their definition: no pair at the threshold is missed, none below it is joined."""

import random

import numpy as np
import pytest

from clf.data.preparing.near_duplicates import (
    BANDS,
    BLOCK,
    POSITIONS,
    SHORTEST,
    THRESHOLD,
    cluster,
    connect,
    sketch,
)


def jaccard(a: str, b: str) -> float:
    """Return the definition, written out: the Jaccard index of the sets of character 5-grams."""
    one, two = ({text[start : start + 5] for start in range(len(text) - 4)} for text in (a, b))
    return len(one & two) / len(one | two)


def clusters(texts: list[str]) -> list[int]:
    bands, signatures = sketch(texts)
    lengths = np.array([len(text) for text in texts], dtype=np.int32)
    return cluster(lengths, lambda band: bands[band], lambda rows: signatures[rows], lambda row: texts[row]).tolist()


def sentence(generator: random.Random, words: int) -> str:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return " ".join("".join(generator.choices(letters, k=generator.randint(2, 9))) for _ in range(words))


def edited(text: str, generator: random.Random) -> str:
    """Leave out a few words, so that the overlap lies around the threshold."""
    kept = [word for word in text.split() if generator.random() > 0.05]
    return " ".join(kept)


# --- which texts are joined ---------------------------------------------------------------------------------


def test_pairs_are_joined_exactly_when_the_definition_says_so() -> None:
    generator = random.Random(5)
    originals = [sentence(generator, generator.randint(8, 60)) for _ in range(600)]
    copies = [edited(text, generator) for text in originals]
    found = clusters([*originals, *copies])
    missed = joined = near = 0
    for row, (original, copy) in enumerate(zip(originals, copies, strict=True)):
        together = found[row] == found[row + len(originals)]
        if jaccard(original, copy) >= THRESHOLD:
            near += 1
            missed += not together
        else:
            joined += together
    assert near > 250
    assert joined == 0
    assert missed <= 1  # LSH finds a pair at the very threshold with probability 0.9988


def test_a_pair_at_the_very_threshold_is_joined_and_one_below_it_is_not() -> None:
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 54)))  # 50 different 5-grams
    assert [jaccard(text, text[:-cut]) for cut in (10, 11)] == [0.8, 0.78]
    assert clusters([text, text[:-10]]) == [0, 0]
    assert clusters([text, text[:-11]]) == [0, 1]


def test_texts_that_share_nothing_stay_apart() -> None:
    generator = random.Random(6)
    assert len(set(clusters([sentence(generator, 30) for _ in range(300)]))) == 300


def test_clusters_are_numbered_in_the_order_of_their_first_texts() -> None:
    generator = random.Random(10)
    a, b, c = (sentence(generator, 30) for _ in range(3))
    assert clusters([a, b, f"{a}.", c, f"{b}.", f"{a}!"]) == [0, 1, 0, 2, 1, 0]


def test_a_text_between_two_others_joins_them() -> None:
    generator = random.Random(11)
    words = sentence(generator, 60).split()
    texts = [" ".join(words[start : start + 50]) for start in (0, 10, 5)]
    assert jaccard(texts[0], texts[1]) < THRESHOLD
    assert clusters(texts[:2]) == [0, 1]
    assert clusters(texts) == [0, 0, 0]


def test_chinese_works_like_english() -> None:
    text = "这部电影的故事很简单但是演员的表演非常出色尤其是最后一幕让人久久不能忘怀值得一看再看推荐给大家"
    other = "今天的天气预报说下午会有大雨请大家出门的时候记得带上雨伞注意安全不要在河边停留太久以免发生危险"
    assert len(text) >= SHORTEST
    a, b, c = clusters([text, text[:-1] + "们", other])
    assert a == b != c


def test_short_texts_are_alike_only_when_equal() -> None:
    assert len(set(clusters(["a wonderful film, really", "a wonderful film, really!"]))) == 2


@pytest.mark.parametrize(("length", "joined"), [(29, False), (30, True)])
def test_texts_are_compared_from_thirty_characters_on(length: int, joined: bool) -> None:
    text = "abcdefghijklmnopqrstuvwxyz0123"[:length]
    a, b = clusters([text[:-1] + "X", text[:-1] + "Y"])
    assert (a == b) is joined


@pytest.mark.parametrize("size", [2, 3, 8, 9, 10, 30])
def test_a_bucket_of_any_size_is_one_cluster(size: int) -> None:
    generator = random.Random(12)
    letter, other = sentence(generator, 60), sentence(generator, 60)
    assert clusters([other, *[f"{letter} {number}" for number in range(size)]]) == [0, *[1] * size]


def test_a_crowd_of_near_duplicates_costs_linear_time_and_is_one_cluster() -> None:
    generator = random.Random(7)
    letter = sentence(generator, 80)
    crowd = [f"{letter} number {number}" for number in range(3000)]
    assert len(set(clusters(crowd))) == 1


def test_only_the_beginning_of_a_huge_text_is_compared() -> None:
    generator = random.Random(9)
    text = sentence(generator, 40_000)
    a, b = clusters([text, text + " and some more"])
    assert a == b


@pytest.mark.parametrize("texts", [[], ["short"], ["short", "short too"]])
def test_nothing_to_compare_leaves_every_text_alone(texts: list[str]) -> None:
    assert clusters(texts) == list(range(len(texts)))


@pytest.mark.parametrize(
    ("numbers", "pairs", "expected"),
    [
        ([0, 1, 2, 3], [[2, 0]], [0, 1, 0, 2]),
        ([0, 1, 2, 3], [[0, 1], [1, 3]], [0, 0, 1, 0]),
        ([0, 0, 1, 2], [[1, 3]], [0, 0, 1, 0]),
        ([0, 1], [[1, 1]], [0, 1]),
        ([0, 1], [[0, 1], [0, 1], [1, 0]], [0, 0]),
    ],
)
def test_clusters_are_connected_pair_by_pair(numbers: list[int], pairs: list[list[int]], expected: list[int]) -> None:
    assert connect(np.array(numbers), np.array(pairs)).tolist() == expected


# --- sketches -----------------------------------------------------------------------------------------------


def test_short_but_long_enough_texts_have_full_sketches() -> None:
    text = "abcdefghij klmnopqrst uvwxyz 0123456789"
    bands, signatures = sketch([text, text, text[::-1]])
    assert (bands[:, 0] == bands[:, 1]).all()
    assert (signatures[0] == signatures[1]).all()
    assert (signatures[0] == signatures[2]).mean() < 0.1


def test_the_sketch_estimates_the_overlap_without_bias() -> None:
    generator = random.Random(8)
    originals = [sentence(generator, 40) for _ in range(400)]
    copies = [edited(edited(text, generator), generator) for text in originals]
    _, signatures = sketch([*originals, *copies])
    estimated = (signatures[:400] == signatures[400:]).mean(axis=1)
    true = np.array([jaccard(a, b) for a, b in zip(originals, copies, strict=True)])
    assert float(np.mean(estimated - true)) == pytest.approx(0, abs=0.005)
    assert float(np.std(estimated - true)) < 0.04


def test_a_sketch_does_not_depend_on_the_texts_around_it() -> None:
    generator = random.Random(13)
    texts = ["short", sentence(generator, 20), "", sentence(generator, BLOCK // 5), sentence(generator, 20), "a" * 40]
    bands, signatures = sketch(texts)
    assert sum(map(len, texts)) > BLOCK
    for row, text in enumerate(texts):
        alone = sketch([text])
        assert np.array_equal(alone[0][:, 0], bands[:, row])
        assert np.array_equal(alone[1][0], signatures[row])


def test_a_text_of_one_letter_has_a_full_sketch_of_its_own() -> None:
    _, signatures = sketch(["a" * 40, "a" * 90, "b" * 40])
    assert np.array_equal(signatures[0], signatures[1])
    assert (signatures[0] == signatures[2]).mean() < 0.1


def test_texts_too_short_for_a_sketch_share_an_empty_one() -> None:
    bands, signatures = sketch(["short", "a text that is long enough for a sketch", ""])
    assert (bands.shape, signatures.shape) == ((BANDS, 3), (3, POSITIONS))
    assert not signatures[[0, 2]].any()
    assert signatures[1].any()
    assert np.array_equal(bands[:, 0], bands[:, 2])


def test_half_characters_can_be_sketched() -> None:
    a, b = clusters(["a \ud83d half of an emoji in a long text", "a \ud83d half of an emoji in a long text!"])
    assert a == b
