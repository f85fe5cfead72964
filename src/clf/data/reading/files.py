"""A file's bytes -> characters: decompressed and decoded, both found by looking."""

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
"""What the decompressors raise on a file that is cut off or damaged."""

STDIN = ("-", "/dev/stdin")
ESCAPED = "surrogateescape"
UNDECODED = re.compile("[\udc80-\udcff]")

log = logging.getLogger(__name__)


def open_bytes(path: Path, most: int = 100) -> IO[bytes]:
    """Open `path` for reading, decompressed when its first bytes say gzip, bzip2, xz or Zstandard.

    Reading raises DataError once more than `most` times the file's size has come out of it.
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
"""By the bytes that such files begin with."""


class _Inflated(io.RawIOBase):
    """What a decompressor gives, up to a limit: some kilobytes can hold gigabytes."""

    FREE = 10_000_000  # bytes, below which no ratio is suspicious

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
                f"{self.path} grows to more than {self.most} times its size when it is decompressed",
                "raise --max-inflation if that is right, or decompress it first",
            )
        return len(data)

    def close(self) -> None:
        self.packed.close()
        super().close()


def read_some(file: IO[bytes], path: Path, size: int = 65_536) -> bytes:
    """Read up to `size` bytes."""
    try:
        return file.read(size)
    except CUT_OFF as error:
        cut_off(error, path)


def cut_off(error: Exception, path: Path) -> NoReturn:
    """Say that a compressed file ends too early."""
    hint = "the file seems to be cut off; copy it again"
    raise DataError(f"{path} cannot be decompressed: {error}", hint) from error


def find_encoding(head: bytes, path: Path, settings: DataSettings) -> str:
    """Find the encoding: the one given, a byte order mark, UTF-8 when it fits, else the likeliest."""
    if settings.encoding:
        return _known_encoding(settings.encoding)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head[:4096].count(0) > len(head[:4096]) / 4:  # of Latin letters, every second byte is zero
        encoding = "utf-16-le" if head[1:4096:2].count(0) > head[:4096:2].count(0) else "utf-16-be"
        log.warning("%s is read as %s (pass --encoding to say otherwise)", path, encoding)
        return encoding
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # a character may be cut at the end
        return "utf-8-sig"
    except UnicodeDecodeError:
        return _guess_encoding(head, path)


GUESSED = ["cp1252", "cp1250", "cp1251", "cp1253", "latin_1", "shift_jis", "gb18030", "big5", "euc_kr"]


def _guess_encoding(head: bytes, path: Path) -> str:
    from charset_normalizer import from_bytes

    found = from_bytes(head, cp_isolation=GUESSED)
    best = found.best()
    # Of the Latin ones the detector cannot tell which when few letters have accents: the commonest wins then.
    western = best is None or any("cp1252" in match.could_be_from_charset for match in found)
    latin = best is None or best.encoding in {"cp1250", "latin_1"}
    encoding = "cp1252" if western and latin else str(best.encoding if best else "cp1252")
    log.warning("%s is not UTF-8; read as %s (pass --encoding to say otherwise)", path, encoding)
    return encoding


def _known_encoding(name: str) -> str:
    try:
        b"".decode(name)
        "".encode(name)
        return codecs.lookup(name).name
    except LookupError:
        raise UsageError(
            f"no encoding is called {name!r}",
            "give --encoding utf-8, utf-16, cp1252 or another that Python knows",
        ) from None


def open_text(path: Path, settings: DataSettings, newline: str = "", errors: str = "strict") -> IO[str]:
    """Open `path` as decompressed, decoded text with its line ends as they are, at those that `newline` says.

    With `errors=ESCAPED`, bytes that are none of the encoding come through, for `undecoded` to find.
    """
    with open_bytes(path, settings.max_inflation) as file:
        encoding = find_encoding(read_some(file, path, 1 << 20), path, settings)
    return io.TextIOWrapper(open_bytes(path, settings.max_inflation), encoding=encoding, newline=newline, errors=errors)


def undecoded(text: str) -> str:
    """Say which byte of a text that was read with ESCAPED is none of the encoding; nothing where all are."""
    found = UNDECODED.search(text)
    return f"byte 0x{ord(found[0]) - 0xDC00:02x} cannot be decoded" if found else ""


def readable(text: str) -> str:
    """Put the character that stands for others in the place of each byte that could not be decoded."""
    return UNDECODED.sub("\ufffd", text)


def decoding_failed(error: UnicodeDecodeError, path: Path, line: int) -> NoReturn:
    """Say which byte on which line is none of the encoding; `line` is the last one that was read."""
    where = f"line {_undecodable_line(path, error.encoding) or f'after {line}'}"
    raise DataError(
        f"{path}, {where}: byte 0x{error.object[error.start]:02x} is not {error.encoding}",
        "pass --encoding with the true encoding of the file",
    ) from error


def _undecodable_line(path: Path, encoding: str) -> int | None:
    """Find the line by looking again; None for encodings whose line ends are no single bytes."""
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
    """Yield the lines that hold something, with their numbers from 1."""
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
    """Strip white space off the names of columns, which must stay apart."""
    stripped = [name.strip() for name in names]
    twice = [name for name, count in Counter(stripped).items() if count > 1]
    if twice:
        raise DataError(f"{path} has two columns called {twice[0]!r}", "rename one of them")
    return stripped


def is_pipe(path: Path) -> bool:
    """Tell what can be read once only: `-`, a named pipe, what the shell writes as `<(command)`."""
    return path.is_fifo() or str(path) in STDIN


def open_pipe(path: Path) -> int:
    """Return a descriptor to read a pipe from."""
    return os.dup(0) if str(path) in STDIN else os.open(path, os.O_RDONLY)


def spooled(path: Path) -> Path:
    """Copy a pipe into a file that goes with this process, since reading takes several looks; give others back."""
    return spool(open_pipe(path), b"", path.name) if is_pipe(path) else path


def spool(pipe: int, begun: bytes, name: str) -> Path:
    """Copy what comes through a pipe, after what was read of it already, into a file that goes with this process."""
    folder = Path(tempfile.mkdtemp(prefix="clf-pipe-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = folder / ("stdin" if name == "-" else name)
    try:
        with open(pipe, "rb") as rest, file.open("wb") as copy:
            copy.write(begun)
            shutil.copyfileobj(rest, copy)
    except OSError as error:
        hint = "free some space, set TMPDIR to a folder that has some, or give the file itself"
        raise OutputError(f"a pipe cannot be kept in {folder}: {error.strerror}", hint) from error
    return file
