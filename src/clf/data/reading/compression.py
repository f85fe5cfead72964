"""Decompressors, found by the first bytes of a file, and a limit on what they give."""

import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from typing import IO, Any

FREE = 10_000_000
"""Bytes of output that are allowed at any ratio."""


def _open_zstandard(file: IO[bytes]) -> Any:
    import pyarrow

    return pyarrow.input_stream(file, compression="zstd")


DECOMPRESSORS: dict[bytes, Callable[[Any], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
    b"\x28\xb5\x2f\xfd": _open_zstandard,
}
"""Functions that open compressed files, by the first bytes of such files."""


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
