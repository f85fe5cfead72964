"""Columns of zeros and ones are one label if each row has a single 1."""

import random
import time

import pytest

from clf.data.reading.marked_sets import sets_of
from clf.data.reading.one_hot import OneHot, are_marked, find_one_hot, ones_of


def find(**columns: list[object]) -> OneHot | None:
    return find_one_hot(columns, list(columns))


@pytest.mark.parametrize("one", [1, "1", True, "true", 1.0, "1.0", " 1 "])
def test_a_single_one_in_each_row_is_one_label(one: object) -> None:
    zero = {str: "0", bool: False}.get(type(one), 0)
    found = find(a=[one, zero], b=[zero, one], words=["x", "y"])
    assert found == OneHot(["a", "b"], 2, 0, 0)
    assert found.one_label


def test_a_class_may_have_no_row_but_not_all_of_them() -> None:
    assert find(a=[1, 0], b=[0, 1], rare=[0, 0], all=[1, 1]) == OneHot(["a", "b", "rare"], 2, 0, 0)


@pytest.mark.parametrize("columns", [{"a": [0, 1]}, {"a": [0, 1], "b": [0, 0]}, {"a": [0, 1], "b": [0, 2]}])
def test_one_column_of_zeros_and_ones_is_not_one_hot(columns: dict[str, list[object]]) -> None:
    assert find(**columns) is None


def test_several_ones_or_none_are_several_labels_unless_they_are_few() -> None:
    few = find(a=[1, 0] * 10 + [1], b=[0, 1] * 10 + [1])
    assert (few and few.one_label, few and few.several) == (True, 1)
    sparse = find(a=[1, *[0] * 9], b=[0, 1, *[0] * 8])
    assert sparse is not None
    assert not sparse.one_label
    assert sparse.problem == (
        "the columns 'a', 'b' contain only 0 and 1, with several 1s in 0% of the rows and none in 80%"
    )
    assert sparse.instead == "pass --label-column a or another of them"


def test_rows_are_read_by_the_names_of_the_columns_with_a_one() -> None:
    columns = [["1", "0", "1", "?", ["1"]], ["0", "0", "1", "1", "1"]]
    assert list(ones_of(columns, ["a", "b"])) == [("a",), (), ("a", "b"), ("b",), ("b",)]


@pytest.mark.parametrize(
    ("one", "zero"), [("x", ""), ("X ", None), ("✓", ""), ("yes", "no"), ("Checked", "Unchecked"), ("1", "")]
)
def test_a_single_mark_in_each_row_is_one_label(one: str, zero: str | None) -> None:
    columns = {"billing": [one, zero, zero] * 8, "delivery": [zero, one, zero] * 8, "other": [zero, zero, one] * 8}
    empty = {"empty": [""] * 24, "said": ["some words", "", "x"] * 8}
    found = find_one_hot({**columns, **empty}, [*columns, *empty], marks=True)
    assert found == OneHot([*columns], 24, 0, 0, one="mark")
    assert list(ones_of(list(columns.values()), list(columns)))[:3] == [("billing",), ("delivery",), ("other",)]
    assert find_one_hot(columns, list(columns)) is None


def test_the_name_of_a_column_is_its_mark_unless_it_is_a_number() -> None:
    columns = {"Billing": ["Billing", ""] * 10, "Late delivery": ["", "Late delivery"] * 10}
    found = find_one_hot(columns, list(columns), marks=True)
    assert found is not None
    assert found.one_label
    assert find_one_hot({"2": ["2", ""] * 10, "3": ["", "3"] * 10}, ["2", "3"], marks=True) is None
    assert list(ones_of([["0", "1"]], ["0"])) == [(), ("0",)]


@pytest.mark.parametrize("values", [["x", "y"] * 10, ["x", ""] * 5 + ["yes", ""] * 5, ["x", "a text"] * 10, [""] * 20])
def test_columns_of_other_values_are_no_marks(values: list[str]) -> None:
    assert find_one_hot({"a": ["x", ""] * 10, "b": values}, ["a", "b"], marks=True) is None


def test_columns_that_say_no_somewhere_are_told_from_those_of_marks_alone() -> None:
    found = find_one_hot({"a": ["x", "", "x"], "b": ["yes", "no", ""], "c": [1, None, 0]}, ["a", "b", "c"], marks=True)
    assert found is not None
    assert found.saying_no == {"b", "c"}


def test_columns_may_be_several_labels_if_all_have_marks() -> None:
    columns = {"a": ["yes", "no", ""], "b": ["no", "yes", "yes"], "kind": ["x", "y", "z"]}
    assert are_marked(["a", "b"], columns)
    assert not are_marked(["a", "b", "kind"], columns)


def test_a_flag_beside_columns_with_one_1_in_each_row_is_told_apart() -> None:
    classes = {"pos": [1, 0, 0] * 10, "neg": [0, 1, 0] * 10, "neu": [0, 0, 1] * 10, "rare": [0] * 30}
    flagged = {"verified": [1, 1, 0, 0, 1] * 6, **classes}
    found = find_one_hot(flagged, list(flagged))
    assert found is not None
    assert found.single == list(classes)
    assert found.unclear == (
        "the columns 'pos', 'neg', 'neu', 'rare' have exactly one 1 in each row, and beside them is 'verified' with such "
        "values too: clf cannot tell which of them are the classes"
    )
    tags = find(a=[1, 1, 0] * 10, b=[0, 1, 1] * 10)
    assert tags is not None
    assert tags.single == []


def test_many_columns_are_told_apart_in_no_time() -> None:
    pick = random.Random(1)
    columns = {f"c{number}": [int(pick.random() < 0.3) for _ in range(1000)] for number in range(80)}
    started = time.process_time()
    found = find_one_hot(columns, list(columns))
    assert found is not None
    assert not found.one_label
    assert time.process_time() - started < 5


def test_few_rows_may_be_one_hot_by_chance() -> None:
    few = find(a=[1, 0] * 2, b=[0, 1] * 2)
    assert few is not None
    assert few.doubt == (
        "each of the 4 rows has a single 1 in the columns 'a', 'b', so they are read as one label; if that is chance, pass "
        "--label-column a or another of them"
    )
    many = find(a=[1, 0] * 10, b=[0, 1] * 10)
    assert many is not None
    assert many.doubt == ""


def test_a_thousand_columns_are_read_in_no_time() -> None:
    pick = random.Random(1)
    columns = {f"c{number}": ["0"] * 1000 for number in range(1000)}
    for row in range(1000):
        for number in pick.sample(range(1000), 3):
            columns[f"c{number}"][row] = "1"
    started = time.process_time()
    found = find_one_hot(columns, list(columns))
    assert found is not None
    sets = sets_of(list(columns.values()), list(columns), found.saying_no, {})
    assert sum(map(len, filter(None, sets))) == 3000  # type: ignore[arg-type]
    assert time.process_time() - started < 5
