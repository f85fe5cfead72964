"""JSON lines, JSON arrays and JSON objects -> batches of rows."""

import io
import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from clf.data.reading.batch import BATCH_ROWS, EXPECTED, SHOWN, Batch, chunked
from clf.data.reading.files import (
    CUT_OFF,
    ESCAPED,
    column_names,
    cut_off,
    decoding_failed,
    numbered_lines,
    open_text,
    readable,
    undecoded,
)
from clf.data.reading.json_keys import Keys, below_names, renamed
from clf.data.reading.json_layouts import (
    ASSIGNED,
    Layout,
    completed,
    is_row,
    is_row_on_lines,
    layout_of,
    rows_in,
    split_of,
)
from clf.data.reading.json_objects import rows_in_whole, taken, to_end
from clf.data.reading.json_pairs import are_pairs
from clf.data.reading.json_records import JsonObject, flat, is_action
from clf.data.reading.json_stream import JsonStream, LongValue, objects_on, parsed, single_object
from clf.data.reading.row_sizes import LONGEST, too_long
from clf.errors import DataError
from clf.settings import DataSettings

HEAD_OF_OBJECT = 1 << 18
"""The characters at the beginning of a long object that tell its layout."""
LARGEST_OBJECT = 1_000_000_000
"""The most characters of a JSON object that is read as a whole."""
log = logging.getLogger(__name__)

KINDS: dict[type, str] = {dict: "an object", list: "a list of cells"}


def read_jsonl(path: Path, settings: DataSettings, keep_bad: bool = False) -> Iterator[Batch]:
    """Read one JSON object per line; a single object that spans several lines is rejected."""
    bad: list[str] = []
    keys, asked, actions, told = Keys(path, column_names), _asked(settings), 0, logging.INFO
    kept = frozenset(settings.columns)
    with open_text(path, settings, errors=ESCAPED if keep_bad else "strict") as file:
        for chunk in chunked(numbered_lines(file, path), BATCH_ROWS, lambda row: len(row[1])):
            rows: list[tuple[int, Any]] = []
            problems: dict[int, str] = {}
            for line, text in chunk:
                found, problem = objects_on(readable(text))
                problem = problem or undecoded(text)
                if problem and keep_bad:
                    problems[len(rows)] = f"line {line}: {problem}" + ("" if found else f": {readable(text).strip()}")
                elif problem:
                    bad.append(f"line {line}: {problem}")
                if len(found) > 1:
                    log.log(told, "%s, line %d: each of the %d objects on the line is a row", path, line, len(found))
                    told = logging.DEBUG
                for row in found or [{}]:
                    if is_action(row):
                        actions += 1
                    elif keep_bad or not problem:
                        rows += [(line, each) for each in flat(row, asked=asked, kept=kept)]
            if rows and not bad:
                yield from keys.batches(rows, problems, settings)
    if actions and not keys.known:
        raise DataError(f"{path} has no rows", EXPECTED)
    if actions:
        log.info("%s: left out %d lines that say where Elasticsearch keeps a document", path, actions)
    _report_bad(bad, path)


def _asked(settings: DataSettings) -> frozenset[str]:
    """Return the keys of objects from inside which the settings ask for a value."""
    return frozenset(name.split(".")[0] for name in settings.columns if "." in name)


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
        rows, names = below_names(_in_array(stream, path), settings)
        yield from _one_behind(_batches(rows, stream, path, settings, keep_bad, names))


def _in_array(stream: JsonStream, path: Path) -> Iterator[JsonValue]:
    stream.mark()
    if skipped := ASSIGNED.match(stream.text, stream.at):
        stream.at = skipped.end()
        log.warning("%s: skipped %r before the array, which is JavaScript", path, skipped[1])
    yield from stream.elements()
    stream.end(";" if skipped else "")


