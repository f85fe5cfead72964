"""The bytes of a file -> characters: detects compression and encoding, decompresses and decodes.

Only regular files are opened here, and files in archives: a device, a socket or a pipe could make clf wait for ever.
"""

import codecs
import errno
import io
import logging
import lzma
import os
import re
import stat
import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import IO, NoReturn

from clf.data.reading.archives import (
    Entry,
    archive_kind,
    damaged_tar,
    find_entry,
    on_disk,
    open_tar_entry,
    open_zip_entry,
    tar_entries,
    through,
    zip_entries,
)  # fmt: skip
from clf.data.reading.batch import SHOWN
from clf.data.reading.compression import Inflated, compression_of
from clf.data.reading.headings import unique_names
from clf.data.reading.old_encodings import guess_encoding
from clf.data.reading.row_sizes import LONGEST, too_long
from clf.data.reading.workbooks import is_workbook
from clf.errors import DataError, UsageError
from clf.settings import DataSettings
from clf.storage.documents import KINDS_OF_FILES, open_regular

CUT_OFF = (OSError, EOFError, lzma.LZMAError, zlib.error)
"""The errors that decompressors raise on a truncated or damaged file."""

ESCAPED = "surrogateescape"
UNDECODED = re.compile("[\udc80-\udcff]")

HEAD = 1 << 20
"""The bytes at the beginning of a file that tell its encoding."""

log = logging.getLogger(__name__)


def kind_of(path: Path) -> int:
    """Return the kind of what is at `path`, as `stat.S_IFMT` gives it; 0 if there is nothing.

    A path through an archive or a workbook is that of a file, whether there is one or not. Raises DataError if the kind
    cannot be found out.
    """
    try:
        return stat.S_IFMT(path.stat().st_mode)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR):
            raise unreadable(path, error) from error
        found = through(path) if error.errno == errno.ENOTDIR else None
        return stat.S_IFREG if found and (kind_of_archive(found[0]) or _is_workbook(found[0])) else 0
    except ValueError as error:
        raise DataError(f"{str(path)!r} cannot be a path: {error}", "correct the path") from error


def unreadable(path: Path, error: OSError) -> DataError:
    """Return the error for a path that the system does not let clf read."""
    shown = f"{str(path)[:100]} …" if error.errno == errno.ENAMETOOLONG else str(path)
    hint = "pass a shorter path" if error.errno == errno.ENAMETOOLONG else "check its permissions"
    return DataError(f"{shown} cannot be read: {error.strerror or error}", hint)


def open_file(path: Path, most: int = 100) -> IO[bytes]:
    """Open a regular file, or a file in an archive, for reading; of a sheet, the workbook.

    Nothing else is opened, so that no device or pipe can make clf wait. Raises DataError if it cannot be opened or is
    of another kind; reading a file in an archive raises it beyond `most` times the size of the archive.
    """
    check_is_file(path)
    try:
        return open_regular(path)
    except OSError as error:
        if error.errno == errno.ENOTDIR and kind_of(path):
            if _is_workbook(path.parent):
                return open_file(path.parent)
            return _open_in_archive(path, most)
        raise unreadable(path, error) from error
    except ValueError as error:
        raise DataError(f"{str(path)!r} cannot be a path: {error}", "correct the path") from error


def _open_in_archive(path: Path, most: int) -> IO[bytes]:
    archive, inner = through(path) or (path, "")
    entry = find_entry(entries_of(archive, most), archive, inner)
    file = open_bytes(archive, most)
    try:
        if kind_of_archive(archive, most) == "zip":
            return io.BufferedReader(_inflated(open_zip_entry(file, archive, entry), file, path, most))
        return open_tar_entry(file, entry)
    except CUT_OFF as error:
        file.close()
        raise damaged_tar(archive, error) from error
    except DataError:
        file.close()
        raise


def entries_of(archive: Path, most: int) -> dict[str, Entry]:
    """Return the entries of an archive by their names; they are remembered until the file changes."""
    found = archive.stat()
    return _entries_of(archive, most, (found.st_size, found.st_mtime_ns, found.st_dev, found.st_ino))


@lru_cache(maxsize=4)
def _entries_of(archive: Path, most: int, state: tuple[int, ...]) -> dict[str, Entry]:
    try:
        with open_bytes(archive, most) as file:
            is_zip = kind_of_archive(archive, most) == "zip"
            return zip_entries(file, archive) if is_zip else tar_entries(file, archive)
    except CUT_OFF as error:
        raise damaged_tar(archive, error) from error


