"""Rows inside and at the end of a delimited table that are no data: repeated headers, comments, footers such as totals.

They are left out as the rows are read, and a warning counts them and names their lines.
"""

import logging
import re
from collections.abc import Callable, Container, Iterable, Iterator
from pathlib import Path

from clf.data.reading.batch import SHOWN, CellRow, filled_cells, told_rows
from clf.data.reading.headings import seen

MOST_BELOW = 20
"""The most rows of a footer."""
MOST_USUAL = 2
"""The most of the first rows with a single cell, if such a row is a footer."""
LONGEST_FOOTER = 300  # characters of a row
COUNTED = r"(?:rows?|records?|results?|entries|lines|items|responses|observations|tuples)"
FOOTER = re.compile(
    rf"""[(\[]?[\d.,\s]+{COUNTED}\b.{{0,40}}
    | (?:(?:grand|sub)[\s-]?)?totals?\b.{{0,40}} | (?:sum|count|average|mean)
    | (?:(?:number|no\.?|total|count)\s+(?:of\s+)?)?{COUNTED}\s*[:=]\s*[\d.,]+ | count\s*[:=]\s*[\d.,]+
    | [-+=*_\#~|\s]{{3,}} | [-=*\#~\s]{{2,}}(?:end|eof|total|generated|exported|done)\b.{{0,60}}
    | (?:\#|//)\s.{{0,100}} | \\\.
    | [(<\[]?(?:end\ of\ (?:the\ )?(?:file|export|report|data|list|table|output|document|query)|eof|end)[)>\].]*
    | (?:report\ |file\ )?(?:exported|generated|created|downloaded|printed)\b.{{0,100}}
    | (?:copyright\b|©|\(c\)).{{0,150}} | confidential\b.{{0,100}}
    | .{{0,100}}all\ rights\ reserved\b.{{0,40}}""",
    re.IGNORECASE | re.VERBOSE,
)
TOTALS = ("total", "grand", "sub-t", "subto")
NUMBER = re.compile(r"[-+]?[$€£¥]?[-+]?[\d.,\s]*\d\s?[%$€£¥]?")

log = logging.getLogger(__name__)


def data_rows(
    rows: Iterable[CellRow],
    header: list[str] | None,
    first: list[CellRow],
    path: Path,
    blank_lines: Callable[[], Container[int]],
) -> Iterator[CellRow]:
    """Yield the rows of a table that are data; the others are counted in a warning after the last one.

    `first` are the first rows, as examples; `blank_lines` returns, after the last row, the last lines without a cell.
    """
    width, last = len(header or first[0][1]), (header or [""])[-1]
    repeated: list[int] = []
    comments: list[int] = []
    count, even = 0, True
    held: list[CellRow] = []  # the last rows, if they could be a footer
    for row in rows:
        cells = row[1]
        if cells[-1] == last and header and width > 1 and _repeats(cells, header):
            count += 1
            repeated += [row[0]] if len(repeated) < SHOWN else []
            continue
        is_data = len(cells) == width and all(cells) and cells[0][:5].lower() not in TOTALS
        if not is_data:
            held.append(row)
        if held and (is_data or len(held) > MOST_BELOW or len(cells[0]) > LONGEST_FOOTER):
            comments += [line for line, cells in held if _is_comment(cells, width)]
            held = [(line, cells) for line, cells in held if not _is_comment(cells, width)]
            even = even and all(len(cells) == width for _, cells in held)
            yield from held
            held = []
        if is_data:
            yield row
    data = len(held) - (_count_footer(held, width, first, blank_lines() if even else ()) if width > 1 else 0)
    yield from held[:data]
    _say_left_out(path, count, repeated, held[data:])
    if comments:
        lines = ", ".join(map(str, comments[:SHOWN])) + (" …" if len(comments) > SHOWN else "")
        what = "1 comment" if len(comments) == 1 else f"{len(comments)} comments"
        log.warning("%s: left out %s between rows (line %s)", path, what, lines)


def _say_left_out(path: Path, count: int, repeated: list[int], footer: list[CellRow]) -> None:
    if count:
        lines = ", ".join(map(str, repeated)) + (" …" if count > len(repeated) else "")
        rows_that = "1 row that repeats" if count == 1 else f"{count} rows that repeat"
        log.warning("%s: left out %s the header (line %s)", path, rows_that, lines)
    if footer:
        log.warning("%s: left out the footer, %s", path, told_rows(footer))


def _is_comment(cells: list[str], width: int) -> bool:
    """Return whether a row is a single cell with a comment, where other rows have several cells."""
    return len(cells) == 1 < width and cells[0].lstrip()[:2] in ("# ", "#-", "#=", "##", "#")


def _repeats(cells: list[str], header: list[str]) -> bool:
    """Return whether a row is the header again, which may have a byte order mark."""
    return cells == header or (cells[1:] == header[1:] and seen(cells[0]) == seen(header[0]))


def _count_footer(held: list[CellRow], width: int, first: list[CellRow], blank_lines: Container[int]) -> int:
    """Return how many of the last rows are a footer.

    Single cells that do not say what they are count only below a blank line.
    """
    told: list[bool] = []
    for _, cells in reversed(held):
        says_so = _says_so(cells, width, first)
        if not says_so and (len(cells) == width or len(filled_cells(cells)) != 1):
            break
        told.append(says_so)
    if told and held[-len(told)][0] - 1 in blank_lines:
        return len(told)
    return next((count for count, says_so in enumerate(told) if not says_so), len(told))


def _says_so(cells: list[str], width: int, first: list[CellRow]) -> bool:
    """Return whether a row says in words that it is a footer."""
    filled = filled_cells(cells)
    if len(cells) == width:
        if len(filled) != 1:
            return bool(filled) and _is_total(cells, first)
        if sum(len(filled_cells(row)) == 1 for _, row in first) > MOST_USUAL:
            return False  # such rows are usual here
    return FOOTER.fullmatch(", ".join(cell.strip() for cell in filled)) is not None


def _is_total(cells: list[str], first: list[CellRow]) -> bool:
    """Return whether a row is called a total and has only numbers and blanks, one of them new in its column."""
    called = next(place for place, cell in enumerate(cells) if cell.strip())
    if not re.fullmatch(r"(?:(?:grand|sub)[\s-]?)?totals?:?", cells[called].strip(), re.IGNORECASE):
        return False
    others = [(place, cell.strip()) for place, cell in enumerate(cells) if place != called]
    above = [row for _, row in first if row != cells and len(row) == len(cells)]
    return all(not cell or NUMBER.fullmatch(cell) for _, cell in others) and any(
        all(row[place].strip() != cell for row in above) for place, cell in others
    )
