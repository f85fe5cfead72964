"""What a page is made of: cards, sections, tables, cells and the bars in them. All text in them is untrusted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from clf.safety import one_line

TEXT_WIDTH = 400
"""Longer texts are cut; names of labels never are."""
LONG = 40
NO_VALUE = "not defined"


@dataclass(frozen=True)
class Track:
    """A bar on a line from 0 to 1, filled from `start` to `end`, and the places of marks on it."""

    start: float
    end: float
    marks: Sequence[float] = ()
    tone: str = "one"

    @property
    def left(self) -> str:
        """Where the bar starts, in percent of the line."""
        return _percent(min(self.start, self.end))

    @property
    def width(self) -> str:
        """How long the bar is, in percent of the line."""
        low, high = sorted((_within(self.start), _within(self.end)))
        return _percent(high - low)

    @property
    def places(self) -> list[str]:
        """Where the marks are, in percent of the line."""
        return [_percent(mark) for mark in self.marks]


@dataclass(frozen=True)
class Cell:
    """A table cell, as shown; `heat` is the share that colours it.

    `kind` is number (words of our own, which nothing untrusted is in), name, text, term, a tone, or empty.
    """

    shown: str
    kind: str = ""
    track: Track | None = None
    heat: float | None = None

    @property
    def strength(self) -> str:
        """How strongly the cell is coloured, in percent: at most so much that its number can be read."""
        return _percent(0.65 * (self.heat or 0.0))


@dataclass(frozen=True)
class Table:
    """A table with its caption for screen readers; `fold` is what a table that is folded shows instead.

    The heads of a `matrix` are names too and stand upright.
    """

    caption: str
    columns: list[str]
    rows: list[list[Cell]]
    fold: str | None = None
    matrix: bool = False


@dataclass(frozen=True)
class Section:
    """A section: its heading, notes, charts as SVG, and tables.

    On a wide screen it takes a third, half or the whole (wide) of the width.
    """

    title: str
    notes: list[str] = field(default_factory=list)
    charts: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    size: Literal["third", "half", "wide"] = "third"


@dataclass(frozen=True)
class Figure:
    """A card with one figure: what it is, its value, what stands below it, and where it stands between 0 and 1."""

    name: str
    shown: str
    below: list[str]
    track: Track | None = None


@dataclass(frozen=True)
class Cards:
    """What stands first: the verdict with its reasons, a few figures, and what to do next.

    `tone` is good, bad, unsure or empty.
    """

    verdict: str
    tone: str = ""
    reasons: list[str] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    """A page: title, subtitle, cards, sections, and what stands at its end."""

    title: str
    subtitle: str
    cards: Cards
    sections: Sequence[Section]
    end: str = ""


def name(value: object) -> Cell:
    """Return the cell of a label's name or a model's, which is never cut."""
    return Cell(one_line(value), "name")


def text(value: object) -> Cell:
    """Return the cell of a text, on one line and cut if it is long."""
    shown = one_line(value, TEXT_WIDTH)
    return Cell(shown, "text" if len(shown) > LONG else "")


def term(shown: str) -> Cell:
    """Return the cell of a metric's name, which the glossary explains."""
    return Cell(shown, "term")


def number(value: float | None, form: str = ".4f", track: Track | None = None) -> Cell:
    """Return the cell of a number; one that is not defined says so."""
    return Cell(NO_VALUE if value is None else format(value, form), "number", track)


def count(value: int, track: Track | None = None) -> Cell:
    """Return the cell of a whole number."""
    return Cell(f"{value:,}", "number", track)


def share(value: float | None, tone: str = "one") -> Cell:
    """Return the cell of a number between 0 and 1, with its bar."""
    return number(value, ".4f", Track(0.0, value or 0.0, tone=tone))


def estimate(value: float, low: float, high: float) -> Cell:
    """Return the cell of a number between 0 and 1, with the bar of its interval."""
    return number(value, ".4f", Track(low, high, [value]))


def interval(low: float, high: float, form: str = ".4f") -> str:
    """Return an interval for people."""
    return f"{low:{form}} to {high:{form}}"


def counted(number: int, what: str) -> str:
    """Return a number with its noun: 1 text, 2 texts."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _within(value: float) -> float:
    return min(1.0, max(0.0, value))


def _percent(value: float) -> str:
    return f"{100 * _within(value):.1f}%"
