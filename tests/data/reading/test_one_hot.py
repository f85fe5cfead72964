"""Columns of zeros and ones are one label if each row has a single 1."""

import pytest

from clf.data.reading.one_hot import OneHot, find_one_hot, ones_of


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
        "the columns 'a', 'b' contain only 0 and 1, with several 1s in 0% of the rows and none in 80%: multi-label is "
        "not supported yet"
    )
    assert sparse.hint == "pass --label-column a or another of them, and train one model per label"


def test_rows_are_read_by_the_names_of_the_columns_with_a_one() -> None:
    columns = [["1", "0", "1", "x", ["1"]], ["0", "0", "1", "1", "1"]]
    assert list(ones_of(columns, ["a", "b"])) == [("a",), (), ("a", "b"), ("b",), ("b",)]
