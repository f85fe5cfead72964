"""Batches are cut where they must be, and keys inside objects become columns."""

from dataclasses import replace
from pathlib import Path

import pytest

from clf.data.reading.batch import BATCH_CHARACTERS, Batch, chunked, told_rows, unfold


def test_a_part_of_a_batch_keeps_the_lines_the_file_and_the_problems_of_its_rows() -> None:
    whole = Batch({"text": list("abcde"), "id": list("12345")}, [2, 3, 5, 8, 9], Path("x.csv"), {1: "one", 4: "four"})
    assert whole.part(1, 3) == Batch({"text": ["b", "c"], "id": ["2", "3"]}, [3, 5], Path("x.csv"), {0: "one"})
    assert whole.part(3, 99) == Batch({"text": ["d", "e"], "id": ["4", "5"]}, [8, 9], Path("x.csv"), {1: "four"})
    assert whole.part(2, 4).problems == {}
    assert whole.part(0, 5) == whole
    assert replace(whole, below_header=True).part(1, 3).below_header


@pytest.mark.parametrize(
    ("count", "sizes"), [(0, []), (1, [1]), (2, [2]), (3, [3]), (4, [3, 1]), (6, [3, 3]), (7, [3, 3, 1])]
)
def test_chunks_are_full_but_for_the_last_and_never_empty(count: int, sizes: list[int]) -> None:
    chunks = list(chunked(range(count), 3))
    assert [len(chunk) for chunk in chunks] == sizes
    assert [row for chunk in chunks for row in chunk] == list(range(count))


def test_a_chunk_ends_with_the_row_that_makes_it_too_long() -> None:
    weights = [BATCH_CHARACTERS, 1, BATCH_CHARACTERS + 1, 1, BATCH_CHARACTERS - 1, 1]
    assert list(chunked(weights, 10, lambda weight: weight)) == [weights[:2], weights[2:3], weights[3:]]


def test_chunks_are_given_before_the_rows_after_them_are_asked_for() -> None:
    rows = iter(range(10))
    assert next(chunked(rows, 4)) == [0, 1, 2, 3]
    assert next(rows) == 4


def test_keys_inside_objects_become_columns() -> None:
    columns = {"user": [{"name": "Ann", "at": {"city": "Rome"}}, {"name": "Bo"}, None, "no object"]}
    assert unfold(columns, ["user.name", "user.at.city"]) == columns | {
        "user.name": ["Ann", "Bo", None, None],
        "user.at.city": ["Rome", None, None, None],
    }


@pytest.mark.parametrize("wanted", ["user", "user.age", "other.name", "user.name.first", "0"])
def test_a_wanted_column_that_no_object_has_is_not_added(wanted: str) -> None:
    columns = {"user": [{"name": "Ann"}, {"name": "Bo"}]}
    assert unfold(columns, [wanted]) == columns


def test_a_column_whose_own_name_has_a_dot_stays_as_it_is() -> None:
    columns = {"a": [{"b": "inside"}], "a.b": ["beside"]}
    assert unfold(columns, ["a.b"]) == columns


def test_rows_are_told_by_line_with_a_short_value() -> None:
    rows = [(number, ["a  b", "x" * 60]) for number in range(1, 6)]
    assert told_rows(rows[:1]) == f"line 1 ({'a b ' + 'x' * 46!r})"
    assert told_rows(rows).endswith(" and 2 more")
