"""The tables in an archive are found by their names; what is no data is not counted."""

import gzip
import logging
import lzma
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pytest

from clf.data.reading import packed
from clf.data.reading.formats import ENDINGS
from clf.data.reading.packed import one_table, several, tables_in
from clf.errors import DataError
from clf.settings import DataSettings
from clf.storage.scratch import START
from support.data_files import CSV, ROWS, read
from support.packed import flagged, tarred, zipped
from support.workbook_files import write_xlsx

JUNK = {"__MACOSX/._a.csv": b"\0\5", ".DS_Store": "x", "data/Thumbs.db": "x", "README.txt": "x", "data/LICENSE": "x"}
Write = Callable[..., Path]


def tables(path: Path) -> list[str]:
    return [str(table) for table in tables_in(path, ENDINGS, DataSettings())]


def found(path: Path) -> Path:
    return one_table(path, ENDINGS, DataSettings())


@pytest.mark.parametrize(
    ("write", "name"),
    [(zipped, "a.zip"), *((tarred, f"a.tar{end}") for end in ("", ":gz", ":bz2", ":xz"))],
)
def test_the_one_table_in_an_archive_is_read(tmp_path: Path, write: Write, name: str) -> None:
    name, _, packing = name.partition(":")
    files = {**JUNK, "data/a.csv": CSV}
    path = write(tmp_path / name, files, f"w:{packing}") if packing else write(tmp_path / name, files)
    assert found(path) == path / "data" / "a.csv"
    assert found(path / "data" / "a.csv") == path / "data" / "a.csv"
    assert read(found(path)).columns == ROWS
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("name", ["a.tar.zst", "a.tzst", "a"])
def test_a_tar_compressed_with_zstandard_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    plain = tarred(tmp_path / "plain.tar", {**JUNK, "a.csv": CSV}).read_bytes()
    path.write_bytes(pyarrow.compress(plain, "zstd", asbytes=True))
    assert found(path) == path / "a.csv"
    assert read(found(path)).columns == ROWS
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="Truncated compressed stream"):
        read(found(path))


def test_a_bomb_in_zstandard_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.zst"
    bomb = tarred(tmp_path / "plain.tar", {"a.csv": CSV + "x" * 11_000_000, "b.txt": ""}).read_bytes()
    path.write_bytes(pyarrow.compress(bomb, "zstd", asbytes=True))
    with pytest.raises(DataError, match="expands to more than 100 times its size"):
        read(found(path))


def test_a_compressed_table_in_an_archive_is_read(tmp_path: Path) -> None:
    for pack in (gzip.compress, lzma.compress):
        path = zipped(tmp_path / "a.zip", {"a.csv.gz": pack(CSV.encode())})
        assert read(found(path)).columns == ROWS


def test_other_files_are_not_archives(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(CSV.encode()))
    for path in (tmp_path, tmp_path / "a.csv", tmp_path / "a.csv.gz", tmp_path / "none.zip", tmp_path / "a.csv" / "b"):
        assert tables(path) == []


def test_tables_come_before_text_files_and_these_before_all_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    beside = {"notes.txt": "x", "plot.png": "x", "SMSSpamCollection": "ham\thello\n"}
    assert tables(zipped(tmp_path / "a.zip", {**beside, "a.jsonl": ""})) == [str(tmp_path / "a.zip" / "a.jsonl")]
    assert "notes.txt is not read beside a.jsonl" in caplog.text
    assert tables(zipped(tmp_path / "b.zip", beside)) == [str(tmp_path / "b.zip" / "notes.txt")]
    del beside["notes.txt"], beside["plot.png"]
    assert tables(zipped(tmp_path / "c.zip", {**beside, "readme": ""})) == [
        str(tmp_path / "c.zip" / "SMSSpamCollection")
    ]


def test_several_tables_are_named_with_their_paths(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"b/x.csv": "", "b/y z.csv": "", "c.csv": ""})
    assert tables(path / "b") == [str(path / "b" / "x.csv"), str(path / "b" / "y z.csv")]
    with pytest.raises(DataError, match=r"a\.zip has several tables in it: b/x\.csv, b/y z\.csv, c\.csv") as refused:
        found(path)
    assert refused.value.hint.startswith(
        f"pass one of them: {path}/b/x.csv or '{path}/b/y z.csv' or {path}/c.csv; to read all"
    )


