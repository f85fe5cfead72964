"""Archives are read in place; nothing in one leads out of it, and nothing in one takes much memory."""

import io
import struct
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from clf.data.reading import archives
from clf.data.reading.archives import (
    Entry,
    archive_kind,
    on_disk,
    tar_entries,
    through,
    zip_entries,
)
from clf.data.reading.files import open_file
from clf.errors import DataError
from support.packed import flagged, tarred, zipped

LONG = "folder/" * 40 + "ä.csv"
FILES = {"./a.csv": "first", "b/c.csv": "x" * 1500, LONG: "long", "empty.csv": ""}
FORMS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]


def entries(path: Path) -> list[Entry]:
    with path.open("rb") as file:
        is_zip = archive_kind(path.read_bytes()[:512]) == "zip"
        return [*(zip_entries if is_zip else tar_entries)(file, path).values()]


def content(path: Path, inner: str) -> bytes:
    with open_file(path / inner) as opened:
        return opened.read()


def test_a_path_leads_through_the_file_on_it(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", FILES)
    assert through(archive / "b" / "c.csv") == (archive, "b/c.csv")
    assert through(archive) is None
    assert through(tmp_path / "none" / "a.csv") is None
    assert on_disk(archive / "b") == on_disk(archive) == archive


@pytest.mark.parametrize("form", FORMS)
def test_a_tar_is_read_in_every_form(tmp_path: Path, form: int) -> None:
    files = {name: text for name, text in FILES.items() if form != tarfile.USTAR_FORMAT or name != LONG}
    path = tarred(tmp_path / "a.tar", files, form=form)
    assert [(entry.name, entry.kind) for entry in entries(path)] == [
        (name.removeprefix("./"), "file") for name in files
    ]
    for name, text in files.items():
        assert content(path, name.removeprefix("./")) == text.encode()


def test_a_zip_is_read_with_every_method(tmp_path: Path) -> None:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        path = zipped(tmp_path / "a.zip", {"folder/": "", "folder\\a.csv": "first"}, method)
        assert [(entry.name, entry.kind) for entry in entries(path)] == [("folder", "folder"), ("folder/a.csv", "file")]
        assert content(path, "folder/a.csv") == b"first"


@pytest.mark.parametrize("name", ["../a.csv", "/etc/a.csv", "b/../../a.csv", "..\\a.csv"])
@pytest.mark.parametrize("write", [zipped, tarred])
def test_a_path_out_of_the_archive_is_refused(tmp_path: Path, write: Callable[..., Path], name: str) -> None:
    path = write(tmp_path / "a", {"fine.csv": "", name: ""})
    with pytest.raises(DataError, match="leads out of the archive") as refused:
        entries(path)
    assert "a source that you trust" in refused.value.hint


def test_links_and_devices_are_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for name, kind in (
            ("s", tarfile.SYMTYPE),
            ("h", tarfile.LNKTYPE),
            ("d", tarfile.CHRTYPE),
            ("f", tarfile.DIRTYPE),
        ):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
    assert [entry.kind for entry in entries(path)] == ["link", "link", "other", "folder"]
    for name, said in (("s", "is a link"), ("h", "is a link"), ("d", "is not a regular file"), ("f", "is a folder")):
        with pytest.raises(DataError, match=said):
            content(path, name)


def test_a_link_in_a_zip_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("train.csv")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(DataError, match=r"train\.csv is a link, which clf does not follow"):
        content(path, "train.csv")


def test_what_python_cannot_read_is_named(tmp_path: Path) -> None:
    encrypted = flagged(zipped(tmp_path / "a.zip", {"a.csv": "x"}), 8, 1)
    with pytest.raises(DataError, match=r"a\.csv is encrypted") as refused:
        content(encrypted, "a.csv")
    assert "unpack the archive" in refused.value.hint
    for method, name in ((9, "Deflate64"), (98, "PPMd"), (77, "method 77")):
        with pytest.raises(DataError, match=f"is compressed with {name}"):
            content(flagged(zipped(tmp_path / "b.zip", {"a.csv": "x"}), 10, method), "a.csv")


def test_a_missing_file_and_a_name_that_two_files_have_are_named(tmp_path: Path) -> None:
    for write in (zipped, tarred):
        with pytest.raises(DataError, match=r"has no file 'b\.csv' in it"):
            content(write(tmp_path / "a", {"a.csv": ""}), "b.csv")
    with pytest.raises(DataError, match=r"a/b\.csv is in the archive several times"):
        content(zipped(tmp_path / "a.zip", {"a/b.csv": "1", "a\\b.csv": "2"}), "a/b.csv")


def test_damage_is_named(tmp_path: Path) -> None:
    whole = zipped(tmp_path / "a.zip", {"a.csv": "".join(map(str, range(1000)))}).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[:-50])
    with pytest.raises(DataError, match="its directory, which is at its end, is missing"):
        entries(tmp_path / "cut.zip")
    (tmp_path / "odd.zip").write_bytes(whole[:200] + b"xx" + whole[202:])
    with pytest.raises((OSError, archives.zipfile.zlib.error)):
        content(tmp_path / "odd.zip", "a.csv")
    packed = tarred(tmp_path / "a.tar", {"a.csv": "x" * 5000, "b.csv": "y"}).read_bytes()
    for cut, error in ((packed[:3000], EOFError), (packed[:700], EOFError), (packed[:512] + b"x" * 9000, OSError)):
        (tmp_path / "cut.tar").write_bytes(cut)
        with pytest.raises(error):
            entries(tmp_path / "cut.tar")


def test_the_entries_that_are_looked_at_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_ENTRIES", 100)
    for write in (zipped, tarred):
        path = write(tmp_path / "many", {f"{number}.csv": "" for number in range(101)})
        with pytest.raises(DataError, match="has more than 100 entries") as refused:
            entries(path)
        assert "unpack it" in refused.value.hint


def test_a_million_entries_of_a_zip_take_little_memory(tmp_path: Path) -> None:
    entry = b"PK\x01\x02" + bytes(42)
    count, place = 1_000_000, 30
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, count * len(entry), place, 0)
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04" + bytes(26) + entry * count + end)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="has more than 200,000 entries"):
            entries(tmp_path / "a.zip")
        assert tracemalloc.get_traced_memory()[1] < 2 * archives.MOST_DIRECTORY + 10_000_000
    finally:
        tracemalloc.stop()


def test_of_several_files_with_one_name_in_a_tar_the_last_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for text in (b"old", b"new"):
            entry = tarfile.TarInfo("train.csv")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))
    assert [entry.name for entry in entries(path)] == ["train.csv"]
    assert content(path, "train.csv") == b"new"
