"""The dialect of delimited text: its delimiter and quote character, detected in its first lines."""

import csv
import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from clf.data.reading.batch import IN_FIRST_LINES
from clf.data.reading.column_names import in_english
from clf.data.reading.delimiters import CONTROLS, DELIMITER_NAMES, DELIMITERS, as_character, control_in
from clf.data.reading.drawn_tables import DrawnRows, find_drawn, find_gap
from clf.data.reading.headings import USUAL_HEADER
from clf.data.reading.quoted_cells import Cells, well_formed
from clf.errors import DataError, UsageError
from clf.settings import DataSettings

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
NEARLY_ALL = 0.9
"""The share of lines in single quotes with which the others are exceptions."""
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
    joins: bool = False
    """Whether an escape at the end of a line keeps the line break in the cell."""
    drawn: bool = False
    """Whether lines are drawn around the cells."""

    def rows(self, lines: Iterable[str]) -> Any:
        """Return a strict reader of the rows; its errors are those of the csv module."""
        if self.drawn:
            return DrawnRows(lines, self.delimiter)
        kept = map(self._keeping, lines) if self.escape else lines
        return csv.reader(
            kept, strict=True, delimiter=self.delimiter, quotechar=self.quotechar, quoting=self.quoting,
            escapechar=self.escape or None,
        )  # fmt: skip

    def _keeping(self, line: str) -> str:
        """Double the escapes that escape nothing, as in the path of a file; the csv module would drop them."""
        escape = re.escape(self.escape)
        ends = "\r\n" if self.joins else ""
        escaped = f"{escape}([{re.escape(self.escape + self.quotechar + self.delimiter)}{ends}])?"
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
    """Detect the delimiter and quote character in the first lines, and return them as arguments of the csv module.

    Raises UsageError for a delimiter that cannot be one, and DataError for columns of a fixed width.
    """
    told = EXCEL_FIRST_LINE.fullmatch(sample[0] if sample else "")
    given = settings.delimiter or (told[1] if told else None)
    asked = settings.quote or settings.escape
    given = given and as_character(given)
    if not asked and (control := given if given in CONTROLS else None if given else control_in(sample)):
        log.info("%s is delimited by %s", path, CONTROLS[control], extra=IN_FIRST_LINES)
        return Form(control, '"', csv.QUOTE_NONE)
    odd = None if asked else _sniff_odd(sample, given, path)
    if odd:
        return odd
    quote = settings.quote or _sniff_quote(sample, path, settings)
    delimiter = given or _sniff_delimiter(sample, path, quote)
    if len(delimiter) != 1 or delimiter in '\r\n\0"':
        raise UsageError(
            f"--delimiter must be one character that is not a line break or a quote, found {delimiter!r}",
            "pass --delimiter ';' or another single character",
        )
    plain = not asked and quote == '"' and delimiter == "\t" and _quotes_are_text(sample, every_line(), path)
    form = Form(delimiter, quote, csv.QUOTE_NONE if plain else csv.QUOTE_MINIMAL, settings.escape or "")
    if form.escape and form.width(sample) < (joined := replace(form, joins=True)).width(sample):
        return joined
    if not given and not asked and form.width(sample) < 2 and (gap := find_gap(sample)):
        raise _fixed_width(gap, path)
    return form


def _fixed_width(gap: int, path: Path) -> DataError:
    return DataError(
        f"{path}: spaces part its columns, at the same place of each line (character {gap} is always a space), "
        "expected a delimiter",
        'make a CSV of it: python -c "import pandas; '
        f"pandas.read_fwf('{path.name}').to_csv('{path.stem}.csv', index=False)\"",
    )


def _sniff_odd(sample: list[str], delimiter: str | None, path: Path) -> Form | None:
    """Return the dialect of a table that is drawn, or parted by spaces, or that has other quotes or escapes than usual.

    Of several dialects with which all rows are equally wide, it is the one with the most cells in a row; a single cell
    is enough for escaped quotes.
    """
    lines = [line.replace("\0", "") for line in sample]
    marks = [delimiter] if delimiter else list(DELIMITERS)
    if (mark := find_drawn(lines)) and delimiter in (None, mark):
        return Form(mark, '"', csv.QUOTE_NONE, drawn=True)
    marks = [mark for mark in marks if len(mark) == 1]
    if not _may_be_odd(lines):
        return None
    odd = _sniff_spaces(lines, delimiter)
    usual = _usual(lines, marks)
    if odd is None and any(not cells.other_quotes for cells in usual):
        return None
    odd = odd or _sniff_well_formed(lines, marks, escaped=not usual)
    if odd is None:
        forms = [form for mark in marks for form in (Form(mark, '"', escape="\\"), Form(mark, "'"))]
        forms = [form for form in forms if not (usual and form.escape)]
        widths = {form: form.width(lines) for form in forms if _is_used(form, lines)}
        odd = max(widths, key=lambda form: widths[form], default=None)
        if not odd or widths[odd] < (1 if odd.escape else 2):
            return None
    for what in ([f"cells are quoted with {odd.quotechar}"] if odd.quotechar != '"' else []) + (
        [f"quotes are escaped with {odd.escape}"] if odd.escape else []
    ):
        log.info("%s: %s", path, what, extra=IN_FIRST_LINES)
    return odd


def _may_be_odd(lines: list[str]) -> bool:
    """Return whether there is a quote or an escape at all that may make a dialect."""
    return any("'" in line or "\\" in line for line in lines) or (lines[:1] != [] and lines[0].startswith('"'))


