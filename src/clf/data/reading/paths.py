"""Paths as users write them, and pipes: what can be read only once, and its copy on the disk."""

import errno
import os
import shutil
import stat
from pathlib import Path
from typing import IO

from clf.data.reading.files import kind_of, unreadable
from clf.errors import DataError, OutputError, UsageError
from clf.storage.scratch import scratch_until_exit
from clf.storage.writing import drop

STDIN = ("-", "/dev/stdin")
LARGEST_PIPE = 100_000_000_000
"""The most bytes of a pipe that are copied to the disk, because a pipe may never end."""
LEFT_FREE = 100_000_000
"""Bytes of the disk that the copy of a pipe leaves free."""


def expanded(path: str | Path) -> Path:
    """Return the path with `~` and `~user` replaced by the home folder.

    Raises DataError if there is no such home folder, or the path cannot be one.
    """
    if "\0" in str(path):
        raise DataError(f"{str(path)!r} contains a NUL character, so it cannot be a path", "correct the path")
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise DataError(f"the home folder in {path} is unknown", "write the path without ~") from error


# --- pipes --------------------------------------------------------------------------------------------------


def is_pipe(path: Path) -> bool:
    """Return whether `path` can be read only once: `-`, a named pipe, or the shell's `<(command)`."""
    return str(path) in STDIN or kind_of(path) == stat.S_IFIFO


def open_pipe(path: Path) -> int:
    """Return a file descriptor from which to read the pipe.

    Raises UsageError if stdin is closed, a folder, or a device that is neither a terminal nor empty.
    """
    if str(path) not in STDIN:
        try:
            return os.open(path, os.O_RDONLY)
        except OSError as error:
            raise unreadable(path, error) from error
    hint = "pipe texts into it, or pass a file"
    try:
        pipe = os.dup(0)
    except OSError as error:
        raise UsageError("stdin is closed", hint) from error
    mode = os.fstat(pipe).st_mode
    device = stat.S_ISBLK(mode) or (stat.S_ISCHR(mode) and not os.isatty(pipe) and not _is_null(pipe))
    if device or stat.S_ISDIR(mode):
        os.close(pipe)
        raise UsageError(f"stdin is a {'device' if device else 'folder'}, expected a pipe or a file", hint)
    return pipe


def _is_null(pipe: int) -> bool:
    return os.fstat(pipe).st_rdev == os.stat(os.devnull).st_rdev


def spooled(path: Path) -> Path:
    """Copy a pipe to a temporary file, because reading takes several passes; return any other path unchanged."""
    return spool(open_pipe(path), b"", path.name) if is_pipe(path) else path


def spool(pipe: int, begun: bytes, name: str) -> Path:
    """Write `begun` (already read) and the rest of a pipe to a temporary file, deleted when the process exits.

    Raises OutputError when the disk is nearly full, DataError when the pipe is longer than LARGEST_PIPE.
    """
    folder = scratch_until_exit("pipe-")
    file = folder / ("stdin" if name == "-" else name)
    try:
        with open(pipe, "rb", buffering=0) as rest, file.open("wb") as copy:
            copy.write(begun)
            _copy(rest, copy, folder)
    except OSError as error:
        drop(file)
        hint = "free some space, set TMPDIR to a folder that has some, or pass a file instead of a pipe"
        raise OutputError(f"cannot copy the pipe to {folder}: {error.strerror}", hint) from error
    return file


def _copy(rest: IO[bytes], copy: IO[bytes], folder: Path) -> None:
    """Copy the rest of a pipe; look at the free space after every 64 MB."""
    copied = checked = 0
    while piece := rest.read(1 << 20):
        copied += copy.write(piece)
        if copied > LARGEST_PIPE:
            raise DataError(f"the pipe is longer than {LARGEST_PIPE / 1e9:g} GB", "write it to a file, and pass that")
        if copied - checked > 1 << 26:
            checked = copied
            if shutil.disk_usage(folder).free < LEFT_FREE:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
