"""Hash files, and recognise a full disk."""

import errno
import hashlib
import os
import re
from pathlib import Path

from clf.storage.documents import open_regular

NUMPY_WROTE_LESS = re.compile(r"[0-9]+ requested and [0-9]+ written")
"""What NumPy says of a full disk, in an OSError without a number."""
PYTORCH_WROTE_LESS = re.compile(r"inline_container.*unexpected pos", re.DOTALL)
"""What PyTorch says of a disk that did not take a file, mostly because it is full."""
STREAM_FAILED = "basic_ios::clear: iostream error"
"""What the C++ library says of any disk that fails."""


def sha256(path: Path) -> str:
    """Return the SHA-256 of a regular file's bytes, in hexadecimal; an OSError names the file."""
    try:
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def disk_fails(error: BaseException) -> bool:
    """Return whether an error, from clf or any library, means that the disk is full, read-only or broken."""
    if isinstance(error, OSError) and error.errno in (errno.EIO, errno.ESTALE):
        return True
    said = _said(error)
    return disk_is_full(error) or "Input/output error" in said or STREAM_FAILED in said


def _said(error: BaseException) -> str:
    """Return what an error says; nothing if it cannot say it."""
    try:
        return str(error)
    except Exception:
        return ""


def why_it_fails(error: BaseException) -> str:
    """Return what a user has to know of an error of the disk."""
    said = str(error)
    is_vague = PYTORCH_WROTE_LESS.search(said) or STREAM_FAILED in said
    return "the disk did not take the whole file" if is_vague else said


def files_of(error: OSError) -> list[Path]:
    """Return the files that an error names: a copy and a rename have two."""
    named = (error.filename, error.filename2)
    return [Path(os.fsdecode(name)) for name in named if isinstance(name, (str, bytes, os.PathLike))]


def disk_is_full(error: BaseException) -> bool:
    """Return whether an error, from clf or any library, means that the disk is full or read-only."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG):
        return True
    said = _said(error)
    return (
        "No space left" in said
        or "File too large" in said
        or PYTORCH_WROTE_LESS.search(said) is not None
        or NUMPY_WROTE_LESS.fullmatch(said) is not None
    )
