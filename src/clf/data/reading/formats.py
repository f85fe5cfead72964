"""One file -> batches of rows, whatever its format: a record for each says how it is known and who reads it.

The content decides the format; the ending is only a hint. Every reader yields `Batch`es of at most BATCH_ROWS rows, so
that a caller can keep memory flat. To add a format, write its reader and add its record to FORMATS.
"""

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from clf.data.reading.batch import EXPECTED, Batch
from clf.data.reading.columnar import count_parquet_rows, read_arrow, read_parquet
from clf.data.reading.delimited import read_csv
from clf.data.reading.fasttext import read_fasttext
from clf.data.reading.files import DECOMPRESSORS, find_encoding, open_bytes, read_some
from clf.data.reading.json_files import read_json, read_jsonl
from clf.errors import DataError
from clf.settings import DataSettings

FOREIGN = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file",
    b"%PDF": "a PDF document",
    b"SQLite format 3": "an SQLite database",
}
"""What people give for a table, by the bytes that it begins with."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Format:
    """One format of files with labelled texts."""

    name: str
    endings: tuple[str, ...]
    read: Callable[..., Iterator[Batch]]
    first_bytes: tuple[bytes, ...] = ()
    """What binary files of it begin with."""
    is_begun_by: Callable[[str], bool] = lambda start: False
    """Tells from its first characters whether a text file is one."""
    keeps_bad: bool = False
    """Whether its reader takes a third argument: to keep rows which are none, with what is wrong with them."""
    count: Callable[[Path], int] = lambda path: 0
    """Counts the rows of a binary file without reading them; 0 where only reading tells."""


def _is_array(start: str) -> bool:
    return start.startswith("[") and start[1:].lstrip()[:1] in {"{", "]"}


FORMATS = (
    Format("parquet", (".parquet",), read_parquet, (b"PAR1",), count=count_parquet_rows),
    Format("arrow", (".arrow",), read_arrow, (b"ARROW1", b"\xff\xff\xff\xff")),
    Format("jsonl", (".jsonl",), read_jsonl, (), lambda start: start.startswith("{"), keeps_bad=True),
    Format("json", (".json",), read_json, (), _is_array, keeps_bad=True),
    Format("fasttext", (".txt",), read_fasttext, (), lambda start: start.startswith("__label__")),
    Format("csv", (".csv", ".tsv"), read_csv, (), lambda start: True, keeps_bad=True),
)
"""Every format, in the order in which they are tried."""
BY_NAME = {each.name: each for each in FORMATS}
ENDINGS = {ending for each in FORMATS for ending in each.endings} | {".gz", ".zst", ".bz2", ".xz"}
"""What the names of data files end in."""


def read_file(path: Path, settings: DataSettings, keep_bad: bool = False) -> Iterator[Batch]:
    """Yield the rows of `path`, whatever its format.

    With `keep_bad`, a row of delimited text or JSON that is none is kept, with what is wrong with it.
    Raises DataError for a file that is missing, empty, damaged or of no known format.
    """
    kind = BY_NAME[sniff_format(path, settings)]
    log.debug("reading %s as %s", path, kind.name)
    yield from kind.read(path, settings, keep_bad) if kind.keeps_bad else kind.read(path, settings)


def count_lines(files: list[Path]) -> int:
    """Count the lines of plain files and the rows of Parquet files; 0 when one is of another kind."""
    counts = [_count_lines(path) for path in files]
    return sum(counts) if all(counts) else 0


def _count_lines(path: Path) -> int:
    with path.open("rb") as file:
        head = file.read(6)
        if binary := next((each for each in FORMATS if head.startswith(each.first_bytes)), None):
            return binary.count(path)
        if head.startswith(tuple(DECOMPRESSORS)):
            return 0
        file.seek(0)
        count, last = 0, b""
        for block in iter(lambda: file.read(1 << 20), b""):
            count, last = count + block.count(b"\n"), block[-1:]
        return count + (last != b"\n")


def sniff_format(path: Path, settings: DataSettings) -> str:
    """Tell the format of a file from its first bytes."""
    if path.is_dir():
        raise DataError(f"{path} is a directory, expected a file", "give a file of that directory")
    if not path.exists():
        raise DataError(f"no file {path}", nearest(path))
    with open_bytes(path, settings.max_inflation) as file:
        head = read_some(file, path)
    if not head.strip():
        raise DataError(f"{path} is empty", EXPECTED)
    if binary := next((each for each in FORMATS if head.startswith(each.first_bytes)), None):
        return binary.name
    if known := next((what for begin, what in FOREIGN.items() if head.startswith(begin)), None):
        raise DataError(f"{path} is {known}", "save its table as CSV or Parquet, and give that")
    start = head.decode(find_encoding(head, path, settings), errors="replace").lstrip("\ufeff \t\r\n")
    return next(each.name for each in FORMATS if each.is_begun_by(start))


def nearest(path: Path) -> str:
    """Return a hint: the file whose name is closest to that of `path`, or what else may be given."""
    from difflib import get_close_matches

    folder = path.parent if path.parent.is_dir() else Path()
    close = get_close_matches(path.name, [found.name for found in folder.iterdir()], n=1, cutoff=0.5)
    return (
        f"did you mean {folder / close[0]}?"
        if close
        else "give --dataset a dataset name, a Hub id (owner/name), a file or a folder"
    )


def looks_like_path(spec: str) -> bool:
    """Tell a path from a Hub id: it exists, or is written like one. Such a spec never goes to the Hub."""
    path = Path(spec).expanduser()
    return (
        path.exists()
        or spec.startswith((".", "~", os.sep))
        or path.suffix.lower() in ENDINGS
        or len(path.parts) > 2
        or (len(path.parts) == 2 and Path(path.parts[0]).is_dir())
    )
