"""One process at a time writes a result: lock files, which name their owner."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import IO

from clf.errors import OutputError
from clf.storage.writing import hidden, make_folder, refuse_odd, without_links


@contextmanager
def locked_place(folder: Path) -> Iterator[None]:
    """Hold the lock of the place of a result while the block runs: a hidden file beside it.

    Every command that publishes there holds it from before it computes. Raises OutputError as `locked` does.
    """
    with locked(folder.with_name(hidden(folder.name, "lock")), folder):
        yield


def locked_record(folder: Path) -> AbstractContextManager[None]:
    """Lock the place of a published result in order to change its record; inside it, if nothing beside it can be made.

    Nobody can then publish anything in its place either.
    """
    folder = Path(os.path.realpath(folder))
    if os.access(folder.parent, os.W_OK):
        return locked_place(folder)
    return locked(folder / hidden(folder.name, "lock"), folder)


@contextmanager
def locked(lock: Path, what: Path) -> Iterator[None]:
    """Hold an exclusive lock on the lock file, which protects `what`, while the block runs.

    Folders made for the lock file are removed again if they are empty at the end. Raises OutputError if another process
    holds the lock (which the error names), or if the lock file cannot be written or is not a regular file.
    """
    made = [folder for folder in lock.parents if not folder.exists()]
    try:
        with _held(lock, what):
            yield
    finally:
        with suppress(OSError):  # the first that is not empty
            for folder in made:
                folder.rmdir()


@contextmanager
def _held(lock: Path, what: Path) -> Iterator[None]:
    with _opened(lock, what) as file:
        _take(file, lock, what)
        if _is_current(file, lock):
            try:
                _name_owner(file, what)
                yield
            finally:
                with suppress(OSError):
                    if _is_current(file, lock):  # and not of another process, if somebody removed ours
                        lock.unlink()
            return
    with _held(lock, what):  # the last owner deleted the file after we opened it and before we locked it
        yield


def _opened(lock: Path, what: Path) -> IO[str]:
    refuse_odd(lock)
    if lock.is_dir():
        raise OutputError(f"{lock} is a folder, expected a lock file", "remove it, or choose another output")
    try:
        try:
            return _opened_in_its_folder(lock)
        except FileNotFoundError:  # the last owner removed the folder after we found it
            return _opened_in_its_folder(lock)
    except OSError as error:
        raise OutputError(f"{what} cannot be written: {error.strerror}", "choose another output") from error


def _opened_in_its_folder(lock: Path) -> IO[str]:
    make_folder(lock.parent)
    return open(lock, "a+", encoding="utf-8", errors="replace", opener=without_links)


def _take(file: IO[str], lock: Path, what: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.seek(0)
        owner = " ".join(file.read(300).split()) or "another process"
        raise OutputError(f"{owner} is using {what}", "wait for it to finish, or choose another output") from error
    except OSError as error:
        raise OutputError(f"{lock} cannot be locked: {error.strerror}", "choose another output") from error


def _is_current(file: IO[str], lock: Path) -> bool:
    """Return whether the locked file is still the one at `lock`."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), lock.lstat())
    except FileNotFoundError:
        return False


def _name_owner(file: IO[str], what: Path) -> None:
    try:
        os.ftruncate(file.fileno(), 0)
        os.write(file.fileno(), f"process {os.getpid()} on {os.uname().nodename}".encode())
    except OSError as error:
        hint = "free some space, or choose another output"
        raise OutputError(f"{what} cannot be written: {error.strerror}", hint) from error
