"""Texts to label as they come: the rows of a file, plain lines, or a pipe that may never end."""

import codecs
import logging
import os
import re
import select
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from clf.data.columns import TEXT_NAMES
from clf.data.delimited import DELIMITERS
from clf.data.files import CUT_OFF, cut_off, decoding_failed, is_pipe, open_pipe, open_text, spool
from clf.data.readers import count_lines, read_file, sniff_format
from clf.data.rows import BATCH_ROWS, Batch, chunked
from clf.errors import DataError, UsageError
from clf.settings import DataSettings

FIRST_WINDOW, LAST_WINDOW = 32, 1_024
"""Rows of a pipe that are labelled together: few at first, so that `| head` gets its lines soon."""
PATIENCE = 0.05  # seconds in which more of a pipe may come before what is there is labelled
PACKED = {".gz", ".bz2", ".xz", ".zst"}
LATE_NAMES = {"json", "jsonl"}  # each row names its own columns

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Incoming:
    """Rows to label: `names` are the columns they have, `rows` how many there are (0: unknown).

    `windows` reads them anew, in batches of at most so many rows. `path` is None for a pipe, which is read once.
    `types` are the Arrow types of the columns, where the file says them.
    """

    shown: str
    names: list[str]
    rows: int
    windows: Callable[[int], Iterator[Batch]]
    path: Path | None
    types: dict[str, Any] = field(default_factory=dict)


def open_incoming(source: Path, settings: DataSettings, *, keep: bool) -> Incoming:
    """Look at a file or pipe with texts; `keep` says that the rows of a pipe are needed more than once.

    Raises DataError when nothing in it can be read, UsageError when nothing came through the pipe.
    """
    if not is_pipe(source):
        plain = _is_named_plain(source) and not _is_table(source, settings)
        return _from_file(source, settings, str(source), plain)
    pipe = open_pipe(source)
    begun = _first_line(pipe)
    if not begun:
        raise UsageError("nothing came through the pipe", "pipe texts into it, or give a file")
    plain = not _begins_table(begun, settings)
    if plain and not keep:
        windows = partial(_arriving, pipe, begun, settings.encoding or "utf-8")
        return Incoming("the pipe", ["text"], 0, lambda size: windows(), None)
    return _from_file(spool(pipe, begun, source.name), settings, "the pipe", plain)


def _from_file(path: Path, settings: DataSettings, shown: str, plain: bool) -> Incoming:
    kind = sniff_format(path, settings)
    lines = count_lines([path])
    if plain:
        return Incoming(shown, ["text"], lines, partial(_windows, partial(read_lines, path, settings)), path)
    batches = partial(read_file, path, settings, keep_bad=True)
    looked_at = batches() if kind in LATE_NAMES else [next(batches())]
    names = dict.fromkeys(name for batch in looked_at for name in batch.columns)
    rows = lines - 1 if kind == "csv" and lines else lines
    types = _arrow_types(path) if kind == "parquet" else {}
    return Incoming(shown, list(names), rows, partial(_windows, batches), path, types)


def _arrow_types(path: Path) -> dict[str, Any]:
    import pyarrow
    import pyarrow.parquet

    try:
        return {column.name.strip(): column.type for column in pyarrow.parquet.read_schema(path)}
    except (pyarrow.ArrowException, OSError):  # compressed as a whole, or damaged: reading says why
        return {}


def _windows(batches: Callable[[], Iterator[Batch]], size: int) -> Iterator[Batch]:
    for batch in batches():
        for start in range(0, len(batch.lines), size):
            yield batch.part(start, start + size)


# --- plain lines --------------------------------------------------------------------------------------------


def read_lines(path: Path, settings: DataSettings) -> Iterator[Batch]:
    """Read one text a line, empty ones too."""
    line = 0
    with open_text(path, settings, newline="\n") as file:
        try:
            for chunk in chunked(enumerate(file, 1), BATCH_ROWS, lambda row: len(row[1])):
                line = chunk[-1][0]
                yield Batch({"text": [text.rstrip("\r\n") for _, text in chunk]}, [number for number, _ in chunk])
        except UnicodeDecodeError as error:
            decoding_failed(error, path, line)
        except CUT_OFF as error:
            cut_off(error, path)


def _is_named_plain(path: Path) -> bool:
    endings = [ending.lower() for ending in path.suffixes]
    return bool(endings) and (endings[-2] if endings[-1] in PACKED and len(endings) > 1 else endings[-1]) == ".txt"


def _is_table(path: Path, settings: DataSettings) -> bool:
    if sniff_format(path, settings) != "csv":
        return True
    with open_text(path, settings) as file:
        try:
            first = file.readline().encode("utf-8", "replace")
        except (UnicodeDecodeError, *CUT_OFF):
            return False  # reading says where
    return _begins_table(first, settings)


def _begins_table(begun: bytes, settings: DataSettings) -> bool:
    """Tell a table, by its first bytes or by a first line that names columns, from plain lines."""
    if settings.text_column or settings.delimiter or settings.no_header:
        return True
    if begun.startswith(
        (b"{", b"[{", b"PAR1", b"ARROW1", b"\xff", b"\xfe", b"\x1f\x8b", b"BZh", b"\xfd7z", b"\x28\xb5")
    ):
        return True
    first = begun.partition(b"\n")[0].decode("utf-8", "replace").strip("\ufeff\r ")
    splits = [[cell.strip().strip('"').lower() for cell in first.split(mark)] for mark in DELIMITERS]
    named = any(
        set(cells) & set(TEXT_NAMES) and all(re.fullmatch(r"[\w-]+", cell) for cell in cells) for cells in splits
    )
    if named:
        log.info("the first line, %r, names columns, so this is read as a table", first[:80])
    return named


# --- a pipe -------------------------------------------------------------------------------------------------


def _first_line(pipe: int) -> bytes:
    """Read until a line is whole; there may be more."""
    begun = bytearray()
    while piece := os.read(pipe, 1 << 16):
        begun += piece
        if b"\n" in piece:
            break
    return bytes(begun)


def _arriving(pipe: int, begun: bytes, encoding: str) -> Iterator[Batch]:
    """Yield the lines of a pipe as they come, those together that are there."""
    buffer, ends, is_open = bytearray(begun.removeprefix(codecs.BOM_UTF8)), begun.count(b"\n"), True
    number, size = 1, FIRST_WINDOW
    while is_open:
        while is_open and ends < size and (not ends or select.select([pipe], [], [], PATIENCE)[0]):
            piece = os.read(pipe, 1 << 16)
            is_open = bool(piece)
            buffer += piece
            ends += piece.count(b"\n")
        whole = buffer.rfind(b"\n") + 1 if is_open else len(buffer)
        lines = bytes(buffer[:whole]).removesuffix(b"\n").split(b"\n") if whole else []
        for start in range(0, len(lines), size):
            yield _decoded(lines[start : start + size], number + start, encoding)
        number, ends, size = number + len(lines), 0, min(2 * size, LAST_WINDOW)
        del buffer[:whole]


def _decoded(lines: list[bytes], first: int, encoding: str) -> Batch:
    texts, problems = [], {}
    for place, line in enumerate(lines):
        try:
            texts.append(line.decode(encoding).rstrip("\r"))
        except UnicodeDecodeError as error:
            texts.append(line.decode(encoding, "replace").rstrip("\r"))
            problems[place] = f"line {first + place}: byte 0x{line[error.start]:02x} is not {encoding}"
        except LookupError as error:
            raise DataError(f"no encoding is called {encoding!r}", "give --encoding utf-8") from error
    return Batch({"text": texts}, list(range(first, first + len(lines))), problems=problems)
