"""Publishing: a result appears whole or not at all, and never over what is not clf's; one process at a time."""

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
    """Give an empty folder to fill; on success it becomes `folder`, on failure nothing of it stays."""
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
    """Make the finished `stage` stand at `folder`; what stood there goes only once the new one is in place."""
    for path in [*sorted(stage.rglob("*")), stage]:
        if path.is_file() and path.stat().st_nlink == 1:  # a linked file is the user's too
            path.chmod(0o666 & ~_umask())  # safetensors writes 0600, unreadable for others on a shared volume
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
        except BaseException:  # an interrupt here must not cost the old result
            if old.exists() and not folder.exists():
                old.rename(folder)
            raise
    flush(folder.parent)
    if foreign:
        log.warning("what %s held was not made by clf and is kept at %s", shown(folder), shown(old))
    else:
        shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change places in one step, where the system can (Linux, most disks); tell whether it did."""
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
    """Hold the lock file for this process alone while the block runs; `what` it stands for.

    Raises OutputError that names the owner when it is taken, or says that the place cannot be written.
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
            raise OutputError(f"{owner} is using {what}", "wait for it, or choose another output") from error
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
    with locked(lock, what):  # its last owner removed the file between our opening and locking it
        yield


def recover(folder: Path) -> None:
    """Put back a result whose replacement was cut off between two renames; clear what such an end left."""
    for kept in _leftovers(folder, "replaced"):
        if not folder.exists() and is_clf_result(kept):
            kept.rename(folder)
            log.warning("%s is back: its replacement was interrupted", shown(folder))
        else:
            shutil.rmtree(kept, ignore_errors=True)


def _leftovers(folder: Path, kind: str) -> list[Path]:
    """Find the hidden folders beside `folder` that ended processes left there.

    In a container each process may have the number of the last, so this one's own number says nothing.
    """
    found = sorted(folder.parent.glob(f".{glob.escape(folder.name)}.{kind}-*"))
    owners = [(path, path.name.rsplit("-", 1)[1]) for path in found]
    return [path for path, owner in owners if owner.isdigit() and not _is_running(int(owner))]


def _is_running(process: int) -> bool:
    """Tell whether another process of this number runs."""
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
