"""The entries of zip and tar archives, read in place: nothing is extracted, and no link in an archive is followed.

A path through an archive, such as `reviews.zip/inner/train.csv`, names a file in it. Anybody may have written an
archive: what is read of its directory is bounded, and a name that leads out of it is refused. Each function takes the
class of the error that it raises for an archive that cannot be used.
"""

import io
import os
import stat
import struct
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clf.errors import ClfError

MOST_ENTRIES = 200_000
MOST_DIRECTORY = 32_000_000
"""The most bytes of the directory of a zip, which is held in memory."""
MOST_HEADER = 1_000_000
"""The most bytes of the further headers of an entry in a tar, which hold its long name."""
ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
TAR_MARK = (257, b"ustar")
"""The place and the bytes that tell a tar archive."""
BLOCK = 512
DAMAGED = "it seems to be truncated or damaged; copy or download it again"
COMPRESSED = {0: "", 8: "deflate", 12: "bzip2", 14: "LZMA"}
"""The methods by which the entries of a zip that Python reads are compressed."""
OTHER_METHODS = {9: "Deflate64", 93: "Zstandard", 95: "xz", 98: "PPMd", 99: "AES"}
ZIP_ERRORS = (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, struct.error, OSError, EOFError)
FILES = {tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE}
LINKS = {tarfile.LNKTYPE, tarfile.SYMTYPE}
WITHOUT_CONTENT = LINKS | {tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE}
LONG_NAME = tarfile.GNUTYPE_LONGNAME
FURTHER = {LONG_NAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE}
"""The types of headers that tell more about the next entry, or about all."""


OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
"""The first bytes of an .xls file, and of a workbook with a password."""
PARTS = (b"xl/workbook", b"xl/worksheets/", b"xl/sharedStrings", b"xl/styles", b"opendocument.spreadsheet")
"""Names of which one stands near the beginning of the zip that a workbook is."""


@dataclass(frozen=True)
class Entry:
    """What is in an archive: its `name` with slashes, its kind, and why its content cannot be read, if so."""

    name: str
    kind: str
    """file, folder, link or other"""
    refused: str = ""


def through(path: Path) -> tuple[Path, str] | None:
    """Return the file through which a path leads, and the path inside it; None if no part of the path is a file."""
    for parent in path.parents:
        try:
            kind = os.stat(parent).st_mode
        except (OSError, ValueError):
            continue
        return (parent, path.relative_to(parent).as_posix()) if stat.S_ISREG(kind) else None
    return None


def on_disk(path: Path) -> Path:
    """Return the archive through which a path leads; any other path as it is."""
    found = through(path)
    return found[0] if found else path


def archive_kind(head: bytes) -> str:
    """Return `zip` or `tar` for the first 512 bytes of such an archive, or an empty string."""
    if head.startswith(ZIP_STARTS):
        return "zip"
    return "tar" if head[TAR_MARK[0] :].startswith(TAR_MARK[1]) else ""


def is_workbook(head: bytes) -> bool:
    """Return whether a file that begins with these bytes, some ten thousand of them, is a workbook."""
    return head.startswith(OLD_WORKBOOK) or (head.startswith(ZIP_STARTS) and any(part in head for part in PARTS))


def _bounded(entries: Iterable[Entry], path: Path, error: type["ClfError"]) -> Iterator[Entry]:
    """Yield the entries; raise `error` if there are too many, or if a name leads out of the archive."""
    for number, entry in enumerate(entries):
        if number == MOST_ENTRIES:
            raise _too_many(path, error)
        inside = PurePosixPath(entry.name)
        if inside.is_absolute() or ".." in inside.parts:
            raise error(
                f"{path} has an entry whose path leads out of the archive: {entry.name[:200]!r}",
                "get the archive again from a source that you trust",
            )
        yield entry


def _too_many(path: Path, error: type["ClfError"]) -> "ClfError":
    return error(f"{path} has more than {MOST_ENTRIES:,} entries", "unpack it, and pass the file or the folder")


def damaged_tar(path: Path, wrong: Exception, error: type["ClfError"]) -> "ClfError":
    """Return the error for a tar that `wrong`, an OSError or EOFError, ended."""
    return error(f"{path} is not a readable tar archive: {wrong}", DAMAGED)


