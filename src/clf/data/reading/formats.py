"""One file of any format -> batches of rows; FORMATS has a record for each format, with its detection and reader.

The content decides the format; the extension is only a hint. Every reader yields `Batch`es of at most BATCH_ROWS rows,
so that callers can keep memory use flat. To add a format, write its reader and add its record to FORMATS.
"""

import codecs
import csv
import logging
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from zipfile import is_zipfile

from clf.data.reading.archives import archive_kind, on_disk, through
from clf.data.reading.batch import BATCH_ROWS, EXPECTED, Batch, Split
from clf.data.reading.columnar import check_parquet, count_parquet_rows, read_arrow, read_parquet
from clf.data.reading.compression import COMPRESSED_ENDINGS, COMPRESSIONS, compression_of
from clf.data.reading.delimited import read_csv, read_rows, sniff_table
from clf.data.reading.fasttext import is_fasttext, read_fasttext
from clf.data.reading.files import (
    HEAD,
    find_encoding,
    kind_of,
    open_bytes,
    open_file,
    read_some,
    readable,
)
from clf.data.reading.json_files import read_json, read_json_object, read_jsonl
from clf.data.reading.json_layouts import ASSIGNED, may_be_one_object
from clf.data.reading.paths import expanded
from clf.data.reading.sql_dumps import refuse_dump
from clf.data.reading.workbooks import OLD_WORKBOOK, WORKBOOKS, is_workbook, sheet_rows
from clf.errors import ClfError, DataError
from clf.outcomes.peek import FileForm
from clf.safety import shell_line
from clf.settings import DataSettings

FOREIGN = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    OLD_WORKBOOK: "an old Excel or Word file",
    b"%PDF": "a PDF document",
    b"SQLite format 3": "an SQLite database",
}
"""Files that users pass instead of a supported table, by their first bytes."""
PACKED = {
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", "7z x"),
    b"Rar!\x1a\x07": ("a RAR archive", "unrar x"),
    b"\x04\x22\x4d\x18": ("compressed with LZ4", "lz4 -d"),
    b"]\0\0": ("compressed with LZMA", "xz -dk --format=lzma"),
    b"\x1f\x9d": ("compressed with the program compress", "gunzip"),
    b"LZIP": ("compressed with lzip", "lzip -dk"),
}
"""Archives and compressions that are not read, by their first bytes: what they are, and what unpacks them."""
POINTER = b"version https://git-lfs."
PAGES = (b"<!doctype html", b"<html", b"<head", b"<?xml", b"<!doctype")
COMPARED = 1000  # names in a folder, and characters of a name, to find the one that was meant

SHOWN_AS = {
    "parquet": "Parquet",
    "arrow": "Arrow",
    "jsonl": "JSON lines",
    "json": "JSON array",
    "json object": "JSON object with all rows",
    "fasttext": "fastText lines",
    "csv": "CSV",
    "workbook": "a sheet of a workbook",
}
BINARY = {"parquet", "arrow", "workbook"}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Format:
    """A file format for labelled texts."""

    name: str
    endings: tuple[str, ...]
    read: Callable[..., Iterator[Batch]]
    first_bytes: tuple[bytes, ...] = ()
    """The first bytes of a file of this format, if it is binary."""
    is_begun_by: Callable[[str], bool] = lambda start: False
    """Returns whether a text file that starts with these characters has this format."""
    keeps_bad: bool = False
    """Whether the reader takes a third argument, to keep bad rows and describe their problems."""
    count: Callable[[Path], int] = lambda path: 0
    """Returns the row count of a binary file without reading the rows; 0 if that is not possible."""


def _is_array(start: str) -> bool:
    return ASSIGNED.match(start) is not None or (start[:1] == "[" and start[1:].lstrip()[:1] in {"{", "]", "["})


def _read_workbook(path: Path, settings: DataSettings, keep_bad: bool = False) -> Iterator[Batch]:
    book, sheet = through(path) or (path, "")
    return read_rows(sheet_rows(book, sheet, settings.max_inflation), path, settings, keep_bad)


FORMATS = (
    Format("parquet", (".parquet",), read_parquet, (b"PAR1",), count=count_parquet_rows),
    Format("arrow", (".arrow",), read_arrow, (b"ARROW1", b"\xff\xff\xff\xff")),
    Format("json object", (".json",), read_json_object, (), may_be_one_object, keeps_bad=True),
    Format("jsonl", (".jsonl",), read_jsonl, (), lambda start: start.startswith("{"), keeps_bad=True),
    Format("json", (".json",), read_json, (), _is_array, keeps_bad=True),
    Format("fasttext", (".txt",), read_fasttext, (), is_fasttext),
    Format("workbook", WORKBOOKS, _read_workbook, (OLD_WORKBOOK,), keeps_bad=True),
    Format("csv", (".csv", ".tsv"), read_csv, (), lambda start: True, keeps_bad=True),
)
"""All formats, in the order in which they are tried."""
BY_NAME = {each.name: each for each in FORMATS}
ENDINGS = {ending for each in FORMATS for ending in each.endings} | COMPRESSED_ENDINGS
"""The extensions of data files."""


