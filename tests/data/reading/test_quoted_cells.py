"""Lines are told apart from those that no writer of delimited text makes."""

import time

import pytest

from clf.data.reading.quoted_cells import LOOKED_AT, SAMPLE, Cells, well_formed


def cells(content: str, quote: str = '"', escape: str = "", delimiter: str = ",") -> Cells | None:
    return well_formed(content.splitlines(keepends=True), delimiter, quote, escape)


def test_cells_are_counted_by_what_they_tell() -> None:
    assert cells('a,b\n\n"c ""d""",e\r\n"f\ng, h",i') == Cells([2, 2, 2], quoted_rows=2, told=1, needed=1)
    assert cells("a,b\n'c''d',e\n'f, g',h\n", "'") == Cells([2, 2, 2], quoted_rows=2, told=1, needed=1)
    assert cells('a,"b\n', "'") == Cells([2], other_quotes=True)
    assert cells("a\\,b,c\nd\\\ne,f\n", escape="\\") == Cells([2, 2], escaped=2)
    assert cells('"a\\"b",c\n', escape="\\") == Cells([2], quoted_rows=1, told=1)


@pytest.mark.parametrize("content", ['a "b",c\n', '"a" b,c\n', 'a,b\n"c,d\n', "a,b\n" * 3 + 'c",d\n'])
def test_a_quote_where_none_belongs_makes_no_table(content: str) -> None:
    assert cells(content) is None


def test_the_last_row_may_be_cut_off() -> None:
    assert cells("a,b\n" * (SAMPLE - 1) + '"c\n') == Cells([2] * (SAMPLE - 1))
    long = cells("a,b\n" + "c" * LOOKED_AT)
    assert long == Cells([2])


def test_a_width_is_that_of_all_rows() -> None:
    assert [Cells(widths).width for widths in ([2, 2], [2, 3], [2], [])] == [2, 0, 0, 0]
    assert [Cells([2, 2, 2], quoted_rows=count).are_quoted for count in (1, 2)] == [False, True]


def test_many_quotes_cost_no_time() -> None:
    started = time.process_time()
    for content in ("'" * 200_000, "\\" * 200_000, "'\\" * 100_000, "a'," * 70_000):
        cells(content, "'", "\\")
        cells(content, "'")
    assert time.process_time() - started < 3
