"""Columns of zeros and ones, or of marks, that are several labels: the set of each row, and its empty cells."""

from clf.data.reading.marked_sets import Empty, Unclear, sets_of

NAMES = ["a", "b"]


def test_a_row_of_sets_is_unknown_if_nothing_says_0_or_1() -> None:
    columns = [["1", "0", "", "-1", "0.5", "x"], ["1", "0", None, "-1.0", "1", ""]]
    assert list(sets_of(columns, NAMES, {"a"})) == [
        ("a", "b"), (), None, None, Unclear("the label column 'a' is '0.5', expected 0 or 1"), ("a",),
    ]  # fmt: skip
    assert list(sets_of([["x", ""], ["", ""]], NAMES)) == [("a",), ()]
    assert list(sets_of([[["x"]], [0]], NAMES)) == [Unclear("the label column 'a' is \"['x']\", expected 0 or 1")]


def test_what_is_unknown_does_not_depend_on_the_rows_beside_it() -> None:
    whole = [["yes", "no", "", ""], ["no", "no", "", "yes"]]
    one_by_one = [next(sets_of([[value] for value in row], NAMES, {*NAMES})) for row in zip(*whole, strict=True)]
    assert one_by_one == list(sets_of(whole, NAMES, {*NAMES})) == [("a",), (), None, ("b",)]


def test_empty_cells_beside_filled_ones_are_told_where_the_column_says_no_elsewhere() -> None:
    empty: dict[int, Empty] = {}
    columns = [["1", "", "0", "", " "], ["", "x", "x", "", "x"], [1, float("nan"), 0, None, None]]
    assert list(sets_of(columns, ["a", "b", "c"], {"a", "c"}, empty)) == [("a", "c"), ("b",), ("b",), None, ("b",)]
    assert empty == {1: Empty(2, "a"), 3: Empty(2, "a"), 4: Empty(2, "a")}
