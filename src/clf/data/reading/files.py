"""The bytes of a file -> characters: detects compression and encoding, decompresses and decodes."""

import atexit
import bz2
import codecs
import gzip
import io
import logging
import lzma
import os
import re
import shutil
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, NoReturn

from clf.errors import DataError, OutputError, UsageError
from clf.settings import DataSettings

CUT_OFF = (OSError, EOFError, lzma.LZMAError, zlib.error)
"""The errors that decompressors raise on a truncated or damaged file."""

STDIN = ("-", "/dev/stdin")
ESCAPED = "surrogateescape"
UNDECODED = re.compile("[\udc80-\udcff]")

log = logging.getLogger(__name__)


def open_bytes(path: Path, most: int = 100) -> IO[bytes]:
    """Open `path` for reading, decompressed if its first bytes are those of gzip, bzip2, xz or Zstandard.

    Reading raises DataError once the decompressed size exceeds `most` times the size of the file.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(6)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}", "check its permissions") from error
    for start, opener in DECOMPRESSORS.items():
        if magic.startswith(start):
            return io.BufferedReader(_Inflated(opener(path), path, most))
    return path.open("rb")


def _open_zstandard(path: Path) -> Any:
    import pyarrow

    return pyarrow.input_stream(str(path), compression="zstd")


DECOMPRESSORS: dict[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
    b"\x28\xb5\x2f\xfd": _open_zstandard,
}
"""Functions that open compressed files, by the first bytes of such files."""


class _Inflated(io.RawIOBase):
    """The output of a decompressor, up to a limit, because a few kilobytes can decompress to gigabytes."""

    FREE = 10_000_000  # bytes of output that are allowed at any ratio

    def __init__(self, packed: Any, path: Path, most: int) -> None:
        self.packed, self.path, self.given = packed, path, 0
        self.limit = max(self.FREE, most * path.stat().st_size)
        self.most = most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.packed.read(len(buffer))
        buffer[: len(data)] = data
        self.given += len(data)
        if self.given > self.limit:
            raise DataError(
                f"{self.path} expands to more than {self.most} times its size when decompressed",
                "raise --max-inflation if this is expected, or decompress the file first",
            )
        return len(data)

    def close(self) -> None:
        self.packed.close()
        super().close()


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


def find_encoding(head: bytes, path: Path, settings: DataSettings) -> str:
    """Return the encoding: `--encoding`, that of a byte order mark, UTF-8 if the bytes are valid, or the likeliest."""
    if settings.encoding:
        return _known_encoding(settings.encoding)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head[:4096].count(0) > len(head[:4096]) / 4:  # in UTF-16, every second byte of Latin text is zero
        encoding = "utf-16-le" if head[1:4096:2].count(0) > head[:4096:2].count(0) else "utf-16-be"
        log.warning("%s has no byte order mark; read as %s (pass --encoding to override)", path, encoding)
        return encoding
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # the last character may be incomplete
        return "utf-8-sig"
    except UnicodeDecodeError:
        return _guess_encoding(head, path)


GUESSED = ["cp1252", "cp1250", "cp1251", "cp1253", "latin_1", "shift_jis", "gb18030", "big5", "euc_kr"]


def _guess_encoding(head: bytes, path: Path) -> str:
    from charset_normalizer import from_bytes

    found = from_bytes(head, cp_isolation=GUESSED)
    best = found.best()
    # With few accented letters, the detector cannot tell the Latin encodings apart: use the most common one then.
    western = best is None or any("cp1252" in match.could_be_from_charset for match in found)
    latin = best is None or best.encoding in {"cp1250", "latin_1"}
    encoding = "cp1252" if western and latin else str(best.encoding if best else "cp1252")
    log.warning("%s is not UTF-8; read as %s (pass --encoding to override)", path, encoding)
    return encoding


def _known_encoding(name: str) -> str:
    try:
        b"".decode(name)
        "".encode(name)
        return codecs.lookup(name).name
    except LookupError:
        raise UsageError(
            f"no encoding is called {name!r}",
            "pass --encoding utf-8, utf-16, cp1252 or another encoding that Python knows",
        ) from None


def open_text(path: Path, settings: DataSettings, newline: str = "", errors: str = "strict") -> IO[str]:
    """Open `path` as decompressed, decoded text; `newline` is as in `open`, and line ends are not translated.

    With `errors=ESCAPED`, bytes that are invalid in the encoding are kept, and `undecoded` finds them.
    """
    with open_bytes(path, settings.max_inflation) as file:
        encoding = find_encoding(read_some(file, path, 1 << 20), path, settings)
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
    with open_bytes(path, 1_000_000) as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                return number
    return None


def numbered_lines(file: IO[str], path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank, with their numbers from 1."""
    line = 0
    try:
        for line, text in enumerate(file, 1):
            if text.strip():
                yield line, text
    except UnicodeDecodeError as error:
        decoding_failed(error, path, line)
    except CUT_OFF as error:
        cut_off(error, path)


def stripped(names: list[str], path: Path) -> list[str]:
    """Strip white space from column names, and raise DataError if two of them become identical."""
    stripped = [name.strip() for name in names]
    twice = [name for name, count in Counter(stripped).items() if count > 1]
    if twice:
        raise DataError(f"{path} has two columns called {twice[0]!r}", "rename one of them")
    return stripped


def is_pipe(path: Path) -> bool:
    """Return whether `path` can be read only once: `-`, a named pipe, or the shell's `<(command)`."""
    return path.is_fifo() or str(path) in STDIN


def open_pipe(path: Path) -> int:
    """Return a file descriptor from which to read the pipe."""
    return os.dup(0) if str(path) in STDIN else os.open(path, os.O_RDONLY)


def spooled(path: Path) -> Path:
    """Copy a pipe to a temporary file, because reading takes several passes; return any other path unchanged."""
    return spool(open_pipe(path), b"", path.name) if is_pipe(path) else path


def spool(pipe: int, begun: bytes, name: str) -> Path:
    """Write `begun` (already read) and the rest of a pipe to a temporary file, deleted when the process exits."""
    folder = Path(tempfile.mkdtemp(prefix="clf-pipe-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = folder / ("stdin" if name == "-" else name)
    try:
        with open(pipe, "rb") as rest, file.open("wb") as copy:
            copy.write(begun)
            shutil.copyfileobj(rest, copy)
    except OSError as error:
        hint = "free some space, set TMPDIR to a folder that has some, or pass a file instead of a pipe"
        raise OutputError(f"cannot copy the pipe to {folder}: {error.strerror}", hint) from error
    return file
