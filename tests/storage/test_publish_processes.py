"""One process at a time writes a result, and what a killed one left is restored or cleared."""

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from clf.errors import OutputError
from clf.storage.publish import locked, recover, staged
from clf.storage.result_folders import is_clf_result
from support.predicting import names

DEAD = 999_999_999
"""The number of a process that cannot exist."""
SELF = f"process {os.getpid()} on {os.uname().nodename}"


def result(folder: Path, content: str = "old") -> Path:
    folder.mkdir(parents=True)
    (folder / "clf.json").write_text('{"clf_version": "0.1.0", "schema_version": 1}')
    (folder / "report.md").write_text(content)
    return folder


# --- one process at a time ----------------------------------------------------------------------------------


def test_the_lock_file_names_its_process_and_is_gone_after_it(tmp_path: Path) -> None:
    lock = tmp_path / "deep" / "er" / "lock"
    with locked(lock, tmp_path / "model"):
        assert lock.read_text() == SELF
    assert names(lock.parent) == []
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
    for lock, why in ((tmp_path / "file" / "lock", "File exists"), (tmp_path / "folder", "Is a directory")):
        with pytest.raises(OutputError) as refused, locked(lock, tmp_path / "model"):
            pass
        assert refused.value.message == f"{tmp_path / 'model'} cannot be written: {why}"
        assert refused.value.hint == "choose another output"


def test_a_disk_that_knows_no_locks_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(file: object, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", unknown)
    with pytest.raises(OutputError) as refused, locked(tmp_path / "lock", tmp_path / "model"):
        pass
    assert refused.value.message == f"{tmp_path / 'lock'} cannot be locked: No locks available"
    assert refused.value.hint == "choose another output"


# --- what killed processes left -----------------------------------------------------------------------------


def test_what_a_killed_process_staged_is_cleared_and_what_a_living_one_stages_is_not(tmp_path: Path) -> None:
    other, of_another = tmp_path / ".model.staging-old", tmp_path / f".model-2.staging-{DEAD}"
    dead, alive = tmp_path / f".model.staging-{DEAD}", tmp_path / f".model.staging-{os.getppid()}"
    for folder in (other, of_another, dead, alive):
        folder.mkdir()
    (tmp_path / f".model.staging-{DEAD - 1}").write_text("no folder, so not of clf")
    with staged(tmp_path / "model"):
        assert not dead.exists()
        assert alive.exists()
    assert other.exists()
    assert of_another.exists()


def test_what_a_process_of_another_user_stages_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def not_permitted(process: int, number: int) -> None:
        assert (process, number) == (DEAD, 0)
        raise PermissionError

    (tmp_path / f".model.staging-{DEAD}").mkdir()
    monkeypatch.setattr(os, "kill", not_permitted)
    with staged(tmp_path / "model"):
        pass
    assert names(tmp_path) == [f".model.staging-{DEAD}", "model"]


@pytest.mark.parametrize("process", [DEAD, os.getpid()], ids=["ended", "own"])
@pytest.mark.parametrize("name", ["model", "m[1]", "my-model"])
def test_a_result_whose_replacement_was_killed_is_restored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, process: int
) -> None:
    result(tmp_path / f".{name}.replaced-{process}")
    recover(tmp_path / name)
    assert names(tmp_path) == [name]
    assert is_clf_result(tmp_path / name)
    assert caplog.messages == [f"restored {tmp_path / name}, because its replacement was interrupted"]


def test_a_result_that_was_replaced_is_deleted_and_not_restored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    result(tmp_path / "model", "new")
    result(tmp_path / f".model.replaced-{DEAD}")
    recover(tmp_path / "model")
    assert names(tmp_path) == ["model"]
    assert (tmp_path / "model" / "report.md").read_text() == "new"
    assert caplog.messages == []


def test_of_two_replaced_results_the_first_is_restored_and_half_of_one_never(tmp_path: Path) -> None:
    (tmp_path / f".model.replaced-{DEAD - 2}").mkdir()
    for process in (DEAD, DEAD - 1):
        result(tmp_path / f".model.replaced-{process}", str(process))
    (tmp_path / f".model.replaced-{DEAD - 3}").write_text("no folder, so not of clf")
    recover(tmp_path / "model")
    assert names(tmp_path) == [f".model.replaced-{DEAD - 3}", "model"]
    assert (tmp_path / "model" / "report.md").read_text() == str(DEAD - 1)


def test_what_a_living_process_is_replacing_is_its_own(tmp_path: Path) -> None:
    result(tmp_path / f".model.replaced-{os.getppid()}")
    recover(tmp_path / "model")
    assert names(tmp_path) == [f".model.replaced-{os.getppid()}"]