def _batches(
    values: Iterable[JsonValue],
    stream: JsonStream,
    path: Path,
    settings: DataSettings,
    keep_bad: bool,
    names: Sequence[str] = (),
) -> Iterator[Batch]:
    """Make batches of values that are rows; the first tells whether a row is an object or a list of cells.

    The `names` of the cells, if there are any, stand in the row above these.
    """
    fits: type = list if names else dict
    named = {str(place): name for place, name in enumerate(names)}
    bad: list[int] = []
    keys, row, asked = Keys(path, column_names), 0, _asked(settings)
    kept = frozenset(settings.columns)
    for chunk in chunked(enumerate(values, 2 if names else 1), BATCH_ROWS, lambda row: stream.size):
        rows: list[tuple[int, JsonObject]] = []
        problems: dict[int, str] = {}
        for row, value in chunk:
            if row == 1 and isinstance(value, list):
                fits = list
            if not isinstance(value, fits):
                problems[len(rows)] = f"row {row}: expected {KINDS[fits]}: {json.dumps(value)}"
                bad.append(row)
            found = flat(value, of_cells=fits is list, asked=asked, kept=kept)
            if named:
                found = (renamed(each, named) for each in found)
            rows += [(row, each if isinstance(each, dict) else {}) for each in found]
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
    """Read a single JSON object that holds all rows, as pandas and other tools write them; or objects over some lines.

    Rows that stand one after the other are read piece by piece, columns and classes as a whole.
    """
    with open_json(path, settings) as stream:
        rows, source = _in_object(stream, path, settings)
        if source:
            yield from _one_behind(_batches(rows, source, path, settings, keep_bad))
    if not source:
        yield from read_jsonl(path, settings, keep_bad)


def _in_object(stream: JsonStream, path: Path, settings: DataSettings) -> tuple[Iterable[JsonValue], JsonStream | None]:
    """Return the rows of an object and the stream from which they are taken; no stream for an object on each line."""
    stream.more()
    stream.mark()
    end = 0 if stream.ended else stream.look()
    if end and stream.text[end:].strip():
        return stream.values(), stream if "\n" in stream.text[stream.at : end] else None
    if not stream.ended and not end:
        is_line = "\n" not in stream.text
        if is_line and _is_line(path, settings):
            return (), None
        if layout := _looked_up(stream.text, path, settings, is_line):
            return to_end(taken(stream, layout, path, settings), stream), stream
    text = _whole(stream, path)
    whole = JsonStream(io.StringIO(text), LONGEST)
    value = single_object(text)
    if isinstance(value, int):
        return whole.values(), whole if "\n" in text[:value].strip() else None
    is_line = "\n" not in text.strip()
    if is_line and not are_pairs(value, settings.columns) and is_row(value, path.name, settings.columns):
        return (), None
    rows = rows_in_whole(value, whole, path, settings, is_line)
    return rows, whole if rows else None


def _looked_up(text: str, path: Path, settings: DataSettings, is_line: bool) -> Layout | None:
    """Return where the rows stand in a long object that begins with a text; None if it must be held as a whole.

    If the text does not tell for sure, the object is passed over once, to meet its other keys.
    """
    asked = settings.columns
    start = parsed(completed(text[:HEAD_OF_OBJECT]))
    first = layout_of(start, asked, partial=True) if isinstance(start, dict) and not rows_in(start) else None
    if first and _is_sure(first):
        return first
    start = _passed_over(path, settings)
    if not isinstance(start, dict) or rows_in(start) or (is_line and not first and is_row(start, path.name, asked)):
        return None
    layout = layout_of(start, asked)
    return None if not is_line and is_row_on_lines(start, layout, asked) else layout


def _is_sure(layout: Layout) -> bool:
    """Return whether what follows in an object cannot tell of better rows: these have texts, and are no split."""
    is_split = len(layout.path) == 1 and split_of(layout.path[0]) is not None
    return layout.kind in {"splits", "table"} or (layout.told > 0 and not is_split)


def _passed_over(path: Path, settings: DataSettings) -> Any:
    """Return the beginnings of what an object holds; None if something follows it."""
    with open_json(path, settings) as stream:
        begun = stream.skip()
        return None if stream.mark() else begun


def _is_line(path: Path, settings: DataSettings) -> bool:
    """Return whether the first line, which is longer than what is read at once, is an object, and others follow it."""
    with open_text(path, settings, errors=ESCAPED) as file:
        line = file.readline(LONGEST + 1)
        return bool(file.read(1000).strip()) and isinstance(parsed(line), dict)


def _whole(stream: JsonStream, path: Path) -> str:
    text = stream.rest(LARGEST_OBJECT)
    if text is None:
        raise DataError(
            f"{path} is a JSON object of more than {LARGEST_OBJECT:,} characters",
            "write one object per line, which clf reads piece by piece",
        )
    return text


def _report_bad(bad: list[str], path: Path, count: int = 0) -> None:
    if bad:
        raise DataError(
            f"{path}: {'; '.join(bad[:SHOWN])} ({count or len(bad)} bad rows)",
            "expected one JSON object per line, with a text and a label",
        )
