"""Documents are read within bounds: what is no regular file, too large, too deep, not strict or newer is refused."""

import errno
import json
import os
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, Field, ValidationError, field_validator

from clf.errors import DataError
from clf.storage.documents import (
    NewerClf,
    load_json,
    open_regular,
    parse_json,
    read_document,
    read_object,
    read_surely,
    stays_inside,
    try_document,
    what_is_wrong,
    without_nothing,
)
from support.disks import unreadable

HINT = "make it again"


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'"text"', b"null", b"\xff\xfe{}", b"[" * 100_000])
def test_what_is_no_json_object_reads_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.json").write_bytes(content)
    assert read_object(tmp_path / "a.json") is None


def test_a_missing_file_and_a_folder_read_as_none(tmp_path: Path) -> None:
    assert read_object(tmp_path / "absent.json") is None
    assert read_object(tmp_path) is None


def test_an_empty_object_is_an_object(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    assert read_object(tmp_path / "a.json") == {}


# --- what is wrong with a record ----------------------------------------------------------------------------


class Part(BaseModel):
    size: int = 1
    names: list[str] = []
    either: int | Literal["auto"] = 1
    listed: list[str] | int = 1
    chosen: Literal["auto"] | int = 1
    counted: Annotated[int, Field(ge=1)] | Literal["auto"] = 1
    checked: Annotated[str, AfterValidator(str.strip)] | int = 1
    mapped: dict[str, int] | int = 1
    paired: tuple[int, int] | int = 1
    share: Annotated[float, Field(gt=0)] | None = None


class Record(BaseModel):
    name: str
    part: Part = Part()
    parts: list[Part] = []

    @field_validator("name")
    @classmethod
    def _no_space(cls, value: str) -> str:
        if " " in value:
            raise ValueError("has a space\nand a second line")
        return value


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({}, "name is missing"),
        ({"name": 3}, "name is 3"),
        ({"name": "a b"}, "name: has a space"),
        ({"name": "a", "part": {"size": "many"}}, "part.size is 'many'"),
        ({"name": "a", "part": {"names": ["a", 2]}}, "part.names.1 is 2"),
        ({"name": "a", "part": {"either": "each"}}, "part.either is 'each'"),
        ({"name": "a", "part": {"listed": "one"}}, "part.listed is 'one'"),
        ({"name": "a", "part": {"chosen": "one"}}, "part.chosen is 'one'"),
        ({"name": "a", "part": {"counted": 0}}, "part.counted is 0"),
        ({"name": "a", "part": {"checked": None}}, "part.checked is None"),
        ({"name": "a", "part": {"mapped": "one"}}, "part.mapped is 'one'"),
        ({"name": "a", "part": {"paired": "one"}}, "part.paired is 'one'"),
        ({"name": "a", "part": {"share": 0}}, "part.share is 0"),
        ({"name": "a", "parts": [{}, {"size": None}]}, "parts.1.size is None"),
        ({"name": None, "part": {"size": "many"}}, "name is None"),
        ([1], "content is [1]"),
        ({"name": ["x" * 200]}, f"name is ['{'x' * 98}"),
    ],
)
def test_the_first_wrong_field_is_named_with_its_value(value: Any, said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Record.model_validate(value)
    assert what_is_wrong(refused.value) == said


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({"a": None, "b": 0, "c": "", "d": [], "e": False}, {"b": 0, "c": "", "d": [], "e": False}),
        ({"deep": {"a": None}}, {"deep": {"a": None}}),
        ([None, 1], [None, 1]),
        (None, None),
    ],
)
def test_only_nulls_are_left_out_of_an_object(value: Any, kept: Any) -> None:
    assert without_nothing(value) == kept


