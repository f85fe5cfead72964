"""The headers of the entries in a tar archive, and the content of one.

Anybody may have written an archive, so what is read of a header is bounded, and a header that lies is an error.
"""

import io
import os
import tarfile
from collections.abc import Iterator
from typing import IO, Any

MOST_HEADER = 1_000_000
"""The most bytes of the further headers of an entry in a tar, which hold its long name."""
TAR_MARK = (257, b"ustar")
"""The place and the bytes that tell a tar archive."""
BLOCK = 512
FILES = {tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE}
LINKS = {tarfile.LNKTYPE, tarfile.SYMTYPE}
WITHOUT_CONTENT = LINKS | {tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE}
LONG_NAME = tarfile.GNUTYPE_LONGNAME
FURTHER = {LONG_NAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE}
"""The types of headers that tell more about the next entry, or about all."""


def is_tar(head: bytes) -> bool:
    """Return whether a file that begins with these 512 bytes is a tar; old ones have no mark, but a checksum."""
    if head[TAR_MARK[0] :].startswith(TAR_MARK[1]):
        return True
    if len(head) < BLOCK or not head[0] or b"\0" not in head[:BLOCK]:  # as no tar, but nearly every other file is
        return False
    try:
        tarfile.TarInfo.frombuf(head[:BLOCK], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def members(stream: IO[bytes]) -> Iterator[tuple[str, str, int, int]]:
    """Yield the name and kind of each entry, and the place and the bytes of its content, from the beginning of a tar.

    Raises OSError or EOFError if the archive is damaged.
    """
    name, size, is_sparse, place = "", -1, False, 0
    while any(block := _exactly(stream, BLOCK)):
        place += BLOCK
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError as wrong:
            raise OSError(f"an entry has no valid header ({wrong})") from wrong
        if info.type in FURTHER:
            if not 0 <= info.size <= MOST_HEADER:
                raise OSError(f"the header of an entry has {info.size:,} bytes")
            data = _exactly(stream, _padded(info.size))[: info.size]
            place += _padded(info.size)
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
        yield name or info.name, kind, place, size
        skip(stream, _padded(size))
        name, size, is_sparse, place = "", -1, False, place + _padded(size)


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


def _exactly(stream: IO[bytes], size: int) -> bytes:
    """Read that many bytes; raise EOFError for fewer."""
    data = stream.read(size)
    if len(data) < size:
        raise EOFError(
            "the archive ends inside an entry" if data else "it has no mark of its end: files may be missing"
        )
    return data


def skip(stream: IO[bytes], size: int) -> None:
    """Skip that many bytes of a stream; raise EOFError if it has fewer."""
    if size and stream.seekable():
        stream.seek(size - 1, os.SEEK_CUR)
        size = 1
    while size:
        data = stream.read(min(size, 1 << 20))
        if not data:
            raise EOFError("the archive ends inside an entry")
        size -= len(data)


class Content(io.RawIOBase):
    """The content of a file in a tar, from a stream that stands at its beginning."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        """Take the stream, and the bytes of the content."""
        self.stream, self.left = stream, size

    def readable(self) -> bool:
        """Return True: this is for reading."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with what comes next, or part of it, and return the number of bytes."""
        data = self.stream.read(min(len(buffer), self.left))
        if not data and self.left and len(buffer):
            raise EOFError("the archive ends inside this file")
        buffer[: len(data)] = data
        self.left -= len(data)
        return len(data)

    def close(self) -> None:
        """Close the stream."""
        self.stream.close()
        super().close()
