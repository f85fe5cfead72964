"""Files are decompressed and decoded by what they contain, and a place that cannot be decoded is named."""

import bz2
import gzip
import io
import lzma
import os
import socket
import stat
from pathlib import Path

import pyarrow
import pytest

from clf.data.reading import files, row_sizes
from clf.data.reading.files import (
    ESCAPED,
    check_is_file,
    find_encoding,
    kind_of,
    numbered_lines,
    open_bytes,
    open_file,
    open_text,
)
from clf.data.reading.formats import read_file
from clf.errors import DataError, UsageError
from clf.settings import DataSettings
from support.data_files import CSV, read, written
from support.packed import zipped

ANY = DataSettings()
DEVICE = Path("/dev/zero")
UTF_8 = DataSettings(encoding="utf-8")
ALLOWED = 10_000_000  # bytes that any file may expand to


@pytest.mark.parametrize("packed", [
    bytes, lambda data: gzip.compress(data, mtime=0), bz2.compress, lzma.compress,
    lambda data: pyarrow.compress(data, "zstd", asbytes=True),
], ids=["plain", "gzip", "bzip2", "xz", "Zstandard"])  # fmt: skip
def test_the_first_bytes_tell_how_a_file_is_compressed(tmp_path: Path, packed) -> None:  # type: ignore[no-untyped-def]
    content = bytes(range(256)) * 1000
    with open_bytes(written(tmp_path / "any.name", packed(content))) as file:
        assert file.read() == content


def test_a_file_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot be read: Is a directory") as refused:
        open_bytes(tmp_path)
    assert refused.value.hint == "check its permissions"


def test_a_small_file_may_expand_to_ten_megabytes_and_no_further(tmp_path: Path) -> None:
    fits = written(tmp_path / "fits.gz", gzip.compress(bytes(ALLOWED), 1, mtime=0))
    bursts = written(tmp_path / "bursts.gz", gzip.compress(bytes(ALLOWED + 1), 1, mtime=0))
    with open_bytes(fits) as file:
        assert len(file.read()) == ALLOWED
    with open_bytes(bursts) as file, pytest.raises(DataError) as refused:
        file.read()
    assert refused.value.message == f"{bursts} expands to more than 100 times its size when decompressed"
    assert "--max-inflation" in refused.value.hint
    with open_bytes(bursts, 1000) as file:
        assert len(file.read()) == ALLOWED + 1


@pytest.mark.parametrize("packed", [gzip.compress, bz2.compress, lzma.compress])
def test_a_compressed_file_that_was_cut_off_is_said_to_be(tmp_path: Path, packed) -> None:  # type: ignore[no-untyped-def]
    path = written(tmp_path / "a", packed(CSV.encode() * 100)[:-10])
    with open_bytes(path) as file, pytest.raises(DataError) as refused:
        files.read_some(file, path)
    assert refused.value.message.startswith(f"{path} cannot be decompressed: ")
    assert "truncated or damaged" in refused.value.hint


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        (b"", "utf-8-sig"),
        (b"plain", "utf-8-sig"),
        (b"\xef\xbb\xbfmarked", "utf-8-sig"),
        ("\u00e9t\u00e9".encode()[:-1], "utf-8-sig"),
        ("a text".encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + "a text".encode("utf-16-be"), "utf-16"),
        ("a text".encode("utf-16-le"), "utf-16-le"),
        ("a text".encode("utf-16-be"), "utf-16-be"),
        (b"caf\xe9 is", "cp1252"),
        (b"abc\0", "utf-8-sig"),
    ],
    ids=["nothing", "ASCII", "marked", "cut inside a character", "16", "16 big", "16-le", "16-be", "Latin", "one NUL"],
)
def test_the_encoding_is_told_by_the_bytes(head: bytes, encoding: str) -> None:
    assert find_encoding(head, Path("x"), ANY) == encoding


