"""Texts for `clf predict`, read as they arrive: what is a table, what is plain lines, and bytes that are no text."""

import csv
import gzip
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clf.data.reading import files, stream
from clf.data.reading.batch import WINDOW
from clf.data.reading.stream import FIRST_WINDOW, LONGEST_NAME, Incoming, open_incoming
from clf.errors import DataError, UsageError
from clf.settings import DataSettings
from support.packed import tarred, zipped


def test_a_byte_that_is_no_text_costs_its_row_nothing_but_that_byte(own_folder: Path) -> None:
    good = b"1,a wonderful film\n" * 60_000  # beyond what is looked at to find the encoding
    (own_folder / "new.csv").write_bytes(b"id,text\n" + good + b"2,caf\xe9 film\n" + b"3,dull\n")
    incoming = open_incoming(own_folder / "new.csv", DataSettings(), [], keep=True)
    rows = [row for batch in incoming.windows(1000) for row in zip(batch.columns["text"], batch.lines, strict=True)]
    problems = {batch.lines[row]: what for batch in incoming.windows(1000) for row, what in batch.problems.items()}
    assert rows[-2:] == [("caf\ufffd film", 60_002), ("dull", 60_003)]
    assert list(problems) == [60_002]
    assert "byte 0xe9 cannot be decoded" in problems[60_002]
    assert incoming.rows == 60_002


@pytest.mark.parametrize(
    ("content", "known", "columns", "rows"),
    [
        ("ticket,words\n7,a film\n", ["words"], ["ticket", "words"], 1),
        ("ticket,words\n7,a film\n", [], ["text"], 2),
        ("Review ID,review\n1,a film\n", [], ["Review ID", "review"], 1),
        ("I liked the title, content\nand the rest\n", [], ["text"], 2),
        ("a wonderful film\nreview, text and all\n", [], ["text"], 2),
        ("text\na film\n", [], ["text"], 1),
    ],
)
def test_text_is_a_table_where_its_first_line_names_a_column_and_the_second_has_as_many_cells(
    own_folder: Path, content: str, known: list[str], columns: list[str], rows: int
) -> None:
    for name in ("new.txt", "new", "new.log"):
        (own_folder / name).write_text(content)
        incoming = open_incoming(own_folder / name, DataSettings(), known, keep=True)
        assert incoming.names == columns
        held = sum(len(batch.lines) for batch in incoming.windows(10))
        assert (held, incoming.rows) == (rows, rows)


def opened(source: Path, *, keep: bool = True, **settings: object) -> Incoming:
    return open_incoming(source, DataSettings(**settings), [], keep=keep)


def texts(incoming: Incoming, size: int = 10) -> list[object]:
    return [text for batch in incoming.windows(size) for text in batch.columns["text"]]


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[Callable[[bytes], Path]]:
    """Give a function that returns a named pipe from which the given bytes come."""
    feeders = []

    def call(data: bytes) -> Path:
        path = tmp_path / "pipe"
        os.mkfifo(path)
        feeders.append(Thread(target=path.write_bytes, args=(data,), daemon=True))
        feeders[-1].start()
        return path

    yield call
    for feeder in feeders:
        feeder.join(10)
        assert not feeder.is_alive()


def test_windows_have_the_asked_size_and_can_be_read_again(own_folder: Path) -> None:
    (own_folder / "new.csv").write_text("text,label\na,1\n\nb,2\nc,\nd\n")
    incoming = opened(own_folder / "new.csv")
    for _ in range(2):
        assert [batch.lines for batch in incoming.windows(3)] == [[2, 4, 5], [6]]
    assert [batch.problems for batch in incoming.windows(3)] == [{}, {0: "line 6 has 1 cells, expected 2"}]
    assert (incoming.names, incoming.path) == (["text", "label"], own_folder / "new.csv")


