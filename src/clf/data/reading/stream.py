"""Texts for `clf predict`, read as they arrive: the rows of a file, plain lines, or a pipe that may never end."""

import codecs
import csv
import logging
import os
import select
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from clf.data.reading.archives import archive_kind
from clf.data.reading.batch import BATCH_CHARACTERS, BATCH_ROWS, WINDOW, Batch, chunked
from clf.data.reading.column_names import TEXT_NAMES
from clf.data.reading.compression import COMPRESSIONS
from clf.data.reading.delimited import first_rows
from clf.data.reading.delimiters import DELIMITERS
from clf.data.reading.files import (
    CUT_OFF,
    ESCAPED,
    cut_off,
    decoding_failed,
    find_encoding,
    lines_of,
    open_text,
    readable,
    undecoded,
)
from clf.data.reading.formats import ENDINGS, count_lines, describe, read_file, sniff_format
from clf.data.reading.headers import has_header
from clf.data.reading.numbered import are_numbered, is_table
from clf.data.reading.packed import one_table
from clf.data.reading.paths import is_pipe, open_pipe, spool
from clf.data.reading.row_sizes import LONGEST
from clf.errors import ClfError, DataError, UsageError
from clf.outcomes.peek import FileForm
from clf.settings import DataSettings
from clf.storage.names import DATABASE

FIRST_WINDOW = 32
"""Rows of a pipe that are predicted together at first: few, so that `| head` gets its lines soon."""
PATIENCE = 0.1  # seconds to wait for more from a pipe before the lines that arrived are predicted
TABLES = {".csv", ".tsv"}
TO_BE_KEPT = (b"{", b"[", b"PAR1", b"ARROW1", b"\xff", b"\xfe", *COMPRESSIONS)
"""First bytes of a pipe that is not plain lines of text: JSON, Parquet, Arrow, UTF-16 or compressed data."""
LONGEST_NAME = 40
ArrowType = Any
"""A pyarrow type; `Any` because pyarrow has no type annotations."""
LATE_NAMES = {"json", "json object", "jsonl"}  # the columns are known only after all rows are read

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Incoming:
    """Rows to predict: `names` are their columns, and `rows` is their number (0: unknown).

    Each call of `windows` reads the rows from the start, in batches of at most the given size. `path` is None for a
    pipe, which is read only once. `types` are the Arrow types of the columns, if the file states them.
    """

    shown: str
    names: list[str]
    rows: int
    windows: Callable[[int], Iterator[Batch]]
    path: Path | None
    types: dict[str, ArrowType] = field(default_factory=dict)
    form: Callable[[], FileForm] | None = None
    """Tells how a table is read; None if each line is a text."""


@dataclass(frozen=True)
class Trained:
    """The text columns and the labels of a model; the latter may be unknown."""

    columns: Sequence[str]
    labels: Collection[str]

    @property
    def names(self) -> set[str]:
        """The names, in lower case, that tell a column of texts."""
        return {name.lower() for name in (*self.columns, *TEXT_NAMES)}


def open_incoming(
    source: Path, settings: DataSettings, known: Sequence[str], *, keep: bool, labels: Collection[str] = ()
) -> Incoming:
    """Inspect a file or pipe with texts, and return how to read it.

    `known` are names of text columns in addition to the usual ones; `keep` means that the rows of a pipe are needed
    more than once; `labels` are those of the model, if they are known. Raises DataError if the input cannot be read,
    UsageError if the pipe is empty.
    """
    trained = Trained(known, labels)
    if str(source).startswith(DATABASE):
        raise DataError(
            "the address of a database is no file; clf predict reads files and pipes",
            "export the rows, and pass the file: sqlite3 -header -csv FILE 'SELECT …' > texts.csv",
        )
    if not is_pipe(source):
        file = one_table(source, ENDINGS, settings)
        return _from_file(file, settings, str(file), trained)
    pipe = open_pipe(source)
    begun = _first_lines_of(pipe)
    if not begun:
        raise UsageError("the pipe is empty", "pipe texts into it, or pass a file")
    encoding = find_encoding(b"", source, settings) if settings.encoding else "utf-8"
    wide = encoding.startswith(("utf-16", "utf-32"))
    kept = keep or wide or begun.startswith(TO_BE_KEPT) or bool(archive_kind(begun))
    start = begun.decode(encoding, "replace")
    if kept or _begins_table(start, trained) or not _is_plain(start, settings, trained.names):
        copy = one_table(spool(pipe, begun, source.name), ENDINGS, settings)
        return _from_file(copy, settings, "the pipe", trained)
    log.info("reading the pipe as one text per line")
    return Incoming("the pipe", ["text"], 0, lambda size: _arriving(pipe, begun, encoding), None)


