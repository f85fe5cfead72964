"""JSON lines, JSON arrays and JSON objects -> batches of rows."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import JsonValue

from clf.data.reading.batch import BATCH_CELLS, BATCH_ROWS, EXPECTED, SHOWN, Batch, chunked, unfold
from clf.data.reading.files import (
    CUT_OFF,
    ESCAPED,
    LONGEST,
    MOST_COLUMNS,
    column_names,
    cut_off,
    decoding_failed,
    numbered_lines,
    open_text,
    readable,
    too_long,
    undecoded,
)
from clf.data.reading.json_layouts import JsonObject, flat, rows_in
from clf.data.reading.json_stream import JsonStream, LongValue, unique_keys, without_halves
from clf.errors import DataError
from clf.settings import DataSettings

LARGEST_OBJECT = 1_000_000_000
"""The most characters of a JSON object that is read as a whole."""
KINDS: dict[type, str] = {dict: "an object", list: "a list of cells"}


def read_jsonl(path: Path, settings: DataSettings, keep_bad: bool = False) -> Iterator[Batch]:
    """Read one JSON object per line; a single object that spans several lines is rejected."""
    bad: list[str] = []
    keys = _Keys(path)
    with open_text(path, settings, errors=ESCAPED if keep_bad else "strict") as file:
        for chunk in chunked(numbered_lines(file, path), BATCH_ROWS, lambda row: len(row[1])):
            rows: list[tuple[int, JsonObject]] = []
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
                yield from keys.batches(rows, problems, settings)
    _report_bad(bad, path)


@contextmanager
def open_json(path: Path, settings: DataSettings) -> Iterator[JsonStream]:
    """Open a JSON file; what is no valid JSON, no valid text or no valid archive becomes a DataError."""
    with open_text(path, settings) as file:
        try:
            yield JsonStream(file, LONGEST)
        except UnicodeDecodeError as error:
            decoding_failed(error, path, 0)
        except CUT_OFF as error:
            cut_off(error, path)
        except LongValue as error:
            raise too_long(f"{path}, line {error.args[0]}") from error
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"{path} is not valid JSON: {error}", "fix that place, or write one object per line"
            ) from error


def read_json(path: Path, settings: DataSettings, keep_bad: bool = False) -> Iterator[Batch]:
    """Read a JSON array of objects or of lists of cells, piece by piece."""
    with open_json(path, settings) as stream:

        def values() -> Iterator[tuple[JsonValue, int]]:
            for value in stream.elements():
                yield value, stream.size
            stream.end()

        yield from _one_behind(_batches(values(), path, settings, keep_bad))


def _batches(
    values: Iterable[tuple[JsonValue, int]], path: Path, settings: DataSettings, keep_bad: bool
) -> Iterator[Batch]:
    """Make batches of values that are rows, each with its number of characters; the first tells what a row is."""
    fits: type = dict
    bad: list[int] = []
    keys, row = _Keys(path), 0
    for chunk in chunked(enumerate(values, 1), BATCH_ROWS, lambda row: row[1][1]):
        rows: list[tuple[int, JsonObject]] = []
        problems: dict[int, str] = {}
        for row, (value, _) in chunk:
            if row == 1 and isinstance(value, list):
                fits = list
            if not isinstance(value, fits):
                problems[len(rows)] = f"row {row}: expected {KINDS[fits]}: {json.dumps(value)}"
                bad.append(row)
            rows += [(row, each if isinstance(each, dict) else {}) for each in flat(value, of_cells=fits is list)]
        if keep_bad or not bad:
            yield from keys.batches(rows, problems, settings)
    if not row:
        raise DataError(f"{path} has no rows", EXPECTED)
    if not keep_bad:
        _report_bad([f"row {row}: expected {KINDS[fits]}" for row in bad[:SHOWN]], path, len(bad))


def _one_behind(batches: Iterator[Batch]) -> Iterator[Batch]:
    """Yield each batch when the next one is there, so that what is wrong with a small file is known before any."""
    held: Batch | None = None
    for batch in batches:
        if held is not None:
            yield held
        held = batch
    if held is not None:
        yield held


def read_json_object(path: Path, settings: DataSettings, keep_bad: bool = False) -> Iterator[Batch]:
    """Read a single JSON object that holds all rows, as pandas and other tools write them."""
    with open_json(path, settings) as stream:
        text = _whole(stream, path)
        value = _single_object(text)
    if value is None or not (rows := rows_in(value)):
        if value is None or "\n" not in text.strip():  # rows, and no object with all of them
            yield from read_jsonl(path, settings, keep_bad)
            return
        names = ", ".join(repr(key[:40]) for key in list(value)[:SHOWN])
        raise DataError(
            f"{path} is a single JSON object with the keys {names}, and holds no list of rows",
            "write one object per line; with pandas: df.to_json(path, orient='records', lines=True)",
        )
    keys = _Keys(path)
    for chunk in chunked(enumerate(rows, 1), BATCH_ROWS):
        yield from keys.batches(chunk, {}, settings)


def _whole(stream: JsonStream, path: Path) -> str:
    text = stream.rest(LARGEST_OBJECT)
    if text is None:
        raise DataError(
            f"{path} is a JSON object of more than {LARGEST_OBJECT:,} characters",
            "write one object per line, which clf reads piece by piece",
        )
    return text


def _single_object(text: str) -> JsonObject | None:
    """Return the object that a text holds; None if it is one object per line, be they valid or not."""
    try:
        value = json.loads(text, object_pairs_hook=unique_keys)
    except (ValueError, RecursionError) as error:
        if "\n" in text.strip() and getattr(error, "msg", "") != "Extra data":
            raise
        return None
    return value if isinstance(value, dict) else None


def _json_object(text: str) -> tuple[JsonObject, str]:
    try:
        value = json.loads(without_halves(text), object_pairs_hook=unique_keys)
    except json.JSONDecodeError as error:
        return {}, f"invalid JSON at character {error.pos + 1} ({error.msg})"
    except (ValueError, RecursionError) as error:
        return {}, str(error)
    return (value, "") if isinstance(value, dict) else ({}, "expected an object")


class _Keys:
    """The keys of all objects of a file, which become its columns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: set[str] = set()

    def batches(
        self, rows: list[tuple[int, JsonObject]], problems: dict[int, str], settings: DataSettings
    ) -> Iterator[Batch]:
        """Yield the rows in batches of at most BATCH_CELLS cells.

        Raises DataError if the objects of the file have more than MOST_COLUMNS different keys.
        """
        start, names = 0, dict[str, None]()
        for number, (line, row) in enumerate(rows):
            if row.keys() <= names.keys():
                fresh: set[str] = set()
            else:
                fresh = row.keys() - names.keys()
                self._meet(fresh, line)
            if number > start and (number - start + 1) * (len(names) + len(fresh)) > BATCH_CELLS:
                yield self._batch(rows[start:number], start, names, problems, settings)
                start, names = number, {}
            names |= dict.fromkeys(row)
        yield self._batch(rows[start:], start, names, problems, settings)

    def _meet(self, fresh: set[str], line: int) -> None:
        self.known |= fresh
        if len(self.known) > MOST_COLUMNS:
            raise DataError(
                f"{self.path}, row {line}: the objects up to here have {len(self.known):,} different keys, "
                f"expected at most {MOST_COLUMNS:,}",
                "put the text and the label under the same keys in every object",
            )

    def _batch(
        self,
        rows: list[tuple[int, JsonObject]],
        start: int,
        names: dict[str, None],
        problems: dict[int, str],
        settings: DataSettings,
    ) -> Batch:
        columns = {
            name: [row.get(given) for _, row in rows]
            for name, given in zip(column_names(list(names), self.path, settings), names, strict=True)
        }
        here = {row - start: what for row, what in problems.items() if start <= row < start + len(rows)}
        return Batch(unfold(columns, settings.columns), [line for line, _ in rows], problems=here)


def _report_bad(bad: list[str], path: Path, count: int = 0) -> None:
    if bad:
        raise DataError(
            f"{path}: {'; '.join(bad[:SHOWN])} ({count or len(bad)} bad rows)",
            "expected one JSON object per line, with a text and a label",
        )
