"""The dialect of delimited text: its delimiter and quote character, detected in its first lines."""

import csv
import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from clf.data.reading.batch import IN_FIRST_LINES
from clf.data.reading.column_names import in_english
from clf.data.reading.headings import USUAL_HEADER
from clf.errors import UsageError
from clf.settings import DataSettings

DELIMITERS = (",", "\t", ";", "|")
DELIMITER_NAMES = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar"}
MOST_ABOVE = 20
"""The most lines above the header: a title, comments."""
LOOKED_AT = 10_000
"""The characters of a line in which quotes are looked for."""
LABEL_MARKS = "@~^#"
"""Signs that some files write between a text and its label."""
SURE = 20
"""The fewest lines that tell such a sign."""
MOST_WORDS = 10
"""The most labels in such lines."""
WORD = re.compile(r"[^\W\d][\w-]{0,29}")
EXCEL_FIRST_LINE = re.compile(r"sep=(.)\s*")
EARLY_CLOSE = re.compile(r'(?:^|\t)"[^"\t\r\n]*"[^"\t\r\n]')

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Form:
    """The dialect of a delimited file: `quoting` as in the csv module, and `escape`, which stands before quotes."""

    delimiter: str
    quotechar: str
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL
    escape: str = ""

    def rows(self, lines: Iterable[str]) -> Any:
        """Return a strict reader of the rows; its errors are those of the csv module."""
        kept = map(self._keeping, lines) if self.escape else lines
        return csv.reader(
            kept, strict=True, delimiter=self.delimiter, quotechar=self.quotechar, quoting=self.quoting,
            escapechar=self.escape or None,
        )  # fmt: skip

    def _keeping(self, line: str) -> str:
        """Double the escapes that escape nothing, as in the path of a file; the csv module would drop them."""
        escape = re.escape(self.escape)
        escaped = f"{escape}([{re.escape(self.escape + self.quotechar + self.delimiter)}])?"
        return re.sub(escaped, lambda found: found[0] if found[1] else 2 * self.escape, line)

    def width(self, sample: list[str]) -> int:
        """Return how many cells each row has, or 0 if the rows differ; the last line may be cut."""
        widths: list[int] = []
        reader = self.rows(sample)
        try:
            widths += (len(cells) for cells in reader if cells)
        except csv.Error:
            if reader.line_num < len(sample):
                return 0
        return widths[0] if len(widths) > 1 and len(set(widths)) == 1 else 0


def sniff_form(sample: list[str], every_line: Callable[[], Iterable[str]], path: Path, settings: DataSettings) -> Form:
    """Detect the delimiter and quote character in the first lines, and return them as arguments of the csv module."""
    told = EXCEL_FIRST_LINE.fullmatch(sample[0] if sample else "")
    given = settings.delimiter or (told[1] if told else None)
    odd = None if settings.quote or settings.escape else _sniff_odd(sample, given, path)
    if odd:
        return odd
    quote = settings.quote or _sniff_quote(sample, path, settings)
    delimiter = given or _sniff_delimiter(sample, path, quote)
    if len(delimiter := delimiter.replace("\\t", "\t")) != 1 or delimiter in '\r\n\0"':
        raise UsageError(
            f"--delimiter must be one character that is not a line break or a quote, found {delimiter!r}",
            "pass --delimiter ';' or another single character",
        )
    asked = settings.quote or settings.escape
    plain = not asked and quote == '"' and delimiter == "\t" and _quotes_are_text(every_line(), path)
    return Form(delimiter, quote, csv.QUOTE_NONE if plain else csv.QUOTE_MINIMAL, settings.escape or "")


def _sniff_odd(sample: list[str], delimiter: str | None, path: Path) -> Form | None:
    """Return the dialect with escaped quotes or with single quotes on some rows that makes all rows equally wide.

    Of several it is the one with the most cells in a row; a single cell is enough for escaped quotes.
    """
    lines = [line.replace("\0", "") for line in sample]
    marks = [delimiter.replace("\\t", "\t")] if delimiter else list(DELIMITERS)
    forms = [form for mark in marks if len(mark) == 1 for form in (Form(mark, '"', escape="\\"), Form(mark, "'"))]
    widths = {form: form.width(lines) for form in forms if _is_used(form, lines)}
    odd = max(widths, key=lambda form: widths[form], default=None)
    if not odd or widths[odd] < (1 if odd.escape else 2):
        return None
    what = "quotes are escaped with \\" if odd.escape else "cells are quoted with '"
    log.info("%s: %s", path, what, extra=IN_FIRST_LINES)
    return odd


def _is_used(form: Form, lines: list[str]) -> bool:
    """Return whether some lines need a dialect.

    They have an escaped quote; or a single quote that is doubled in a quoted cell, or the delimiter in one, without
    which the rows are not equally wide.
    """
    if form.escape:
        return any(form.escape + form.quotechar in line for line in lines)
    mark = re.escape(form.delimiter)
    single, double = ([line.rstrip("\r\n") for line in _having(quote, lines)] for quote in "'\"")
    if not single or any(re.search(f'(?:^|{mark})"|"(?:{mark}|$)', line) for line in double):
        return False
    cells = [cell for line in single for cell in _single_quoted(form.delimiter).findall(line)]
    if any("''" in cell for cell in cells):
        return True
    return any(form.delimiter in cell for cell in cells) and Form(form.delimiter, '"').width(lines) < 2