def _from_file(path: Path, settings: DataSettings, shown: str, trained: Trained) -> Incoming:
    kind = sniff_format(path, settings)
    lines = count_lines([path])
    named_table = bool(TABLES & {ending.lower() for ending in path.suffixes})
    if kind == "csv" and _lacks_header(path, settings, trained, named_table):
        log.info("%s: the first line is data, as in the file of training, so the columns are numbered from 0", shown)
        settings = settings.model_copy(update={"no_header": True})
    if kind == "csv" and not named_table and _is_plain(_beginning(path, settings), settings, trained.names):
        log.info("reading %s as one text per line", shown)
        return Incoming(shown, ["text"], lines, partial(_windows, partial(read_lines, path, settings)), path)
    batches = partial(read_file, path, settings, keep_bad=True)
    if kind in LATE_NAMES:
        columns, rows = _survey(batches())
    else:
        above = int(kind == "csv" and lines > 0 and not settings.no_header)
        columns, rows = list(next(batches()).columns), lines - above
    types = _arrow_types(path) if kind == "parquet" else {}
    return Incoming(shown, columns, rows, partial(_windows, batches), path, types, partial(describe, path, settings))


def _lacks_header(path: Path, settings: DataSettings, trained: Trained, named_table: bool) -> bool:
    """Return whether a table begins with data, as the one of training did, though its first row could be a header."""
    if settings.no_header or settings.text_column or not are_numbered(trained.columns):
        return False
    try:
        rows = first_rows(path, settings)
    except ClfError:  # these are plain lines, or reading the file reports why
        return False
    is_header = has_header(rows, settings)
    return is_header is not True and (named_table or is_table(rows, trained.columns, trained.labels))


def _begins_table(start: str, trained: Trained) -> bool:
    """Return whether the lines that a pipe begins with could be a table as that of training."""
    csv.field_size_limit(LONGEST)
    lines = [line for line in start.splitlines() if line]
    lines = lines if start.endswith("\n") else lines[:-1]
    return are_numbered(trained.columns) and any(
        is_table(list(enumerate(csv.reader(lines, delimiter=mark), 1)), trained.columns, trained.labels)
        for mark in DELIMITERS
    )


def _survey(batches: Iterator[Batch]) -> tuple[list[str], int]:
    """Return the columns of all rows, and the number of rows."""
    columns: dict[str, None] = {}
    rows = 0
    for batch in batches:
        columns |= dict.fromkeys(batch.columns)
        rows += len(batch.lines)
    return list(columns), rows


def _arrow_types(path: Path) -> dict[str, ArrowType]:
    import pyarrow
    import pyarrow.parquet

    try:
        return {column.name.strip(): column.type for column in pyarrow.parquet.read_schema(path)}
    except (pyarrow.ArrowException, OSError):  # the file is compressed or damaged; reading it reports why
        return {}


def _windows(batches: Callable[[], Iterator[Batch]], size: int) -> Iterator[Batch]:
    for batch in batches():
        for start in range(0, len(batch.lines), size):
            yield batch.part(start, start + size)


# --- plain lines --------------------------------------------------------------------------------------------


def read_lines(path: Path, settings: DataSettings) -> Iterator[Batch]:
    """Read one text per line, including empty lines."""
    with open_text(path, settings, newline="\n", errors=ESCAPED) as file:
        try:
            for chunk in chunked(enumerate(lines_of(file), 1), BATCH_ROWS, lambda row: len(row[1])):
                problems = {place: f"line {line}: {what}" for place, (line, text) in enumerate(chunk)
                            if (what := undecoded(text) or _cut(text))}  # fmt: skip
                texts = [readable(text[:LONGEST].rstrip("\r\n")) for _, text in chunk]
                yield Batch({"text": texts}, [line for line, _ in chunk], problems=problems)
        except UnicodeDecodeError as error:
            decoding_failed(error, path, 0)
        except CUT_OFF as error:
            cut_off(error, path)


