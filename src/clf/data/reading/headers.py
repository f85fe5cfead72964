"""The top of a delimited table: lines above its header, whether there is a header, its names, and further headers.

Only the first rows are looked at, so that a file of any size is read once.
"""

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clf.data.reading.batch import CellRow, filled_cells, told_rows
from clf.data.reading.column_names import in_english
from clf.data.reading.headings import HEADER_WORDS, USUAL_HEADER, seen

if TYPE_CHECKING:
    from clf.settings import DataSettings

MOST_ABOVE = 20
"""The most lines above the header: a title, comments."""
LOOKED_AT = 1000
"""The first rows that tell what is a header and what is data."""
BELOW = 200  # rows below the first one in which its cells are looked for
SHORT = 40  # characters of a cell that can be a label
PHRASE = 4
"""The words of a cell that hardly names a column, if none of them does."""
COMMENT = re.compile(r"\s*(?:#|//|--|;;|%%)")
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
NEVER_NAMES = [
    re.compile(r"https?://\S+|www\.\S+"),
    re.compile(r"[^\s@]+@[^\s@]+\.[a-z]{2,}", re.IGNORECASE),
    re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T ].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}(?: .*)?"),
    re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE),
]
"""URLs, e-mail addresses, dates and UUIDs: what nobody calls a column."""
IMPORT_ID = re.compile(r'\s*\{\s*[\'"]ImportId[\'"]')
RULE = re.compile(r"(?=.*---|.*===)[-+=:|\s]+")
"""The line below the names of a table that was printed, as psql and Markdown do."""
SURVEY_WORDS = {"response", "open-ended response"}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Top:
    """The top of a table: its header as written (None if it has none), and its first rows."""

    header: list[str] | None
    rows: list[CellRow]


def read_top(first: list[CellRow], path: Path, settings: "DataSettings") -> Top:
    """Find the header of a table in its first rows, of which there must be one.

    Lines above the header, and further header lines below it, are left out and named in a warning.
    """
    rows = _below_title(first, path, settings)
    if settings.no_header or has_header(rows, settings) is False:
        if not settings.no_header:
            log.warning("%s: the first line looks like data, so the columns are numbered from 0", path)
        return Top(None, rows)
    header = rows[0][1]
    if _lacks_first_name(rows, settings):
        log.warning("%s: the header has no name for the first column, which numbers the rows", path)
        header = ["", *header]
    return Top(header, _below_header(rows[1:], header, path))


def judge_header(first: list[CellRow], path: Path, settings: "DataSettings") -> tuple[bool | None, list[CellRow]]:
    """Return whether the first row below a title is a header (None if nothing tells), and the rows from there on."""
    rows = _below_title(first, path, settings)
    return has_header(rows, settings), rows


def is_row_among(cells: list[str], rows: list[CellRow]) -> bool:
    """Return whether a row has a label of these rows, and no name of a column."""
    values = [set(column) for column in zip(*(row for _, row in rows if len(row) == len(cells)), strict=True)]
    recurring = [
        0 < len(cell) <= SHORT and cell in column and len(column) < len(rows) / 2
        for cell, column in zip(cells, values, strict=False)
    ]
    others = [cell for cell, recurs in zip(cells, recurring, strict=False) if not recurs]
    return any(recurring) and not any(map(_has_header_word, others))


# --- lines above the header ---------------------------------------------------------------------------------


def _below_title(first: list[CellRow], path: Path, settings: "DataSettings") -> list[CellRow]:
    """Return the rows from the header on; a title, comments and empty rows above it are named in a warning."""
    width = usual_width(first)
    place = 0
    if not _lacks_first_name(first, settings):
        while place < min(MOST_ABOVE, len(first) - 1) and _is_above(first, place, width, settings):
            place += 1
    if place:
        log.warning("%s: skipped %s above the header", path, told_rows(first[:place]))
    return first[place:]


def _is_above(rows: list[CellRow], place: int, width: int, settings: "DataSettings") -> bool:
    """Return whether a row is a title, a comment or empty, above a header or rows that have more cells."""
    line, cells = rows[place]
    filled = filled_cells(cells)
    below = next((row for row in rows[place + 1 :] if len(row[1]) == width and filled_cells(row[1])), None)
    if below is None or not _are_even(rows[place + 1 :], width):
        return False
    if not filled:
        return width > 1
    named_below, named = _names_columns(below[1], settings), _names_columns(cells, settings)
    if COMMENT.match(filled[0]) and (len(filled) == 1 < width or (named_below and not named)):
        return True
    if named or (len(filled) > 1 and len(cells) == width):
        return False
    if len(cells) == width and _is_padded_title(rows[place:], settings):
        return True
    is_apart = len(filled) == 1 and len(cells) < width and rows[place + 1][0] > line + 1 + cells[0].count("\n")
    return is_apart or (named_below and len(filled_cells(below[1])) > len(filled))


def _is_padded_title(rows: list[CellRow], settings: "DataSettings") -> bool:
    """Return whether a row has its first cell alone, as spreadsheets write a title, above a row of names.

    All cells of that row are filled, and it differs from the rows below.
    """
    below = next((place for place, (_, cells) in enumerate(rows) if place and filled_cells(cells)), None)
    if below is None or not rows[0][1][0].strip() or len(filled_cells(rows[0][1])) > 1 or len(rows) < below + 2:
        return False
    names = rows[below][1]
    filled = len(filled_cells(names)) == len(set(names)) == len(rows[0][1]) > 1
    return filled and has_header(rows[below:], settings) is not False