def test_folders_of_texts_are_to_be_unpacked(tmp_path: Path) -> None:
    texts = {f"train/{label}/{number}.txt": "text" for label in ("pos", "neg") for number in range(9)}
    for write, unpack in ((zipped, "unzip"), (tarred, "tar -xf")):
        path = write(tmp_path / "a", texts)
        refused = several(path, tables_in(path, ENDINGS, DataSettings()))
        assert refused.message.endswith("has 18 text files in folders: train/neg/0.txt, train/neg/1.txt, "
                                        "train/neg/2.txt and 15 more")  # fmt: skip
        assert f"{unpack} {path}, and pass the folder" in refused.hint


@pytest.mark.parametrize(
    ("files", "said", "hint"),
    [
        ({}, "is an empty archive", "download it again"),
        ({"folder/": ""}, "is an empty archive", "download it again"),
        ({".hidden": "x"}, "has no table in it (it contains only hidden files)", "pass a file"),
        ({"README.md": "x"}, "has no table in it (it contains README.md)", "pass a file"),
        ({"META-INF/MANIFEST.MF": "", "a.csv": ""}, "is a Java archive", "as CSV"),
        ({"[Content_Types].xml": "", "word/document.xml": ""}, "is a Word document", "as CSV"),
        ({"arr_0.npy": ""}, "is a NumPy file of arrays", "as CSV"),
        ({"a.py": "", "a-1.dist-info/WHEEL": ""}, "is a Python package", "as CSV"),
        ({"model/data.pkl": ""}, "is a PyTorch file", "as CSV"),
    ],
)
def test_what_holds_no_table_is_named(tmp_path: Path, files: dict[str, str], said: str, hint: str) -> None:
    path = zipped(tmp_path / "a.zip", files)
    with pytest.raises(DataError) as refused:
        found(path)
    assert refused.value.message == f"{path} {said}"
    assert hint in refused.value.hint


def test_a_workbook_is_left_to_others(tmp_path: Path) -> None:
    for files in ({"[Content_Types].xml": "", "xl/workbook.xml": ""}, {"mimetype": "", "content.xml": ""}):
        assert tables(zipped(tmp_path / "a.xlsx", files)) == []


def test_an_archive_in_an_archive_is_named(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "b.zip", {"a.csv": CSV}).read_bytes()
    packed = tarred(tmp_path / "b.tar.gz", {"a.csv": CSV}, "w:gz").read_bytes()
    for name, content in (("b.zip", inner), ("b.tar.gz", packed)):
        path = zipped(tmp_path / "a.zip", {name: content})
        with pytest.raises(DataError, match="is an archive in an archive") as refused:
            read(found(path))
        assert refused.value.hint == f"unpack {path}, and pass {name}"


def test_a_missing_file_is_named_with_the_nearest(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"data/train.csv": CSV})
    with pytest.raises(DataError, match=r"has no file 'train\.csv' in it") as refused:
        found(path / "train.csv")
    assert refused.value.hint == f"did you mean {path}/data/train.csv?"
    with pytest.raises(DataError) as refused:
        found(path / "x")
    assert refused.value.hint == "it contains data/train.csv"


def test_an_encrypted_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.csv is encrypted"):
        read(found(flagged(zipped(tmp_path / "a.zip", {"a.csv": CSV}), 8, 1)))


