"""Hash files, and recognise a full disk."""

import errno
import hashlib
import re
from pathlib import Path

from clf.storage.documents import open_regular

NUMPY_WROTE_LESS = re.compile(r"[0-9]+ requested and [0-9]+ written")
"""What NumPy says of a full disk, in an OSError without a number."""


def sha256(path: Path) -> str:
    """Return the SHA-256 of a regular file's bytes, in hexadecimal."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def disk_fails(error: BaseException) -> bool:
    """Return whether an error, from clf or any library, means that the disk is full, read-only or broken."""
    if isinstance(error, OSError) and error.errno in (errno.EIO, errno.ESTALE):
        return True
    return disk_is_full(error) or "Input/output error" in str(error)


def disk_is_full(error: BaseException) -> bool:
    """Return whether an error, from clf or any library, means that the disk is full or read-only."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG):
        return True
    said = str(error)
    return (
        "No space left" in said
        or "File too large" in said
        or ("inline_container" in said and "unexpected pos" in said)
        or NUMPY_WROTE_LESS.fullmatch(said) is not None
    )
