"""One file -> batches of rows: CSV, JSON lines, JSON, Parquet, Arrow, fastText, each also compressed.

The content decides the format; the ending is only a hint. Every reader yields `Batch`es of at most
BATCH_ROWS rows, so that a caller can keep memory flat.
"""

import io
import json
import logging
import lzma
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from clf.data.delimited import read_csv
from clf.data.files import (
    CUT_OFF,
    DECOMPRESSORS,
    ESCAPED,
    cut_off,
    decoding_failed,
    find_encoding,
    open_bytes,
    open_text,
    read_some,
    readable,
    undecoded,
)
from clf.data.rows import BATCH_ROWS, EXPECTED, SHOWN, Batch, chunked, sliced, unfold
from clf.errors import DataError
from clf.settings import DataSettings

# Half of a character, as JSON can spell it; pairs are whole characters and stay.
SURROGATE = re.compile(
    r"(?<!\\)(?:\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f][0-9a-f]{2})", re.IGNORECASE
)

FOREIGN = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file",
    b"%PDF": "a PDF document",
    b"SQLite format 3": "an SQLite database",
}
"""What people give for a table, by the bytes that it begins with."""

log = logging.getLogger(__name__)


def read_file(path: Path, settings: DataSettings, keep_bad: bool = False) -> Iterator[Batch]:
    """Yield the rows of `path`, whatever its format.

    With `keep_bad`, a row of delimited text or JSON that is none is kept, with what is wrong with it.
    Raises DataError for a file that is missing, empty, damaged or of no known format.
    """
    kind = sniff_format(path, settings)
    log.debug("reading %s as %s", path, kind)
    if keep_bad and kind in KEEPING:
        yield from KEEPING[kind](path, settings, keep_bad)
    else:
        yield from READERS[kind](path, settings)


def count_lines(files: list[Path]) -> int:
    """Count the lines of plain files and the rows of Parquet files; 0 when one is of another kind."""
    counts = [_count_lines(path) for path in files]
    return sum(counts) if all(counts) else 0


def _count_lines(path: Path) -> int:
    import pyarrow
    import pyarrow.parquet

    with path.open("rb") as file:
        head = file.read(6)
        if head.startswith(b"PAR1"):
            try:
                return int(pyarrow.parquet.read_metadata(path).num_rows)
            except (pyarrow.ArrowException, OSError):
                return 0  # reading says why
        if head.startswith((b"ARROW1", b"\xff\xff\xff\xff", *DECOMPRESSORS)):
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
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith((b"ARROW1", b"\xff\xff\xff\xff")):
        return "arrow"
    if known := next((what for begin, what in FOREIGN.items() if head.startswith(begin)), None):
        raise DataError(f"{path} is {known}", "save its table as CSV or Parquet, and give that")
    start = head.decode(find_encoding(head, path, settings), errors="replace").lstrip("\ufeff \t\r\n")
    if start.startswith("{"):
        return "jsonl"
    if start.startswith("[") and start[1:].lstrip()[:1] in {"{", "]"}:
        return "json"
    return "fasttext" if start.startswith("__label__") else "csv"


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


# --- JSON ---------------------------------------------------------------------------------------------------


def read_jsonl(path: Path, settings: DataSettings, keep_bad: bool = False) -> Iterator[Batch]:
    """Read one JSON object a line; a file that holds a single object spread over lines is refused."""
    bad: list[str] = []
    with open_text(path, settings, errors=ESCAPED if keep_bad else "strict") as file:
        for chunk in chunked(_numbered_lines(file, path), BATCH_ROWS, lambda row: len(row[1])):
            rows: list[tuple[int, dict[str, Any]]] = []
            problems: dict[int, str] = {}
            for line, text in chunk:
                row, problem = _json_object(readable(text))
                problem = problem or undecoded(text)
                if problem and keep_bad:
                    problems[len(rows)] = f"line {line}: {problem}" + ("" if row else f": {readable(text).strip()}")
                elif problem:
                    bad.append(f"line {line}: {problem}")
                if keep_bad or not problem:
                    rows.append((line, row))
            if not bad:
                yield replace(_object_batch(rows, path, settings), problems=problems)
    _report_bad(bad, path)


def read_json(path: Path, settings: DataSettings, keep_bad: bool = False) -> Iterator[Batch]:
    """Read a JSON array of objects."""
    with open_text(path, settings) as file:
        try:
            values = json.loads(SURROGATE.sub(r"\\ufffd", file.read()), object_pairs_hook=_unique_keys)
        except UnicodeDecodeError as error:
            decoding_failed(error, path, 0)
        except CUT_OFF as error:
            cut_off(error, path)
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"{path} is not valid JSON: {error}", "mend that place, or write one object a line"
            ) from error
    bad = {row: f"row {row}: expected an object" for row, value in enumerate(values, 1) if not isinstance(value, dict)}
    if not keep_bad:
        _report_bad(list(bad.values()), path)
    if not values:
        raise DataError(f"{path} has no rows", EXPECTED)
    for chunk in chunked(enumerate(values, 1), BATCH_ROWS):
        first = chunk[0][0]
        problems = {row - first: f"{bad[row]}: {json.dumps(value)}" for row, value in chunk if row in bad}
        rows = [(row, {} if row in bad else value) for row, value in chunk]
        yield replace(_object_batch(rows, path, settings), problems=problems)


