"""Rows are taken from an object as they stand in it; what is not taken is told, or refused if it may be meant."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from clf.data.reading.json_layouts import Layout, layout_of
from clf.data.reading.json_objects import rows_in_whole, taken, to_end
from clf.data.reading.json_stream import JsonStream
from clf.errors import DataError
from clf.settings import DataSettings

PATH, ANY = Path("a.json"), DataSettings()
ROWS = [{"text": "it rained", "label": "bad"}, {"text": "what a day", "label": "good"}]


def stream(value: object) -> JsonStream:
    return JsonStream(StringIO(json.dumps(value)), 10_000)


def whole(value: dict[str, Any], *, is_line: bool) -> list[Any]:
    return list(rows_in_whole(value, stream(value), PATH, ANY, is_line))


def test_rows_are_taken_below_the_keys_that_lead_to_them() -> None:
    value = {"page": {"next": None, "items": ROWS}}
    assert list(taken(stream(value), Layout("rows", ("page", "items")), PATH, ANY)) == ROWS
    assert list(taken(stream({"a": ROWS[0], "b": ROWS[1]}), Layout("values"), PATH, ANY)) == ROWS
    table = {"data": [["it rained", "bad"]]}
    assert list(taken(stream(table), Layout("table", ("data",), ("text", "label")), PATH, ANY)) == ROWS[:1]


def test_rows_that_are_as_likely_meant_are_refused() -> None:
    value = {"items": ROWS, "others": ROWS}
    assert layout_of(value) == Layout("rivals", ("items",), rival=("others",))
    with pytest.raises(DataError, match="has rows under 'items' and under 'others'"):
        whole(value, is_line=False)
    with pytest.raises(DataError, match="has rows under 'items' and under 'others'"):
        list(taken(stream(value), Layout("rows", ("items",), told=2), PATH, ANY))


def test_an_object_without_rows_is_a_row_on_a_line_and_refused_on_several() -> None:
    assert whole({"a": 1}, is_line=True) == []
    with pytest.raises(DataError, match="with the keys 'a', and holds no list of rows"):
        whole({"a": 1}, is_line=False)


def test_what_follows_an_object_is_an_error() -> None:
    after = JsonStream(StringIO("[1] x"), 100)
    with pytest.raises(ValueError, match="Extra data"):
        list(to_end(after.elements(), after))
