"""The rows in a single JSON object, taken from its text piece by piece or from the object as a whole."""

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import JsonValue

from clf.data.reading.batch import SHOWN
from clf.data.reading.json_layouts import (
    Layout,
    are_classes,
    are_unclear,
    beside_splits,
    hold_rows,
    in_split,
    is_rival,
    is_row_on_lines,
    layout_of,
    own_texts,
    rows_below,
    rows_in,
    split_of,
)
from clf.data.reading.json_pairs import are_pairs
from clf.data.reading.json_records import JsonObject
from clf.data.reading.json_stream import JsonStream
from clf.errors import DataError
from clf.settings import DataSettings

log = logging.getLogger(__name__)


def rows_in_whole(
    value: JsonObject, whole: JsonStream, path: Path, settings: DataSettings, is_line: bool
) -> Iterable[JsonValue]:
    """Return the rows of an object that is held, of which `whole` is the text; nothing if it is a row on a line.

    Raises DataError if it has no rows, or others are as likely the rows meant.
    """
    if are_unclear(value, settings.columns):
        raise DataError(
            f"{path} has lists of the same length under {_some_of(value)}, which may be columns or classes of texts",
            "for columns, pass --text-column and --label-column; for classes, write one object per line, with a text "
            "and its label",
        )
    if rows := rows_in(value, settings.columns):
        if are_pairs(value, settings.columns):
            log.warning(
                "%s: the keys, such as %r, are read as texts, and their values as labels", path, next(iter(value))[:40]
            )
        elif are_classes(value, settings.columns):
            log.warning("%s: the keys %s are read as the classes of the texts under them", path, _some_of(value))
        elif left := beside_splits(value):
            has_rows = any(isinstance(one, dict) and rows_in(one) for one in left.values())
            level = logging.WARNING if has_rows else logging.INFO
            log.log(level, "%s: only the splits are read, and not %s", path, _some_of(left))
        return rows
    layout = layout_of(value, settings.columns)
    if not is_line and is_row_on_lines(value, layout, settings.columns):
        log.info("%s: the object is read as a single row", path)
        return [value]
    if layout:
        if not layout.told and layout.kind == "rows" and (texts := own_texts(value, settings.columns)):
            told = repr(texts[0][:40]), ".".join(layout.path)[:80]
            log.warning("%s: the text under %s is not read, only the objects under %r", path, *told)
        return taken(whole, layout, path, settings)
    if is_line:
        return ()
    raise DataError(
        f"{path} is a single JSON object with the keys {_some_of(value)}, and holds no list of rows",
        "write one object per line; with pandas: df.to_json(path, orient='records', lines=True)",
    )


def _some_of(value: JsonObject) -> str:
    return ", ".join(repr(key[:40]) for key in list(value)[:SHOWN])


def to_end(rows: Iterable[JsonValue], stream: JsonStream) -> Iterator[JsonValue]:
    """Yield the rows of a stream; raise ValueError if anything follows them."""
    yield from rows
    stream.end()


def taken(
    stream: JsonStream, layout: Layout, path: Path, settings: DataSettings, depth: int = 0
) -> Iterator[JsonValue]:
    """Take the rows of an object from a stream, one by one; raise DataError if others are as likely the rows meant."""
    if layout.kind == "rivals":
        raise _rivals(path, layout.path, layout.rival)
    stream.mark()
    if depth < len(layout.path):
        for key in stream.members():
            if key == layout.path[depth]:
                yield from taken(stream, layout, path, settings, depth + 1)
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
    begun = stream.skip() if split is None else []
    if (mark == "{" and split is not None) or hold_rows({key: begun}):
        raise _unclear(path, f"has splits, and something else under {key[:40]!r}")
    if split is None:  # such as the names of the labels, or what is told about the splits
        if any(rows_below({key: begun})):
            log.warning("%s: the objects under %r are not read, only the splits", path, key[:40])
        elif mark == "{":
            log.info("%s: %r is not read, only the splits", path, key[:40])
        return
    if split != key:
        log.info("%s: the rows under %r are in the split %s", path, key, split or "none")
    for row in stream.elements():
        yield in_split(row, split or key)


def _unclear(path: Path, what: str, way_out: str = "") -> DataError:
    return DataError(
        f"{path} is a single JSON object that {what}", f"write one object per line, or one file for each{way_out}"
    )