def _single_quoted(delimiter: str) -> re.Pattern[str]:
    """Return the pattern of a whole cell in single quotes; it never goes back, as it would from each delimiter."""
    mark = re.escape(delimiter)
    return re.compile(f"(?:^|{mark})'((?:[^'\\n]++|'')*+)'(?={mark}|$)")


def _having(quote: str, lines: Iterable[str]) -> list[str]:
    """Return the beginnings of the lines that have this quote."""
    return [line[:LOOKED_AT] for line in lines if quote in line]


def _sniff_quote(sample: list[str], path: Path, settings: DataSettings) -> str:
    """Return `'` if, with one of the delimiters, nearly every line quotes with it, and no cell is quoted with `"`."""
    lines = [line.strip() for line in sample if line.strip()][1:]
    single, double = _having("'", lines), _having('"', lines)
    marks = [settings.delimiter.replace("\\t", "\t")] if settings.delimiter else DELIMITERS
    any_mark = f"[{re.escape(''.join(marks))}]"
    for mark in marks:
        edges = f"(?:^|{re.escape(mark)})'|'(?:{re.escape(mark)}|$)"
        quoted = sum(len(re.findall(edges, line)) >= 2 for line in single)
        others = (_single_quoted(mark).sub(mark, line) for line in double)
        doubled = any(re.search(f'(?:^|{any_mark})"|"(?:{any_mark}|$)', line) for line in others)
        if lines and quoted >= 0.9 * len(lines) and not doubled:
            log.info("%s: cells are quoted with '", path, extra=IN_FIRST_LINES)
            return "'"
    return '"'


def _quotes_are_text(lines: Iterable[str], path: Path) -> bool:
    """Return whether the quotes in a tab-separated file are plain characters.

    In such a file each line is a complete row, but for a title above and a footer below, and some quote is unpaired or
    closes before its cell ends.
    """
    tabs, above, odd, odd_above, ended = 0, 0, False, False, False
    for line in lines:
        if not line.strip():
            continue
        here, is_odd = line.count("\t"), line.count('"') % 2 == 1 or EARLY_CLOSE.search(line) is not None
        if not tabs and not here:
            above, odd_above = above + 1, odd_above or is_odd
        elif here and (ended or above > MOST_ABOVE or here != (tabs or here)):
            return False
        else:
            tabs, ended, odd = tabs or here, not here, odd or is_odd
    odd = odd if tabs else odd_above
    if odd:
        log.info("%s: treating quotes as plain characters", path, extra=IN_FIRST_LINES)
    return odd


def _sniff_delimiter(lines: list[str], path: Path, quote: str) -> str:
    """Return the delimiter that splits the first rows into the same number of cells, and into the most cells."""
    sample = [line.replace("\0", "") for line in lines]
    best, most = ",", 1
    below, most_below = None, 1
    for delimiter in DELIMITERS:
        widths = [len(row) for row in islice(csv.reader(sample, delimiter=delimiter, quotechar=quote), 50) if row]
        width = max(set(widths), key=widths.count, default=0)
        as_many = width == most > 1 and delimiter == "\t" and set(widths) == {width}  # texts have commas, hardly tabs
        if (width > most or as_many) and widths[0] == width and widths.count(width) >= 0.8 * len(widths):
            best, most = delimiter, width
        elif width > most_below and _are_below_a_title(widths, width):
            below, most_below = delimiter, width
    if most == 1:  # no consistent width: look for a usual column name in the header, or for a title above it
        best = _header_delimiter(sample[0] if sample else "") or below or best
    best = _label_mark(sample) or best
    if best != ",":
        log.info("%s is delimited by %s", path, DELIMITER_NAMES.get(best, best), extra=IN_FIRST_LINES)
    return best


def _label_mark(lines: list[str]) -> str | None:
    """Return the sign between text and label, as in `text@label`: once in each line, before one of a few words."""
    lines = [line.strip() for line in lines if line.strip()][:-1]  # the last one may be cut
    for mark in LABEL_MARKS if len(lines) >= SURE else ():
        if all(line.count(mark) == 1 and not line.partition(mark)[0][-1:].isspace() for line in lines):
            words = Counter(line.partition(mark)[2] for line in lines)
            if 2 <= len(words) <= MOST_WORDS and all(map(WORD.fullmatch, words)) and min(words.values()) > 1:
                return mark
    return None


def _are_below_a_title(widths: list[int], width: int) -> bool:
    """Return whether rows of one width stand below a few lines with fewer cells, such as a title or comments."""
    above = widths.index(width)
    rows = widths[above:]
    return 0 < above <= MOST_ABOVE and max(widths[:above]) < width and rows.count(width) >= 0.9 * len(rows) > 1


def _header_delimiter(header: str) -> str | None:
    splits = {mark: [in_english(cell.strip().strip('"')).lower() for cell in header.split(mark)] for mark in DELIMITERS}
    return next((mark for mark, cells in splits.items() if len(cells) > 1 and USUAL_HEADER & set(cells)), None)