def read_file(path: Path, settings: DataSettings, keep_bad: bool = False) -> Iterator[Batch]:
    """Yield the rows of `path`, whatever its format.

    With `keep_bad`, bad rows of delimited text or JSON are kept, and the batch describes their problems.
    Raises DataError if the file is missing, empty, damaged or of an unknown format.
    """
    kind = BY_NAME[sniff_format(path, settings)]
    log.debug("reading %s as %s", path, kind.name)
    yield from kind.read(path, settings, keep_bad) if kind.keeps_bad else kind.read(path, settings)


def read_first(path: Path, settings: DataSettings) -> Iterator[Batch]:
    """Yield the first rows of `path`; only a JSON object and a damaged file are read further."""
    kind = BY_NAME[sniff_format(path, settings)]
    batches = read_csv(path, settings, most=BATCH_ROWS) if kind.name == "csv" else kind.read(path, settings)
    yield from (replace(batch, file=path) for batch in islice(batches, 1))


def files_split(files: list[Path], data: DataSettings, first_only: bool, apart: dict[Path, DataSettings]) -> Split:
    """Return the rows of some files, or the first rows of the first; `apart` are the settings of those with others."""
    first = apart.get(files[0], data)
    return Split(
        partial(read_first, files[0], first) if first_only else partial(_read_files, files, data, apart),
        ", ".join(map(str, files)),
        partial(count_lines, files),
        tuple(files),
        partial(describe, files[0], first),
        partial(_go_on, files, first) if first_only else lambda: False,
    )


def _go_on(files: list[Path], data: DataSettings) -> bool:
    """Return whether the rows of some files go on after the first batch; a damaged file may."""
    if len(files) > 1:
        return True
    try:
        return next(islice(read_file(files[0], data), 1, None), None) is not None
    except DataError:
        return True


def _read_files(files: list[Path], data: DataSettings, apart: dict[Path, DataSettings]) -> Iterator[Batch]:
    for file in files:
        for batch in read_file(file, apart.get(file, data)):
            yield replace(batch, file=file)


def describe(path: Path, settings: DataSettings) -> FileForm:
    """Tell how a file is read, from its first bytes; what cannot be told of a damaged table is left out."""
    kind = sniff_format(path, settings)
    with open_file(path, settings.max_inflation) as file:
        magic = read_some(file, path, 6)
    packed = compression_of(magic)
    form = FileForm(file=readable(str(path)), format=SHOWN_AS[kind], compression=packed.name if packed else None)
    if kind in BINARY:
        return form
    form = form.model_copy(update={"encoding": _encoding_of(path, settings)})
    if kind != "csv":
        return form
    try:
        table, header = sniff_table(path, settings)
    except ClfError:  # reading the file reports why
        return form
    quote = table.quotechar if table.quoting != csv.QUOTE_NONE else None
    kind = "drawn table" if table.drawn else "TSV" if table.delimiter == "\t" else form.format
    found = {"delimiter": table.delimiter, "quote": quote, "escape": table.escape or None, "header": header}
    return form.model_copy(update={"format": kind, **found})


def _encoding_of(path: Path, settings: DataSettings) -> str:
    with open_bytes(path, settings.max_inflation) as file:
        head = read_some(file, path, HEAD)
    encoding = find_encoding(head, path, settings, whole=len(head) < HEAD)
    return "utf-8" if encoding == "utf-8-sig" and not head.startswith(codecs.BOM_UTF8) else encoding


def check_inflation(path: Path, settings: DataSettings) -> None:
    """Raise DataError if a file is an archive, or holds many times its size, before another library reads it."""
    with open_file(path) as file:
        head = file.read(16)
    _check_known(head, path)
    if compression_of(head):
        with open_bytes(path, settings.max_inflation) as inflated:
            while read_some(inflated, path, 1 << 20):
                pass
    elif count_parquet_rows(path):
        check_parquet(path, settings)


def count_lines(files: list[Path]) -> int:
    """Count the lines of text files and the rows of Parquet files; 0 if any file is of another kind."""
    counts = [_count_lines(path) for path in files]
    return sum(counts) if all(counts) else 0


def _count_lines(path: Path) -> int:
    if through(path):
        return 0
    with open_file(path) as file:
        head = file.read(6)
        if binary := next((each for each in FORMATS if head.startswith(each.first_bytes)), None):
            return binary.count(path)
        if head.startswith((*COMPRESSIONS, b"PK\x03\x04")):
            return 0
        file.seek(0)
        count, last = 0, b""
        for block in iter(lambda: file.read(1 << 20), b""):
            count, last = count + block.count(b"\n"), block[-1:]
        return count + (last != b"\n")


