"""Arrow batches are sliced by the size that their values have once they are spelled out."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from clf.data.reading import arrow_batches
from clf.data.reading import row_sizes as row_sizes_module
from clf.data.reading.arrow_batches import CELL, allowed_bytes, row_sizes, sliced, value_sizes
from clf.data.reading.batch import BATCH_CHARACTERS, BATCH_ROWS
from clf.errors import DataError


def test_arrow_batches_of_many_rows_are_sliced_without_losing_one() -> None:
    batch = pa.record_batch({"n": pa.array(range(2 * BATCH_ROWS + 1))})
    slices = list(sliced([batch, batch.slice(0, 0), batch.slice(0, BATCH_ROWS)]))
    assert [part.num_rows for part in slices] == [BATCH_ROWS, BATCH_ROWS, 1, BATCH_ROWS]
    assert [part["n"][0].as_py() for part in slices] == [0, BATCH_ROWS, 2 * BATCH_ROWS, 0]


def test_arrow_batches_of_long_texts_are_sliced_by_their_bytes() -> None:
    half = "x" * (BATCH_CHARACTERS // 2 - 100)
    assert [part.num_rows for part in sliced([pa.record_batch({"text": [half] * 3})])] == [2, 1]
    longer_than_allowed = "x" * (BATCH_CHARACTERS + 1)
    assert [part.num_rows for part in sliced([pa.record_batch({"text": [longer_than_allowed] * 2})])] == [1, 1]


def repeated() -> Any:
    return pa.DictionaryArray.from_arrays(pa.array([0, 1, None, 0], pa.int32()), pa.array(["x" * 10, "y" * 30]))


WORDS = ["x" * 10, "y" * 30, None, "x" * 10]
NESTED = [["ab"], ["cd", "e"], None, []]


@pytest.mark.parametrize(
    ("array", "sizes"),
    [
        (pa.array(WORDS), [10, 30, 0, 10]),
        (pa.array(WORDS, pa.large_string()), [10, 30, 0, 10]),
        (pa.array(WORDS, pa.string_view()), [10, 30, 0, 10]),
        (pa.array([word and word.encode() for word in WORDS], pa.binary()), [10, 30, 0, 10]),
        (repeated(), [10, 30, 10, 10]),
        (pa.RunEndEncodedArray.from_arrays([3, 4], ["x" * 10, "y" * 30]), [10, 10, 10, 30]),
        (pa.array(NESTED), [10, 19, 0, 0]),
        (pa.array(NESTED, pa.large_list(pa.string())), [10, 19, 0, 0]),
        (pa.array(NESTED, pa.list_view(pa.string())), [10, 19, 0, 0]),
        (pa.array([["ab", "c"], ["", ""], ["d", "e"]], pa.list_(pa.string(), 2)), [11, 8, 10]),
        (pa.array([[("k", "abc")], [], [("k", "")]], pa.map_(pa.string(), pa.string())), [28, 0, 25]),
        (pa.array([{"a": "xyz"}, {"a": None}, {"a": ""}]), [11, 8, 8]),
        (pa.array([1, 2, 3]), [0, 0, 0]),
        (pa.nulls(3), [0, 0, 0]),
        (pa.ExtensionArray.from_storage(pa.opaque(pa.string(), "t", "v"), pa.array(["abc", "d", ""])), [3, 1, 0]),
    ],
)
def test_values_count_with_their_characters_however_they_are_kept(array: Any, sizes: list[int]) -> None:
    found = value_sizes(array) - CELL
    if pa.types.is_fixed_size_list(array.type):
        sizes = [size + CELL for size in sizes]
    assert found.tolist() == pytest.approx(sizes, abs=2 * CELL)
    assert value_sizes(array.slice(1, 2)).tolist() == value_sizes(array)[1:3].tolist()


def test_rows_count_with_all_their_columns() -> None:
    batch = pa.record_batch({"text": repeated(), "label": pa.array(["a", "b", "c", "d"])})
    assert row_sizes(batch).tolist() == (np.array([11, 31, 11, 11]) + 2 * CELL).tolist()
    assert row_sizes(pa.record_batch({"text": pa.array([], pa.string())})).tolist() == []


def test_repeated_values_are_sliced_by_what_they_stand_for() -> None:
    long = pa.DictionaryArray.from_arrays(pa.array([0] * 40), pa.array(["x" * (BATCH_CHARACTERS // 4)]))
    assert {part.num_rows for part in sliced([pa.record_batch({"text": long})])} <= {3, 1, 4}


@pytest.mark.parametrize("wrap", [lambda array: array, lambda array: pa.StructArray.from_arrays([array], ["a"])])
def test_a_row_that_is_too_long_and_values_that_are_too_many_are_refused(
    monkeypatch: pytest.MonkeyPatch, wrap: Callable[[Any], Any]
) -> None:
    for module in (arrow_batches, row_sizes_module):
        monkeypatch.setattr(module, "LONGEST", 10_000)
    batch = pa.record_batch({"text": wrap(pa.array(["short", "x" * 10_001]))})
    with pytest.raises(DataError, match=r"a.arrow, row 4: longer than 10,000 characters"):
        list(sliced([batch.slice(0, 1), batch.slice(0, 1), batch], "a.arrow"))
    with pytest.raises(DataError, match=r"a.arrow is small, but its values take at least"):
        list(sliced([batch.slice(0, 1)] * 100, "a.arrow", 1000))


def test_a_file_of_any_size_may_hold_something() -> None:
    assert allowed_bytes(1000, 100) == arrow_batches.FREE
    assert allowed_bytes(10**9, 100) == 10**11


@pytest.mark.parametrize("number", [2, -1, 127])
def test_a_value_that_points_outside_its_dictionary_is_refused(number: int) -> None:
    numbers = pa.array([0, number, None], pa.int8())
    with pytest.raises(pa.ArrowInvalid, match="among 2 distinct ones"):
        value_sizes(pa.DictionaryArray.from_arrays(numbers, ["a", "b"], safe=False))
