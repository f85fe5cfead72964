"""Every format is told by its content, a file that is none is named, and lines are counted before reading."""

import bz2
import gzip
import lzma
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from clf.data.reading.formats import FORMATS, count_lines, looks_like_path, nearest, read_file, sniff_format
from clf.errors import DataError
from clf.settings import DataSettings
from support.data_files import CSV, JSONL, ROWS, read, written


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", CSV),
        ("a.txt", CSV),
        ("bom.csv", b"\xef\xbb\xbf" + CSV.encode()),
        ("utf16.csv", CSV.encode("utf-16")),
        ("a.tsv", 'text\tlabel\n"first, with a comma"\ta\n"second\nwith a line"\tb\n'),
        ("semicolon.csv", 'text;label\n"first, with a comma";a\n"second\nwith a line";b\n'),
        ("windows.csv", CSV.replace("\n", "\r\n").replace("second\r\n", "second\n")),
        ("a.jsonl", JSONL),
        ("array.jsonl", "[" + JSONL.strip().replace("}\n{", "},\n{") + "]"),
        ("a.json", "[" + JSONL.strip().replace("}\n{", "},\n{") + "]"),
        ("a.csv.gz", gzip.compress(CSV.encode(), mtime=0)),
        ("a.csv.bz2", bz2.compress(CSV.encode())),
        ("a.csv.xz", lzma.compress(CSV.encode())),
        ("a.csv.zst", pyarrow.compress(CSV.encode(), "zstd", asbytes=True)),
        ("skipped.csv.zst", b"\x50\x2a\x4d\x18\4\0\0\0abcd" + pyarrow.compress(CSV.encode(), "zstd", asbytes=True)),
        ("wrong.parquet", CSV),
    ],
)
def test_the_content_decides_the_format(tmp_path: Path, name: str, content: str | bytes) -> None:
    assert read(written(tmp_path / name, content)).columns == ROWS


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PAR1", "parquet"),
        (b"ARROW1\0\0", "arrow"),
        (b"\xff\xff\xff\xff\x10\0\0\0", "arrow"),
        (b'{"text": 1}', "jsonl"),
        (b'\xef\xbb\xbf \r\n\t{"text": 1}', "jsonl"),
        ('[{"text": 1}]'.encode("utf-16"), "json"),
        (b"[ \n {}]", "json"),
        (b"[]", "json"),
        (b"[1] a text, not JSON", "csv"),
        (b"[", "csv"),
        (b"__label__a b", "fasttext"),
        (b"text", "csv"),
        (gzip.compress(b"__label__a b", mtime=0), "fasttext"),
        (gzip.compress(b"PAR1", mtime=0), "parquet"),
    ],
)
def test_the_first_bytes_tell_the_format(tmp_path: Path, content: bytes, kind: str) -> None:
    assert sniff_format(written(tmp_path / "any.name", content), DataSettings()) == kind


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        (b"", "is empty", "expected a text in each row"),
        (b" \n\r\n\t", "is empty", "expected a text in each row"),
        (gzip.compress(b"\n", mtime=0), "is empty", "expected a text in each row"),
        (b"PK\x03\x04...", "is a zip archive or an Excel workbook", "export the table as CSV or Parquet"),
        (b"\xd0\xcf\x11\xe0...", "is not a workbook that can be read: Cannot detect file format", "as CSV"),
        (b"%PDF-1.7", "is a PDF document", "export the table as CSV or Parquet"),
        (b"7z\xbc\xaf\x27\x1c", "is a 7z archive, which clf does not read", "unpack it with 7z x "),
        (b"Rar!\x1a\7\1\0", "is a RAR archive, which clf does not read", "unpack it with unrar x "),
        (
            pyarrow.compress(CSV.encode(), "lz4", asbytes=True),
            "is compressed with LZ4, which clf does not read",
            "unpack it with lz4 -d ",
        ),
        (
            lzma.compress(CSV.encode(), lzma.FORMAT_ALONE),
            "is compressed with LZMA, which clf does not read",
            "unpack it with xz -dk ",
        ),
        (
            b"\x1f\x9d\x90abc",
            "is compressed with the program compress, which clf does not read",
            "unpack it with gunzip ",
        ),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 3\n",
            "is a Git LFS pointer: the file itself was not downloaded",
            "run git lfs pull",
        ),
        (
            b"--\n-- PostgreSQL database dump\n--\n",
            "is a dump of a database in SQL, expected a table",
            "export the table as CSV",
        ),
        (
            b"-- MySQL dump 10.13  Distrib 8.0\n",
            "is a dump of a database in SQL, expected a table",
            "export the table as CSV",
        ),
        (
            b"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n",
            "is a dump of a database in SQL, expected a table",
            "run sqlite3 NEW.db < ",
        ),
        (b"\n<!DOCTYPE html><html><p>Sign in", "is an HTML page, expected a table", "download the file again"),
        (b"<?xml version='1.0'?><rows/>", "is an XML document, expected a table", "download the file again"),
        (b"a.csv".ljust(257, b"\0") + b"ustar  \0", "is a tar archive", "unpack it with tar -xf"),
        (gzip.compress(b"a.csv".ljust(257, b"\0") + b"ustar\x00", mtime=0), "is a tar archive", "unpack it"),
        (gzip.compress(b"SQLite format 3\0", mtime=0), "is an SQLite database", "export the table as CSV or Parquet"),
    ],
)
def test_a_file_without_a_table_is_named_for_what_it_is(
    tmp_path: Path, content: bytes, message: str, hint: str
) -> None:
    with pytest.raises(DataError) as refused:
        read(written(tmp_path / "a.csv", content))
    assert refused.value.message == f"{tmp_path / 'a.csv'} {message}"
    assert hint in refused.value.hint