def test_lines_keep_everything_but_their_ends(own_folder: Path) -> None:
    (own_folder / "new.txt").write_bytes(b"\xef\xbb\xbf a, b\r\n\n\x0b\xe2\x80\xa8c\rd\n'e\"")
    incoming = opened(own_folder / "new.txt")
    assert texts(incoming) == [" a, b", "", "\x0b\u2028c\rd", "'e\""]
    assert (incoming.names, incoming.rows) == (["text"], 4)


def test_json_has_the_columns_of_all_its_rows_and_parquet_its_types(own_folder: Path) -> None:
    (own_folder / "new.jsonl").write_text('{"text": "a"}\n{"text": "b", "late": 1}\nbroken\n')
    incoming = opened(own_folder / "new.jsonl")
    assert (incoming.names, incoming.rows, incoming.types) == (["text", "late"], 3, {})
    pq.write_table(pa.table({" text": ["a", "b"], "n": pa.array([1, 2], pa.int8())}), own_folder / "new.parquet")
    incoming = opened(own_folder / "new.parquet")
    assert (incoming.names, incoming.rows) == (["text", "n"], 2)
    assert incoming.types == {"text": pa.string(), "n": pa.int8()}
    (own_folder / "new.parquet.gz").write_bytes(gzip.compress((own_folder / "new.parquet").read_bytes()))
    incoming = opened(own_folder / "new.parquet.gz")
    assert (texts(incoming), incoming.rows, incoming.types) == (["a", "b"], 0, {})


@pytest.mark.parametrize("write", [zipped, tarred])
def test_the_one_table_in_an_archive_is_read(own_folder: Path, write: Callable[..., Path]) -> None:
    path = write(own_folder / "new", {"in/new.csv": "id,text\n1,a film\n", "README": ""})
    for source in (path, path / "in" / "new.csv"):
        incoming = opened(source)
        assert (incoming.names, texts(incoming), incoming.path) == (["id", "text"], ["a film"], path / "in" / "new.csv")
    with pytest.raises(DataError, match="has several tables in it"):
        opened(write(own_folder / "two", {"a.csv": "", "b.csv": ""}))


@pytest.mark.parametrize("settings", [{"text_column": ["0"]}, {"delimiter": ";"}, {"no_header": True}])
def test_settings_for_tables_make_a_table_of_plain_lines(own_folder: Path, settings: dict[str, object]) -> None:
    (own_folder / "new.txt").write_text("one\ntwo\n")
    assert opened(own_folder / "new.txt").names == ["text"]
    assert opened(own_folder / "new.txt", **settings).names == (["0"] if "no_header" in settings else ["one"])