def test_a_single_accent_among_many_english_rows_is_western(tmp_path: Path) -> None:
    rows = [
        f'"4","14678100{row}","user{row}","Our teacher fixed a narrow pillow near the bridge all summer"'
        for row in range(60)
    ]
    rows[0] = rows[0].replace("summer", "summer, so na\u00efve")
    path = tmp_path / "a.csv"
    path.write_bytes("\n".join(rows).encode("cp1252"))
    with open_text(path, DataSettings()) as file:
        assert "na\u00efve" in file.read()


def test_a_guess_of_the_encoding_is_said(caplog: pytest.LogCaptureFixture) -> None:
    find_encoding("text".encode("utf-16-le"), Path("wide.csv"), ANY)
    find_encoding(b"caf\xe9 is", Path("latin.csv"), ANY)
    find_encoding(b"plain", Path("plain.csv"), ANY)
    assert "wide.csv has no byte order mark; read as utf-16-le (pass --encoding to override)" in caplog.text
    assert "latin.csv is not UTF-8; read as cp1252 (pass --encoding to override)" in caplog.text
    assert "plain.csv" not in caplog.text


def test_an_encoding_that_is_given_is_not_questioned() -> None:
    assert find_encoding(b"\xff\xfea\0", Path("x"), DataSettings(encoding="Latin-1")) == "iso8859-1"


def test_another_encoding_is_found_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    text = "Ein schöner Film über große Gefühle und wirklich hübsch und trotzdem ärgerlich"
    path = written(tmp_path / "a.csv", f"text,label\n{text},gut\n".encode("cp1252"))
    assert read(path).columns["text"] == [text]
    assert "is not UTF-8" in caplog.text
    assert read(path, encoding="latin-1").columns["text"] == [text]


