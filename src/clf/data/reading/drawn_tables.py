"""Tables drawn for people: with lines between the cells, as psql, MySQL and Markdown have them, or by spaces alone."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

MARKS = "|│┃"
"""The characters that stand between the cells."""
DRAWN = "-=─━═"
BOX = "+|:│┃┌┬┐├┼┤└┴┘╞╪╡╭╮╰╯╒╤╕╘╧╛┏┳┓┡╇┩┗┻┛"
BORDER = re.compile(rf"[\s{re.escape(BOX + DRAWN)}]+")
"""A line that is drawn."""
JOINT = re.compile(r"[+|│┃┬┼┴╪╤╧┳╇┻]")
OUTER = "+|│┃┌┐├┤└┘╞╡╭╮╰╯╒╕╘╛┏┓┡┩┗┛"
MOST_ABOVE = 10
"""The most lines above a drawn table: a title, the query."""
COMPARED = 200  # lines
LONGEST = 10_000  # characters of a line that can be drawn
LEAST_LINES = 5
"""The fewest lines in which the same column of spaces is no accident."""


def find_drawn(sample: list[str]) -> str:
    """Return the character between the cells of a table that is drawn with lines; empty if there is no such table."""
    lines = [line.rstrip("\r\n") for line in sample[:COMPARED] if line.strip()]
    place = next((place for place, line in enumerate(lines[:MOST_ABOVE]) if _is_border(line)), None)
    if place is None:
        return ""
    width = _border_width(lines[place])
    rows = [line for line in lines[max(0, place - 1) :] if not _is_border(line)]
    for mark in MARKS:
        widths = [len(cells) for line in rows if len(cells := split_drawn(line, mark)) > 1]
        header = split_drawn(rows[0], mark) if rows else []
        if not place or len(header) != width:  # the border is above the header
            header = split_drawn(next(iter(rows[1 if place else 0 :]), ""), mark)
        if len(header) == width > 1 and widths.count(width) >= 0.9 * len(widths):
            return mark
    return ""


def _is_border(line: str) -> bool:
    if len(line) > LONGEST or not any(mark in line for mark in DRAWN) or not BORDER.fullmatch(line):
        return False
    return _border_width(line) > 1


def _border_width(line: str) -> int:
    return len(JOINT.split(line.strip().strip(OUTER)))


def split_drawn(line: str, mark: str, outer: bool | None = None) -> list[str]:
    """Return the cells of a line, each with the white space around it; as in Markdown, an escaped bar is no mark.

    `outer` says whether marks stand around the line too; if it is None, the line tells.
    """
    line = line.rstrip("\r\n")
    if _has_outer(line, mark) if outer is None else outer:
        line = line.strip().removeprefix(mark).removesuffix(mark)
    return [cell.replace(f"\\{mark}", mark) for cell in re.split(rf"(?<!\\){re.escape(mark)}", line)]


def _has_outer(line: str, mark: str) -> bool:
    line = line.strip()
    return len(line) > 1 and line[0] == mark == line[-1]


class DrawnRows:
    """A reader of the rows of a drawn table, with the interface of the csv module's; a line that is drawn is empty.

    psql goes on with a cell that has a line break in the next line, and ends its part above with `+`.
    """

    def __init__(self, lines: Iterable[str], mark: str) -> None:
        self.lines, self.mark = iter(lines), mark
        self.line_num = 0
        self.outer: bool | None = None
        self.ahead: list[list[str]] = []
        """The cells of the next line, if it was looked at."""

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        cells = self.ahead.pop() if self.ahead else self._cells()
        self.line_num += 1
        row = [cell.strip() for cell in cells]
        while len(cells) > 1 and any(cell.endswith("+") for cell in cells) and self._goes_on(cells):
            parts = [cell.rstrip("+").strip() if cell.endswith("+") else cell for cell in row]
            cells = self.ahead.pop()
            self.line_num += 1
            row = [
                f"{part}\n{cell}" if (cell := more.strip()) else part for part, more in zip(parts, cells, strict=True)
            ]
        return row

    def _cells(self) -> list[str]:
        line = next(self.lines)
        if not line.strip() or _is_border(line):
            return []
        if self.outer is None and self.mark in line:
            self.outer = _has_outer(line, self.mark)
        return split_drawn(line, self.mark, self.outer)

    def _goes_on(self, cells: list[str]) -> bool:
        """Return whether the next line goes on with cells that end in `+`; other cells end in a space."""
        self.ahead = self.ahead or list(islice(iter(self._cells, None), 1))
        further = self.ahead[0] if self.ahead else []
        if len(further) != len(cells):
            return False
        return any(cell.endswith("+") for cell in cells[:-1]) or not any(cell.strip() for cell in further[:-1])


def find_gap(sample: list[str]) -> int:
    """Return the place of a space that all lines have there, beside another one, as between columns of a fixed width.

    It is counted from 1; 0 if there is none.
    """
    lines = [line.rstrip() for line in sample[:COMPARED] if line.strip()]
    if len(lines) < LEAST_LINES or any("\t" in line for line in lines):
        return 0
    shortest = min(min(map(len, lines)), LONGEST)
    gaps = (place for place in range(1, shortest) if all(line[place] == " " for line in lines))
    return next((place + 1 for place in gaps if any(line[place - 1] == " " for line in lines)), 0)
