"""Read JSON and replace it atomically; hash files, flush them to disk, and recognise a full disk."""

import errno
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

from pydantic import JsonValue, ValidationError

KIND = re.compile(r"(int|float|str|bool)|constrained-\w+|function-.*|(list|dict|literal|nullable|tuple)\[.*")
"""The type names that pydantic adds to the location of an error when a field accepts several types."""


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, replacing `path` atomically."""
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    part.replace(path)


def read_json(path: Path) -> dict[str, JsonValue] | None:
    """Read a JSON object; return None if the file is missing or is not a valid JSON object."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def what_is_wrong(error: ValidationError) -> str:
    """Return one line that names the first invalid field of a JSON object, and its value."""
    problem = error.errors()[0]
    named = [str(part) for part in problem["loc"] if not KIND.fullmatch(str(part))]
    place = ".".join(named) or "content"
    if problem["type"] == "value_error":
        return f"{place}: {problem['msg'].splitlines()[0].removeprefix('Value error, ')}"
    if problem["type"] == "missing":
        return f"{place} is missing"
    return f"{place} is {repr(problem['input'])[:100]}"


def without_nothing(value: Any) -> Any:
    """Return a JSON object without its nulls, so that the reader uses its defaults."""
    return {name: given for name, given in value.items() if given is not None} if isinstance(value, dict) else value


def sha256(path: Path) -> str:
    """Return the SHA-256 of the file's bytes, in hexadecimal."""
    with path.open("rb") as file:
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
