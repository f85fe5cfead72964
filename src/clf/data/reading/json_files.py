"""JSON lines and JSON arrays -> batches of rows."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from pydantic import JsonValue

from clf.data.reading.batch import BATCH_ROWS, EXPECTED, SHOWN, Batch, chunked, unfold
from clf.data.reading.files import (
    CUT_OFF,
    ESCAPED,
    cut_off,
    decoding_failed,
    numbered_lines,
    open_text,
    readable,
    stripped,
    undecoded,
)
from clf.errors import DataError
from clf.settings import DataSettings

# A lone surrogate as a JSON escape. The first group matches what stays: surrogate pairs, which are complete characters,
# and escaped backslashes, so that what follows one is not taken for an escape.
SURROGATE = re.compile(r"(\\\\|\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2})|\\ud[89a-f][0-9a-f]{2}", re.IGNORECASE)
JsonObject = dict[str, JsonValue]


def read_jsonl(path: Path, settings: DataSettings, keep_bad: bool = False) -> Iterator[Batch]:
    """Read one JSON object per line; a single object that spans several lines is rejected."""
    bad: list[str] = []
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
                yield replace(_object_batch(rows, path, settings), problems=problems)
    _report_bad(bad, path)


def read_json(path: Path, settings: DataSettings, keep_bad: bool = False) -> Iterator[Batch]:
    """Read a JSON array of objects."""
    with open_text(path, settings) as file:
        try:
            values = json.loads(_without_halves(file.read()), object_pairs_hook=_unique_keys)
        except UnicodeDecodeError as error:
            decoding_failed(error, path, 0)
        except CUT_OFF as error:
            cut_off(error, path)
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"{path} is not valid JSON: {error}", "fix that place, or write one object per line"
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


def _object_batch(rows: Iterable[tuple[int, JsonObject]], path: Path, settings: DataSettings) -> Batch:
    rows = list(rows)
    names = list(dict.fromkeys(name for _, row in rows for name in row))
    columns = {
        name: [row.get(given) for _, row in rows] for name, given in zip(stripped(names, path), names, strict=True)
    }
    return Batch(unfold(columns, settings.columns), [line for line, _ in rows])


def _report_bad(bad: list[str], path: Path) -> None:
    if bad:
        raise DataError(
            f"{path}: {'; '.join(bad[:SHOWN])} ({len(bad)} bad rows)",
            "expected one JSON object per line, with a text and a label",
        )
