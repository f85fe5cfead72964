"""Rows stay aligned with their texts, in whichever chunk on disk a text is."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clf.data.preparing.clean_batch import digest
from clf.data.preparing.near_duplicates import sketch
from clf.data.preparing.rows import DamagedChunk, Rows, TextStore, no_groups
from clf.data.text_hashes import hash_texts
from clf.settings import CleaningSettings

TEXTS = [f"text number {number} é\U0001f600, long enough for a sketch" for number in range(6)]
SIZES = [3, 0, 2, 1]


@pytest.fixture
def store(tmp_path: Path) -> TextStore:
    """Give six texts in four chunks, one of them empty."""
    ends = np.cumsum(SIZES).tolist()
    for number, (size, end) in enumerate(zip(SIZES, ends, strict=True)):
        raw = [f" {text} " for text in TEXTS[end - size : end]]
        digest(raw, CleaningSettings(), tmp_path, number, near=True)
    return TextStore(tmp_path, SIZES)


def rows_of(count: int) -> Rows:
    """Give rows in which every column has values of its own."""
    types = (np.int64, np.int8, np.int64, np.int64, np.uint64, np.uint64, np.int32)
    return Rows(*(np.arange(10 * place, 10 * place + count).astype(kind) for place, kind in enumerate(types)))


def test_taking_rows_takes_every_column_in_the_given_order() -> None:
    taken = rows_of(4).take(np.array([3, 1]))
    assert len(taken) == 2
    assert [getattr(taken, name).tolist() for name in Rows.__annotations__] == [
        [10 * place + 3, 10 * place + 1] for place in range(7)
    ]


def test_rows_may_be_taken_by_a_mask_and_keep_their_types() -> None:
    rows = rows_of(3)
    assert rows.take(rows.number > 0).line.tolist() == [21, 22]
    none = rows.take(rows.number > 5)
    assert (len(none), none.split.dtype, none.key.dtype, none.length.dtype) == (0, np.int8, np.uint64, np.int32)


def test_each_text_is_found_in_its_chunk(store: TextStore) -> None:
    assert [store.text(row) for row in range(6)] == TEXTS
    assert [store.text(row) for row in (5, 0, 3, 2)] == [TEXTS[row] for row in (5, 0, 3, 2)]


@pytest.mark.parametrize("rows", [[], [0], [2, 3], [0, 2, 4, 5], [3, 4], list(range(6))])
def test_tables_give_the_cleaned_and_raw_texts_of_the_rows(store: TextStore, rows: list[int]) -> None:
    found: list[str | None] = [None] * len(rows)
    raw = list(found)
    for place, texts in store.tables(np.array(rows, dtype=np.int64)):
        assert texts.num_rows == place.stop - place.start > 0
        found[place], raw[place] = texts["text"].to_pylist(), texts["raw_text"].to_pylist()
    assert found == [TEXTS[row] for row in rows]
    assert raw == [f" {TEXTS[row]} " for row in rows]


def test_texts_can_be_read_again_after_tables(store: TextStore) -> None:
    assert store.text(4) == TEXTS[4]
    assert sum(texts.num_rows for _, texts in store.tables(np.arange(6))) == 6
    assert store.text(4) == TEXTS[4]


def test_bands_and_signatures_are_those_of_the_texts(store: TextStore) -> None:
    bands, signatures = sketch(TEXTS)
    assert [store.band(number).tolist() for number in (0, 1, 21)] == [bands[number].tolist() for number in (0, 1, 21)]
    order = np.array([5, 0, 4, 2, 3, 0])
    assert store.signatures(order).tolist() == signatures[order].tolist()
    assert store.signatures(order[:0]).shape == (0, signatures.shape[1])


def test_rows_without_groups_keep_none_in_no_memory() -> None:
    rows = replace(rows_of(3), group=no_groups(3))
    for taken in (rows.take(np.array([2, 0])), rows.take(np.array([True, False, True]))):
        assert (taken.group.tolist(), taken.group.strides) == ([0, 0], (0,))
    assert rows.take(np.zeros(0, dtype=np.int64)).group.tolist() == []


def test_the_hashes_of_raw_texts_are_read_from_the_disk(store: TextStore) -> None:
    every = hash_texts([f" {text} " for text in TEXTS])
    assert store.raw_keys(np.arange(6)).tolist() == every.tolist()
    assert store.raw_keys(np.array([1, 4])).tolist() == every[[1, 4]].tolist()


@pytest.mark.parametrize("name", ["arrow", "bands.npy", "raw_keys.npy", "signatures.npy"])
def test_a_chunk_that_was_cut_is_named(store: TextStore, tmp_path: Path, name: str) -> None:
    file = tmp_path / f"000002.{name}"
    file.write_bytes(file.read_bytes()[:-3])
    reads = {
        "arrow": lambda: store.text(4), "bands.npy": lambda: store.band(0),
        "raw_keys.npy": lambda: store.raw_keys(np.arange(6)), "signatures.npy": lambda: store.signatures(np.arange(6)),
    }  # fmt: skip
    with pytest.raises(DamagedChunk, match=rf"000002\.{name} is damaged"):
        reads[name]()