def _cut(line: str) -> str:
    return f"only its first {LONGEST:,} characters were read" if len(line.rstrip("\r\n")) > LONGEST else ""


def _beginning(path: Path, settings: DataSettings) -> str:
    """Return the first two lines, or what fits of them."""
    with open_text(path, settings, errors=ESCAPED) as file:
        try:
            return file.readline(LONGEST + 1) + file.readline(LONGEST + 1)
        except (UnicodeDecodeError, *CUT_OFF):
            return ""  # reading the file reports where


def _is_plain(beginning: str, settings: DataSettings, names: set[str]) -> bool:
    """Return whether the input is plain lines instead of a table.

    In a table, the first line names a text column and the second line has the same number of cells.
    """
    if settings.text_column or settings.delimiter or settings.no_header:
        return False
    lines = beginning.lstrip("\ufeff").splitlines()[:2]
    if not lines or max(map(len, lines)) > LONGEST:
        return True
    csv.field_size_limit(LONGEST)
    for mark in DELIMITERS:
        first, *second = csv.reader(lines, delimiter=mark)
        cells = [cell.strip().lower() for cell in first]
        alike = all(len(row) == len(cells) for row in second)
        if names & set(cells) and alike and all(len(cell) <= LONGEST_NAME for cell in cells):
            log.info("the first line, %r, contains column names, so this is read as a table", lines[0])
            return False
    return True


# --- a pipe -------------------------------------------------------------------------------------------------


def _first_lines_of(pipe: int) -> bytes:
    """Read until at least one line is complete, or longer than LONGEST."""
    begun = bytearray()
    while piece := os.read(pipe, 1 << 16):
        begun += piece
        if b"\n" in piece or len(begun) > LONGEST:
            break
    return bytes(begun)


def _arriving(pipe: int, begun: bytes, encoding: str) -> Iterator[Batch]:
    """Yield the lines of a pipe as they arrive, with lines that arrive within PATIENCE in one batch."""
    buffer, ends, is_open = bytearray(begun.removeprefix(codecs.BOM_UTF8)), begun.count(b"\n"), True
    number, size = 1, FIRST_WINDOW
    while is_open:
        deadline = time.monotonic() + PATIENCE
        while is_open and ends < size and len(buffer) < (BATCH_CHARACTERS if ends else LONGEST):
            wait = max(0.0, deadline - time.monotonic()) if ends else None
            if not select.select([pipe], [], [], wait)[0]:
                break
            piece = os.read(pipe, 1 << 16)
            is_open = bool(piece)
            deadline = deadline if ends else time.monotonic() + PATIENCE
            buffer += piece
            ends += piece.count(b"\n")
        if is_open and not ends:
            yield _cut_line(buffer, number, encoding)
            is_open, number = _skip_line(pipe, buffer), number + 1
            ends = buffer.count(b"\n")
            continue
        whole = buffer.rfind(b"\n") + 1 if is_open else len(buffer)
        lines = bytes(buffer[:whole]).removesuffix(b"\n").split(b"\n") if whole else []
        for start in range(0, len(lines), size):
            yield _decoded(lines[start : start + size], number + start, encoding)
        number, ends, size = number + len(lines), 0, min(2 * size, WINDOW)
        del buffer[:whole]


def _cut_line(buffer: bytearray, number: int, encoding: str) -> Batch:
    """Return what was read of a line that is too long as a row with a problem."""
    text = buffer.decode(encoding, "ignore")
    what = f"line {number}: only its first {len(text):,} characters were read"
    return Batch({"text": [text]}, [number], problems={0: what})


def _skip_line(pipe: int, buffer: bytearray) -> bool:
    """Read to the end of the line, and keep what follows it; return whether the pipe may hold more."""
    buffer.clear()
    while piece := os.read(pipe, 1 << 16):
        _, end, rest = piece.partition(b"\n")
        if end:
            buffer += rest
            return True
    return False


def _decoded(lines: list[bytes], first: int, encoding: str) -> Batch:
    texts, problems = [], {}
    for place, line in enumerate(lines):
        try:
            texts.append(line.decode(encoding).rstrip("\r"))
        except UnicodeDecodeError as error:
            texts.append(line.decode(encoding, "replace").rstrip("\r"))
            problems[place] = f"line {first + place}: byte 0x{line[error.start]:02x} is not {encoding}"
    return Batch({"text": texts}, list(range(first, first + len(lines))), problems=problems)
