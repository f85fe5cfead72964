"""Control characters stand between cells if each line has as many; a user types them as escapes."""

import pytest

from clf.data.reading.delimiters import as_character, as_typed, control_in


@pytest.mark.parametrize("mark", [",", "\t", ";", "|", " ", "\x01", "\x1f"])
def test_a_delimiter_is_typed_and_read_back(mark: str) -> None:
    assert as_character(as_typed(mark)) == as_character(mark) == mark
    assert as_typed(mark).isprintable()


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["a\x01b\n", "\n", "c, d\x01e\n", "cut"], "\x01"),
        (["a\x1fb\n"], "\x1f"),
        (["a\x01b\n", "c\n", "d\x01e\n"], None),
        (["a,b\n", "c,d\x01\n", "e,f\n"], None),
        ([], None),
    ],
)
def test_each_line_has_as_many_of_a_control_character(lines: list[str], found: str | None) -> None:
    assert control_in(lines) == found
