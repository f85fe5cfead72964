"""Read the JSON documents that clf or another tool wrote: bounded, strict, and validated by one model each.

Anybody may have written what lies in a folder: a model that was downloaded, a dataset that was sent. So only a regular
file (or a link to one) is read, of bounded size and depth, without NaN, infinities and keys that appear twice, and its
values are used only once a pydantic model has accepted them.
"""

import errno
import json
import math
import os
import re
import stat
from collections import Counter
from collections.abc import Mapping
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import BaseModel, Field, JsonValue, ValidationError

if TYPE_CHECKING:
    from clf.errors import ClfError

LONGEST_NAME = 255
"""The longest name of a file, in bytes, that file systems allow."""
MEGABYTE = 1 << 20
MOST_BYTES = 64 * MEGABYTE
"""Enough for the manifest of a dataset with a million classes."""
KINDS_OF_FILES = {
    stat.S_IFDIR: "a folder", stat.S_IFLNK: "a symbolic link", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device", stat.S_IFBLK: "a device",
}  # fmt: skip
"""What is at a path that is not a regular file, by its kind in `stat`."""
MOST_NESTED = 64
MOST_DIGITS = 40  # tokenizers write 10**30 for "no maximum length"
SCHEMA_VERSION = 1
"""The newest schema of the documents that this version of clf reads and writes."""
NO_FILE = {errno.ENOENT, errno.ENOTDIR, errno.EINVAL, errno.ELOOP, errno.ENAMETOOLONG}
"""Error numbers that say that no regular file is there."""
KIND = re.compile(r"(int|float|str|bool)|constrained-\w+|function-.*|(list|dict|literal|nullable|tuple)\[.*")
"""The type names that pydantic adds to the location of an error when a field accepts several types."""

SchemaVersion = Annotated[int, Field(ge=1, strict=True)]

Document = TypeVar("Document", bound=BaseModel)


class NewerClf(ValueError):
    """A value in a document that only a newer clf understands, and that must not be ignored."""


def read_document(path: Path, model: type[Document], error: type["ClfError"], hint: str) -> Document:
    """Read and validate a document.

    Raises `error` with this `hint` if it is missing or damaged, and with the advice to install a newer clf if its
    schema is a later one.
    """
    return validated(path, load_document(path, error, hint), model, error, hint)


def load_document(path: Path, error: type["ClfError"], hint: str) -> dict[str, JsonValue]:
    """Read a JSON object whose schema this version of clf knows, to be passed to `validated`; raise `error` if not."""
    try:
        written = load_json(path)
    except FileNotFoundError as missing:
        raise error(f"{path} is missing", hint) from missing
    except (OSError, ValueError) as wrong:
        if isinstance(wrong, OSError) and wrong.errno in (errno.EMFILE, errno.ENFILE):
            raise  # the file may be intact
        raise error(f"{path} is damaged: {_reason(wrong)}", hint) from wrong
    if not isinstance(written, dict):
        raise error(f"{path} is damaged: it is not a JSON object", hint)
    check_schema(path, written, error)
    return written


def validated(path: Path, written: JsonValue, model: type[Document], error: type["ClfError"], hint: str) -> Document:
    """Return the content of the document at `path` as its model; raise `error` if a value is invalid."""
    try:
        return model.model_validate(written)
    except ValidationError as wrong:
        if newer := _newer(wrong):
            raise error(f"{path} was written by a newer clf: {newer}", "install a newer clf") from wrong
        raise error(f"{path} is damaged: its {what_is_wrong(wrong)}", hint) from wrong


def try_document(path: Path, model: type[Document], error: type["ClfError"]) -> Document | None:
    """Read a document that clf can do without; return None if it is missing or damaged.

    Raises `error` if its schema is a later one.
    """
    written = read_object(path)
    if written is None:
        return None
    check_schema(path, written, error)
    try:
        return model.model_validate(written)
    except ValidationError:
        return None


def read_object(path: Path) -> dict[str, JsonValue] | None:
    """Read a JSON object whose values the caller checks; return None if there is none, or it cannot be read."""
    try:
        return read_surely(path)
    except OSError:
        return None


def read_surely(path: Path) -> dict[str, JsonValue] | None:
    """Read a JSON object that decides what clf may delete or replace; return None if there is none.

    Raises OSError if there is a file that cannot be read: nobody knows what it holds.
    """
    try:
        value = load_json(path)
    except ValueError:
        return None
    except OSError as error:
        if error.errno in NO_FILE:
            return None
        error.filename = error.filename or str(path)
        raise
    return value if isinstance(value, dict) else None