def _are_even(rows: list[CellRow], width: int) -> bool:
    """Return whether nearly all rows from the first to the last one of this width have it."""
    have = [place for place, (_, cells) in enumerate(rows) if len(cells) == width]
    return bool(have) and len(have) >= 0.9 * (have[-1] - have[0] + 1)


def _lacks_first_name(rows: list[CellRow], settings: "DataSettings") -> bool:
    """Return whether the header is one cell short because the first column numbers the rows, as R writes it."""
    names, below = rows[0][1], rows[1:]
    if len(names) < 2 or not below or len(filled_cells(names)) < len(names) or not _names_columns(names, settings):
        return False
    if any(len(cells) != len(names) + 1 for _, cells in below) or _names_columns(below[0][1], settings):
        return False
    first = [cells[0] for _, cells in below]
    return len(set(first)) == len(first) and all(name.isdecimal() for name in first)


def usual_width(rows: list[CellRow]) -> int:
    """Return the most common number of cells in a row; of several, the larger."""
    widths = [len(cells) for _, cells in rows]
    return max(set(widths), key=lambda width: (widths.count(width), width), default=0)


# --- a header or data? --------------------------------------------------------------------------------------


def has_header(rows: list[CellRow], settings: "DataSettings") -> bool | None:
    """Return whether the first row is a header: it is if it has a usual name; None if nothing tells.

    The first row is data if it has a number or a long text, or if a label in it recurs below.
    """
    cells = rows[0][1]
    further = int(_ends_header(rows[1:2], rows[2:], cells))
    below = [row[1] for row in rows[1 + further : 1 + BELOW] if len(row[1]) == len(cells) and row[1] != cells]
    classes = [name for name, column in zip(cells, zip(*below, strict=True), strict=False) if _is_class(name, column)]
    if _names_columns(cells, settings, USUAL_HEADER - {seen(name).lower() for name in classes}):
        return True
    if any(cell.strip().lstrip("-").replace(".", "", 1).isdigit() or len(cell) > 80 for cell in cells):
        return False
    if below and _is_like(cells, list(zip(*below, strict=True))):
        return False
    return None


def _is_class(name: str, column: tuple[str, ...]) -> bool:
    """Return whether a cell is one of the few values that come again and again below it."""
    return column.count(name) > 1 and 2 <= len(set(column)) <= len(column) / 4


def _names_columns(cells: Iterable[str], settings: "DataSettings", usual: set[str] = HEADER_WORDS) -> bool:
    """Return whether a cell is a usual name of a column, or one that the settings name."""
    asked = {name for name in (*settings.text_column, settings.label_column) if name and not name.isdecimal()}
    names = {seen(cell) for cell in cells}
    lowered = {meant for name in names for meant in (name.lower(), in_english(name).lower())}
    return bool((asked | usual) & lowered or asked & names)


def _is_like(cells: list[str], columns: list[tuple[str, ...]]) -> bool:
    """Return whether the first row is like those below: with the same labels, or with values that name no column."""
    recurring: list[tuple[str, list[str]]] = []
    others: list[tuple[str, list[str]]] = []
    for cell, column in zip(map(str.strip, cells), columns, strict=True):
        if any(kind.fullmatch(cell) and sum(map(bool, map(kind.fullmatch, column))) > len(column) / 2
               for kind in NEVER_NAMES):  # fmt: skip
            return True
        values = [value.strip() for value in column]
        is_value = 0 < len(cell) <= SHORT and cell in values and any(value not in ("", cell) for value in values)
        (recurring if is_value else others).append((cell, values))
    if not recurring or any(_has_header_word(cell) for cell, _ in others):
        return False
    return all(_looks_alike(cell, values) for cell, values in others)


def _has_header_word(cell: str) -> bool:
    words = WORD.findall(in_english(cell))
    return len(words) <= 3 and bool(HEADER_WORDS & {word.lower() for word in words})


def _looks_alike(cell: str, values: list[str]) -> bool:
    """Return whether a cell could stand in a column: it is no shorter than most, and has words as they have."""
    lengths = sorted(len(value) for value in values if value)
    if not cell or not lengths:
        return True
    several = sum(" " in value for value in values)
    is_long = len(cell) >= lengths[len(lengths) // 20] or len(cell.split()) >= PHRASE
    return is_long and (" " in cell or several < 0.9 * len(lengths))


# --- further header lines -----------------------------------------------------------------------------------


def _below_header(rows: list[CellRow], header: list[str], path: Path) -> list[CellRow]:
    """Return the rows below a header; the further header lines of survey tools are named in a warning."""
    count = next((count for count in (2, 1) if _ends_header(rows[:count], rows[count:], header)), 0)
    if rows and len(header) > 1 and RULE.fullmatch("|".join(rows[0][1])):
        count = 1
    if count:
        log.warning("%s: skipped %s, further lines of the header", path, told_rows(rows[:count]))
    return rows[count:]


def _ends_header(further: list[CellRow], below: list[CellRow], header: list[str]) -> bool:
    """Return whether some rows below the header are its further lines.

    Qualtrics writes questions and `{"ImportId":…}` there, or repeats the names of its own columns; SurveyMonkey writes
    `Response` below a question.
    """
    if not further or any(len(cells) != len(header) for _, cells in further):
        return False
    cells = further[-1][1]
    filled = filled_cells(cells)
    if sum(IMPORT_ID.match(cell) is not None for cell in filled) > len(filled) / 2:
        return True
    if len(further) > 1:
        return False
    same = sum(cell == name for cell, name in zip(cells, header, strict=True) if cell.strip())
    if len(filled) > same >= max(2, len(filled) / 2):
        return True
    has_words = any(cell.strip().lower() in SURVEY_WORDS for cell in filled)
    return has_words and not cells[0].strip() and all(row[0].strip() for _, row in below if row)
