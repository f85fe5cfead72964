"""Replace JSON files atomically; hash files, flush them to disk, and recognise a full disk."""

import errno
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from clf.storage.documents import open_regular


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, replacing `path` atomically."""
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    part.replace(path)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a regular file's bytes, in hexadecimal."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def flush(path: Path) -> None:
    """Flush a file or folder to disk (fsync)."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def disk_is_full(error: BaseException) -> bool:
    """Return whether an error, from clf or any library, means that the disk is full or read-only."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG):
        return True
    said = str(error)
    return (
        "No space left" in said or "File too large" in said or ("inline_container" in said and "unexpected pos" in said)
    )