def kind_of_archive(path: Path, most: int = 100) -> str:
    """Return `zip` or `tar` if a file is one, the latter perhaps compressed; an empty string for any other file."""
    if through(path):
        return ""
    with open_bytes(path, most) as file:
        try:
            kind = archive_kind(file.read(512))
        except CUT_OFF:  # reading the file reports why
            return ""
        return kind if kind == "tar" or file.seekable() else ""  # the directory of a zip is at its end


def _is_workbook(path: Path) -> bool:
    if kind_of(path) != stat.S_IFREG or through(path):
        return False
    with open_file(path) as file:
        return is_workbook(file.read(HEAD))


def has_file(path: Path, data: DataSettings) -> bool:
    """Return whether a path is that of a file, also through an archive; a sheet is not one."""
    if kind_of(path) != stat.S_IFREG or _is_workbook(path.parent):
        return False
    try:
        open_file(path, data.max_inflation).close()
    except DataError:
        return False
    return True


def check_is_file(path: Path) -> None:
    """Raise DataError if there is something at `path` that is not a regular file."""
    kind = kind_of(path)
    if kind == stat.S_IFDIR:
        raise unreadable(path, IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)))
    if other := KINDS_OF_FILES.get(kind):
        raise DataError(f"{path} is {other}, expected a file", "pass a file, or pipe the data into - (stdin)")


def open_bytes(path: Path, most: int = 100) -> IO[bytes]:
    """Open `path` for reading, decompressed if its first bytes are those of gzip, bzip2, xz or Zstandard.

    Reading raises DataError once the decompressed size exceeds `most` times the size of the file.
    """
    file = open_file(path, most)
    packed = compression_of(_first_bytes(file, path))
    return io.BufferedReader(_inflated(packed.open(file), file, path, most)) if packed else file


def _first_bytes(file: IO[bytes], path: Path) -> bytes:
    try:
        return file.peek(6)  # type: ignore[attr-defined, no-any-return]
    except CUT_OFF as error:
        cut_off(error, path)


def _inflated(packed: IO[bytes], file: IO[bytes], path: Path, most: int) -> Inflated:
    refusal = DataError(
        f"{path} expands to more than {most} times its size when decompressed",
        "raise --max-inflation if this is expected, or decompress the file first",
    )
    return Inflated(packed, file, most * on_disk(path).stat().st_size, lambda: refusal)


def read_some(file: IO[bytes], path: Path, size: int = 65_536) -> bytes:
    """Read up to `size` bytes, and raise DataError if they cannot be decompressed."""
    try:
        return file.read(size)
    except CUT_OFF as error:
        cut_off(error, path)


def cut_off(error: Exception, path: Path) -> NoReturn:
    """Raise DataError for a compressed file that is truncated or damaged."""
    hint = "the file seems to be truncated or damaged; copy it again"
    raise DataError(f"{path} cannot be decompressed: {error}", hint) from error


def find_encoding(head: bytes, path: Path, settings: DataSettings, *, whole: bool = False) -> str:
    """Return the encoding: `--encoding`, that of a byte order mark, UTF-8 if the bytes are valid, or the likeliest.

    `whole` means that `head` is the whole file, so that its last character is complete.
    """
    if settings.encoding:
        return known_encoding(settings.encoding)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head[:4096].count(0) > len(head[:4096]) / 4:  # in UTF-16, every second byte of Latin text is zero
        encoding = "utf-16-le" if head[1:4096:2].count(0) > head[:4096:2].count(0) else "utf-16-be"
        log.warning("%s has no byte order mark; read as %s (pass --encoding to override)", path, encoding)
        return encoding
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=whole)
        return "utf-8-sig"
    except UnicodeDecodeError:
        encoding = guess_encoding(head)
        log.warning("%s is not UTF-8; read as %s (pass --encoding to override)", path, encoding)
        return encoding


NOT_FOR_FILES = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"}
"""Encodings that Python knows, but for names and for its own source text."""


def known_encoding(name: str) -> str:
    """Return the usual name of an encoding; raise UsageError if a file of text cannot have it."""
    try:
        b"".decode(name)
        "".encode(name)
        if (known := codecs.lookup(name).name).replace("-", "_") not in NOT_FOR_FILES:
            return known
    except (LookupError, ValueError):
        pass
    raise UsageError(
        f"no encoding is called {name!r}",
        "pass --encoding utf-8, utf-16, cp1252 or another encoding that Python knows",
    )


