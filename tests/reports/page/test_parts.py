"""Cells, bars and words of a page."""

import pytest

from clf.reports.page import parts
from clf.reports.page.parts import Cell, Track


def test_names_are_whole_and_texts_are_cut() -> None:
    assert parts.name("x" * 900 + "\n\x1b") == Cell("x" * 900 + " \\x1b", "name")
    assert parts.text("x" * 900) == Cell("x" * 399 + "…", "text")
    assert parts.text("short") == Cell("short")


def test_a_bar_stays_on_its_line() -> None:
    bar = Track(-0.5, 0.25, [1.5, 0.5])
    assert (bar.left, bar.width, bar.places) == ("0.0%", "25.0%", ["100.0%", "50.0%"])
    assert (Track(0.75, 0.5).left, Track(0.75, 0.5).width) == ("50.0%", "25.0%")


def test_numbers_that_are_not_defined_say_so_and_have_no_bar_to_see() -> None:
    assert parts.share(None) == Cell("not defined", "number", Track(0.0, 0.0))
    assert parts.share(0.5).shown == "0.5000"
    assert parts.number(0.25, "+.1f").shown == "+0.2"
    assert parts.count(1234).shown == "1,234"
    assert parts.estimate(0.5, 0.25, 0.75).track == Track(0.25, 0.75, [0.5])


@pytest.mark.parametrize(("heat", "strength"), [(None, "0.0%"), (0.0, "0.0%"), (1.0, "65.0%")])
def test_the_colour_of_a_cell_leaves_its_number_readable(heat: float | None, strength: str) -> None:
    assert Cell("1", heat=heat).strength == strength


def test_words_around_numbers() -> None:
    assert parts.counted(1, "text") == "1 text"
    assert parts.counted(1234, "text") == "1,234 texts"
    assert parts.interval(0.25, 0.5, ".2f") == "0.25 to 0.50"
