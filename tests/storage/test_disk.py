"""JSON files, hashes and flushing, and how a full disk is recognised."""

import errno
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from clf.storage.disk import disk_fails, disk_is_full, files_of, sha256, why_it_fails
from clf.storage.documents import read_object
from clf.storage.writing import write_json
from support.predicting import names


def test_json_is_written_for_people_and_read_back(tmp_path: Path) -> None:
    value = {"name": "é “x” 日本", "rows": 3, "none": None}
    write_json(tmp_path / "a.json", value)
    content = (tmp_path / "a.json").read_bytes().decode("utf-8")
    assert content == '{\n  "name": "é “x” 日本",\n  "rows": 3,\n  "none": null\n}\n'
    assert read_object(tmp_path / "a.json") == value
    assert names(tmp_path) == ["a.json"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": object()}])
def test_what_json_lacks_is_refused_and_the_old_file_stays(tmp_path: Path, value: Any) -> None:
    write_json(tmp_path / "a.json", {"old": 1})
    with pytest.raises((ValueError, TypeError), match="JSON"):
        write_json(tmp_path / "a.json", value)
    assert read_object(tmp_path / "a.json") == {"old": 1}
    assert names(tmp_path) == ["a.json"]


def test_a_file_is_replaced_only_when_the_new_one_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    write_json(tmp_path / "a.json", {"old": 1})
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_json(tmp_path / "a.json", {"new": 1})
    assert read_object(tmp_path / "a.json") == {"old": 1}
    assert names(tmp_path) == ["a.json"]


# --- bytes --------------------------------------------------------------------------------------------------


def test_the_hash_is_that_of_all_bytes_as_they_are(tmp_path: Path) -> None:
    content = b"\r\n\x00\xff" * 300_000
    (tmp_path / "a").write_bytes(content)
    assert sha256(tmp_path / "a") == hashlib.sha256(content).hexdigest()
    (tmp_path / "a").write_bytes(b"")
    assert sha256(tmp_path / "a") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


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
        (OSError("26400 requested and 19872 written"), True),
        (OSError("26400 requested and nothing else"), False),
        (RuntimeError("[enforce fail at inline_container.cc:664] . unexpected pos 128 vs 22"), True),
        (RuntimeError("[enforce fail at inline_container.cc:664] . something else"), False),
        (RuntimeError("basic_ios::clear: iostream error"), False),
        (RuntimeError("unexpected pos 128"), False),
        (ValueError(errno.ENOSPC), False),
        (KeyboardInterrupt(), False),
    ],
)
def test_a_full_disk_is_known_whatever_library_met_it(error: BaseException, full: bool) -> None:
    assert disk_is_full(error) is full


def test_what_is_no_regular_file_has_no_hash_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(OSError, match="it is not a regular file"):
            sha256(path)


def test_a_disk_that_breaks_while_a_file_is_hashed_is_told_with_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    (tmp_path / "a").touch()
    monkeypatch.setattr(hashlib, "file_digest", broken)
    with pytest.raises(OSError, match=f"Input/output error: '{tmp_path / 'a'}'"):
        sha256(tmp_path / "a")


@pytest.mark.parametrize(
    ("error", "fails"),
    [
        (OSError(errno.EIO, "Input/output error"), True),
        (RuntimeError("I/O error: Input/output error (os error 5)"), True),
        (RuntimeError("basic_ios::clear: iostream error"), True),
        (OSError(errno.ENOSPC, "a"), True),
        (OSError(errno.ENOENT, "No such file"), False),
        (ValueError("a"), False),
    ],
)
def test_a_broken_disk_is_known_too(error: BaseException, fails: bool) -> None:
    assert disk_fails(error) is fails


def test_what_pytorch_says_of_a_file_is_put_in_words_and_both_files_of_a_copy_are_named() -> None:
    written = RuntimeError("[enforce fail at inline_container.cc:664] . unexpected pos 128 vs 22")
    assert why_it_fails(written) == "the disk did not take the whole file"
    assert why_it_fails(OSError(errno.EIO, "Input/output error")) == "[Errno 5] Input/output error"
    assert files_of(OSError(errno.EIO, "Input/output error", "a", None, b"b")) == [Path("a"), Path("b")]
    assert files_of(OSError(errno.EIO, "Input/output error", 5)) == []
