"""Repeated headers and footers are left out, counted and named; everything else stays."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clf.data.reading.extra_rows import data_rows

HEADER = ["id", "text", "label"]
DATA = [["1", "good", "a"], ["2", "bad", "b"], ["3", "fine", "a"]]


def left(rows: list[list[str]], header: list[str] | None = HEADER, *, blank: int = 0) -> list[list[str]]:
    """Return the rows that are data; the line numbered `blank`, above one of them, has no cell."""
    numbered = [(line, cells) for line, cells in enumerate(rows, 2)]
    numbered = [(line + (0 < blank <= line), cells) for line, cells in numbered]
    return [cells for _, cells in data_rows(numbered, header, numbered, Path("x.csv"), lambda: [blank])]


def test_a_header_that_is_repeated_is_left_out_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    assert left([*DATA, HEADER, *DATA, ["\ufeffid", "text", "label"], *DATA, HEADER]) == DATA * 3
    assert "x.csv: left out 3 rows that repeat the header (line 5, 9, 13)" in caplog.text


def test_comment_lines_between_rows_are_left_out_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    assert left([*DATA, ["# second week"], ["#"], *DATA, ["# third week"], *DATA]) == DATA * 3
    assert "x.csv: left out 3 comments between rows (line 5, 6, 10)" in caplog.text
    hashtags = [["#tired"], ["# one", "", "a"], *DATA]
    assert left(hashtags) == hashtags
    assert left([["# a"], ["b"]], ["text"]) == [["# a"], ["b"]]


def test_a_row_like_a_part_of_the_header_is_data() -> None:
    rows = [["x", "text", "label"], ["id", "text", "a"], *DATA]
    assert left(rows) == rows
    assert left([["text"], ["a"]], ["text"]) == [["text"], ["a"]]


@pytest.mark.parametrize(
    "footer",
    [
        [["Total", "", ""]],
        [["Grand Total", "3", "120"]],
        [["", "Total", "120"]],
        [["Total", "$1,200.50", "12 %"]],
        [["Grand Total", "3", ""]],
        [["+----+-------+"], ["3 rows in set (0.00 sec)"]],
        [["(120 rows)"]],
        [["120 rows selected.", "", ""]],
        [["1", "234 rows in set (0.01 sec)"]],
        [["-- end of export --"]],
        [["==========", "", ""], ["End of file", "", ""]],
        [["Number of records: 3"]],
        [["\\."]],
        [["Generated on 1 May 2024", "", ""]],
    ],
)
def test_a_footer_is_left_out_and_named_by_line(footer: list[list[str]], caplog: pytest.LogCaptureFixture) -> None:
    assert left([*DATA, *footer]) == DATA
    assert f"x.csv: left out the footer, line 5 ({' '.join(footer[0]).strip()!r})" in caplog.text


@pytest.mark.parametrize(
    "last",
    [
        [["total", "a", "b"]],
        [["Total", "3", "b"]],
        [["", "Total", "b"]],
        [["", "", ""]],
        [["4", "", ""]],
        [["one more", "", ""]],
        [["4", "cut"]],
        [["Answers of May"]],
    ],
)
def test_last_rows_that_may_be_data_stay(last: list[list[str]]) -> None:
    assert left([*DATA, *last]) == [*DATA, *last]


def test_single_cells_below_a_blank_line_are_a_footer() -> None:
    footer = [["Answers of May"], ["Copyright (c) 2024 Some Company. All rights reserved."], ["By: Ann"]]
    assert left([*DATA, *footer]) == [*DATA, *footer]
    assert left([*DATA, *footer], blank=5) == DATA
    assert left([*DATA, ["4", "cut"], *footer], blank=6) == [*DATA, ["4", "cut"]]


def test_after_other_ragged_rows_only_words_tell_a_footer() -> None:
    assert left([["1", "2"], *DATA, ["perhaps"]], blank=6) == [["1", "2"], *DATA, ["perhaps"]]
    assert left([["1", "2"], *DATA, ["(3 rows)"]]) == [["1", "2"], *DATA]


def test_where_rows_with_one_cell_are_usual_none_is_a_footer() -> None:
    rows = [["Total", "", ""], ["End", "", ""], ["eof", "", ""]]
    assert left(rows) == rows


def test_a_total_whose_numbers_occur_above_is_data() -> None:
    rows = [["good", "3"], ["bad", "5"], ["Total", "3"]]
    assert left(rows, ["text", "stars"]) == rows
    assert left([*rows[:2], ["Total", "8"]], ["text", "stars"]) == rows[:2]


def test_a_table_of_one_column_has_no_footer() -> None:
    assert left([["a"], ["Total"]], ["text"]) == [["a"], ["Total"]]


@given(st.lists(st.lists(st.sampled_from(["", "a", "b c", "7"]), min_size=3, max_size=3), max_size=60))
def test_rows_of_full_width_that_say_nothing_else_all_stay_in_order(rows: list[list[str]]) -> None:
    assert left(rows or [["a", "b", "c"]]) == (rows or [["a", "b", "c"]])
