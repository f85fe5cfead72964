"""JSON lines and JSON arrays -> batches of rows."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pydantic import JsonValue

from clf.data.reading.batch import BATCH_CELLS, BATCH_ROWS, EXPECTED, SHOWN, Batch, chunked, unfold
from clf.data.reading.files import (
    CUT_OFF,
    ESCAPED,
    MOST_COLUMNS,
    column_names,
    cut_off,
    decoding_failed,
    numbered_lines,
    open_text,
    readable,
    undecoded,
)
from clf.data.reading.json_layouts import JsonObject, flat, rows_in
from clf.errors import DataError
from clf.settings import DataSettings

# A lone surrogate as a JSON escape. The first group matches what stays: surrogate pairs, which are complete characters,
# and escaped backslashes, so that what follows one is not taken for an escape.
SURROGATE = re.compile(r"(\\\\|\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2})|\\ud[89a-f][0-9a-f]{2}", re.IGNORECASE)
BLANKS = re.compile(r"[ \t\n\r]*")
LARGEST_ARRAY = 1_000_000_000
"""The most characters of a JSON array, whose text is read as a whole."""
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


def read_json(path: Path, settings: DataSettings, keep_bad: bool = False) -> Iterator[Batch]:
    """Read a JSON array of objects, whose text is held but not its values: they may take twenty times as much."""
    with _valid(path), open_text(path, settings) as file:
        text = _without_halves(_whole(file, path))
        of_cells = isinstance(next(_elements(text), ({}, 0))[0], list)
        fits = list if of_cells else dict
        bad = [row for row, (value, _) in enumerate(_elements(text), 1) if not isinstance(value, fits)]
    if not keep_bad:
        _report_bad([f"row {row}: expected {KINDS[fits]}" for row in bad[:SHOWN]], path, len(bad))
    empty, keys = True, _Keys(path)
    elements = ((row, size, each) for row, (value, size) in enumerate(_elements(text), 1)
                for each in flat(value, of_cells=of_cells))  # fmt: skip
    for chunk in chunked(elements, BATCH_ROWS, lambda row: row[1]):
        empty = False
        problems = {
            number: f"row {row}: expected {KINDS[fits]}: {json.dumps(value)}"
            for number, (row, _, value) in enumerate(chunk)
            if not isinstance(value, dict)
        }
        rows = [(row, value if isinstance(value, dict) else {}) for row, _, value in chunk]
        yield from keys.batches(rows, problems, settings)
    if empty:
        raise DataError(f"{path} has no rows", EXPECTED)


def read_json_object(path: Path, settings: DataSettings, keep_bad: bool = False) -> Iterator[Batch]:
    """Read a single JSON object that holds all rows, as pandas and other tools write them."""
    with _valid(path), open_text(path, settings) as file:
        text = _without_halves(_whole(file, path))
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


def _single_object(text: str) -> JsonObject | None:
    """Return the object that a text holds; None if it is one object per line, be they valid or not."""
    try:
        value = json.loads(text, object_pairs_hook=_unique_keys)
    except (ValueError, RecursionError) as error:
        if "\n" in text.strip() and getattr(error, "msg", "") != "Extra data":
            raise
        return None
    return value if isinstance(value, dict) else None


@contextmanager
def _valid(path: Path) -> Iterator[None]:
    """Turn what is no valid JSON, no valid text or no valid archive into a DataError."""
    try:
        yield
    except UnicodeDecodeError as error:
        decoding_failed(error, path, 0)
    except CUT_OFF as error:
        cut_off(error, path)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not valid JSON: {error}", "fix that place, or write one object per line") from error


def _elements(text: str) -> Iterator[tuple[JsonValue, int]]:
    """Decode the elements of an array one after the other, and tell how many characters each has.

    Raises JSONDecodeError, ValueError or RecursionError where the text is not JSON.
    """
    decoder = json.JSONDecoder(object_pairs_hook=_unique_keys)
    start = _past_blanks(text, 0)
    if text[start : start + 1] != "[":
        raise json.JSONDecodeError("Expecting value", text, start)
    start = _past_blanks(text, start + 1)
    separator = text[start : start + 1] if text[start : start + 1] == "]" else ","
    while separator == ",":
        value, end = decoder.raw_decode(text, start)
        yield value, end - start
        end = _past_blanks(text, end)
        separator = text[end : end + 1]
        if separator not in {",", "]"}:
            raise json.JSONDecodeError("Expecting ',' delimiter", text, end)
        start = end if separator == "]" else _past_blanks(text, end + 1)
    if (end := _past_blanks(text, start + 1)) < len(text):
        raise json.JSONDecodeError("Extra data", text, end)


def _past_blanks(text: str, start: int) -> int:
    found = BLANKS.match(text, start)
    return found.end() if found else start


def _whole(file: IO[str], path: Path) -> str:
    parts, left = [], LARGEST_ARRAY
    while left >= 0 and (part := file.read(1 << 20)):  # of more, Python would reserve all of it at once
        parts.append(part)
        left -= len(part)
    if left < 0:
        raise DataError(
            f"{path} is a JSON array of more than {LARGEST_ARRAY:,} characters",
            "write one object per line, which clf reads piece by piece",
        )
    return "".join(parts)


def _json_object(text: str) -> tuple[JsonObject, str]:
    try:
        value = json.loads(_without_halves(text), object_pairs_hook=_unique_keys)
    except json.JSONDecodeError as error:
        return {}, f"invalid JSON at character {error.pos + 1} ({error.msg})"
    except (ValueError, RecursionError) as error:
        return {}, str(error)
    return (value, "") if isinstance(value, dict) else ({}, "expected an object")


def _without_halves(text: str) -> str:
    """Replace the lone surrogates in a JSON text with the replacement character (U+FFFD)."""
    return SURROGATE.sub(lambda found: found[1] or r"\ufffd", text)


def _unique_keys(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    row = dict(pairs)
    if len(row) != len(pairs):
        raise ValueError("a key appears twice")
    return row


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
