"""Pipes are told from files and copied; a home folder is found; stdin may be a pipe, a file or nothing."""

import os
from pathlib import Path
from threading import Thread

import pytest

from clf.data.reading import paths
from clf.data.reading.paths import expanded, is_pipe, open_pipe, spool, spooled
from clf.errors import DataError, OutputError, UsageError
from support.data_files import CSV, written

DEVICE = Path("/dev/zero")


def test_a_path_with_a_zero_byte_is_refused() -> None:
    with pytest.raises(DataError, match="contains a NUL character"):
        expanded("a\0b")


def test_the_home_of_nobody_is_refused_and_that_of_the_user_is_found() -> None:
    with pytest.raises(DataError, match=r"the home folder in ~nosuch/x.csv is unknown"):
        expanded("~nosuch/x.csv")
    assert expanded("~/x.csv") == Path.home() / "x.csv"


@pytest.mark.parametrize(("given", "what"), [("/dev/zero", "a device"), ("/", "a folder"), (None, "closed")])
def test_stdin_that_is_no_pipe_is_refused(given: str | None, what: str) -> None:
    kept = os.dup(0)
    try:
        if given is None:
            os.close(0)
        else:
            os.dup2(os.open(given, os.O_RDONLY), 0)
        with pytest.raises(UsageError, match=f"stdin is {what}"):
            open_pipe(Path("-"))
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        empty = open_pipe(Path("-"))
        assert os.read(empty, 1) == b""
        os.close(empty)
    finally:
        os.dup2(kept, 0)
        os.close(kept)


def test_a_pipe_that_never_ends_is_not_copied_for_ever(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(paths, "LARGEST_PIPE", 1 << 20)
    with pytest.raises(DataError, match="the pipe is longer than"):
        spool(os.open(DEVICE, os.O_RDONLY), b"", "endless")
    monkeypatch.setattr(paths, "LEFT_FREE", 1 << 60)
    monkeypatch.setattr(paths, "LARGEST_PIPE", 1 << 40)
    with pytest.raises(OutputError, match="No space left"):
        spool(os.open(DEVICE, os.O_RDONLY), b"", "endless")


def test_only_what_can_be_read_once_is_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "named")
    file = written(tmp_path / "file", "x")
    assert [is_pipe(path) for path in (Path("-"), Path("/dev/stdin"), tmp_path / "named")] == [True] * 3
    assert [is_pipe(path) for path in (file, tmp_path, tmp_path / "missing", tmp_path / "-")] == [False] * 4
    assert spooled(file) == file


def test_a_named_pipe_is_copied_to_a_file_of_its_name(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "reviews.csv")
    feeder = Thread(target=(tmp_path / "reviews.csv").write_bytes, args=(CSV.encode(),))
    feeder.start()
    copy = spooled(tmp_path / "reviews.csv")
    feeder.join(10)
    assert (copy.name, copy.read_text()) == ("reviews.csv", CSV)
    assert not is_pipe(copy)


def test_what_was_read_of_a_pipe_comes_first_in_its_copy() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"and the rest")
    os.close(writing)
    copy = spool(reading, b"the beginning ", "-")
    assert (copy.name, copy.read_bytes()) == ("stdin", b"the beginning and the rest")
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.close(reading)


def test_a_pipe_that_cannot_be_copied_says_so(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(writing)
    with pytest.raises(OutputError, match=r"cannot copy the pipe to .*: No such file or directory") as refused:
        spool(reading, b"", "no/such/folder")
    assert "set TMPDIR to a folder that has some" in refused.value.hint