@pytest.mark.parametrize("encoding", ["nonsense", "base64"])
def test_an_encoding_that_is_none_is_wrong_usage(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(UsageError, match="no encoding is called"):
        read(written(tmp_path / "a.csv", CSV), encoding=encoding)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("film number one is great déçu à Noël", "cp1252"),
        ("Ce film est très émouvant, une réussite où la forêt déçoit", "cp1252"),
        ("Der Film ist großartig, die Schauspieler überzeugen völlig", "cp1252"),
        ("La película es increíble, ¿qué más? ¡vaya año!", "cp1252"),
        ("It’s “great” – really… I don’t know", "cp1252"),
        ("Film jest bardzo dobry, aktorzy świetni, zażółć gęślą jaźń, łódź i żółw", "cp1250"),
        ("Film je velmi dobrý, herci skvělí, příliš žluťoučký kůň úpěl ďábelské ódy", "cp1250"),
        ("Фильм очень хороший, актёры играют прекрасно, рекомендую всем посмотреть", "cp1251"),
        ("Η ταινία είναι πολύ καλή και οι ηθοποιοί εξαιρετικοί σε όλα", "cp1253"),
        ("この映画はとても面白かったです。俳優の演技も素晴らしいです", "shift_jis"),
        ("这部电影的故事很简单但是演员的表演非常出色", "gb18030"),
        ("이 영화는 정말 재미있었고 배우들의 연기도 훌륭했습니다", "euc_kr"),
    ],
)
def test_texts_in_other_encodings_are_read_as_written(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(f"text,label\n{chr(34)}{text}{chr(34)},x\n".encode(encoding) * 20)
    first = next(read_file(path, DataSettings()))
    assert first.columns["text"][0] == text


def test_line_ends_stay_as_they_are_and_the_byte_order_mark_goes(tmp_path: Path) -> None:
    path = written(tmp_path / "a", b"\xef\xbb\xbfone\r\ntwo\rthree\n")
    with open_text(path, ANY) as file:
        assert list(file) == ["one\r\n", "two\r", "three\n"]
    with open_text(path, ANY, newline="\n") as file:
        assert list(file) == ["one\r\n", "two\rthree\n"]


def test_bytes_that_cannot_be_decoded_can_be_kept_described_and_replaced(tmp_path: Path) -> None:
    with open_text(written(tmp_path / "a", b"good \xc3\xa9\ncaf\xe9 \x80"), UTF_8, errors=ESCAPED) as file:
        good, bad = file
    assert (files.undecoded(good), files.readable(good)) == ("", "good é\n")
    assert (files.undecoded(bad), files.readable(bad)) == ("byte 0xe9 cannot be decoded", "caf\ufffd \ufffd")


@pytest.mark.parametrize(
    ("content", "encoding", "place"),
    [
        (b"a\nb\n\ncaf\xe9 is\n", "utf-8", "line 4: byte 0xe9 is not utf-8"),
        (gzip.compress(b"a\ncaf\xe9 is\n", mtime=0), "utf-8", "line 2: byte 0xe9 is not utf-8"),
        ("a\nb\n".encode("utf-16-le") + b"\0\xdcx\0", "utf-16-le", "line after 0: byte 0x00 is not utf-16-le"),
    ],
    ids=["plain", "compressed", "wide"],
)
def test_a_byte_that_cannot_be_decoded_is_named_by_its_line(
    tmp_path: Path, content: bytes, encoding: str, place: str
) -> None:
    path = written(tmp_path / "a", content)
    with open_text(path, DataSettings(encoding=encoding)) as file, pytest.raises(DataError) as refused:
        list(numbered_lines(file, path))
    assert refused.value.message == f"{path}, {place}"
    assert refused.value.hint == "pass --encoding with the actual encoding of the file"


def test_blank_lines_are_passed_over_but_counted() -> None:
    lines = io.StringIO("\n one \n\t\n \u3000\ntwo")
    assert list(numbered_lines(lines, Path("x"))) == [(2, " one \n"), (5, "two")]


def test_a_file_is_opened_and_nothing_else(tmp_path: Path) -> None:
    with open_file(written(tmp_path / "a.csv", CSV)) as file:
        assert file.read().decode() == CSV
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to(DEVICE)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        for odd, what in {DEVICE: "a device", tmp_path / "link": "a device", tmp_path / "fifo": "a named pipe",
                          tmp_path / "socket": "a socket"}.items():  # fmt: skip
            for look in (open_file, check_is_file):
                with pytest.raises(DataError) as refused:
                    look(odd)
                assert refused.value.message == f"{odd} is {what}, expected a file"


def test_a_link_to_itself_a_name_too_long_and_a_zero_byte_are_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    for path, what in {tmp_path / "loop": "Too many levels", tmp_path / ("x" * 300): "File name too long"}.items():
        with pytest.raises(DataError, match=what):
            kind_of(path)
    with pytest.raises(DataError, match="cannot be a path"):
        open_file(Path("a\0b"))


def test_kinds_are_told_apart(tmp_path: Path) -> None:
    file = written(tmp_path / "file", "x")
    assert [kind_of(path) for path in (file, tmp_path, tmp_path / "none", file / "none")] == [
        stat.S_IFREG,
        stat.S_IFDIR,
        0,
        0,
    ]


def test_a_line_that_is_too_long_is_refused_and_its_rest_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LONGEST", 5)
    monkeypatch.setattr(row_sizes, "LONGEST", 5)
    lines = "12345\n1234\n1234567890\nab\n123456"
    assert [line[:6] for line in files.lines_of(io.StringIO(lines))] == [
        "12345\n",
        "1234\n",
        "123456",
        "ab\n",
        "123456",
    ]
    with pytest.raises(DataError, match="x, line 3: longer than 5 characters"):
        list(numbered_lines(io.StringIO(lines.replace("12345\n", "1234\n")), Path("x")))


def test_an_odd_byte_at_the_very_end_tells_the_encoding_too(tmp_path: Path) -> None:
    with open_text(written(tmp_path / "a", b"caf\xe9"), ANY) as file:
        assert file.read() == "café"


def test_the_entries_of_an_archive_are_read_again_only_if_it_changed(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.csv": "x"})
    known = files.entries_of(path, 100)
    assert files.entries_of(path, 100) is known
    zipped(path, {"a.csv": "x", "b.csv": "y"})
    assert [*files.entries_of(path, 100)] == ["a.csv", "b.csv"]


def test_a_path_that_is_too_long_is_to_be_shortened(tmp_path: Path) -> None:
    with pytest.raises(DataError) as refused:
        files.kind_of(tmp_path / ("x" * 300))
    assert refused.value.hint == "pass a shorter path"
