"""Publish results atomically, without deleting files that clf did not write."""

import ctypes
import fcntl
import logging
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from clf.errors import ClfError, OutputError
from clf.storage.disk import disk_fails, files_of
from clf.storage.documents import open_regular
from clf.storage.leftovers import LOCK, NEW, OLD, delete_folder, recover
from clf.storage.result_folders import README_FILE, has_edited_readme, shown, strangers
from clf.storage.writing import drop, flush, hidden, make_folder, token, umask

log = logging.getLogger(__name__)


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Yield an empty staging folder; on success it is renamed to `folder`, on failure it is deleted."""
    filling: Path | None = None
    try:
        make_folder(folder.parent)
        recover(folder)
        with _stage_beside(folder) as filling:
            yield filling
            stage, filling = filling, None
            publish(stage, folder)
    except Exception as error:
        if isinstance(error, ClfError) or not _is_of(error, folder, filling):
            raise
        hint = "free some space, or choose another --output-dir"
        raise OutputError(f"cannot write {folder}: {error}", hint) from error


def _is_of(error: Exception, folder: Path, filling: Path | None) -> bool:
    """Return whether an error comes from writing the result: any in our own steps, but not any while it is filled."""
    if not isinstance(error, OSError) or error.filename is None:
        return disk_fails(error) or (isinstance(error, OSError) and filling is None)
    if filling is None:
        return True
    if isinstance(error.filename, int):
        return disk_fails(error)
    return any(file == folder or file.is_relative_to(filling) for file in files_of(error))


@contextmanager
def _stage_beside(folder: Path) -> Iterator[Path]:
    """Make a hidden folder that nobody else uses, hold the lock inside it, and yield the folder to fill."""
    outer, made = folder.with_name(hidden(folder.name, f"staging-{token()}")), False
    try:
        outer.mkdir()
        made = True
        with (outer / LOCK).open("xb") as lock:
            _lock(lock.fileno(), outer)
            (outer / NEW).mkdir()
            yield outer / NEW
    except Exception as error:
        if isinstance(error, ClfError) or outer.exists() or not made:
            raise
        hint = "run the command again, and leave its folders alone meanwhile"
        raise OutputError(f"{shown(folder.parent)} was moved or deleted meanwhile", hint) from error
    finally:
        if not (outer / OLD).exists():  # or it could not be moved back, and `recover` will
            delete_folder(outer / NEW)
            delete_folder(outer)  # with the lock, without which nobody may delete what a killed process left


def _lock(descriptor: int, outer: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise OutputError(f"{outer} cannot be locked: {error.strerror}", "choose another output") from error


def publish(stage: Path, folder: Path) -> None:
    """Replace `folder` with the finished `stage`; an old result is deleted only once the new one is in place."""
    _settle(stage)
    foreign = folder.exists() and bool(strangers(folder))
    with _readme_kept(folder, foreign):
        if folder.exists() and not foreign and _exchange(stage, folder):
            old = stage
        else:
            old = _unused(folder, f"{folder.name}.replaced") if foreign else stage.with_name(OLD)
            _replace(stage, folder, old)
        flush(folder.parent)
    if foreign:
        log.warning("%s contained files that clf did not write; its contents are kept in %s", shown(folder), shown(old))
    else:
        delete_folder(old)


def _settle(stage: Path) -> None:
    """Give all files the permissions of new ones, and flush everything to disk."""
    mode = 0o666 & ~umask()
    for path in [*sorted(stage.rglob("*")), stage]:
        if path.is_symlink():
            continue
        if path.is_file() and path.stat().st_nlink == 1:  # a hard-linked file also belongs to the user
            path.chmod(mode)  # safetensors writes 0600, which others on a shared volume cannot read
        flush(path)


def _replace(stage: Path, folder: Path, old: Path) -> None:
    """Replace a folder by two renames."""
    try:
        if folder.exists():
            folder.rename(old)
            flush(old.parent)  # first: or a loss of power could leave it without any name
            flush(folder.parent)
        stage.rename(folder)
    except BaseException:  # an interrupt here must not lose the old result
        if old.exists():  # in its own place, or beside it if another program has made something there
            old.rename(_unused(folder, f"{folder.name}.replaced") if os.path.lexists(folder) else folder)
        raise


@contextmanager
def _readme_kept(folder: Path, foreign: bool) -> Iterator[None]:
    """Keep a README that its user edited beside the folder that the block replaces, unless all of it is kept."""
    if foreign or not folder.exists() or not has_edited_readme(folder):
        yield
        return
    aside = _copied(folder / README_FILE, folder)
    try:
        yield
    except BaseException:
        drop(aside)
        raise
    log.warning("%s is not as clf wrote it; it is kept in %s", shown(folder / README_FILE), shown(aside))


def _copied(file: Path, folder: Path) -> Path:
    """Copy a file of a folder beside the folder, under a name that nothing has."""
    for number in count(1):
        aside = folder.with_name(f"{folder.name}.README-{number}.md")
        with suppress(FileExistsError), open_regular(file) as original, aside.open("xb") as copy:
            try:
                shutil.copyfileobj(original, copy)
                copy.flush()
                os.fsync(copy.fileno())
            except BaseException:
                drop(aside)
                raise
            return aside
    raise AssertionError("unreachable")


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders atomically if the system supports it (Linux, most disks), and return whether it did."""
    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None) if sys.platform == "linux" else None
    here, exchange = -100, 2  # AT_FDCWD and RENAME_EXCHANGE
    return renameat2 is not None and renameat2(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0


def _unused(folder: Path, name: str) -> Path:
    """Make an empty folder to rename another onto, so that nothing of that name is ever replaced."""
    for number in count(1):
        path = folder.with_name(f"{name}-{number}")
        if not os.path.lexists(path):
            path.mkdir()
            return path
    raise AssertionError("unreachable")