def _missing(path: Path, inner: str, error: type["ClfError"]) -> "ClfError":
    return error(f"{path} has no file {inner!r} in it", f"pass {path} to see what is in it")


def _check(entry: Entry, path: Path, error: type["ClfError"]) -> None:
    """Raise `error` if the content of an entry cannot be read."""
    if entry.kind == "file" and not entry.refused:
        return
    what = entry.refused or {"folder": "is a folder", "link": "is a link, which clf does not follow"}.get(entry.kind)
    raise error(
        f"{path / entry.name} {what or 'is not a regular file'}",
        "unpack the archive with the tool that made it, and pass the file",
    )


def _slashes(name: str) -> str:
    """Return a name without the backslashes of Windows and the `./` of tar."""
    turned = name.replace("\\", "/")
    return turned if turned.startswith("/") else str(PurePosixPath(turned))


# --- zip ----------------------------------------------------------------------------------------------------


def zip_entries(file: IO[bytes], path: Path, error: type["ClfError"]) -> list[Entry]:
    """Return the entries of a zip, which is closed."""
    with file, _opened(file, path, error) as archive:
        return list(_bounded(map(_entry, archive.infolist()), path, error))


def open_zip_entry(file: IO[bytes], path: Path, inner: str, error: type["ClfError"]) -> Any:
    """Open a file in a zip; reading it raises OSError or EOFError if it is damaged."""
    archive = _opened(file, path, error)
    found = [info for info in archive.infolist() if _slashes(info.filename) == inner]
    if not found:
        raise _missing(path, inner, error)
    _check(_entry(found[0]), path, error)
    if len(found) > 1:
        raise error(f"{path} has {len(found)} files called {inner!r}", "unpack it, and pass the file")
    try:
        return _ZipStream(archive.open(found[0]))
    except ZIP_ERRORS as wrong:
        raise error(f"{path / inner} cannot be read: {wrong}", f"the archive is wrong: {DAMAGED}") from wrong


def _opened(file: IO[bytes], path: Path, error: type["ClfError"]) -> zipfile.ZipFile:
    directory = _Directory(file)
    try:
        archive = zipfile.ZipFile(directory)
    except _Full as full:
        raise _too_many(path, error) from full
    except ZIP_ERRORS as wrong:
        why = "its directory, which is at its end, is missing" if "not a zip file" in str(wrong) else wrong
        raise error(f"{path} is not a readable zip archive: {why}", DAMAGED) from wrong
    directory.is_read = True
    opened: zipfile.ZipFile = archive
    return opened


def _entry(info: zipfile.ZipInfo) -> Entry:
    name = _slashes(info.filename)
    if info.is_dir() or info.filename.endswith("\\"):
        return Entry(name, "folder")
    if stat.S_ISLNK(info.external_attr >> 16):
        return Entry(name, "link")
    if info.flag_bits & 0x41:
        return Entry(name, "file", "is encrypted")
    if info.compress_type not in COMPRESSED:
        method = OTHER_METHODS.get(info.compress_type, f"method {info.compress_type}")
        return Entry(name, "file", f"is compressed with {method}, which clf does not read in a zip")
    return Entry(name, "file")


class _Full(Exception):
    """The directory of a zip is larger than one that is read."""


