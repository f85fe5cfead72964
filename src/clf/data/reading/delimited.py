"""Delimited text -> batches of rows, with the bad rows reported by line."""

import csv
import logging
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import IO

from clf.data.reading.batch import BATCH_CELLS, BATCH_CHARACTERS, BATCH_ROWS, EXPECTED, SHOWN, Batch, CellRow, chunked
from clf.data.reading.dialects import EXCEL_FIRST_LINE, Form, sniff_form
from clf.data.reading.extra_rows import data_rows
from clf.data.reading.files import (
    CUT_OFF,
    ESCAPED,
    bounded_lines,
    column_names,
    cut_off,
    decoding_failed,
    lines_of,
    open_text,
    readable,
    undecoded,
)
from clf.data.reading.headers import LOOKED_AT, judge_header, read_top
from clf.data.reading.quoted_cells import SAMPLE
from clf.data.reading.row_sizes import LONGEST, check_width
from clf.errors import DataError
from clf.settings import DataSettings

log = logging.getLogger(__name__)


def read_csv(path: Path, settings: DataSettings, keep_bad: bool = False, *, most: int | None = None) -> Iterator[Batch]:
    """Read delimited text; without a header, columns are named by number from 0.

    With `keep_bad`, rows with too few or too many cells are kept, and the batch describes their problems.
    `most` limits the lines that tell whether quotes are plain characters, for those who need only the first batch.
    """
    csv.field_size_limit(LONGEST)
    with open_text(path, settings, errors=ESCAPED if keep_bad else "strict") as file:
        lines = _Lines(bounded_lines(file, path))
        form = sniff_form(_first_lines(path, settings), partial(_every_line, path, settings, most), path, settings)
        rows = _numbered_rows(lines, path, form)
        yield from _batches(rows, _first_rows(rows, path, form), lines.blank, path, settings, keep_bad, form.delimiter)


def read_rows(rows: Iterator[CellRow], path: Path, settings: DataSettings, keep_bad: bool = False) -> Iterator[Batch]:
    """Read rows of cells that are no text, such as those of a sheet, with the same rules for titles and footers.

    The rows need not be consecutive: the numbers that are left out are those of empty ones.
    """
    blank: deque[int] = deque(maxlen=LOOKED_AT)
    told = _with_blank(rows, blank)
    yield from _batches(told, _first_rows(told, path), blank, path, settings, keep_bad)


def _with_blank(rows: Iterable[CellRow], blank: deque[int]) -> Iterator[CellRow]:
    last = 0
    for row in rows:
        blank.extend(range(max(last + 1, row[0] - LOOKED_AT), row[0]))
        last = row[0]
        yield row


def _batches(
    rows: Iterator[CellRow], first: list[CellRow], blank: deque[int], path: Path, settings: DataSettings,
    keep_bad: bool, joint: str = " ",
) -> Iterator[Batch]:  # fmt: skip
    top = read_top(first, path, settings)
    width = len(top.header or top.rows[0][1])
    check_width(width, str(path))
    names = column_names(top.header, path, settings) if top.header else [str(number) for number in range(width)]
    body = data_rows(chain(top.rows, rows), top.header, top.rows, path, lambda: blank)
    batches = _kept_batches(body, names, joint, path) if keep_bad else _csv_batches(body, names, path)
    yield from (replace(batch, below_header=top.header is not None) for batch in batches)


def sniff_table(path: Path, settings: DataSettings) -> tuple[Form, bool]:
    """Detect the dialect of a table in its first lines, and whether it has a header."""
    form, first = _sniffed(path, settings)
    return form, read_top(first, path, settings).header is not None


def look_for_header(path: Path, settings: DataSettings) -> tuple[bool | None, list[CellRow]]:
    """Return whether the first row of a table is a header (None if nothing tells), and the first rows."""
    return judge_header(_sniffed(path, settings)[1], path, settings)


def first_rows(path: Path, settings: DataSettings) -> list[CellRow]:
    """Return the first rows as cells, a header among them."""
    return _sniffed(path, settings)[1]


def _sniffed(path: Path, settings: DataSettings) -> tuple[Form, list[CellRow]]:
    every_line = partial(_every_line, path, settings, BATCH_ROWS)
    form = sniff_form(_first_lines(path, settings), every_line, path, settings)
    with open_text(path, settings, errors=ESCAPED) as file:
        return form, _first_rows(_numbered_rows(_Lines(bounded_lines(file, path)), path, form), path, form)


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