def test_the_line_that_makes_a_table_is_told(own_folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    (own_folder / "new.txt").write_text("id,text\n1,a film\n")
    opened(own_folder / "new.txt")
    assert "the first line, 'id,text', contains column names, so this is read as a table" in caplog.text


def test_a_file_whose_name_is_that_of_a_table_is_one(own_folder: Path) -> None:
    for name in ("new.CSV", "new.csv.gz", "new.tsv"):
        content = b"words\none\n"
        (own_folder / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
        assert opened(own_folder / name).names == ["words"]


def test_a_long_name_in_the_first_line_is_a_text_that_ends_in_one(own_folder: Path) -> None:
    for length, names in ((LONGEST_NAME, ["text", "x" * LONGEST_NAME]), (LONGEST_NAME + 1, ["text"])):
        (own_folder / "new.txt").write_text(f"text,{'x' * length}\na,b\n")
        assert opened(own_folder / "new.txt").names == names


@pytest.mark.parametrize(
    ("line", "text", "problem"),
    [(b"caf\xe9 is", "caf\ufffd is", "line 1: byte 0xe9 cannot be decoded"), (b"x" * 200_000, "x" * 200_000, "")],
    ids=["no text", "long"],
)
def test_an_odd_first_line_is_a_text_like_others(own_folder: Path, line: bytes, text: str, problem: str) -> None:
    csv.field_size_limit(131_072)  # as where no table was read before
    (own_folder / "new.txt").write_bytes(line + b"\nmore\n")
    incoming = opened(own_folder / "new.txt", encoding="utf-8")
    assert texts(incoming) == [text, "more"]
    assert next(incoming.windows(10)).problems == ({0: problem} if problem else {})


def test_a_file_that_was_cut_off_is_refused(own_folder: Path) -> None:
    packed = gzip.compress("".join(f"text {number} {number**9}\n" for number in range(3_000)).encode())
    (own_folder / "new.txt.gz").write_bytes(packed[:-10])
    with pytest.raises(DataError, match="cannot be decompressed"):
        texts(opened(own_folder / "new.txt.gz"))


def test_windows_of_a_pipe_grow_from_a_few_rows(pipe: Callable[[bytes], Path]) -> None:
    lines = [f"text {number}" for number in range(2 * FIRST_WINDOW + 3)]
    incoming = opened(pipe("\n".join([*lines, ""]).encode()), keep=False)
    assert (incoming.shown, incoming.names, incoming.rows, incoming.path) == ("the pipe", ["text"], 0, None)
    batches = list(incoming.windows(1000))
    assert [len(batch.lines) for batch in batches] == [FIRST_WINDOW, FIRST_WINDOW, 3]
    assert [text for batch in batches for text in batch.columns["text"]] == lines
    assert [line for batch in batches for line in batch.lines] == list(range(1, len(lines) + 1))


def test_lines_of_a_pipe_are_given_before_later_ones_are_written(tmp_path: Path) -> None:
    read_so_far = Event()

    def feed() -> None:
        with (tmp_path / "slow").open("wb", buffering=0) as file:
            file.write(b"one\ntwo\nthr")
            read_so_far.wait(10)
            file.write(b"ee\n")

    os.mkfifo(tmp_path / "slow")
    feeder = Thread(target=feed)
    feeder.start()
    windows = opened(tmp_path / "slow", keep=False).windows(10)
    first = next(windows)
    read_so_far.set()
    feeder.join(10)
    assert (first.columns["text"], first.lines) == (["one", "two"], [1, 2])
    assert [(batch.columns["text"], batch.lines) for batch in windows] == [(["three"], [3])]


def test_more_lines_than_a_pipe_holds_arrive_whole_and_in_order(pipe: Callable[[bytes], Path]) -> None:
    lines = [f"é{number} " * 10 for number in range(5000)]
    batches = list(opened(pipe("\n".join(lines).encode()), keep=False).windows(1000))
    assert [text for batch in batches for text in batch.columns["text"]] == lines
    assert [line for batch in batches for line in batch.lines] == list(range(1, 5001))
    assert FIRST_WINDOW < max(len(batch.lines) for batch in batches) <= WINDOW


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"one", ["one"]),
        (b"one\r\ntwo\r\n", ["one", "two"]),
        (b"\n\n one \n", ["", "", " one "]),
        (b"\xef\xbb\xbfone\n", ["one"]),
        (b"a\rb\x0bc\xe2\x80\xa8d\n", ["a\rb\x0bc\u2028d"]),
        (b"\xef\xbb\xbf", []),
    ],
)
def test_the_lines_of_a_pipe_lose_their_ends_only(
    pipe: Callable[[bytes], Path], data: bytes, expected: list[str]
) -> None:
    assert texts(opened(pipe(data), keep=False)) == expected


def test_a_line_of_a_pipe_that_cannot_be_decoded_is_described(pipe: Callable[[bytes], Path]) -> None:
    (batch,) = opened(pipe(b"one\ncaf\xe9 two\n\xc3\xa9\n"), keep=False).windows(10)
    assert batch.columns["text"] == ["one", "caf\ufffd two", "é"]
    assert batch.problems == {1: "line 2: byte 0xe9 is not utf-8"}


@pytest.mark.parametrize("encoding", ["cp1252", "UTF-16", "UnicodeLittleUnmarked", "utf_32_be"])
def test_a_pipe_is_read_in_the_encoding_that_is_given(pipe: Callable[[bytes], Path], encoding: str) -> None:
    source = pipe("één\ntwéé\n".encode(encoding))
    assert texts(opened(source, keep=False, encoding=encoding)) == ["één", "twéé"]


