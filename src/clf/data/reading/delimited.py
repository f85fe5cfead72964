"""Delimited text -> batches of rows: detects delimiter, quotes and header, and reports bad rows by line."""

import csv
import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO, Literal

from clf.data.reading.batch import BATCH_CELLS, BATCH_CHARACTERS, BATCH_ROWS, EXPECTED, SHOWN, Batch, chunked
from clf.data.reading.files import (
    CUT_OFF,
    ESCAPED,
    LONGEST,
    bounded_lines,
    check_width,
    cut_off,
    decoding_failed,
    lines_of,
    open_text,
    readable,
    undecoded,
)
from clf.errors import DataError, UsageError
from clf.settings import DataSettings

DELIMITERS = (",", "\t", ";", "|")
DELIMITER_NAMES = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar"}
USUAL_HEADER = {
    "text",
    "label",
    "sentence",
    "review",
    "category",
    "title",
    "content",
    "comment",
    "message",
    "id",
    "body",
}

SAMPLE = 200  # the lines that tell the dialect of a file
EXCEL_FIRST_LINE = re.compile(r"sep=(.)\s*")
EARLY_CLOSE = re.compile(r'(?:^|\t)"[^"\t\r\n]*"[^"\t\r\n]')

log = logging.getLogger(__name__)


def read_csv(path: Path, settings: DataSettings, keep_bad: bool = False) -> Iterator[Batch]:
    """Read delimited text; without a header, columns are named by number from 0.

    With `keep_bad`, rows with too few or too many cells are kept, and the batch describes their problems.
    """
    csv.field_size_limit(LONGEST)
    with open_text(path, settings, errors=ESCAPED if keep_bad else "strict") as file:
        form = _sniff_form(path, settings)
        rows = _numbered_rows(file, path, form)
        first = next(rows, None)
        if first and EXCEL_FIRST_LINE.fullmatch(form.delimiter.join(first[1])):
            first = next(rows, None)
        if first is None:
            raise DataError(f"{path} is empty", EXPECTED)
        headerless = settings.no_header or _looks_headerless(first[1], settings)
        if headerless and not settings.no_header:
            log.warning("%s: the first line looks like data, so the columns are numbered from 0", path)
        header = [str(number) for number in range(len(first[1]))] if headerless else [cell.strip() for cell in first[1]]
        check_width(len(header), str(path))
        _check_header(header, path)
        body = chain([first], rows) if headerless else rows
        yield from _kept_batches(body, header, form, path) if keep_bad else _csv_batches(body, header, path)


@dataclass(frozen=True)
class Form:
    """The dialect of a delimited file, as arguments of the csv module."""

    delimiter: str
    quotechar: str
    quoting: Literal[0, 3]


def _numbered_rows(file: IO[str], path: Path, form: Form) -> Iterator[tuple[int, list[str]]]:
    """Yield (line where the row starts, cells), skipping empty lines.

    The reader is strict; otherwise a quote that is never closed, or is inside a quoted cell, would join rows.
    """
    zeros = _ZeroBytes(bounded_lines(file, path))
    reader = csv.reader(zeros, strict=True, **asdict(form))
    start = 1
    try:
        for cells in reader:
            zeros.row = 0
            if cells:
                yield start, cells
            start = reader.line_num + 1
    except UnicodeDecodeError as error:
        decoding_failed(error, path, reader.line_num)
    except csv.Error as error:
        if "expected after" in str(error) or "unexpected end" in str(error) or "field limit" in str(error):
            raise DataError(
                f"{path}, line {start}: a quoted cell is never closed or contains an unescaped quote",
                "close the quote, or double the quotes inside the cell",
            ) from error
        raise DataError(f"{path}, line {reader.line_num}: {error}", "fix that line, or pass --delimiter") from error
    except CUT_OFF as error:
        cut_off(error, path)
    if zeros.dropped:
        log.warning("%s: dropped %d NUL characters, the first on line %d", path, zeros.dropped, zeros.first)


