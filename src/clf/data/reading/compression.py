"""Decompressors, found by the first bytes of a file, and a limit on what they give."""

import bz2
import gzip
import io
import lzma
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

ZIP_ERRORS = (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, struct.error, OSError, EOFError)
"""What Python raises for a zip that is damaged, encrypted or compressed in another way, workbooks among them."""
FREE = 10_000_000
"""Bytes of output that are allowed at any ratio."""


def _open_zstandard(file: IO[bytes]) -> Any:
    import pyarrow

    return pyarrow.input_stream(file, compression="zstd")


@dataclass(frozen=True)
class Compression:
    """A kind of compressed file: its name, the extension and the command that decompresses such a file."""

    name: str
    ending: str
    unpack: str
    open: Callable[[Any], Any]


ZSTANDARD = Compression("Zstandard", ".zst", "zstd -d", _open_zstandard)
COMPRESSIONS: dict[bytes, Compression] = {
    b"\x1f\x8b": Compression("gzip", ".gz", "gunzip -k", gzip.open),
    b"BZh": Compression("bzip2", ".bz2", "bunzip2 -k", bz2.open),
    b"\xfd7zXZ": Compression("xz", ".xz", "unxz -k", lzma.open),
    b"\x28\xb5\x2f\xfd": ZSTANDARD,
    **{bytes([first]) + b"\x2a\x4d\x18": ZSTANDARD for first in range(0x50, 0x60)},
}
"""The compressions that are read, by the first bytes of such files; Zstandard may begin with a frame to be skipped."""
COMPRESSED_ENDINGS = frozenset(each.ending for each in COMPRESSIONS.values())


def compression_of(head: bytes) -> Compression | None:
    """Return how a file that begins with these bytes, at least six of them, is compressed; None if it is not."""
    return next((each for start, each in COMPRESSIONS.items() if head.startswith(start)), None)


class Inflated(io.RawIOBase):
    """The output of a decompressor, up to a limit, because a few kilobytes can decompress to gigabytes.

    `refuse` returns the error to raise beyond the limit; `beneath` is closed with it.
    """

    def __init__(self, packed: Any, beneath: Any, limit: int, refuse: Callable[[], Exception]) -> None:
        """Take the decompressor, what it reads from, the bytes that it may give, and the error for more."""
        self.packed, self.beneath, self.limit, self.refuse, self.given = packed, beneath, max(FREE, limit), refuse, 0

    def readable(self) -> bool:
        """Return True: this is for reading."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with what comes next, or part of it, and return the number of bytes."""
        data = self.packed.read(len(buffer))
        buffer[: len(data)] = data
        self.given += len(data)
        if self.given > self.limit:
            raise self.refuse()
        return len(data)

    def close(self) -> None:
        """Close the decompressor and what it reads from."""
        self.packed.close()
        self.beneath.close()
        super().close()
