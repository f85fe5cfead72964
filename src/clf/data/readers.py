"""One file -> batches of rows: CSV, JSON lines, JSON, Parquet, Arrow, fastText, each also compressed.

The content decides the format; the ending is only a hint. Every reader yields `Batch`es of at most
BATCH_ROWS rows, so that a caller can keep memory flat.
"""

import csv
import io
import json
import logging
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, TypeVar

from clf.data.files import CUT_OFF, cut_off, decoding_failed, find_encoding, open_bytes, open_text, read_some
from clf.errors import DataError
from clf.settings import DataSettings

BATCH_ROWS = 10_000
DELIMITERS = (",", "\t", ";", "|")
DELIMITER_NAMES = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar"}
SHOWN = 10  # bad rows named in one message

log = logging.getLogger(__name__)
Row = TypeVar("Row")


@dataclass(frozen=True)
class Batch:
    """Some rows of a file: `columns` of equal length, and the `lines` of the file (from 1) where they start."""

    columns: dict[str, list[Any]]
    lines: list[int]


def read_file(path: Path, settings: DataSettings) -> Iterator[Batch]:
    """Yield the rows of `path`, whatever its format.

    Raises DataError for a file that is missing, empty, damaged or of no known format.
    """
    kind = sniff_format(path, settings)
    log.debug("reading %s as %s", path, kind)
    yield from READERS[kind](path, settings)


def sniff_format(path: Path, settings: DataSettings) -> str:
    """Tell the format of a file from its first bytes."""
    if path.is_dir():
        raise DataError(f"{path} is a directory, expected a file", "give a file of that directory")
    if not path.exists():
        raise DataError(f"no file {path}", _nearest(path))
    with open_bytes(path) as file:
        head = read_some(file, path)
    if not head.strip():
        raise DataError(f"{path} is empty", "expected a text and a label in each row")
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith((b"ARROW1", b"\xff\xff\xff\xff")):
        return "arrow"
    start = head.decode(find_encoding(head, path, settings), errors="replace").lstrip("\ufeff \t\r\n")
    if start.startswith("{"):
        return "jsonl"
    if start.startswith("[") and path.suffix in {".json", ".gz", ".bz2", ".xz", ".zst"}:
        return "json"
    return "fasttext" if start.startswith("__label__") else "csv"


def _nearest(path: Path) -> str:
    from difflib import get_close_matches

    folder = path.parent if path.parent.is_dir() else Path()
    close = get_close_matches(path.name, [found.name for found in folder.iterdir()], n=1, cutoff=0.5)
    return (
        f"did you mean {folder / close[0]}?"
        if close
        else "give --dataset a dataset name, a Hub id (owner/name), a file or a folder"
    )


