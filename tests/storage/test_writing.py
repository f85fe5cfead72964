"""Files are replaced whole or not at all, and no link is followed."""

import contextlib
import errno
import fcntl
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from clf.errors import OutputError
from clf.storage.writing import (
    appended,
    clear_parts,
    drop,
    flush,
    hidden,
    make_folder,
    refuse_all_but_folder,
    refuse_odd,
    replacing,
    umask,
    what_stands_at,
)
from support.predicting import names


def write(path: Path, content: bytes = b"new") -> None:
    with replacing(path) as file:
        file.write(content)


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


def test_a_part_is_exclusive_hidden_and_gone_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    with replacing(tmp_path / "a") as file:
        [part] = set(names(tmp_path)) - {"a"}
        assert part.startswith(".a.part-")
        file.write(b"new")
        assert (tmp_path / "a").read_text() == "old"
    assert (tmp_path / "a").read_text() == "new"
    assert names(tmp_path) == ["a"]
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "a") as file:
        raise KeyboardInterrupt
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "new"


def test_file_and_folder_are_on_disk_when_a_file_was_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fsync, flushed = os.fsync, list[int]()

    def noted(descriptor: int) -> None:
        flushed.append(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    write(tmp_path / "a")
    assert flushed == [(tmp_path / "a").stat().st_ino, tmp_path.stat().st_ino]


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_a_new_file_has_the_permissions_that_the_umask_leaves(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        assert umask() == mask
        write(tmp_path / "a")
        appended(tmp_path / "b").close()
    finally:
        os.umask(before)
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in "ab"} == {0o666 & ~mask}


def test_neither_links_nor_pipes_nor_devices_are_written(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "link").symlink_to("precious")
    (tmp_path / "dangling").symlink_to("absent")
    os.mkfifo(tmp_path / "pipe")
    kinds = {"link": "a symbolic link", "dangling": "a symbolic link", "pipe": "a named pipe"}
    for path, kind in [*((tmp_path / name, kind) for name, kind in kinds.items()), (Path("/dev/null"), "a device")]:
        for writing in (write, appended):
            with pytest.raises(OutputError, match=f"^{path} is {kind}, expected a regular file$"):
                writing(path)
    assert (tmp_path / "precious").read_text() == "precious"
    assert names(tmp_path) == ["dangling", "link", "pipe", "precious"]
    assert what_stands_at(tmp_path) == "a folder"
    assert what_stands_at(tmp_path / "absent") is None


def test_nobody_is_told_to_remove_what_belongs_to_the_system(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("absent")
    for path, hint in {
        "/dev/null": "choose another path",
        "/dev/stdout": "choose another path",
        "/proc/self/exe": "choose another path",
        tmp_path / "link": "remove it, or choose another path",
    }.items():
        with pytest.raises(OutputError) as refused:
            refuse_odd(Path(path))
        assert refused.value.hint == hint


@pytest.mark.parametrize("make", [os.mkfifo, Path.touch, lambda path: path.symlink_to("absent")])
def test_only_a_folder_or_nothing_stands_in_the_place_of_a_folder(tmp_path: Path, make: Callable[[Path], None]) -> None:
    refuse_all_but_folder(tmp_path, "wait")
    refuse_all_but_folder(tmp_path / "odd", "wait")
    make(tmp_path / "odd")
    with pytest.raises(OutputError, match="expected a folder of clf"):
        refuse_all_but_folder(tmp_path / "odd", "wait")


def test_parts_of_killed_processes_are_cleared_and_those_of_living_ones_are_not(tmp_path: Path) -> None:
    dead, alive, foreign = (f".a.part-{end}" for end in ("0123456789abcdef", "f" * 16, "of-mine"))
    for name in (dead, alive, foreign, f".ab.part-{'0' * 16}"):
        (tmp_path / name).write_text("half")
    (tmp_path / f".a.part-{'1' * 16}").symlink_to(dead)
    with (tmp_path / alive).open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        write(tmp_path / "a")
    assert names(tmp_path) == sorted([f".a.part-{'1' * 16}", f".ab.part-{'0' * 16}", alive, foreign, "a"])


def test_a_part_that_another_writer_took_for_a_leftover_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock = fcntl.flock

    def late(file: object, operation: int) -> None:
        monkeypatch.setattr(fcntl, "flock", flock)
        clear_parts(tmp_path, ".a.part-")
        flock(file, operation)  # type: ignore[arg-type]

    monkeypatch.setattr(fcntl, "flock", late)
    write(tmp_path / "a")
    assert names(tmp_path) == ["a"]


def test_only_of_links_and_pipes_a_hint_says_to_remove_them(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("absent")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server, contextlib.chdir(tmp_path):
        server.bind("socket")
    for path in (tmp_path / "link", tmp_path / "pipe"):
        with pytest.raises(OutputError) as refused:
            refuse_odd(path)
        assert refused.value.hint == "remove it, or choose another path"
    for path in (tmp_path / "socket", Path("/dev/null"), Path("/dev/stdout"), Path("/proc/self/fd/1")):
        with pytest.raises(OutputError) as refused:
            refuse_odd(path)
        assert refused.value.hint == "choose another path"


def test_where_nothing_can_be_locked_files_are_replaced_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(file: object, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    (tmp_path / f".a.part-{'0' * 16}").write_text("half")
    monkeypatch.setattr(fcntl, "flock", unknown)
    write(tmp_path / "a")
    assert names(tmp_path) == [f".a.part-{'0' * 16}", "a"]


def test_hidden_names_fit_whatever_the_name(tmp_path: Path) -> None:
    assert hidden("model", "lock") == ".model.lock"
    for name in ("x" * 255, "é" * 127, "x" * 254 + "y"):
        (tmp_path / hidden(name, "staging-0123456789abcdef")).write_text("")
        write(tmp_path / name)
    assert len(names(tmp_path)) == 6


def test_folders_that_are_made_outlast_a_loss_of_power(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[Path] = []
    monkeypatch.setattr("clf.storage.writing.flush", flushed.append)
    make_folder(tmp_path / "a" / "b")
    assert flushed == [tmp_path, tmp_path / "a"]
    make_folder(tmp_path / "a" / "b")
    assert len(flushed) == 2


def test_folders_that_cannot_be_synced_do_not_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(folder: Path) -> None:
        if folder.name == "a":
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("clf.storage.writing.flush", broken)
    with pytest.raises(OSError, match="Input/output error"):
        make_folder(tmp_path / "a" / "b" / "c")
    assert names(tmp_path) == []
    (tmp_path / "a").mkdir()
    with pytest.raises(OSError, match="Input/output error"):
        make_folder(tmp_path / "a" / "b")
    assert names(tmp_path) == ["a"]


def test_a_disk_that_fails_while_cleaning_up_does_not_hide_what_failed_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "unlink", broken)
    drop(tmp_path / "x")
