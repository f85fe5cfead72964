"""Files replaced atomically or appended to: no link is followed, parts are exclusive, and all is flushed to disk."""

import fcntl
import glob
import hashlib
import json
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from clf.errors import OutputError
from clf.storage.documents import KINDS_OF_FILES, LONGEST_NAME

PART = re.compile(r"\..+\.part-[0-9a-f]{16}", re.DOTALL)
"""The names of files being written; one that nobody holds locked was left by a process that was killed."""
ROOM = 40
"""Bytes that a hidden name may add to the name of a result."""


def token() -> str:
    """Return random characters for a name that nobody else uses or can guess."""
    return secrets.token_hex(8)


def hidden(name: str, what: str) -> str:
    """Return the hidden name `.name.what`; a long `name` is cut and ends in its hash, so that it fits."""
    encoded = os.fsencode(name)
    if len(encoded) > LONGEST_NAME - ROOM:
        start = encoded[: LONGEST_NAME - 2 * ROOM].decode("utf-8", "ignore")
        name = f"{start}~{hashlib.sha256(encoded).hexdigest()[:16]}"
    return f".{name}.{what}"


def umask() -> int:
    """Return the umask of this process; on Linux without the moment in which another thread could see a changed one."""
    with suppress(OSError, StopIteration, ValueError), Path("/proc/self/status").open(encoding="utf-8") as status:
        return int(next(line.split()[1] for line in status if line.startswith("Umask:")), 8)
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def what_stands_at(path: Path) -> str | None:
    """Return what stands at `path` if it is not a regular file, such as "a symbolic link"; None if nothing is there."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return None
    return None if stat.S_ISREG(mode) else KINDS_OF_FILES.get(stat.S_IFMT(mode), "a device")


def refuse_odd(path: Path) -> None:
    """Raise OutputError if a file must not be written at `path` because a link, a device or a pipe is there."""
    found = what_stands_at(path)
    if found not in (None, "a folder"):
        raise OutputError(f"{path} is {found}, expected a regular file", way_out(path, "choose another path"))


def way_out(path: Path, instead: str) -> str:
    """Return the advice for what stands at `path` and must not be replaced: only links and pipes may be removed."""
    of_the_system = Path(os.path.abspath(path)).parts[:2] in (("/", "dev"), ("/", "proc"), ("/", "sys"))
    is_left = what_stands_at(path) in ("a symbolic link", "a named pipe") and not of_the_system
    return f"remove it, or {instead}" if is_left else instead


def refuse_all_but_folder(path: Path, instead: str) -> None:
    """Raise OutputError if anything but a folder stands at `path`; a link to a folder is none."""
    if os.path.lexists(path) and (found := what_stands_at(path)) != "a folder":
        raise OutputError(f"{path} is {found or 'a file'}, expected a folder of clf", way_out(path, instead))


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Yield a new file that replaces `path` atomically at the end of the block, once it is on disk.

    After an error, `path` is as it was and nothing is left beside it. Raises OutputError if `path` is a link, a device
    or a pipe, OSError if it cannot be written.
    """
    refuse_odd(path)
    clear_parts(path.parent, hidden(path.name, "part-"))
    part, opened = _new_part(path)
    try:
        with opened as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            part.replace(path)
    except BaseException:
        drop(part)
        raise
    flush(path.parent)


def drop(path: Path) -> None:
    """Delete a file after an error, as far as the disk lets it: the error itself is what the user has to know."""
    with suppress(OSError):
        path.unlink()


def make_folder(folder: Path) -> None:
    """Make a folder and those around it, if they are missing, so that they outlast a loss of power.

    Raises OSError if one cannot be made; then none that it made stays.
    """
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for one in reversed(missing):
            with suppress(PermissionError):  # a folder in which this user may make others, and not look
                flush(one.parent)
    except OSError:
        for one in missing:
            with suppress(OSError):  # it was not made yet, or somebody else uses it
                one.rmdir()
        raise


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, replacing `path` atomically; it is on disk when this returns."""
    content = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    with replacing(path) as file:
        file.write(content.encode("utf-8"))


def flush(path: Path) -> None:
    """Flush a file or folder to disk (fsync)."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def without_links(path: str, flags: int) -> int:
    """Open a file for `open(opener=...)`: links are not followed, and a pipe without a reader does not block."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)


def appended(path: Path) -> IO[str]:
    """Open a text file to append to. Raises OutputError if it is a link, a device or a pipe."""
    refuse_odd(path)
    return open(path, "a", encoding="utf-8", opener=without_links)


def _new_part(path: Path) -> tuple[Path, IO[bytes]]:
    """Make a part and lock it; another writer that found it in between, unlocked, may have taken it for a leftover."""
    while True:
        part = path.with_name(hidden(path.name, f"part-{token()}"))
        file = part.open("xb")  # exclusive: a link in its place is never followed
        with suppress(OSError):  # a file system without locks: its leftovers stay
            fcntl.flock(file, fcntl.LOCK_EX)  # at most for as long as the other writer takes to delete it
        if os.fstat(file.fileno()).st_nlink:
            return part, file
        file.close()


def clear_parts(folder: Path, begun: str = ".") -> None:
    """Delete the parts in a folder that killed processes left: those whose names begin so, and that nobody locked."""
    for part in folder.glob(glob.escape(begun) + "*"):
        if PART.fullmatch(part.name) and not part.is_symlink() and part.is_file():
            with suppress(OSError), open(part, "rb", opener=without_links) as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                part.unlink()