def _every_line(path: Path, settings: DataSettings, most: int | None = None) -> Iterator[str]:
    """Yield the lines of a file up to the first one that cannot be read, which is reported when the rows are read."""
    with open_text(path, settings, errors=ESCAPED) as file, suppress(UnicodeDecodeError, *CUT_OFF):
        yield from islice(bounded_lines(file, path), most)


def _first_rows(rows: Iterator[CellRow], path: Path, form: Form | None = None) -> list[CellRow]:
    """Take the rows that tell what is header and what is data, but for Excel's line with the delimiter."""
    first: list[CellRow] = []
    characters = 0
    for row in rows:
        if form and not first and EXCEL_FIRST_LINE.fullmatch(form.delimiter.join(row[1])):
            continue
        first.append(row)
        characters += _weight(row)
        if len(first) == LOOKED_AT or characters > BATCH_CHARACTERS:
            break
    if not first:
        raise DataError(f"{path} is empty", EXPECTED)
    return first


def _numbered_rows(lines: "_Lines", path: Path, form: Form) -> Iterator[CellRow]:
    """Yield (line where the row starts, cells), skipping empty lines.

    The reader is strict; otherwise a quote that is never closed, or is inside a quoted cell, would join rows.
    """
    reader = form.rows(lines)
    start = 1
    try:
        for cells in reader:
            lines.row = 0
            if cells:
                yield start, cells
            else:
                lines.blank.append(start)
            start = reader.line_num + 1
    except UnicodeDecodeError as error:
        decoding_failed(error, path, reader.line_num)
    except csv.Error as error:
        escaped = not form.escape and '\\"' in lines.last
        blank = f"{form.quotechar} {form.delimiter}" in lines.last
        if "expected after" in str(error) or "unexpected end" in str(error) or "field limit" in str(error):
            raise DataError(
                f"{path}, line {start}: a quoted cell is never closed or contains an unescaped quote",
                "close the quote, or double the quotes inside the cell"
                + (", or pass --escape '\\'" if escaped else "")
                + (", or remove the blank between a quote and the delimiter" if blank else ""),
            ) from error
        raise DataError(f"{path}, line {reader.line_num}: {error}", "fix that line, or pass --delimiter") from error
    except CUT_OFF as error:
        cut_off(error, path)
    if lines.dropped:
        log.warning("%s: dropped %d NUL characters, the first on line %d", path, lines.dropped, lines.first)


class _Lines:
    """An iterator over lines that removes NUL characters and counts them.

    `row` counts the characters of a row with line breaks in its cells; the reader sets it to 0 after each row.
    `blank` are the last lines without a cell.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines, self.dropped, self.first, self.line, self.row = iter(lines), 0, 0, 0, 0
        self.last = ""
        self.blank: deque[int] = deque(maxlen=LOOKED_AT)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.last = next(self.lines)
        self.line += 1
        self.row += len(line)
        if self.row > LONGEST:
            raise csv.Error("field limit")
        if "\0" in line:
            self.dropped += line.count("\0")
            self.first = self.first or self.line
            line = line.replace("\0", "")
        return line


def _csv_batches(rows: Iterable[CellRow], header: list[str], path: Path) -> Iterator[Batch]:
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
            else "put quotes around texts that contain the delimiter, or pass --delimiter, --quote or --escape",
        )
    if not empty:
        raise DataError(f"{path} has a header but no rows", EXPECTED)


def _weight(row: CellRow) -> int:
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


def _kept_batches(rows: Iterable[CellRow], header: list[str], joint: str, path: Path) -> Iterator[Batch]:
    """Yield batches with every row, and the problems of the bad ones."""
    width, empty = len(header), True
    for chunk in chunked(rows, BATCH_ROWS, _weight):
        problems = {
            number: f"line {line} {what}"
            for number, (line, cells) in enumerate(chunk)
            if (what := _problem(cells, width))
        }
        fitted = [_fitted(cells, width, joint) for _, cells in chunk]
        columns = [list(column) for column in zip(*fitted, strict=True)]
        yield Batch(dict(zip(header, columns, strict=True)), [line for line, _ in chunk], problems=problems)
        empty = False
    if empty:
        raise DataError(f"{path} has a header but no rows", EXPECTED)
