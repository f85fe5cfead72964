"""Lazy texts are read like a list, and become strings only where they are read."""

import itertools

import numpy as np
import pyarrow
import pytest

from clf.data.reading.batch import WINDOW
from clf.data.texts import ChangedTexts, ColumnTexts, JoinedTexts, LazyTexts, taken

WORDS = ["a", "", "é\U0001f600", "line\nbreak", "e"]
COLUMN = pyarrow.chunked_array([WORDS[:2], WORDS[2:]], pyarrow.large_string())


@pytest.mark.parametrize(
    "texts", [ColumnTexts(COLUMN), ColumnTexts.of(WORDS), ChangedTexts(WORDS, str), JoinedTexts(WORDS[:2], WORDS[2:])]
)
def test_lazy_texts_are_read_like_a_list(texts: LazyTexts) -> None:
    assert (len(texts), list(texts)) == (5, WORDS)
    assert [texts[row] for row in (0, 2, -1)] == ["a", "é\U0001f600", "e"]
    for part in (slice(1, 4), slice(3, 99), slice(4, 2), slice(None), slice(None, None, -2), slice(-2, None)):
        assert texts[part] == WORDS[part]
    with pytest.raises(IndexError):
        texts[5]


def test_lazy_texts_equal_other_texts_of_the_same_content() -> None:
    texts = ColumnTexts(COLUMN)
    assert texts == WORDS
    assert texts == ChangedTexts(WORDS, str)
    assert texts != WORDS[:4]
    assert texts != [*WORDS[:4], "x"]
    assert ColumnTexts.of(["a"]) != "a"


def test_no_texts_are_empty() -> None:
    texts = ColumnTexts.of([])
    assert (len(texts), list(texts), texts[:3]) == (0, [], [])


def test_texts_are_taken_in_the_given_order_from_a_column_and_from_a_list() -> None:
    rows = np.array([4, 0, 4])
    assert taken(ColumnTexts(COLUMN), rows) == taken(WORDS, rows) == ["e", "a", "e"]
    assert isinstance(taken(ColumnTexts(COLUMN), rows), ColumnTexts)


def test_only_the_texts_that_are_read_are_changed() -> None:
    changed: list[str] = []
    texts = ChangedTexts([str(number) for number in range(3 * WINDOW)], lambda text: changed.append(text) or text + "!")
    assert texts[1:3] == ["1!", "2!"]
    assert texts[7] == "7!"
    assert changed == ["1", "2", "7"]
    assert list(itertools.islice(texts, WINDOW + 1))[-1] == f"{WINDOW}!"
    assert len(changed) == 3 + 2 * WINDOW