# --- bounds -------------------------------------------------------------------------------------------------


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "a.json"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[" * 100_000, "it is nested too deeply"),
        ('{"a":' * 70 + "1" + "}" * 70, "it is nested too deeply"),
        ('{"a": NaN}', "it holds NaN"),
        ('{"a": [-Infinity]}', "it holds -Infinity"),
        ('{"a": 1e400}', "it holds the number 1e400, which is too large"),
        ('{"a": ' + "9" * 5000 + "}", "it holds an integer of 5000 digits"),
        ('{"a": 1, "a": 2}', "the key 'a' appears twice"),
        (b'{"a": "\xff"}', "it is not UTF-8"),
        ("\0", "it is not JSON: Expecting value"),
        ('{"name": "a\0"}', "it is not JSON: Invalid control character"),
        ("[1]", "it is not a JSON object"),
        ('{"name": 1}', "its name is 1"),
        ('{"name": "\\ud800"}', "it holds half of a character"),
        ('{"\\uDC00": "a"}', "it holds half of a character"),
    ],
)
def test_what_is_no_document_is_refused_in_one_line(tmp_path: Path, content: str | bytes, said: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(DataError) as refused:
        read_document(path, Record, DataError, HINT)
    assert refused.value.message.startswith(f"{path} is damaged: {said}")
    assert refused.value.hint == HINT
    assert "\n" not in refused.value.message
    refused.value.message.encode()


def test_a_document_that_no_more_files_may_be_opened_for_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_many(*_: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    path = write(tmp_path, "{}")
    monkeypatch.setattr(os, "open", too_many)
    with pytest.raises(OSError, match="Too many open files"):
        read_document(path, Record, DataError, HINT)


def test_a_document_within_the_bounds_is_read_also_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(write(tmp_path, '{"name": "é", "part": {"size": 3}}'))
    assert read_document(tmp_path / "link", Record, DataError, HINT) == Record(name="é", part=Part(size=3))


def test_a_missing_document_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"{tmp_path / 'a.json'} is missing"):
        read_document(tmp_path / "a.json", Record, DataError, HINT)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_only_a_regular_file_is_read_and_a_pipe_is_not_waited_for(tmp_path: Path, make: Any) -> None:
    make(tmp_path / "a.json")
    with pytest.raises(DataError, match="it is not a regular file"):
        read_document(tmp_path / "a.json", Record, DataError, HINT)
    assert read_object(tmp_path / "a.json") is None


def test_a_large_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    with (tmp_path / "a.json").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ValueError, match="it has more than 1 MB"):
        load_json(tmp_path / "a.json", 1 << 20)


def test_a_later_schema_is_refused_by_every_reader(tmp_path: Path) -> None:
    path = write(tmp_path, '{"schema_version": 2}')
    for read in (lambda: read_document(path, Record, DataError, HINT), lambda: try_document(path, Record, DataError)):
        with pytest.raises(DataError) as refused:
            read()
        assert refused.value.message == f"{path} has schema 2, this clf reads up to 1"
        assert refused.value.hint == "install a newer clf"


def test_a_document_that_is_not_needed_is_none_when_it_is_damaged(tmp_path: Path) -> None:
    for content in ("{", '{"name": 1}', "[" * 100_000, '{"name": "a", "name": "b"}'):
        assert try_document(write(tmp_path, content), Record, DataError) is None
    assert try_document(write(tmp_path, '{"name": "a"}'), Record, DataError) == Record(name="a")


def test_a_file_of_another_tool_may_hold_what_json_lacks(tmp_path: Path) -> None:
    path = write(tmp_path, '{"loss": NaN, "a": 1, "a": 2}')
    assert json.dumps(load_json(path, of_another_tool=True)) == '{"loss": NaN, "a": 2}'
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_json("[" * 65 + "]" * 65, of_another_tool=True)
    assert parse_json("[" * 64 + "]" * 64) is not None


class Steps(BaseModel):
    steps: list[str]

    @field_validator("steps")
    @classmethod
    def _known(cls, value: list[str]) -> list[str]:
        raise NewerClf("this clf has no such step")


def test_what_only_a_newer_clf_understands_is_no_damage(tmp_path: Path) -> None:
    path = write(tmp_path, '{"steps": []}')
    with pytest.raises(DataError) as refused:
        read_document(path, Steps, DataError, HINT)
    assert refused.value.message == f"{path} was written by a newer clf: this clf has no such step"
    assert refused.value.hint == "install a newer clf"


def test_a_file_that_cannot_be_read_is_not_taken_for_a_missing_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "damaged").write_text("{")
    for name in ("absent", "folder", "loop", "damaged", "damaged/inside", "x" * 300):
        assert read_surely(tmp_path / name) is None
    (tmp_path / "record").write_text('{"a": 1}')
    assert read_surely(tmp_path / "record") == {"a": 1}
    unreadable(monkeypatch, "record")
    with pytest.raises(OSError, match="Input/output error"):
        read_surely(tmp_path / "record")
    assert read_object(tmp_path / "record") is None


def test_what_is_replaced_while_it_is_opened_is_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path, opened = tmp_path / "a.json", os.open
    path.write_text("{}")

    def too_late(*arguments: Any, **options: Any) -> int:
        path.unlink()
        os.mkfifo(path)
        return opened(*arguments, **options)

    monkeypatch.setattr(os, "open", too_late)
    with pytest.raises(OSError, match="it was replaced while it was opened"):
        open_regular(path)


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "a/../../b", "..", "a\\..\\b", "", "a\0b", "x" * 256, "a/" + "é" * 128]
)
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    assert not stays_inside(name)


@pytest.mark.parametrize(
    "name", ["a", "a/b", "a.csv", "..a/b", "a/..b", "a/b/c.csv", "über/größe.csv", "x" * 255, "a\udcff"]
)
def test_a_name_inside_the_folder_is_accepted(name: str) -> None:
    assert stays_inside(name)