@pytest.mark.parametrize("encoding", ["nonsense", "base64"])
def test_an_encoding_that_is_none_is_wrong_usage_for_a_pipe_too(pipe: Callable[[bytes], Path], encoding: str) -> None:
    with pytest.raises(UsageError, match=f"no encoding is called '{encoding}'"):
        opened(pipe(b"one\n"), keep=False, encoding=encoding)


def test_a_pipe_with_anything_but_lines_or_that_is_needed_twice_is_kept(tmp_path: Path) -> None:
    contents = (b'{"text": "a"}\n', b'[{"text": "a"}]', gzip.compress(b"a\n"), b"text,label\na,b\n", b"a\n")
    for number, content in enumerate(contents):
        source = tmp_path / str(number)
        os.mkfifo(source)
        feeder = Thread(target=source.write_bytes, args=(content,), daemon=True)
        feeder.start()
        incoming = opened(source, keep=content == b"a\n")
        feeder.join(10)
        assert incoming.shown == "the pipe"
        assert incoming.path is not None
        assert texts(incoming) == texts(incoming) == ["a"], content


def test_an_empty_pipe_is_wrong_usage(pipe: Callable[[bytes], Path]) -> None:
    with pytest.raises(UsageError, match="the pipe is empty") as refused:
        opened(pipe(b""), keep=False)
    assert refused.value.hint == "pipe texts into it, or pass a file"


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_first_line_of_more_than_131072_characters_is_a_text_like_others(
    own_folder: Path, pipe: Callable[[bytes], Path], quote: str
) -> None:
    long = quote + "word, " * 30_000 + quote
    csv.field_size_limit(131_072)
    (own_folder / "new.txt").write_text(f"{long}\nshort\n")
    assert texts(opened(own_folder / "new.txt")) == [long, "short"]
    csv.field_size_limit(131_072)
    assert texts(opened(pipe(f"{long}\nshort\n".encode()), keep=False)) == [long, "short"]


def test_a_line_that_is_too_long_is_cut_and_the_rows_after_it_are_kept(
    own_folder: Path, pipe: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (files, stream):
        monkeypatch.setattr(module, "LONGEST", 200_000)
    monkeypatch.setattr(stream, "BATCH_CHARACTERS", 100_000)
    content = b"first\n" + b"x" * 500_000 + b"\nlast\n"
    (own_folder / "new.txt").write_bytes(content)
    for incoming in (opened(own_folder / "new.txt"), opened(pipe(content), keep=False)):
        batches = list(incoming.windows(10))
        found = [text for batch in batches for text in batch.columns["text"]]
        problems = {batch.lines[row]: what for batch in batches for row, what in batch.problems.items()}
        assert (found[0], found[2]) == ("first", "last")
        assert found[1].strip("x") == ""
        assert 200_000 <= len(found[1]) < 300_000
        assert list(problems) == [2]
        assert problems[2].startswith("line 2: only its first 2")


def test_a_pipe_without_a_line_break_is_cut_and_ends(
    pipe: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (files, stream):
        monkeypatch.setattr(module, "LONGEST", 200_000)
    (batch,) = opened(pipe(b"x" * 900_000), keep=False).windows(10)
    assert len(batch.columns["text"][0]) < 300_000
    assert list(batch.problems) == [0]


def test_a_line_of_a_pipe_may_be_longer_than_a_batch(
    pipe: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "BATCH_CHARACTERS", 100_000)
    lines = ["short", "x" * 300_000, "last"]
    assert texts(opened(pipe("\n".join(lines).encode()), keep=False)) == lines


def test_the_address_of_a_database_is_told_from_a_missing_file() -> None:
    with pytest.raises(DataError, match="the address of a database is no file") as refused:
        open_incoming(Path("sqlite:///reviews.db?table=t"), DataSettings(), [], keep=True)
    assert "sqlite3 -header -csv" in refused.value.hint