def chunked(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """Yield lists of at most `size` rows (itertools.batched, which Python 3.11 lacks)."""
    rest = iter(rows)
    while chunk := list(islice(rest, size)):
        yield chunk


# --- delimited text -----------------------------------------------------------------------------------------


def read_csv(path: Path, settings: DataSettings) -> Iterator[Batch]:
    """Read delimited text with quotes; columns without a header are named by number from 0."""
    csv.field_size_limit(sys.maxsize)
    with open_text(path, settings) as file:
        delimiter = settings.delimiter or _sniff_delimiter(path, settings)
        if len(delimiter := delimiter.replace("\\t", "\t")) != 1:
            raise DataError(
                f"--delimiter must be one character, found {delimiter!r}",
                "give --delimiter ';' or another single character",
            )
        rows = _numbered_rows(file, path, delimiter)
        first = next(rows, None)
        if first is None:
            raise DataError(f"{path} is empty", "expected a text and a label in each row")
        headerless = settings.no_header or _looks_headerless(first[1])
        if headerless and not settings.no_header:
            log.warning("%s: the first line looks like data, so the columns are numbered from 0", path)
        header = [str(number) for number in range(len(first[1]))] if headerless else [cell.strip() for cell in first[1]]
        _check_header(header, path)
        yield from _csv_batches(chain([first], rows) if headerless else rows, header, path)


def _numbered_rows(file: IO[str], path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (line where the row starts, cells), passing over empty lines."""
    reader = csv.reader((line.replace("\0", "") for line in file), delimiter=delimiter)
    start = 1
    try:
        for cells in reader:
            if cells:
                yield start, cells
            start = reader.line_num + 1
    except UnicodeDecodeError as error:
        decoding_failed(error, path, reader.line_num)
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: {error}", "mend that line, or pass --delimiter") from error
    except CUT_OFF as error:
        cut_off(error, path)


def _sniff_delimiter(path: Path, settings: DataSettings) -> str:
    """Take the delimiter that cuts the first rows into the same number of cells, and the most of them."""
    with open_text(path, settings) as file:
        try:
            sample = list(islice(file, 200))
        except UnicodeDecodeError as error:
            decoding_failed(error, path, 0)
    best, most = ",", 1
    for delimiter in DELIMITERS:
        widths = [len(row) for row in islice(csv.reader(sample, delimiter=delimiter), 50) if row]
        width = max(set(widths), key=widths.count, default=0)
        if width > most and widths[0] == width and widths.count(width) >= 0.8 * len(widths):
            best, most = delimiter, width
    if best != ",":
        log.info("%s is delimited by %s", path, DELIMITER_NAMES[best])
    return best


def _looks_headerless(cells: list[str]) -> bool:
    """Tell a line of data, with a number or a long text in it, from a header of short names."""
    return any(cell.strip().lstrip("-").replace(".", "", 1).isdigit() or len(cell) > 80 for cell in cells)


def _check_header(header: list[str], path: Path) -> None:
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise DataError(
            f"{path} has two columns called {twice[0]!r}",
            "rename one of them, or pass --no-header and column numbers",
        )


def _csv_batches(rows: Iterable[tuple[int, list[str]]], header: list[str], path: Path) -> Iterator[Batch]:
    bad: list[str] = []
    count = empty = 0
    for chunk in chunked(rows, BATCH_ROWS):
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
            "put quotes around texts that hold the delimiter, or pass --delimiter",
        )
    if not empty:
        raise DataError(f"{path} has a header and no rows", "expected a text and a label in each row")


# --- JSON ---------------------------------------------------------------------------------------------------


def read_jsonl(path: Path, settings: DataSettings) -> Iterator[Batch]:
    """Read one JSON object a line; a file that holds a single object spread over lines is refused."""
    bad: list[str] = []
    with open_text(path, settings) as file:
        for chunk in chunked(_numbered_lines(file, path), BATCH_ROWS):
            rows = []
            for line, text in chunk:
                row, problem = _json_object(text)
                if problem:
                    bad.append(f"line {line}: {problem}")
                else:
                    rows.append((line, row))
            if not bad:
                yield _object_batch(rows)
    _report_bad(bad, path)


def read_json(path: Path, settings: DataSettings) -> Iterator[Batch]:
    """Read a JSON array of objects."""
    with open_text(path, settings) as file:
        try:
            values = json.load(file)
        except UnicodeDecodeError as error:
            decoding_failed(error, path, 0)
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"{path} is not valid JSON: {error}", "mend that place, or write one object a line"
            ) from error
    bad = [f"row {row}: expected an object" for row, value in enumerate(values, 1) if not isinstance(value, dict)]
    _report_bad(bad, path)
    if not values:
        raise DataError(f"{path} has no rows", "expected a text and a label in each row")
    for chunk in chunked(enumerate(values, 1), BATCH_ROWS):
        yield _object_batch(chunk)


def _json_object(text: str) -> tuple[dict[str, Any], str]:
    try:
        value = json.loads(text, object_pairs_hook=_unique_keys)
    except (ValueError, RecursionError) as error:
        return {}, str(error)
    return (value, "") if isinstance(value, dict) else ({}, "expected an object")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) != len(pairs):
        raise ValueError("a key stands twice")
    return row


def _object_batch(rows: Iterable[tuple[int, dict[str, Any]]]) -> Batch:
    rows = list(rows)
    names = list(dict.fromkeys(name for _, row in rows for name in row))
    return Batch({name.strip(): [row.get(name) for _, row in rows] for name in names}, [line for line, _ in rows])


def _numbered_lines(file: IO[str], path: Path) -> Iterator[tuple[int, str]]:
    line = 0
    try:
        for line, text in enumerate(file, 1):
            if text.strip():
                yield line, text
    except UnicodeDecodeError as error:
        decoding_failed(error, path, line)
    except CUT_OFF as error:
        cut_off(error, path)


def _report_bad(bad: list[str], path: Path) -> None:
    if bad:
        raise DataError(
            f"{path}: {'; '.join(bad[:SHOWN])} ({len(bad)} bad rows)",
            "expected one JSON object a line, with a text and a label",
        )


# --- columnar files and fastText ----------------------------------------------------------------------------


def read_parquet(path: Path, settings: DataSettings) -> Iterator[Batch]:
    """Read a Parquet file, row group by row group."""
    import pyarrow
    import pyarrow.parquet

    try:
        with open_bytes(path) as file:
            source = pyarrow.parquet.ParquetFile(file if file.seekable() else io.BytesIO(file.read()))
            if not source.metadata.num_rows:
                raise DataError(f"{path} has no rows", "expected a text and a label in each row")
            yield from _arrow_batches(source.iter_batches(BATCH_ROWS))
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(
            f"{path} is not a readable Parquet file: {error}", "write it again, or give the CSV it came from"
        ) from error


def read_arrow(path: Path, settings: DataSettings) -> Iterator[Batch]:
    """Read an Arrow file or stream, as `datasets` writes it."""
    import pyarrow

    try:
        with open_bytes(path) as file:
            is_file = file.read(6) == b"ARROW1"
            file.seek(0)
            reader = pyarrow.ipc.open_file(file) if is_file else pyarrow.ipc.open_stream(file)
            table = reader.read_all()
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(
            f"{path} is not a readable Arrow file: {error}", "write it again, as Parquet perhaps"
        ) from error
    if not table.num_rows:
        raise DataError(f"{path} has no rows", "expected a text and a label in each row")
    yield from _arrow_batches(table.to_batches(BATCH_ROWS))


def _arrow_batches(batches: Iterable[Any]) -> Iterator[Batch]:
    row = 1
    for batch in batches:
        yield Batch(
            {name.strip(): batch.column(name).to_pylist() for name in batch.schema.names},
            list(range(row, row + batch.num_rows)),
        )
        row += batch.num_rows


def read_fasttext(path: Path, settings: DataSettings) -> Iterator[Batch]:
    """Read fastText lines: `__label__x the text`."""
    bad = []
    with open_text(path, settings) as file:
        for chunk in chunked(_numbered_lines(file, path), BATCH_ROWS):
            parts = [(line, *text.strip().partition(" ")[::2]) for line, text in chunk]
            bad += [
                f"line {line}: {'two labels' if '__label__' in rest[:9] else 'no label'}"
                for line, label, rest in parts
                if not label.startswith("__label__") or rest.startswith("__label__")
            ]
            columns = {
                "text": [rest for _, _, rest in parts],
                "label": [label.removeprefix("__label__") for _, label, _ in parts],
            }
            if not bad:
                yield Batch(columns, [line for line, _, _ in parts])
    if bad:
        raise DataError(
            f"{path}: {'; '.join(bad[:SHOWN])} ({len(bad)} bad rows)",
            "expected `__label__x the text`, one label a line (multi-label is not supported yet)",
        )


READERS = {
    "csv": read_csv,
    "jsonl": read_jsonl,
    "json": read_json,
    "parquet": read_parquet,
    "arrow": read_arrow,
    "fasttext": read_fasttext,
}