def _json_object(text: str) -> tuple[dict[str, Any], str]:
    try:
        value = json.loads(SURROGATE.sub(r"\\ufffd", text), object_pairs_hook=_unique_keys)
    except json.JSONDecodeError as error:
        return {}, f"no valid JSON at character {error.pos + 1} ({error.msg})"
    except (ValueError, RecursionError) as error:
        return {}, str(error)
    return (value, "") if isinstance(value, dict) else ({}, "expected an object")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) != len(pairs):
        raise ValueError("a key stands twice")
    return row


def _object_batch(rows: Iterable[tuple[int, dict[str, Any]]], path: Path, settings: DataSettings) -> Batch:
    rows = list(rows)
    names = list(dict.fromkeys(name for _, row in rows for name in row))
    columns = {
        name: [row.get(given) for _, row in rows] for name, given in zip(_stripped(names, path), names, strict=True)
    }
    return Batch(unfold(columns, settings.columns), [line for line, _ in rows])


def _stripped(names: list[str], path: Path) -> list[str]:
    """Strip white space off the names of columns, which must stay apart."""
    stripped = [name.strip() for name in names]
    twice = [name for name, count in Counter(stripped).items() if count > 1]
    if twice:
        raise DataError(f"{path} has two columns called {twice[0]!r}", "rename one of them")
    return stripped


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
        with open_bytes(path, settings.max_inflation) as file:
            source = pyarrow.parquet.ParquetFile(file if file.seekable() else io.BytesIO(file.read()))
            if not source.metadata.num_rows:
                raise DataError(f"{path} has no rows", EXPECTED)
            yield from _arrow_batches(source.iter_batches(BATCH_ROWS), path, settings)
    except (EOFError, lzma.LZMAError, zlib.error) as error:
        cut_off(error, path)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(
            f"{path} is not a readable Parquet file: {error}", "write it again, or give the CSV it came from"
        ) from error


def read_arrow(path: Path, settings: DataSettings) -> Iterator[Batch]:
    """Read an Arrow file or stream, as `datasets` writes it, batch by batch."""
    import pyarrow

    empty = True
    try:
        with open_bytes(path, settings.max_inflation) as file:
            is_file = file.peek(6)[:6] == b"ARROW1"  # type: ignore[attr-defined]
            source = file if file.seekable() or not is_file else io.BytesIO(file.read())
            for batch in _arrow_batches(_record_batches(source, is_file), path, settings):
                empty = False
                yield batch
    except (EOFError, lzma.LZMAError, zlib.error) as error:
        cut_off(error, path)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(
            f"{path} is not a readable Arrow file: {error}", "write it again, as Parquet perhaps"
        ) from error
    if empty:
        raise DataError(f"{path} has no rows", EXPECTED)


def _record_batches(source: Any, is_file: bool) -> Iterator[Any]:
    import pyarrow

    if is_file:
        reader = pyarrow.ipc.open_file(source)
        yield from (reader.get_batch(number) for number in range(reader.num_record_batches))
    else:
        yield from pyarrow.ipc.open_stream(source)


def _arrow_batches(batches: Iterable[Any], path: Path, settings: DataSettings) -> Iterator[Batch]:
    row = 1
    for batch in sliced(batches):
        names = _stripped(batch.schema.names, path)
        columns = {name: _values(batch.column(place), name, path) for place, name in enumerate(names)}
        yield Batch(unfold(columns, settings.columns), list(range(row, row + batch.num_rows)))
        row += batch.num_rows


def _values(column: Any, name: str, path: Path) -> list[Any]:
    """Turn a column into Python values; dates that Python lacks stay as they are written."""
    import pyarrow

    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError) as error:
        try:
            return list(column.cast(pyarrow.string()).to_pylist())
        except (ValueError, pyarrow.ArrowException):
            raise DataError(
                f"{path}, column {name!r}: {error}", "write the file again with that column as UTF-8 text"
            ) from error


def read_fasttext(path: Path, settings: DataSettings) -> Iterator[Batch]:
    """Read fastText lines: `__label__x the text`."""
    bad = []
    with open_text(path, settings) as file:
        for chunk in chunked(_numbered_lines(file, path), BATCH_ROWS, lambda row: len(row[1])):
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


KEEPING = {"csv": read_csv, "jsonl": read_jsonl, "json": read_json}
READERS = {
    "csv": read_csv,
    "jsonl": read_jsonl,
    "json": read_json,
    "parquet": read_parquet,
    "arrow": read_arrow,
    "fasttext": read_fasttext,
}
