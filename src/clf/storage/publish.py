"""Publish results atomically, one process at a time, without deleting files that clf did not write."""

import ctypes
import fcntl
import glob
import logging
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from clf.errors import OutputError
from clf.storage.disk import disk_is_full, flush
from clf.storage.result_folders import is_clf_result, shown, strangers

log = logging.getLogger(__name__)


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Yield an empty staging folder; on success it is renamed to `folder`, on failure it is deleted."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    for left in _leftovers(folder, "staging"):
        shutil.rmtree(left, ignore_errors=True)
    stage = folder.parent / f".{folder.name}.staging-{os.getpid()}"
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir()
    try:
        yield stage
        publish(stage, folder)
    except Exception as error:
        of_ours = isinstance(error, OSError) and str(error.filename or "").startswith(str(folder.parent))
        if not (of_ours or disk_is_full(error)):
            raise
        hint = "free some space, or choose another --output-dir"
        raise OutputError(f"cannot write {folder}: {error}", hint) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def publish(stage: Path, folder: Path) -> None:
    """Replace `folder` with the finished `stage`; an old result is deleted only once the new one is in place."""
    for path in [*sorted(stage.rglob("*")), stage]:
        if path.is_file() and path.stat().st_nlink == 1:  # a hard-linked file also belongs to the user
            path.chmod(0o666 & ~_umask())  # safetensors writes 0600, which others on a shared volume cannot read
        flush(path)
    foreign = folder.exists() and bool(strangers(folder))
    old = (
        _unused(folder, f"{folder.name}.replaced")
        if foreign
        else folder.parent / f".{folder.name}.replaced-{os.getpid()}"
    )
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists() and not foreign and _exchange(stage, folder):
        old = stage
    else:
        if folder.exists():
            folder.rename(old)
        try:
            stage.rename(folder)
        except BaseException:  # an interrupt here must not lose the old result
            if old.exists() and not folder.exists():
                old.rename(folder)
            raise
    flush(folder.parent)
    if foreign:
        log.warning("%s contained files that clf did not write; its contents are kept in %s", shown(folder), shown(old))
    else:
        shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders atomically if the system supports it (Linux, most disks), and return whether it did."""
    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None) if sys.platform == "linux" else None
    here, exchange = -100, 2  # AT_FDCWD and RENAME_EXCHANGE
    return renameat2 is not None and renameat2(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0


def _unused(folder: Path, name: str) -> Path:
    return next(path for number in count(1) if not (path := folder.with_name(f"{name}-{number}")).exists())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextmanager
def locked(lock: Path, what: Path) -> Iterator[None]:
    """Hold an exclusive lock on the lock file, which protects `what`, while the block runs.

    Raises OutputError if another process holds the lock (which the error names), or if the lock file cannot be written.
    """
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        opened = lock.open("a+")
    except OSError as error:
        raise OutputError(f"{what} cannot be written: {error.strerror}", "choose another output") from error
    mine = False
    with opened as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            owner = file.read().strip() or "another process"
            raise OutputError(f"{owner} is using {what}", "wait for it to finish, or choose another output") from error
        except OSError as error:
            raise OutputError(f"{lock} cannot be locked: {error.strerror}", "choose another output") from error
        with suppress(FileNotFoundError):
            mine = os.path.samestat(os.fstat(file.fileno()), lock.stat())
        if mine:
            file.truncate(0)
            file.write(f"process {os.getpid()} on {os.uname().nodename}")
            file.flush()
            try:
                yield
            finally:
                lock.unlink(missing_ok=True)
            return
    with locked(lock, what):  # the last owner deleted the file after we opened it and before we locked it
        yield


def recover(folder: Path) -> None:
    """Restore a result whose replacement was interrupted between two renames, and delete leftover folders."""
    for kept in _leftovers(folder, "replaced"):
        if not folder.exists() and is_clf_result(kept):
            kept.rename(folder)
            log.warning("restored %s, because its replacement was interrupted", shown(folder))
        else:
            shutil.rmtree(kept, ignore_errors=True)


def _leftovers(folder: Path, kind: str) -> list[Path]:
    """Find the hidden folders beside `folder` that belong to processes that have ended.

    In a container, processes may reuse a PID, so a folder with the PID of this process is a leftover too.
    """
    found = sorted(folder.parent.glob(f".{glob.escape(folder.name)}.{kind}-*"))
    owners = [(path, path.name.rsplit("-", 1)[1]) for path in found]
    return [path for path, owner in owners if owner.isdigit() and not _is_running(int(owner))]


def _is_running(process: int) -> bool:
    """Return whether another process with this PID is running."""
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