def sniff_format(path: Path, settings: DataSettings) -> str:
    """Detect the format of a file from its first bytes."""
    if not (kind := kind_of(path)):
        raise DataError(f"{path} does not exist", nearest(path))
    if kind == stat.S_IFDIR:
        raise DataError(f"{path} is a folder, expected a file", "pass a file in that folder")
    with open_bytes(path, settings.max_inflation) as file:
        head = read_some(file, path)
    if not head.strip():
        raise DataError(f"{path} is empty", EXPECTED)
    if binary := next((each for each in FORMATS if head.startswith(each.first_bytes)), None):
        name = binary.name
    else:
        name = "workbook" if is_workbook(head) else ""
    if name == "workbook":
        _check_plain(path)
    if name:
        return name
    _check_known(head, path)
    _check_download(head, path)
    start = head.decode(find_encoding(head, path, settings), errors="replace").lstrip("\ufeff \t\r\n")
    return next(each.name for each in FORMATS if each.is_begun_by(start))


def _check_plain(path: Path) -> None:
    """Raise DataError if a workbook is inside an archive or compressed: its reader needs the file itself."""
    file = on_disk(path)
    with open_file(file) as opened:
        head = opened.read(HEAD)
    if is_workbook(head):
        return
    if file != path or not (packed := compression_of(head)):
        raise DataError(f"{path} is a workbook inside an archive", f"unpack {file} first, and pass the workbook")
    unpack = f"{packed.unpack} {shell_line([str(path)])}"
    raise DataError(f"{path} is a workbook that is compressed with {packed.name}", f"{unpack}, and pass the workbook")


def _check_known(head: bytes, path: Path) -> None:
    """Raise DataError if the first bytes of a file are those of something that clf does not read."""
    if archive_kind(head) and (found := through(path)):
        raise DataError(f"{path} is an archive in an archive", f"unpack {found[0]}, and pass {Path(found[1]).name}")
    if packed := next((told for begin, told in PACKED.items() if head.startswith(begin)), None):
        raise DataError(
            f"{path} is {packed[0]}, which clf does not read",
            f"unpack it with {packed[1]} {shell_line([path.name if through(path) else str(path)])}, and pass the table",
        )
    if known := next((what for begin, what in FOREIGN.items() if head.startswith(begin)), None):
        unpack = "unpack it, or " if "zip" in known else ""
        raise DataError(f"{path} is {known}", f"{unpack}export the table as CSV or Parquet, and use that file")


def _check_download(head: bytes, path: Path) -> None:
    """Raise DataError for what a failed download leaves in the place of a table, and for a tar archive."""
    if archive_kind(head):
        raise DataError(f"{path} is a tar archive", "unpack it with tar -xf, and use the folder or a file in it")
    if path.suffix.lower() == ".zip" and not through(path) and is_zipfile(path):
        raise DataError(f"{path} is a zip archive that unpacks itself", "unpack it with unzip, and pass the folder")
    if head.startswith(POINTER):
        raise DataError(
            f"{path} is a Git LFS pointer: the file itself was not downloaded",
            "run git lfs pull in that repository, or download the file from its page",
        )
    refuse_dump(head, path)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:20].lower()
    if start.startswith(PAGES) and head.lower().count(b"<html") < 2:  # with more, they are texts
        is_xml = start.startswith(b"<?xml") and b"<html" not in head.lower()
        kind = "an XML document" if is_xml else "an HTML page"
        raise DataError(
            f"{path} is {kind}, expected a table",
            "open it in a browser: it may be a login, warning or error page; then download the file again",
        )


def nearest(path: Path) -> str:
    """Return a hint: the file whose name is closest to that of `path`, or what `--dataset` accepts."""
    from difflib import get_close_matches

    folder = path.parent if path.parent.is_dir() else Path()
    try:
        names = [found.name for found in islice(folder.iterdir(), COMPARED)]
    except OSError:  # a folder that may not be listed
        names = []
    close = get_close_matches(path.name[:COMPARED], names, n=1, cutoff=0.5)
    return (
        f"did you mean {readable(str(folder / close[0]))}?"
        if close
        else "pass --dataset with a dataset name, a Hub id (owner/name), a file or a folder"
    )


def looks_like_path(spec: str) -> bool:
    """Return whether `spec` exists or is written like a path; such a spec is never looked up on the Hub."""
    path = expanded(spec)
    return (
        kind_of(path) != 0
        or spec.startswith((".", "~", os.sep))
        or path.suffix.lower() in ENDINGS
        or len(path.parts) > 2
        or (len(path.parts) == 2 and kind_of(Path(path.parts[0])) == stat.S_IFDIR)
    )