def _usual(lines: list[str], marks: list[str]) -> list[Cells]:
    """Return the cells, with each delimiter for which a writer with double quotes and no escapes makes these lines."""
    cells = [well_formed(lines, mark, '"') for mark in marks]
    return [one for one in cells if one and one.width > 1 and one.quoted_rows]


def _sniff_spaces(lines: list[str], delimiter: str | None) -> Form | None:
    """Return the dialect of R's write.table: spaces between cells, texts in quotes, and no name for the row names."""
    if delimiter not in (None, " ") or not lines or not re.match(r'"[^"]*" "', lines[0]):
        return None
    escape = "\\" if any('\\"' in line for line in lines) else ""
    cells = well_formed(lines, " ", '"', escape)
    if cells is None or len(cells.widths) < 2 or not cells.are_quoted:
        return None
    first, width = cells.widths[0], cells.widths[1]
    if width < 2 or first not in (width, width - 1) or set(cells.widths[1:]) != {width}:
        return None
    return Form(" ", '"', escape=escape, joins=False)


def _sniff_well_formed(lines: list[str], marks: list[str], *, escaped: bool) -> Form | None:
    """Return the dialect in which a writer of delimited text, but for its usual one, writes just these lines.

    Unless `escaped`, double quotes are not escaped.
    """
    found: dict[Form, Cells] = {}
    usually = {mark: well_formed(lines, mark, '"') for mark in marks}
    for mark, usual in usually.items():
        is_usual = usual is not None and usual.width > 1
        for quote, escape in ((('"', "\\"),) if escaped else ()) + (("'", ""), ("'", "\\")):
            cells = well_formed(lines, mark, quote, escape) if not escape or _escapes(lines) else None
            if cells is None or not cells.width:
                continue
            if cells.other_quotes and (is_usual or not escape or not _all_escaped(quote, mark, lines)):
                continue
            needed = bool(cells.needed and quote == "'" and not is_usual)
            escapes = bool(cells.escaped and (not usual or cells.width >= usual.width))
            if cells.told or (cells.width > 1 and (needed or escapes)) or (quote == "'" and cells.are_quoted):
                joins = bool(escape) and any(line.rstrip("\r\n").endswith(escape) for line in lines)
                found[Form(mark, quote, escape=escape, joins=joins)] = cells
    return max(found, key=lambda form: _evidence(form, found[form], lines), default=None)


def _evidence(form: Form, cells: Cells, lines: list[str]) -> tuple[int, int, int]:
    escaped_quotes = sum(line.count(form.escape + form.quotechar) for line in lines) if form.escape else 0
    return cells.width, cells.told + cells.needed, escaped_quotes


def _all_escaped(quote: str, delimiter: str, lines: list[str]) -> bool:
    """Return whether a backslash stands before each of these quotes, and nowhere before what needs none."""
    text = "".join(lines[:-1])  # the last one may be cut
    plain, escaped = re.sub(r"\\[\s\S]", "", text), re.findall(r"\\([\s\S])", text)
    return quote not in plain and set(escaped) <= {quote, "\\", delimiter, "\r", "\n"} and escaped.count(quote) > 1


def _escapes(lines: list[str]) -> bool:
    return any("\\" in line for line in lines)


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
    cells = [cell for line in single for cell in _quoted_cell("'", form.delimiter).findall(line)]
    if any("''" in cell for cell in cells):
        return True
    return any(form.delimiter in cell for cell in cells) and Form(form.delimiter, '"').width(lines) < 2


def _quoted_cell(quote: str, delimiter: str) -> re.Pattern[str]:
    """Return the pattern of a whole cell in quotes; it never goes back, as it would from each delimiter."""
    mark = re.escape(delimiter)
    return re.compile(f"(?:^|{mark}){quote}((?:[^{quote}\\n]++|{quote}{quote})*+){quote}(?={mark}|$)")


def _having(quote: str, lines: Iterable[str]) -> list[str]:
    """Return the beginnings of the lines that have this quote."""
    return [line[:LOOKED_AT] for line in lines if quote in line]


def _sniff_quote(sample: list[str], path: Path, settings: DataSettings) -> str:
    """Return `'` if, with one of the delimiters, nearly every line quotes with it, and few cells are quoted with `"`.

    A cell in `"` at another delimiter decides for `"`; lines that are too long to be looked at whole do not count.
    """
    lines = [line for line in map(str.strip, sample) if line][1:]
    lines = [line for line in lines if len(line) <= LOOKED_AT]
    marks = [as_character(settings.delimiter)] if settings.delimiter else DELIMITERS
    for mark in marks:
        edges = re.compile(f"(?:^|{re.escape(mark)})'|'(?:{re.escape(mark)}|$)")
        quoted = sum(len(edges.findall(line)) >= 2 for line in lines if "'" in line)
        if not lines or quoted < NEARLY_ALL * len(lines):
            continue
        rest = [_quoted_cell("'", mark).sub(mark, line) for line in lines if '"' in line]
        double = {other: sum(_quoted_cell('"', other).search(line) is not None for line in rest) for other in marks}
        if double.pop(mark) <= (1 - NEARLY_ALL) * len(lines) and not any(double.values()):
            log.info("%s: cells are quoted with '", path, extra=IN_FIRST_LINES)
            return "'"
    return '"'


def _quotes_are_text(sample: list[str], lines: Iterable[str], path: Path) -> bool:
    """Return whether the quotes in a tab-separated file are plain characters.

    In such a file each line is a complete row, but for a title above and a footer below, and some quote is unpaired or
    closes before its cell ends. If nearly every row is quoted as a writer does it, lines break inside cells.
    """
    cells = well_formed(sample, "\t", '"')
    if cells and cells.width > 1 and (cells.are_quoted or (cells.told and cells.needed)):
        return False
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
