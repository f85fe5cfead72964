"""The delimiter is told by the rows, whatever stands above and below them."""

from pathlib import Path

import pytest

from clf.data.reading.dialects import Form, sniff_form
from clf.settings import DataSettings

TABLE = 'text;label\n"one, two";a\nthree;b\nfour, five;a\n'


def form(path: Path, content: str, **settings: object) -> Form:
    lines = content.splitlines(keepends=True)
    return sniff_form(lines, lambda: lines, path, DataSettings(**settings))


@pytest.mark.parametrize("above", ["", "# exported by hand, for us\n", "Answers of May\n\n", "// a\n// b, c\n"])
def test_a_title_above_the_rows_does_not_hide_the_delimiter(tmp_path: Path, above: str) -> None:
    assert form(tmp_path, above + TABLE) == Form(";", '"', 0)


def test_a_line_that_is_one_name_of_a_column_is_not_a_title_of_ragged_rows(tmp_path: Path) -> None:
    assert form(tmp_path, "text;label\na, b\nc\nd, e, f\n").delimiter == ";"


def test_one_tab_in_each_line_beats_one_comma(tmp_path: Path) -> None:
    assert form(tmp_path, "a\tone, two\nb\tthree, four\n").delimiter == "\t"
    assert form(tmp_path, "a\tone, two\nb three, four\n").delimiter == ","


@pytest.mark.parametrize(
    ("above", "below", "plain"),
    [("", "", True), ("A title\n", "", True), ("", "(2 rows)\n", True), ("", "(2 rows)\ne\tf\n", False)],
)
def test_quotes_in_tabbed_text_are_characters_with_a_title_or_footer_too(
    tmp_path: Path, above: str, below: str, plain: bool
) -> None:
    found = form(tmp_path, f'{above}text\tlabel\na 3" nail\tx\n"quoted" word\ty\n{below}')
    assert (found.quoting == 3) is plain
