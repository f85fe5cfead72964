"""Near duplicates are found by their definition: no pair at the threshold is missed, none below it is joined."""

import random

import numpy as np
import pytest

from clf.data.preparing.near_duplicates import SHORTEST, THRESHOLD, cluster, sketch


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


def test_texts_that_share_nothing_stay_apart() -> None:
    generator = random.Random(6)
    assert len(set(clusters([sentence(generator, 30) for _ in range(300)]))) == 300


def test_chinese_works_like_english() -> None:
    text = "这部电影的故事很简单但是演员的表演非常出色尤其是最后一幕让人久久不能忘怀值得一看再看推荐给大家"
    other = "今天的天气预报说下午会有大雨请大家出门的时候记得带上雨伞注意安全不要在河边停留太久以免发生危险"
    assert len(text) >= SHORTEST
    a, b, c = clusters([text, text[:-1] + "们", other])
    assert a == b != c


def test_short_texts_are_alike_only_when_equal() -> None:
    assert len(set(clusters(["a wonderful film, really", "a wonderful film, really!"]))) == 2


def test_short_but_long_enough_texts_have_full_sketches() -> None:
    text = "abcdefghij klmnopqrst uvwxyz 0123456789"
    bands, signatures = sketch([text, text, text[::-1]])
    assert (bands[:, 0] == bands[:, 1]).all()
    assert (signatures[0] == signatures[1]).all()
    assert (signatures[0] == signatures[2]).mean() < 0.1


def test_a_crowd_of_near_duplicates_costs_linear_time_and_is_one_cluster() -> None:
    generator = random.Random(7)
    letter = sentence(generator, 80)
    crowd = [f"{letter} number {number}" for number in range(3000)]
    assert len(set(clusters(crowd))) == 1


def test_the_sketch_estimates_the_overlap_without_bias() -> None:
    generator = random.Random(8)
    originals = [sentence(generator, 40) for _ in range(400)]
    copies = [edited(edited(text, generator), generator) for text in originals]
    _, signatures = sketch([*originals, *copies])
    estimated = (signatures[:400] == signatures[400:]).mean(axis=1)
    true = np.array([jaccard(a, b) for a, b in zip(originals, copies, strict=True)])
    assert float(np.mean(estimated - true)) == pytest.approx(0, abs=0.005)
    assert float(np.std(estimated - true)) < 0.04


def test_only_the_beginning_of_a_huge_text_is_compared() -> None:
    generator = random.Random(9)
    text = sentence(generator, 40_000)
    a, b = clusters([text, text + " and some more"])
    assert a == b