def test_names_cannot_act_on_a_terminal(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    odd = "a\nhint: x\x1b[2J.csv"
    path = zipped(tmp_path / "a.zip", {odd: CSV, f"b{odd}": CSV, "n\n\x1b.txt": ""})
    with pytest.raises(DataError) as refused:
        found(path)
    with pytest.raises(DataError) as missing:
        found(path / f"c{odd}")
    for shown in (refused.value.message, refused.value.hint, missing.value.hint):
        assert "\x1b" not in shown
        assert "\n" not in shown
    assert "\x1b" not in caplog.text


@pytest.mark.parametrize(("write", "name"), [(zipped, "a.zip"), (tarred, "a.tar.gz")])
def test_a_bomb_is_refused_whether_it_is_read_or_skipped(tmp_path: Path, write: Write, name: str) -> None:
    bomb = "text,label\n" + "a" * 10_500_000
    files = {"a.csv": bomb, "b.csv": CSV}
    path = write(tmp_path / name, files, "w:gz") if name.endswith("gz") else write(tmp_path / name, files)
    with pytest.raises(DataError, match="expands to more than 100 times its size"):
        read(path / "a.csv")
    if name.endswith("gz"):
        with pytest.raises(DataError, match="expands to more than 100 times its size"):
            tables(path)
        assert len(tables_in(path, ENDINGS, DataSettings(max_inflation=10_000))) == 2
    else:
        assert read(path / "b.csv").columns == ROWS


def test_what_is_left_out_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        tables(zipped(tmp_path / "a.zip", {"a.csv": "", "classes.txt": "", "readme.txt": ""}))
    assert caplog.text == ""


@pytest.mark.parametrize("write", [zipped, tarred])
def test_a_workbook_inside_an_archive_is_to_be_unpacked(
    tmp_path: Path, write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    book = write_xlsx(tmp_path / "b.xlsx", {"Data": [["text", "label"], ["one", "a"]]}).read_bytes()
    path = write(tmp_path / "a", {"b.xlsx": book})
    for call in (lambda: found(path), lambda: read(path / "b.xlsx")):
        with pytest.raises(DataError, match=r"b\.xlsx is a workbook inside an archive") as refused:
            call()
        assert refused.value.hint.startswith(f"unpack {path} first")
    path = write(tmp_path / "c", {"b.xlsx": book, "a.csv": CSV})
    assert tables(path) == [str(path / "a.csv")]
    assert "b.xlsx is not read beside a.csv" in caplog.text


def test_a_table_whose_name_tells_about_data_is_one_if_no_other_remains(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert found(zipped(tmp_path / "a.zip", {"metadata_reviews.csv": CSV})).name == "metadata_reviews.csv"
    assert found(zipped(tmp_path / "b.zip", {"authors_posts.csv": CSV, "notes.csv": CSV})).name == "notes.csv"
    assert "authors_posts.csv is not read beside notes.csv" in caplog.text


def test_links_and_a_name_twice_are_not_offered(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for name in ("a.csv", "b.csv", "a.csv"):
            archive.addfile(tarfile.TarInfo(name))
        link = tarfile.TarInfo("c.csv")
        link.type, link.linkname = tarfile.SYMTYPE, "a.csv"
        archive.addfile(link)
    assert tables(path) == [str(path / "a.csv"), str(path / "b.csv")]
    assert "c.csv: no regular file, so not read" in caplog.text


def test_a_compressed_tar_of_many_tables_far_inside_is_to_be_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tarred(tmp_path / "a.tar.gz", {f"{number}.csv": CSV for number in range(11)}, "w:gz")
    assert len(tables(path)) == 11
    monkeypatch.setattr(packed, "MOST_PASSED", 1000)
    with pytest.raises(DataError, match="has 11 tables in a compressed tar") as refused:
        tables(path)
    assert "tar -xf" in refused.value.hint


def test_a_zip_that_unpacks_itself_is_named(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.csv": CSV})
    path.write_bytes(b"#!/bin/sh\n" + b"x" * 3000 + path.read_bytes())
    with pytest.raises(DataError, match="is a zip archive that unpacks itself"):
        read(path)


def test_no_path_is_offered_through_a_pipe(tmp_path: Path) -> None:
    (tmp_path / f"{START}pipe-1").mkdir()
    path = zipped(tmp_path / f"{START}pipe-1" / "stdin", {"a.csv": CSV, "b.csv": CSV})
    with pytest.raises(DataError, match=r"has several tables in it: a\.csv, b\.csv") as refused:
        found(path)
    assert refused.value.hint == "pipe one of them, or pass a file"
