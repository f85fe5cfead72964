"""The entries of zip and tar archives, read in place: nothing is extracted, and no link in an archive is followed.

A path through an archive, such as `reviews.zip/inner/train.csv`, names a file in it. Anybody may have written an
archive: what is read of its directory is bounded, and a name that leads out of it is refused.
"""

import io
import os
import stat
import struct
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import IO, Any

from clf.data.reading.compression import ZIP_ERRORS
from clf.data.reading.tars import Content, is_tar, members, skip
from clf.errors import DataError

MOST_ENTRIES = 200_000
MOST_DIRECTORY = 32_000_000
"""The most bytes of the directory of a zip, which is held in memory."""
ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
DAMAGED = "it seems to be truncated or damaged; copy or download it again"
LOCAL = struct.Struct("<4s22xHH")
"""What stands before a file in a zip: the mark, then the lengths of the name and of the further fields."""
COMPRESSED = {0: "", 8: "deflate", 12: "bzip2", 14: "LZMA"}
"""The methods by which the entries of a zip that Python reads are compressed."""
OTHER_METHODS = {9: "Deflate64", 93: "Zstandard", 95: "xz", 98: "PPMd", 99: "AES"}


@dataclass(frozen=True)
class Entry:
    """What is in an archive: its `name` with slashes, its kind, and why its content cannot be read, if so."""

    name: str
    kind: str
    """file, folder, link or other"""
    refused: str = ""
    where: Any = field(default=None, compare=False, repr=False)
    """The `ZipInfo` of a zip, or the place and the bytes of the content in a tar."""


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
    return "tar" if is_tar(head) else ""


def _bounded(entries: Iterable[Entry], path: Path) -> Iterator[Entry]:
    """Yield the entries; raise DataError if there are too many, or if a name leads out of the archive."""
    for number, entry in enumerate(entries):
        if number == MOST_ENTRIES:
            raise _too_many(path)
        inside = PurePosixPath(entry.name)
        if inside.is_absolute() or ".." in inside.parts:
            raise DataError(
                f"{path} has an entry whose path leads out of the archive: {entry.name[:200]!r}",
                "get the archive again from a source that you trust",
            )
        yield entry


def _too_many(path: Path) -> DataError:
    return DataError(f"{path} has more than {MOST_ENTRIES:,} entries", "unpack it, and pass the file or the folder")


def damaged_tar(path: Path, wrong: Exception) -> DataError:
    """Return the error for a tar that `wrong`, an OSError or EOFError, ended."""
    return DataError(f"{path} is not a readable tar archive: {wrong}", DAMAGED)


def find_entry(entries: Mapping[str, Entry], path: Path, inner: str) -> Entry:
    """Return the file `inner` of an archive with these entries; raise DataError if its content cannot be read."""
    if inner not in entries:
        raise DataError(f"{path} has no file {inner!r} in it", f"pass {path} to see what is in it")
    entry = entries[inner]
    if entry.kind == "file" and not entry.refused:
        return entry
    what = entry.refused or {"folder": "is a folder", "link": "is a link, which clf does not follow"}.get(entry.kind)
    raise DataError(
        f"{path / entry.name} {what or 'is not a regular file'}",
        "unpack the archive with the tool that made it, and pass the file",
    )


def _slashes(name: str) -> str:
    """Return a name without the backslashes of Windows and the `./` of tar."""
    turned = name.replace("\\", "/")
    return turned if turned.startswith("/") else str(PurePosixPath(turned))


# --- zip ----------------------------------------------------------------------------------------------------


def zip_entries(file: IO[bytes], path: Path) -> dict[str, Entry]:
    """Return the entries of a zip by their names; a name that several files have is refused, as tools differ there."""
    found: dict[str, Entry] = {}
    with _opened(file, path) as archive:
        for entry in _bounded(map(_entry, archive.infolist()), path):
            is_doubled = entry.name in found and entry.kind != "folder"
            found[entry.name] = replace(entry, refused="is in the archive several times") if is_doubled else entry
    return found


def open_zip_entry(file: IO[bytes], path: Path, entry: Entry) -> Any:
    """Open a file in a zip; reading it raises OSError or EOFError if it is damaged."""
    info = entry.where
    try:
        file.seek(info.header_offset)
        header = file.read(LOCAL.size)
        mark, name, more = LOCAL.unpack(header)
        if mark != ZIP_STARTS[0]:
            raise zipfile.BadZipFile("it is not where the directory says")
        file.seek(name + more, os.SEEK_CUR)
        return _ZipStream(zipfile.ZipExtFile(file, "r", info, None, True))  # type: ignore[arg-type]
    except ZIP_ERRORS as wrong:
        raise DataError(f"{path / entry.name} cannot be read: {wrong}", f"the archive is wrong: {DAMAGED}") from wrong


def _opened(file: IO[bytes], path: Path) -> zipfile.ZipFile:
    directory = _Directory(file)
    try:
        archive = zipfile.ZipFile(directory)
    except _Full as full:
        raise _too_many(path) from full
    except ZIP_ERRORS as wrong:
        why = "its directory, which is at its end, is missing" if "not a zip file" in str(wrong) else wrong
        raise DataError(f"{path} is not a readable zip archive: {why}", DAMAGED) from wrong
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
    return Entry(name, "file", where=info)


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


def tar_entries(stream: IO[bytes], path: Path) -> dict[str, Entry]:
    """Return the entries of a tar by their names; of several with one name the last counts, as for `tar -x`.

    Raises OSError or EOFError if the archive is damaged.
    """
    found = (Entry(_slashes(name), kind, where=(place, size)) for name, kind, place, size in members(stream))
    return {entry.name: entry for entry in _bounded(found, path)}


def open_tar_entry(stream: IO[bytes], entry: Entry) -> io.BufferedReader:
    """Return the content of a file in a tar that stands at its beginning; raises OSError or EOFError if damaged."""
    place, size = entry.where
    skip(stream, place)
    return io.BufferedReader(Content(stream, size))