def check_schema(path: Path, written: Mapping[str, JsonValue], error: type["ClfError"]) -> None:
    """Raise `error` for a document of a later clf: it is intact, and must not be treated like a damaged one."""
    schema = written.get("schema_version", 1)
    if isinstance(schema, int) and schema > SCHEMA_VERSION:
        raise error(f"{path} has schema {schema}, this clf reads up to {SCHEMA_VERSION}", "install a newer clf")


def what_is_wrong(error: ValidationError) -> str:
    """Return one line that names the first invalid field of a JSON object, and its value."""
    problem = error.errors()[0]
    where = problem["loc"][:-2] if problem["loc"][-1:] == ("[key]",) else problem["loc"]  # the message names the key
    named = [str(part) for part in where if not KIND.fullmatch(str(part))]
    place = ".".join(named) or "content"
    if problem["type"] == "value_error":
        return f"{place}: {problem['msg'].splitlines()[0].removeprefix('Value error, ')}"
    if problem["type"] == "missing":
        return f"{place} is missing"
    return f"{place} is {repr(problem['input'])[:100]}"


def without_nothing(value: Any) -> Any:
    """Return a JSON object without its nulls, so that the reader uses its defaults."""
    return {name: given for name, given in value.items() if given is not None} if isinstance(value, dict) else value


def stays_inside(name: str) -> bool:
    """Return whether a path that was read from a document can be one of a file inside the folder it is joined to."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        return False
    return bool(path.parts) and longest_name(name) <= LONGEST_NAME


def longest_name(path: str) -> int:
    """Return the bytes of the longest name in a path."""
    return max(len(part.encode("utf-8", "surrogatepass")) for part in path.split("/"))


# --- reading ------------------------------------------------------------------------------------------------


def open_regular(path: Path) -> BufferedReader:
    """Open a regular file, or a link to one, for reading.

    Raises OSError for anything else, such as a folder, a device or a pipe, which is neither opened nor waited for.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise OSError(errno.EINVAL, "it was replaced while it was opened", str(path))
    return os.fdopen(number, "rb")


def load_json(path: Path, most: int = MOST_BYTES, *, of_another_tool: bool = False) -> JsonValue:
    """Read the JSON in a regular file of at most `most` bytes.

    Other tools write NaN and repeat keys, which is accepted if it is a file `of_another_tool`. Raises OSError if the
    file cannot be read or is not a regular file, ValueError if its content is not acceptable JSON.
    """
    with open_regular(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"it has more than {most // MEGABYTE} MB")
    return parse_json(content, of_another_tool=of_another_tool)


def parse_json(content: str | bytes, *, of_another_tool: bool = False) -> JsonValue:
    """Parse JSON of bounded depth; raise ValueError with the reason if it is not acceptable."""
    strict: dict[str, Any] = {
        "parse_constant": _refuse_constant, "parse_float": _finite, "object_pairs_hook": _unique,
    }  # fmt: skip
    try:
        text = content.decode("utf-8") if isinstance(content, bytes) else content
        value: JsonValue = json.loads(text, parse_int=_short, **({} if of_another_tool else strict))
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON: {error}") from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not _is_shallow(value):
        raise ValueError("it is nested too deeply")
    if "\\ud" in text.lower() and not _is_text(value):
        raise ValueError("it holds half of a character")
    return value


def _refuse_constant(name: str) -> float:
    raise ValueError(f"it holds {name}")


def _finite(digits: str) -> float:
    if not math.isfinite(value := float(digits)):
        raise ValueError(f"it holds the number {digits[:20]}, which is too large")
    return value


def _short(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"it holds an integer of {len(digits)} digits")
    return int(digits)


def _unique(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the key {twice[:100]!r} appears twice")
    return found


def _is_shallow(value: JsonValue) -> bool:
    level = [value]
    for _ in range(MOST_NESTED):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return True
    return False


def _is_text(value: JsonValue) -> bool:
    """Return whether every string can be encoded: an escape may stand for half of a surrogate pair."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)


def _newer(error: ValidationError) -> str | None:
    """Return what only a newer clf understands, if that is what is wrong."""
    found = [problem.get("ctx", {}).get("error") for problem in error.errors(include_url=False)]
    return next((str(one) for one in found if isinstance(one, NewerClf)), None)