class _Directory:
    """A file whose directory of entries is looked at before `zipfile` takes it apart."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.is_read = file, False
        self.seek, self.tell, self.seekable, self.close = file.seek, file.tell, file.seekable, file.close

    def read(self, size: int = -1) -> bytes:
        if self.is_read:
            return self.file.read(size)
        data = self.file.read(MOST_DIRECTORY + 1 if size < 0 else min(size, MOST_DIRECTORY + 1))
        if len(data) > MOST_DIRECTORY or data.count(b"PK\x01\x02") > MOST_ENTRIES:
            raise _Full
        return data


class _ZipStream:
    """A file in a zip, for which `zipfile` has errors of its own."""

    def __init__(self, entry: IO[bytes]) -> None:
        self.entry, self.close = entry, entry.close

    def read(self, size: int) -> bytes:
        try:
            return self.entry.read(size)
        except zipfile.BadZipFile as wrong:
            raise OSError(str(wrong)) from wrong


# --- tar ----------------------------------------------------------------------------------------------------


def tar_entries(stream: IO[bytes], path: Path, error: type["ClfError"]) -> Iterator[Entry]:
    """Yield the entries of a tar; the stream then stands at the content of a file.

    Raises OSError or EOFError if the archive is damaged.
    """
    return _bounded((entry for entry, _ in _tar(stream)), path, error)


def open_tar_entry(stream: IO[bytes], path: Path, inner: str, error: type["ClfError"]) -> io.BufferedReader:
    """Return the content of a file in a tar; raises OSError or EOFError if the archive is damaged up to there."""
    sizes: list[int] = []

    def entries() -> Iterator[Entry]:
        for entry, size in _tar(stream):
            sizes[:] = [size]
            yield entry

    for entry in _bounded(entries(), path, error):
        if entry.name == inner:
            _check(entry, path, error)
            return io.BufferedReader(_Content(stream, sizes[0]))
    raise _missing(path, inner, error)


def _tar(stream: IO[bytes]) -> Iterator[tuple[Entry, int]]:
    """Yield each entry with the bytes of its content; what the caller did not read of it is skipped.

    Of an entry whose content was read in part, no next one can be found.
    """
    name, size, is_sparse = "", -1, False
    while any(block := _exactly(stream, BLOCK, at_end=True)):
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError as wrong:
            raise OSError(f"an entry has no valid header ({wrong})") from wrong
        if info.type in FURTHER:
            if not 0 <= info.size <= MOST_HEADER:
                raise OSError(f"the header of an entry has {info.size:,} bytes")
            data = _exactly(stream, _padded(info.size))[: info.size]
            if info.type == LONG_NAME:
                name = data.split(b"\0")[0].decode("utf-8", "surrogateescape")
            elif info.type in {tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE}:
                told = _records(data)
                name = told.get(b"path", name.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")
                size = _number(told[b"size"]) if b"size" in told else size
                is_sparse = any(key.startswith(b"GNU.sparse.") for key in told)
            continue
        size = 0 if info.type in WITHOUT_CONTENT else info.size if size < 0 else size
        if size < 0:
            raise OSError("an entry has a negative size")
        kind = "other" if is_sparse else _tar_kind(info.type)
        yield Entry(_slashes(name or info.name), kind), size
        _skip(stream, _padded(size))
        name, size, is_sparse = "", -1, False


def _tar_kind(code: bytes) -> str:
    if code == tarfile.DIRTYPE:
        return "folder"
    return "file" if code in FILES else "link" if code in LINKS else "other"


def _records(data: bytes) -> dict[bytes, bytes]:
    """Return the records `LENGTH KEY=VALUE` of a further header."""
    found = {}
    while data:
        length, _, _ = data.partition(b" ")
        end = _number(length)
        if not len(length) < end <= len(data):
            raise OSError("the header of an entry is damaged")
        key, _, value = data[len(length) + 1 : end - 1].partition(b"=")
        found[key] = value
        data = data[end:]
    return found


def _number(digits: bytes) -> int:
    if not digits.isdigit() or len(digits) > 18:
        raise OSError("the header of an entry is damaged")
    return int(digits)


def _padded(size: int) -> int:
    return (size + BLOCK - 1) // BLOCK * BLOCK


def _exactly(stream: IO[bytes], size: int, *, at_end: bool = False) -> bytes:
    """Read that many bytes, or none if the stream may be `at_end`; raise EOFError for fewer."""
    data = stream.read(size)
    if len(data) < size and not (at_end and not data):
        raise EOFError("the archive ends inside an entry")
    return data


def _skip(stream: IO[bytes], size: int) -> None:
    while size:
        size -= len(_exactly(stream, min(size, 1 << 20)))


class _Content(io.RawIOBase):
    """The content of a file in a tar, from a stream that stands at its beginning."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self.stream, self.left = stream, size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.stream.read(min(len(buffer), self.left))
        if not data and self.left and len(buffer):
            raise EOFError("the archive ends inside this file")
        buffer[: len(data)] = data
        self.left -= len(data)
        return len(data)

    def close(self) -> None:
        self.stream.close()
        super().close()