def test_a_bad_file_is_named(tmp_path: Path) -> None:
    packed = gzip.compress(CSV.encode() * 100, mtime=0)
    with pytest.raises(DataError, match="cannot be decompressed") as refused:
        read(written(tmp_path / "cut.csv.gz", packed[:60]))
    assert str(tmp_path / "cut.csv.gz") in refused.value.message
    assert "copy it again" in refused.value.hint


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder, expected a file"):
        sniff_format(tmp_path, DataSettings())


def test_only_the_readers_of_text_keep_bad_rows(tmp_path: Path) -> None:
    contents = {"csv": "text,label\na\n", "jsonl": '{"text": "a"}\n[]\n', "json": '[{"text": "a"}, []]'}
    assert {each.name for each in FORMATS if each.keeps_bad} == {*contents, "json object", "workbook"}
    for name, content in contents.items():
        path = written(tmp_path / name, content)
        assert [len(batch.problems) for batch in read_file(path, DataSettings(), keep_bad=True)] == [1]
        with pytest.raises(DataError):
            list(read_file(path, DataSettings()))
    fasttext = written(tmp_path / "fasttext", "__label__a b\n")
    assert len(list(read_file(fasttext, DataSettings(), keep_bad=True))) == 1


@pytest.mark.parametrize(
    ("content", "lines"),
    [("a", 1), ("a\n", 1), ("a\nb", 2), ("\n\n", 2), ("x" * (1 << 20) + "\n", 1), ("x" * ((1 << 20) - 1) + "\ny", 2)],
)
def test_lines_are_counted_whether_or_not_the_last_one_ends(tmp_path: Path, content: str, lines: int) -> None:
    assert count_lines([written(tmp_path / "a.txt", content)]) == lines


def test_a_count_covers_all_files_or_is_unknown(tmp_path: Path) -> None:
    table = pyarrow.table({"text": ["a", "b", "c"]})
    parquet, arrow = tmp_path / "a.parquet", tmp_path / "a.arrow"
    pyarrow.parquet.write_table(table, parquet)
    with pyarrow.ipc.new_file(str(arrow), table.schema) as writer:
        writer.write_table(table)
    text, packed = written(tmp_path / "a.csv", CSV), written(tmp_path / "a.gz", gzip.compress(CSV.encode(), mtime=0))
    assert count_lines([text, parquet]) == 4 + 3
    assert count_lines([text, packed]) == count_lines([arrow]) == count_lines([arrow, text]) == 0


def test_a_missing_file_suggests_the_nearest_name(tmp_path: Path) -> None:
    written(tmp_path / "reviews.csv", CSV)
    with pytest.raises(DataError) as refused:
        read(tmp_path / "review.csv")
    assert refused.value.message == f"{tmp_path / 'review.csv'} does not exist"
    assert refused.value.hint == f"did you mean {tmp_path / 'reviews.csv'}?"


def test_without_a_similar_name_the_hint_says_what_can_be_passed(own_folder: Path) -> None:
    written(own_folder / "reviews.csv", CSV)
    assert nearest(own_folder / "quux").startswith("pass --dataset with a dataset name, a Hub id")
    assert nearest(Path("no folder/review.csv")) == "did you mean reviews.csv?"


@pytest.mark.parametrize(
    ("spec", "is_path"),
    [
        ("owner/name", False),
        ("imdb", False),
        ("owner/name.v2", False),
        ("present", True),
        ("folder/missing", True),
        ("./owner/name", True),
        ("~/name", True),
        ("/name", True),
        ("name.CSV", True),
        ("name.jsonl.gz", True),
        ("a/b/c", True),
    ],
)
def test_a_path_is_told_from_a_name_on_the_hub(own_folder: Path, spec: str, is_path: bool) -> None:
    (own_folder / "folder").mkdir()
    written(own_folder / "present", CSV)
    assert looks_like_path(spec) is is_path


def test_only_tables_may_have_a_header(tmp_path: Path) -> None:
    assert next(read_file(written(tmp_path / "a.csv", CSV), DataSettings())).below_header
    assert not next(read_file(written(tmp_path / "a.jsonl", JSONL), DataSettings())).below_header
    assert not next(read_file(written(tmp_path / "b.csv", CSV), DataSettings(no_header=True))).below_header
