"""JSON files, hashes and flushing, and how a full disk is recognised."""

import errno
import hashlib
import os
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, Field, ValidationError, field_validator

from clf.storage.disk import disk_is_full, flush, read_json, sha256, what_is_wrong, without_nothing, write_json
from support.predicting import names


def test_json_is_written_for_people_and_read_back(tmp_path: Path) -> None:
    value = {"name": "é “x” 日本", "rows": 3, "none": None}
    write_json(tmp_path / "a.json", value)
    content = (tmp_path / "a.json").read_bytes().decode("utf-8")
    assert content == '{\n  "name": "é “x” 日本",\n  "rows": 3,\n  "none": null\n}\n'
    assert read_json(tmp_path / "a.json") == value
    assert names(tmp_path) == ["a.json"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": object()}])
def test_what_json_lacks_is_refused_and_the_old_file_stays(tmp_path: Path, value: Any) -> None:
    write_json(tmp_path / "a.json", {"old": 1})
    with pytest.raises((ValueError, TypeError), match="JSON"):
        write_json(tmp_path / "a.json", value)
    assert read_json(tmp_path / "a.json") == {"old": 1}
    assert names(tmp_path) == ["a.json"]


def test_a_file_is_replaced_only_when_the_new_one_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    write_json(tmp_path / "a.json", {"old": 1})
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_json(tmp_path / "a.json", {"new": 1})
    assert read_json(tmp_path / "a.json") == {"old": 1}
    assert read_json(tmp_path / "a.json.part") == {"new": 1}


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'"text"', b"null", b"\xff\xfe{}", b"[" * 100_000])
def test_what_is_no_json_object_reads_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.json").write_bytes(content)
    assert read_json(tmp_path / "a.json") is None


def test_a_missing_file_and_a_folder_read_as_none(tmp_path: Path) -> None:
    assert read_json(tmp_path / "absent.json") is None
    assert read_json(tmp_path) is None


def test_an_empty_object_is_an_object(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    assert read_json(tmp_path / "a.json") == {}


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


# --- bytes --------------------------------------------------------------------------------------------------


def test_the_hash_is_that_of_all_bytes_as_they_are(tmp_path: Path) -> None:
    content = b"\r\n\x00\xff" * 300_000
    (tmp_path / "a").write_bytes(content)
    assert sha256(tmp_path / "a") == hashlib.sha256(content).hexdigest()
    (tmp_path / "a").write_bytes(b"")
    assert sha256(tmp_path / "a") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_files_and_folders_are_flushed_and_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fsync, flushed = os.fsync, dict[int, int]()

    def noted(descriptor: int) -> None:
        flushed[os.fstat(descriptor).st_ino] = descriptor
        if len(flushed) == 2:
            raise OSError(errno.EIO, "Input/output error")
        fsync(descriptor)

    (tmp_path / "a").write_text("")
    monkeypatch.setattr(os, "fsync", noted)
    flush(tmp_path / "a")
    with pytest.raises(OSError, match="Input/output error"):
        flush(tmp_path)
    assert list(flushed) == [(tmp_path / "a").stat().st_ino, tmp_path.stat().st_ino]
    for descriptor in flushed.values():
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OSError(errno.ENOSPC, "a"), True),
        (OSError(errno.EDQUOT, "a"), True),
        (OSError(errno.EROFS, "a"), True),
        (OSError(errno.EFBIG, "a"), True),
        (OSError(errno.EACCES, "Permission denied"), False),
        (RuntimeError("I/O error: No space left on device (os error 28)"), True),
        (RuntimeError("File too large"), True),
        (RuntimeError("[enforce fail at inline_container.cc:664] . unexpected pos 128 vs 22"), True),
        (RuntimeError("[enforce fail at inline_container.cc:664] . something else"), False),
        (RuntimeError("unexpected pos 128"), False),
        (ValueError(errno.ENOSPC), False),
        (KeyboardInterrupt(), False),
    ],
)
def test_a_full_disk_is_known_whatever_library_met_it(error: BaseException, full: bool) -> None:
    assert disk_is_full(error) is full
