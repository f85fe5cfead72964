"""Temporary folders: where TMPDIR says, and what is said when they cannot be used.

A process holds a lock on its folder for as long as it lives; what a killed one left is deleted by the next.
"""

import atexit
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from clf.errors import ClfError, OutputError

START = "clf-scratch-"
SETTLED = 60.0
"""Seconds after which a folder that nobody holds locked is a leftover: its process locks it as soon as it is made."""
ELSEWHERE = "set TMPDIR to a folder that exists, is writable and has free space"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a new temporary folder, which is deleted at the end of the block, also after a signal.

    Raises OutputError if it cannot be made, or fills up.
    """
    folder = _made(START)
    held = None
    try:
        held = _locked(folder)
        _delete_left(folder.parent)
        yield folder
    except Exception as error:
        if isinstance(error, ClfError) or not _is_of(error, folder):
            raise
        hint = f"free some space, or {ELSEWHERE}"
        raise OutputError(f"cannot write temporary files to {folder}: {_said(error)}", hint) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if held is not None:
            os.close(held)


def scratch_until_exit(prefix: str) -> Path:
    """Return a new temporary folder, which is deleted when the process exits.

    Raises OutputError if it cannot be made.
    """
    folder = _made(f"{START}{prefix}")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _locked(folder)  # until the process ends
    _delete_left(folder.parent)
    return folder


def _made(prefix: str) -> Path:
    """Make a folder in TMPDIR if it is set; Python alone would silently take another place if that one is unusable."""
    named = os.environ.get("TMPDIR") or None
    try:
        return Path(tempfile.mkdtemp(prefix=prefix, dir=named))
    except (OSError, ValueError) as error:
        place = named or "the usual places"
        raise OutputError(f"no temporary folder can be made in {place}: {_said(error)}", ELSEWHERE) from error


def _locked(folder: Path) -> int | None:
    """Lock a folder, and return its descriptor; None if another process holds it, or it cannot be locked."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _delete_left(place: Path) -> None:
    """Delete the folders of this user that killed processes left."""
    for folder in place.glob(f"{START}*"):
        with suppress(OSError):
            found = folder.lstat()
            if found.st_uid != os.getuid() or time.time() - found.st_mtime < SETTLED:
                continue
            if (held := _locked(folder)) is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(held)


def _is_of(error: Exception, folder: Path) -> bool:
    """Return whether an error comes from writing into the folder, or from a full disk that it does not name."""
    from clf.storage.disk import disk_fails, files_of

    if isinstance(error, OSError) and error.filename is not None:
        return any(file.is_relative_to(folder) for file in files_of(error))
    return disk_fails(error)


def _said(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