class _ZeroBytes:
    """An iterator over lines that removes NUL characters and counts them.

    `row` counts the characters of a row with line breaks in its cells; the reader sets it to 0 after each row.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines, self.dropped, self.first, self.line, self.row = iter(lines), 0, 0, 0, 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self.lines)
        self.line += 1
        self.row += len(line)
        if self.row > LONGEST:
            raise csv.Error("field limit")
        if "\0" in line:
            self.dropped += line.count("\0")
            self.first = self.first or self.line
            line = line.replace("\0", "")
        return line


# --- the dialect of the file --------------------------------------------------------------------------------


def _sniff_form(path: Path, settings: DataSettings) -> Form:
    """Detect the delimiter and quote character, and return them as arguments of the csv module."""
    quote = _sniff_quote(path, settings)
    told = EXCEL_FIRST_LINE.fullmatch(next(iter(_first_lines(path, settings)), ""))
    delimiter = settings.delimiter or (told[1] if told else _sniff_delimiter(path, settings, quote))
    if len(delimiter := delimiter.replace("\\t", "\t")) != 1 or delimiter in '\r\n\0"':
        raise UsageError(
            f"--delimiter must be one character that is not a line break or a quote, found {delimiter!r}",
            "pass --delimiter ';' or another single character",
        )
    plain = quote == '"' and delimiter == "\t" and _quotes_are_text(path, settings)
    return Form(delimiter, quote, csv.QUOTE_NONE if plain else csv.QUOTE_MINIMAL)


def _sniff_quote(path: Path, settings: DataSettings) -> str:
    """Return `'` as the quote character if nearly every line quotes with it and no line uses double quotes."""
    lines = [line.strip() for line in _first_lines(path, settings) if line.strip()][1:]
    marks = settings.delimiter.replace("\\t", "\t") if settings.delimiter else "".join(DELIMITERS)
    edges = re.compile(f"(?:^|[{re.escape(marks)}])'|'(?:[{re.escape(marks)}]|$)")
    found = [len(edges.findall(line)) for line in lines]
    if not lines or sum(count >= 2 for count in found) < 0.9 * len(lines):
        return '"'
    if any(re.search(edges.pattern.replace("'", '"'), line) for line in lines):
        return '"'
    log.info("%s: cells are quoted with '", path)
    return "'"


def _first_lines(path: Path, settings: DataSettings) -> list[str]:
    with open_text(path, settings, errors=ESCAPED) as file:
        try:
            return _sample(file)
        except UnicodeDecodeError as error:
            decoding_failed(error, path, 0)
        except CUT_OFF as error:
            cut_off(error, path)


def _sample(file: IO[str]) -> list[str]:
    """Return the first SAMPLE lines, or fewer when they are long; a line that is much too long is left out."""
    sample: list[str] = []
    characters = 0
    for line in islice(lines_of(file), SAMPLE):
        characters += len(line)
        if characters > BATCH_CHARACTERS and sample:
            break
        sample.append(line[:LONGEST])
    return sample


def _quotes_are_text(path: Path, settings: DataSettings) -> bool:
    """Return whether the quotes in a tab-separated file are plain characters.

    In such a file each line is a complete row, and some quote is unpaired or closes before its cell ends.
    """
    tabs, odd = None, False
    with open_text(path, settings, errors=ESCAPED) as file:
        try:
            for line in bounded_lines(file, path):
                if line.strip():
                    tabs = line.count("\t") if tabs is None else tabs
                    if line.count("\t") != tabs:
                        return False
                    odd = odd or line.count('"') % 2 == 1 or EARLY_CLOSE.search(line) is not None
        except (UnicodeDecodeError, *CUT_OFF):
            return False  # reading the file reports where
    if odd:
        log.info("%s: treating quotes as plain characters", path)
    return odd


def _sniff_delimiter(path: Path, settings: DataSettings, quote: str) -> str:
    """Return the delimiter that splits the first rows into the same number of cells, and into the most cells."""
    sample = [line.replace("\0", "") for line in _first_lines(path, settings)]
    best, most = ",", 1
    for delimiter in DELIMITERS:
        widths = [len(row) for row in islice(csv.reader(sample, delimiter=delimiter, quotechar=quote), 50) if row]
        width = max(set(widths), key=widths.count, default=0)
        if width > most and widths[0] == width and widths.count(width) >= 0.8 * len(widths):
            best, most = delimiter, width
    if most == 1:  # no consistent width: look for a usual column name in the header
        best = _header_delimiter(sample[0] if sample else "") or best
    if best != ",":
        log.info("%s is delimited by %s", path, DELIMITER_NAMES[best])
    return best


def _header_delimiter(header: str) -> str | None:
    splits = {mark: [cell.strip().strip('"').lower() for cell in header.split(mark)] for mark in DELIMITERS}
    return next((mark for mark, cells in splits.items() if len(cells) > 1 and USUAL_HEADER & set(cells)), None)


def _looks_headerless(cells: list[str], settings: DataSettings) -> bool:
    """Return whether the first line is data, with a number or a long text, instead of a header of short names."""
    asked = {name for name in (*settings.text_column, settings.label_column) if name and not name.isdecimal()}
    if (asked | USUAL_HEADER) & {cell.strip().lower() for cell in cells} or asked & {cell.strip() for cell in cells}:
        return False
    return any(cell.strip().lstrip("-").replace(".", "", 1).isdigit() or len(cell) > 80 for cell in cells)


def _check_header(header: list[str], path: Path) -> None:
    twice = sorted(name for name, count in Counter(header).items() if count > 1)
    if twice:
        raise DataError(
            f"{path} has two columns called {twice[0]!r}",
            "rename one of them, or pass --no-header and column numbers",
        )


def _csv_batches(rows: Iterable[tuple[int, list[str]]], header: list[str], path: Path) -> Iterator[Batch]:
    bad: list[str] = []
    count = empty = 0
    for chunk in chunked(rows, BATCH_ROWS, _weight):
        for line, cells in chunk:
            if len(cells) != len(header):
                count += 1
                bad += [f"line {line} has {len(cells)}"] if len(bad) < SHOWN else []
        empty += len(chunk)
        if not count:
            columns = [list(column) for column in zip(*(cells for _, cells in chunk), strict=True)]
            yield Batch(dict(zip(header, columns, strict=True)), [line for line, _ in chunk])
    if count:
        raise DataError(
            f"{path}: expected {len(header)} cells in each row, as in the first; {'; '.join(bad)} ({count} such rows)",
            "remove the lines above the header, or pass the correct --delimiter"
            if len(header) == 1
            else "put quotes around texts that contain the delimiter, or pass --delimiter",
        )
    if not empty:
        raise DataError(f"{path} has a header but no rows", EXPECTED)


def _weight(row: tuple[int, list[str]]) -> int:
    """Return the characters of a row, or more if it has many cells, which take memory even when they are empty."""
    return max(sum(map(len, row[1])), len(row[1]) * BATCH_CHARACTERS // BATCH_CELLS)


def _problem(cells: list[str], width: int) -> str:
    if len(cells) != width:
        return f"has {len(cells)} cells, expected {width}"
    return next((f"contains invalid text: {what}" for cell in cells if (what := undecoded(cell))), "")


def _fitted(cells: list[str], width: int, delimiter: str) -> list[str | None]:
    """Make a row as wide as the others: missing cells become None, and extra cells are joined to the last one."""
    if len(cells) > width:
        cells = [*cells[: width - 1], delimiter.join(cells[width - 1 :])]
    return [*map(readable, cells), *[None] * (width - len(cells))]


def _kept_batches(rows: Iterable[tuple[int, list[str]]], header: list[str], form: Form, path: Path) -> Iterator[Batch]:
    """Yield batches with every row, and the problems of the bad ones."""
    width, empty = len(header), True
    for chunk in chunked(rows, BATCH_ROWS, _weight):
        problems = {
            number: f"line {line} {what}"
            for number, (line, cells) in enumerate(chunk)
            if (what := _problem(cells, width))
        }
        fitted = [_fitted(cells, width, form.delimiter) for _, cells in chunk]
        columns = [list(column) for column in zip(*fitted, strict=True)]
        yield Batch(dict(zip(header, columns, strict=True)), [line for line, _ in chunk], problems=problems)
        empty = False
    if empty:
        raise DataError(f"{path} has a header but no rows", EXPECTED)
