"""One process at a time writes a result."""

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clf.errors import OutputError
from clf.storage.locks import locked, locked_place, locked_record
from support.predicting import names

SELF = f"process {os.getpid()} on {os.uname().nodename}"


def test_the_lock_file_names_its_process_and_is_gone_after_it(tmp_path: Path) -> None:
    lock = tmp_path / "deep" / "er" / "lock"
    with locked(lock, tmp_path / "model"):
        assert lock.read_text() == SELF
    assert names(tmp_path) == []  # nor are the folders there that were made for it
    lock.parent.mkdir(parents=True)
    with pytest.raises(ZeroDivisionError), locked(lock, tmp_path / "model"):
        raise ZeroDivisionError
    assert names(lock.parent) == []


def test_what_is_locked_is_refused_to_another_with_the_name_of_its_process(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with locked(lock, tmp_path / "model"):
        for _ in range(2):  # nor does being refused unlock it
            with pytest.raises(OutputError) as refused, locked(lock, tmp_path / "model"):
                pass
            assert refused.value.message == f"{SELF} is using {tmp_path / 'model'}"
            assert refused.value.hint == "wait for it to finish, or choose another output"
        assert lock.read_text() == SELF
    with locked(lock, tmp_path / "model"):
        pass


@pytest.mark.parametrize(("text", "owner"), [("", "another process"), (" process 7 on b\n", "process 7 on b")])
def test_a_process_that_wrote_nothing_yet_is_another_process(tmp_path: Path, text: str, owner: str) -> None:
    lock = tmp_path / "lock"
    lock.write_text(text)
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        with pytest.raises(OutputError, match=f"^{owner} is using model$"), locked(lock, Path("model")):
            pass
    assert lock.read_text() == text


def test_the_lock_file_of_a_killed_process_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("process 7 on a host with a name that is longer than that of this one")
    with locked(tmp_path / "lock", tmp_path / "model"):
        assert (tmp_path / "lock").read_text() == SELF


def test_a_lock_file_that_was_removed_meanwhile_is_no_error(tmp_path: Path) -> None:
    with locked(tmp_path / "lock", tmp_path / "model"):
        (tmp_path / "lock").unlink()
    assert names(tmp_path) == []


def test_at_its_end_a_process_removes_no_lock_file_but_its_own(tmp_path: Path) -> None:
    with locked(tmp_path / "lock", tmp_path / "model"):
        (tmp_path / "lock").unlink()
        (tmp_path / "lock").write_text("process 7 on b")
    assert (tmp_path / "lock").read_text() == "process 7 on b"


def test_a_folder_that_the_last_owner_removes_meanwhile_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, mkdir = tmp_path / "deep" / "lock", Path.mkdir

    def removed(self: Path, *how: Any, **more: Any) -> None:
        mkdir(self, *how, **more)
        if self == lock.parent:
            monkeypatch.setattr(Path, "mkdir", mkdir)
            self.rmdir()

    monkeypatch.setattr(Path, "mkdir", removed)
    with locked(lock, tmp_path / "model"):
        assert lock.read_text() == SELF
    assert names(tmp_path) == []


@pytest.mark.parametrize("again", [lambda path: None, lambda path: path.write_text("process 7 on b")])
def test_a_lock_on_a_file_that_its_last_owner_deleted_is_not_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: Callable[[Path], object]
) -> None:
    """Between opening and locking the file, its owner deletes it; perhaps the next one makes it again."""
    lock, flock = tmp_path / "lock", fcntl.flock

    def late(file: object, operation: int) -> None:
        monkeypatch.setattr(fcntl, "flock", flock)
        lock.rename(tmp_path / "deleted")
        again(lock)
        flock(file, operation)  # type: ignore[arg-type]

    monkeypatch.setattr(fcntl, "flock", late)
    with locked(lock, tmp_path / "model"):
        assert lock.read_text() == SELF
        assert (tmp_path / "deleted").read_text() == ""
        with pytest.raises(OutputError, match="is using"), locked(lock, tmp_path / "model"):
            pass
    assert names(tmp_path) == ["deleted"]


def test_a_lock_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError) as refused, locked(tmp_path / "file" / "lock", tmp_path / "model"):
        pass
    assert refused.value.message == f"{tmp_path / 'model'} cannot be written: File exists"
    assert refused.value.hint == "choose another output"
    with pytest.raises(OutputError) as refused, locked(tmp_path / "folder", tmp_path / "model"):
        pass
    assert refused.value.message == f"{tmp_path / 'folder'} is a folder, expected a lock file"
    assert refused.value.hint == "remove it, or choose another output"


def test_a_disk_that_knows_no_locks_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(file: object, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", unknown)
    with pytest.raises(OutputError) as refused, locked(tmp_path / "lock", tmp_path / "model"):
        pass
    assert refused.value.message == f"{tmp_path / 'lock'} cannot be locked: No locks available"
    assert refused.value.hint == "choose another output"


def test_a_lock_that_is_a_link_or_a_pipe_is_refused_and_its_target_stays(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "link").symlink_to("precious")
    os.mkfifo(tmp_path / "pipe")
    for name, kind in (("link", "a symbolic link"), ("pipe", "a named pipe")):
        with (
            pytest.raises(OutputError, match=f"{name} is {kind}, expected a regular file"),
            locked(tmp_path / name, tmp_path / "model"),
        ):
            pass
    assert (tmp_path / "precious").read_text() == "precious"


def test_no_space_for_the_name_of_the_owner_is_said_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OutputError) as refused, locked(tmp_path / "lock", tmp_path / "model"):
        pass
    assert refused.value.message == f"{tmp_path / 'model'} cannot be written: No space left on device"
    assert refused.value.hint == "free some space, or choose another output"
    assert names(tmp_path) == []


def test_the_lock_of_a_place_is_a_hidden_file_beside_it_whatever_the_length_of_its_name(tmp_path: Path) -> None:
    with locked_place(tmp_path / "model"):
        assert names(tmp_path) == [".model.lock"]
    with locked_place(tmp_path / ("x" * 250)), locked_place(tmp_path / ("x" * 249)):
        assert len(names(tmp_path)) == 2
    assert names(tmp_path) == []


def test_a_record_is_locked_beside_its_folder_or_inside_where_nothing_beside_it_can_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "link").symlink_to("model")
    with locked_record(tmp_path / "link"):
        assert names(tmp_path) == [".model.lock", "link", "model"]
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with locked_record(tmp_path / "model"):
        assert names(tmp_path / "model") == [".model.lock"]
    assert names(tmp_path / "model") == []
