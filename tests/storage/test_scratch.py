"""Temporary folders are deleted at the end, and what stands in their way is said."""

import errno
import os
from contextlib import nullcontext
from pathlib import Path

import pytest

from clf.errors import DataError, OutputError, Terminated
from clf.storage.scratch import ELSEWHERE, START, scratch_folder, scratch_until_exit
from conftest import RunClf
from support.predicting import names


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty folder, in which temporary folders are made."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.mark.parametrize("error", [None, KeyboardInterrupt(), Terminated(), ZeroDivisionError(), DataError("wrong")])
def test_a_temporary_folder_is_deleted_however_the_block_ends(place: Path, error: BaseException | None) -> None:
    def fill() -> None:
        with scratch_folder() as folder:
            assert folder.parent == place
            (folder / "file").write_text("")
            if error:
                raise error

    with pytest.raises(type(error)) if error else nullcontext():
        fill()
    assert names(place) == []


def test_what_a_killed_process_left_is_deleted_and_what_a_living_one_holds_is_not(place: Path) -> None:
    left, new, foreign = (place / f"{START}{name}" for name in ("left", "new", "foreign"))
    for folder in (left, new):
        folder.mkdir()
        (folder / "file").write_text("")
    foreign.write_text("a file")
    with scratch_folder() as living:
        for folder in (left, living, foreign):
            os.utime(folder, (0, 0))
        with scratch_folder():
            assert not left.exists()
            assert living.exists()
            assert new.exists()  # its process may be about to lock it
            assert foreign.exists()


def test_a_pipe_in_the_place_of_a_leftover_holds_nothing_up(place: Path) -> None:
    os.mkfifo(place / f"{START}pipe")
    os.utime(place / f"{START}pipe", (0, 0))
    with scratch_folder():
        pass
    assert names(place) == [f"{START}pipe"]


def test_without_descriptors_nothing_is_locked_and_the_folder_is_deleted_all_the_same(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(*_: object, **__: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    scratch = scratch_folder()
    with monkeypatch.context() as patch:
        patch.setattr("os.open", none_left)
        folder = scratch.__enter__()
    assert folder.exists()
    scratch.__exit__(None, None, None)
    assert names(place) == []


def test_where_nothing_can_be_locked_nothing_is_taken_for_a_leftover(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    with scratch_folder() as living:
        os.utime(living, (0, 0))
        with scratch_folder():
            assert living.exists()
    assert names(place) == []


def test_a_full_or_damaged_one_is_said_and_what_else_goes_wrong_is_not(place: Path) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    for error in (full, RuntimeError("I/O error: No space left on device (os error 28)")):
        said = r"^cannot write temporary files to .*: .*No space"
        with pytest.raises(OutputError, match=said) as refused, scratch_folder():
            raise error
        assert refused.value.hint == f"free some space, or {ELSEWHERE}"
    for other in (OSError(errno.ENOSPC, "No space", "/elsewhere"), OSError(errno.ENOENT, "No such file", "x.csv")):
        with pytest.raises(OSError, match="No s") as raised, scratch_folder():
            raise other
        assert raised.value is other
    with pytest.raises(OutputError, match="Input/output error"), scratch_folder() as folder:
        raise OSError(errno.EIO, "Input/output error", str(folder / "x"))


def test_a_place_that_is_missing_or_a_file_is_said_and_no_other_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    for named, why in (("absent", "No such file"), ("file", "Not a directory"), ("a\udce9", "No such file")):
        monkeypatch.setenv("TMPDIR", str(tmp_path / named))
        for make in (scratch_folder().__enter__, lambda: scratch_until_exit("clf-x-")):
            with pytest.raises(OutputError, match=r"^no temporary folder can be made in ") as refused:
                make()
            assert why in refused.value.message
            assert refused.value.hint == ELSEWHERE


def test_one_until_exit_stays_until_then(place: Path) -> None:
    folder = scratch_until_exit("pipe-")
    assert names(place) == [folder.name]
    os.rmdir(folder)


@pytest.mark.parametrize("command", ["evaluate", "compare"])
def test_a_command_without_a_usable_tmpdir_says_so(
    clf: RunClf, trained: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("TMPDIR", "absent")
    done = clf(command, trained)
    assert done.code == 1
    assert "error: no temporary folder can be made in absent: No such file or directory" in done.err
    assert f"hint: {ELSEWHERE}" in done.err
