"""Temporary folders: where TMPDIR says, and what is said when they cannot be used."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clf.errors import ClfError, OutputError

ELSEWHERE = "set TMPDIR to a folder that exists, is writable and has free space"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a new temporary folder, which is deleted at the end of the block, also after a signal.

    Raises OutputError if it cannot be made, or fills up.
    """
    folder = _made("clf-")
    try:
        yield folder
    except Exception as error:
        if isinstance(error, ClfError) or not _is_of(error, folder):
            raise
        hint = f"free some space, or {ELSEWHERE}"
        raise OutputError(f"cannot write temporary files to {folder}: {_said(error)}", hint) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def scratch_until_exit(prefix: str) -> Path:
    """Return a new temporary folder, which is deleted when the process exits.

    Raises OutputError if it cannot be made.
    """
    folder = _made(prefix)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _made(prefix: str) -> Path:
    """Make a folder in TMPDIR if it is set; Python alone would silently take another place if that one is unusable."""
    named = os.environ.get("TMPDIR") or None
    try:
        return Path(tempfile.mkdtemp(prefix=prefix, dir=named))
    except (OSError, ValueError) as error:
        place = named or "the usual places"
        raise OutputError(f"no temporary folder can be made in {place}: {_said(error)}", ELSEWHERE) from error


def _is_of(error: Exception, folder: Path) -> bool:
    """Return whether an error comes from writing into the folder, or from a full disk that it does not name."""
    from clf.storage.disk import disk_fails

    if isinstance(error, OSError) and error.filename is not None:
        return not isinstance(error.filename, int) and Path(os.fsdecode(error.filename)).is_relative_to(folder)
    return disk_fails(error)


def _said(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
