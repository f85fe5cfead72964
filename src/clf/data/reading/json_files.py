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
    are_classes,
    are_unclear,
    completed,
    in_split,
    is_rival,
    is_row,
    layout_of,
    rows_below,
    rows_in,
    split_of,
)
from clf.data.reading.json_records import JsonObject, flat, is_action
from clf.data.reading.json_stream import JsonStream, LongValue, parsed, single_object, unique_keys, without_halves
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
    keys, asked, actions = Keys(path, column_names), _asked(settings), 0
    kept = frozenset(settings.columns)
    with open_text(path, settings, errors=ESCAPED if keep_bad else "strict") as file:
        for chunk in chunked(numbered_lines(file, path), BATCH_ROWS, lambda row: len(row[1])):
            rows: list[tuple[int, Any]] = []
            problems: dict[int, str] = {}
            for line, text in chunk:
                row, problem = _json_object(readable(text))
                problem = problem or undecoded(text)
                if problem and keep_bad:
                    problems[len(rows)] = f"line {line}: {problem}" + ("" if row else f": {readable(text).strip()}")
                elif problem:
                    bad.append(f"line {line}: {problem}")
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
    if not stream.ended and not end and ("\n" in stream.text or not _has_lines(path, settings)):
        start = parsed(completed(stream.text[:HEAD_OF_OBJECT]))
        if (
            isinstance(start, dict)
            and not rows_in(start)
            and (layout := layout_of(start, settings.columns, partial=True))
        ):
            return _to_end(_taken(stream, layout, path, settings), stream), stream
    text = _whole(stream, path)
    whole = JsonStream(io.StringIO(text), LONGEST)
    value = single_object(text)
    if isinstance(value, int):
        return whole.values(), whole if "\n" in text[:value].strip() else None
    is_line = "\n" not in text.strip()
    if is_line and is_row(value, path.name, settings.columns):
        return (), None
    if are_unclear(value, settings.columns):
        raise DataError(
            f"{path} has lists of the same length under {_some_of(value)}, which may be columns or classes of texts",
            "for columns, pass --text-column and --label-column; for classes, write one object per line, with a text "
            "and its label",
        )
    if rows := rows_in(value, settings.columns):
        if are_classes(value, settings.columns):
            log.warning("%s: the keys %s are read as the classes of the texts under them", path, _some_of(value))
        return rows, whole
    if layout := layout_of(value, settings.columns):
        return _taken(whole, layout, path, settings), whole
    if is_line:  # a row, and no object with all of them
        return (), None
    raise DataError(
        f"{path} is a single JSON object with the keys {_some_of(value)}, and holds no list of rows",
        "write one object per line; with pandas: df.to_json(path, orient='records', lines=True)",
    )


def _some_of(value: JsonObject) -> str:
    return ", ".join(repr(key[:40]) for key in list(value)[:SHOWN])


def _has_lines(path: Path, settings: DataSettings) -> bool:
    """Return whether something follows the first line, which is longer than what was read at once."""
    with open_text(path, settings, errors=ESCAPED) as file:
        while piece := file.read(1 << 20):
            if "\n" in piece:
                return bool((piece.partition("\n")[2] + file.read(1000)).strip())
    return False


def _to_end(rows: Iterable[JsonValue], stream: JsonStream) -> Iterator[JsonValue]:
    yield from rows
    stream.end()


def _taken(
    stream: JsonStream, layout: Layout, path: Path, settings: DataSettings, depth: int = 0
) -> Iterator[JsonValue]:
    """Take the rows of an object from a stream, one by one; raise DataError if others are as likely the rows meant."""
    if layout.kind == "rivals":
        raise _rivals(path, layout.path, layout.rival)
    stream.mark()
    if depth < len(layout.path):
        for key in stream.members():
            if key == layout.path[depth]:
                yield from _taken(stream, layout, path, settings, depth + 1)
            elif layout.kind in ("rows", "values"):
                _pass_over({key: stream.skip()}, layout, path, settings, depth)
            else:
                stream.skip()
    elif layout.kind == "values":
        for _ in stream.members():
            yield stream.value()
    elif layout.kind == "splits":
        for key in stream.members():
            yield from _of_split(stream, key, path)
    else:
        for row in stream.elements():
            is_table = isinstance(row, list) and len(row) == len(layout.names)
            yield dict(zip(layout.names, row, strict=True)) if is_table else row


def _pass_over(begun: JsonObject, layout: Layout, path: Path, settings: DataSettings, depth: int) -> None:
    """Tell which rows beside those of a layout are not read; raise DataError if they are as likely the ones meant."""
    if layout.path[depth] == "data" and "schema" in begun:  # as pandas writes it
        return
    for other in rows_below(begun, settings.columns, layout.path[:depth]):
        if is_rival(other, layout):
            raise _rivals(path, layout.path, other.path)
        told = ".".join(other.path)[:80], ".".join(layout.path)[:80]
        log.warning("%s: the objects under %r are not read, only those under %r", path, *told)


def _rivals(path: Path, one: tuple[str, ...], other: tuple[str, ...]) -> DataError:
    both = f"has rows under {'.'.join(one)[:80]!r} and under {'.'.join(other)[:80]!r}"
    return _unclear(path, both, "; or pass --text-column with a key that only the rows you mean have")


def _of_split(stream: JsonStream, key: str, path: Path) -> Iterator[JsonValue]:
    """Take the rows under a key, and add the split that it names as their first column."""
    if (mark := stream.mark()) not in {"[", "{"}:
        stream.value()
        return
    split = split_of(key)
    begun = stream.skip() if split is None and mark == "[" else []
    is_other = any(isinstance(row, list) for row in begun) or any(each.told > 1 for each in rows_below({key: begun}))
    if mark == "{" or is_other:
        raise _unclear(path, f"has splits, and something else under {key[:40]!r}")
    if split is None:  # such as the names of the labels
        if any(isinstance(row, dict) for row in begun):
            log.warning("%s: the objects under %r are not read, only the splits", path, key[:40])
        return
    if split != key:
        log.info("%s: the rows under %r are in the split %s", path, key, split or "none")
    for row in stream.elements():
        yield in_split(row, split or key)


def _unclear(path: Path, what: str, way_out: str = "") -> DataError:
    return DataError(
        f"{path} is a single JSON object that {what}", f"write one object per line, or one file for each{way_out}"
    )


def _whole(stream: JsonStream, path: Path) -> str:
    text = stream.rest(LARGEST_OBJECT)
    if text is None:
        raise DataError(
            f"{path} is a JSON object of more than {LARGEST_OBJECT:,} characters",
            "write one object per line, which clf reads piece by piece",
        )
    return text


def _json_object(text: str) -> tuple[Any, str]:
    try:
        value = json.loads(without_halves(text), object_pairs_hook=unique_keys)
    except json.JSONDecodeError as error:
        return {}, f"invalid JSON at character {error.pos + 1} ({error.msg})"
    except (ValueError, RecursionError) as error:
        return {}, str(error)
    return (value, "") if isinstance(value, dict) else ({}, "expected an object")


def _report_bad(bad: list[str], path: Path, count: int = 0) -> None:
    if bad:
        raise DataError(
            f"{path}: {'; '.join(bad[:SHOWN])} ({count or len(bad)} bad rows)",
            "expected one JSON object per line, with a text and a label",
        )