def open_text(path: Path, settings: DataSettings, newline: str = "", errors: str = "strict") -> IO[str]:
    """Open `path` as decompressed, decoded text; `newline` is as in `open`, and line ends are not translated.

    With `errors=ESCAPED`, bytes that are invalid in the encoding are kept, and `undecoded` finds them.
    """
    with open_bytes(path, settings.max_inflation) as file:
        head = read_some(file, path, HEAD)
        encoding = find_encoding(head, path, settings, whole=len(head) < HEAD)
    return io.TextIOWrapper(open_bytes(path, settings.max_inflation), encoding=encoding, newline=newline, errors=errors)


def undecoded(text: str) -> str:
    """Describe the first undecodable byte of a text that was read with ESCAPED; empty if there is none."""
    found = UNDECODED.search(text)
    return f"byte 0x{ord(found[0]) - 0xDC00:02x} cannot be decoded" if found else ""


def readable(text: str) -> str:
    """Replace each byte that could not be decoded with the replacement character (U+FFFD)."""
    return UNDECODED.sub("\ufffd", text)


def decoding_failed(error: UnicodeDecodeError, path: Path, line: int) -> NoReturn:
    """Raise DataError that names the line and byte that cannot be decoded; `line` is the last line that was read."""
    where = f"line {_undecodable_line(path, error.encoding) or f'after {line}'}"
    raise DataError(
        f"{path}, {where}: byte 0x{error.object[error.start]:02x} is not {error.encoding}",
        "pass --encoding with the actual encoding of the file",
    ) from error


def _undecodable_line(path: Path, encoding: str) -> int | None:
    """Find the line by reading the file again; None for encodings whose line ends are not single bytes."""
    if encoding.startswith(("utf-16", "utf-32", "utf_16", "utf_32")):
        return None
    decoder = codecs.getincrementaldecoder(encoding)()
    number = 1
    with open_bytes(path, 1_000_000) as file:
        while piece := file.readline(1 << 20):
            try:
                decoder.decode(piece, final=piece.endswith(b"\n"))
            except UnicodeDecodeError:
                return number
            number += piece.endswith(b"\n")
    return number


def lines_of(file: IO[str]) -> Iterator[str]:
    """Yield the lines of a file; of a line that is longer than LONGEST, only the first LONGEST + 1 characters."""
    while line := file.readline(LONGEST + 1):
        yield line
        if len(line) > LONGEST:
            while not line.endswith("\n") and (line := file.readline(1 << 20)):
                pass


def bounded_lines(file: IO[str], path: Path) -> Iterator[str]:
    """Yield the lines of a file; raise DataError for a line that is longer than LONGEST."""
    for number, line in enumerate(lines_of(file), 1):
        if len(line) > LONGEST:
            raise too_long(f"{path}, line {number}")
        yield line


def numbered_lines(file: IO[str], path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank, with their numbers from 1."""
    line = 0
    try:
        for line, text in enumerate(bounded_lines(file, path), 1):
            if text.strip():
                yield line, text
    except UnicodeDecodeError as error:
        decoding_failed(error, path, line)
    except CUT_OFF as error:
        cut_off(error, path)


def column_names(written: list[str], path: Path, settings: DataSettings) -> list[str]:
    """Return one name for each column; doubled names are numbered with a warning.

    Raises DataError if the user names one of several columns by the name they share. Of those that a model was trained
    with, the first is meant, as it was in training.
    """
    names, doubled = unique_names(written)
    kinds = {kind: getattr(settings, f"{kind}_column") for kind in ("text", "label", "group", "ignore")}
    asked = [(kind, [named] if isinstance(named, str) else named or []) for kind, named in kinds.items()
             if f"{kind}_column" in settings.model_fields_set]  # fmt: skip
    for name, places in doubled.items():
        if role := next((kind for kind, columns in asked if name in columns), None):
            ways = " or ".join(f"--{role}-column {place}" for place in places[:SHOWN])
            several = ", or leave it out if they are the labels of a text together" if role == "label" else ""
            raise DataError(
                f"{path} has {len(places)} columns called {name!r}: the numbers {', '.join(map(str, places))} from 0",
                f"pass {ways}{several}",
            )
        called = ", ".join(repr(names[place]) for place in places[:SHOWN])
        log.warning("%s has %d columns called %r; they are read as %s", path, len(places), name, called)
    return names
