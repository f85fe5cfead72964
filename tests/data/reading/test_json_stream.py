"""JSON that is decoded while it is read is what `json.loads` gives, errors and their places included."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from clf.data.reading import json_files, json_stream
from clf.data.reading.json_files import open_json
from clf.data.reading.json_stream import JsonStream
from clf.errors import DataError
from clf.settings import DataSettings
from support.data_files import written

VALUES: list[Any] = [
    {"text": 'a "quote", a \\ and \\u', "n": [1, -2.5e-7, 12345678901234567890123, True, None, {}]},
    "\U0001f600 caf\xe9 \u2028",
    [],
    -0.0,
    {"": {"a": {"b": ["]", "}", ","]}}},
    10**40,
    [[[]], [{"x": "  "}]],
    math.inf,
    -math.inf,
    False,
    7,
]
WRONG = [
    '[{"a": 1}, {"a" 2}]', '[1,\n 2,\n\n x]', "[1 2]", "[1", "[", "[1,]", '["a', '["a\\', '["\\ud8', '["\\uzzzz"]', "[tru]",
    "[tru", "[-]", "[-Infin", '["a\nb"]', "[1] 2", '[{"a": 1,\n\n"a": 2}]', '[{"a": 1, }]', "[01]", "[1.]", "[1.e]", " {}",
]  # fmt: skip
SIZES = (1, 2, 3, 7, 30, 1000)


def array(path: Path) -> list[Any]:
    with open_json(path, DataSettings(encoding="utf-8")) as stream:
        found = list(stream.elements())
        stream.end()
    return found


@pytest.fixture(params=SIZES)
def in_pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "PIECE", request.param)


@pytest.mark.usefixtures("in_pieces")
@pytest.mark.parametrize("style", [{}, {"indent": 2}, {"ensure_ascii": False}, {"separators": (",", ":")}])
def test_values_are_what_json_gives_wherever_the_pieces_end(tmp_path: Path, style: dict[str, Any]) -> None:
    assert array(written(tmp_path / "a.json", json.dumps(VALUES, **style))) == VALUES


@pytest.mark.usefixtures("in_pieces")
def test_what_is_wrong_is_told_as_json_tells_it(tmp_path: Path) -> None:
    for content in WRONG:
        expected = "Expecting value" if content == " {}" else ""
        try:
            json.loads(content, object_pairs_hook=json_stream.unique_keys)
        except ValueError as error:
            expected = str(error)
        with pytest.raises(DataError, match="is not valid JSON") as refused:
            array(written(tmp_path / "a.json", content))
        assert expected in refused.value.message, content


@pytest.mark.usefixtures("in_pieces")
def test_half_a_character_is_replaced_wherever_the_pieces_end(tmp_path: Path) -> None:
    text = r'["\ud83d\ude00\ude00", "\\ud800", "abcdef0123\\\ud800", "\uD83D\uDE00"]'
    path = written(tmp_path / "a.json", text)
    assert array(path) == ["\U0001f600\ufffd", "\\ud800", "abcdef0123\\\ufffd", "\U0001f600"]


@pytest.mark.usefixtures("in_pieces")
def test_the_members_of_an_object_are_taken_one_by_one(tmp_path: Path) -> None:
    value = {"a": 1, "b": {"c": [1, {"d": "x"}], "e": {}}, "f": [], "g": [{"h": None}], "": "}"}
    with open_json(written(tmp_path / "a.json", json.dumps(value, indent=1)), DataSettings()) as stream:
        assert stream.mark() == "{"
        assert {key: stream.value() for key in stream.members()} == value
        stream.end()
    with open_json(tmp_path / "a.json", DataSettings()) as stream:
        stream.mark()
        assert {key: stream.skip() for key in stream.members()} == value
        assert stream.mark() == ""


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a": 1, "a": 2}', "a key appears twice"),
        ('{"a": 1,}', "Expecting property name enclosed in double quotes: line 1 column 9"),
        ('{"a" 1}', "Expecting ':' delimiter: line 1 column 6"),
        ('{"a": 1\n"b": 2}', "Expecting ',' delimiter: line 2 column 1 (char 8)"),
    ],
)
def test_an_object_that_is_wrong_is_told(tmp_path: Path, content: str, message: str) -> None:
    def read_it() -> None:
        with open_json(written(tmp_path / "a.json", content), DataSettings()) as stream:
            stream.mark()
            for _ in stream.members():
                stream.value()

    with pytest.raises(DataError) as refused:
        read_it()
    assert message in refused.value.message


def test_a_value_that_is_too_long_is_refused_with_its_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(json_stream, "PIECE", 10)
    monkeypatch.setattr(json_files, "LONGEST", 200)
    path = written(tmp_path / "a.json", json.dumps([{"text": "a"}, {"text": "b" * 1000}], indent=1))
    with pytest.raises(DataError, match=r"a\.json, line 5: longer than 100,000,000 characters"):
        array(path)


def test_only_what_is_needed_is_held(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(json_stream, "PIECE", 100)
    held = 0
    with written(tmp_path / "a.json", json.dumps(VALUES * 100)).open() as file:
        stream = JsonStream(file, 1000)
        for _ in stream.elements():
            held = max(held, len(stream.text))
    assert held < 1000
