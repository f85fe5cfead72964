"""Tars of every age are told, and headers that lie are refused."""

import io
import tarfile
from pathlib import Path

import pytest

from clf.data.reading.formats import ENDINGS
from clf.data.reading.packed import one_table
from clf.data.reading.tars import is_tar, members
from clf.errors import DataError
from clf.settings import DataSettings
from support.data_files import CSV, ROWS, read
from support.packed import tarred


def old_tar(name: str, content: bytes) -> bytes:
    """Return a tar as those before 1988, which has no mark but a checksum."""
    header = tarfile.TarInfo(name)
    header.size = len(content)
    block = bytearray(header.tobuf(tarfile.USTAR_FORMAT))
    block[257:] = bytes(255)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + content + bytes(-len(content) % 512 + 1024)


def test_an_old_tar_without_a_mark_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(old_tar("a.csv", CSV.encode()))
    assert read(one_table(tmp_path / "a.tar", ENDINGS, DataSettings())).columns == ROWS
    for other in (b"", bytes(512), CSV.encode().ljust(512, b"\0"), b"text,label\n" * 50):
        assert not is_tar(other)


def test_a_tar_that_is_cut_between_two_files_is_refused(tmp_path: Path) -> None:
    path = tarred(tmp_path / "a.tar", {"train.csv": "x" * 512, "test.csv": "x"}, form=tarfile.USTAR_FORMAT)
    path.write_bytes(path.read_bytes()[:1024])
    with pytest.raises(DataError, match=r"is not a readable tar archive: it has no mark of its end: files may be"):
        one_table(path, ENDINGS, DataSettings())


@pytest.mark.parametrize("records", [b"9999 path=a\n", b"x path=a\n", b"0 path=a\n", b"12 size=ten\n", b"9" * 5000])
def test_headers_that_lie_are_refused(records: bytes) -> None:
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, len(records)
    block = header.tobuf() + records + bytes(-len(records) % 512)
    with pytest.raises((OSError, EOFError)):
        list(members(io.BytesIO(block + tarfile.TarInfo("a").tobuf())))


def test_sizes_that_lie_are_refused() -> None:
    for kind, size in ((tarfile.REGTYPE, -1024), (tarfile.GNUTYPE_LONGNAME, 1 << 40), (tarfile.XHDTYPE, -512)):
        header = tarfile.TarInfo("x")
        header.type, header.size = kind, size
        block = header.tobuf(tarfile.GNU_FORMAT)
        with pytest.raises(OSError, match=r"negative size|header of an entry has"):
            list(members(io.BytesIO(block)))
