"""Parquet and Arrow files keep the types of their values, and a damaged one is refused."""

import gzip
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from clf.data.reading.batch import Batch
from clf.data.reading.columnar import count_parquet_rows, read_arrow, read_parquet
from clf.data.reading.formats import read_file
from clf.errors import DataError
from clf.settings import DataSettings
from support.data_files import joined, read, written

TABLE = pyarrow.table({"text": ["one", "two", None], "label": [0, 1, 1]})


def parquet(path: Path, table: Any = TABLE, **options: object) -> Path:
    pyarrow.parquet.write_table(table, path, **options)
    return path


def arrow(path: Path, table: Any = TABLE, opener: Callable[..., Any] = pyarrow.ipc.new_file) -> Path:
    with opener(str(path), table.schema) as writer:
        writer.write_table(table, max_chunksize=2)
    return path


def test_parquet_and_arrow_are_read_with_their_types(tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet")
    arrow(tmp_path / "a.arrow")
    for name in ("a.parquet", "a.arrow"):
        assert read(tmp_path / name) == Batch(TABLE.to_pydict(), [1, 2, 3])


def test_lines_go_on_from_one_row_group_to_the_next(tmp_path: Path) -> None:
    batches = list(read_parquet(parquet(tmp_path / "a.parquet", row_group_size=2), DataSettings()))
    batches += read_arrow(arrow(tmp_path / "a.arrow"), DataSettings())
    assert joined(batches).lines == [1, 2, 3] * 2


def test_compressed_files_and_streams_are_read_alike(tmp_path: Path) -> None:
    stream = arrow(tmp_path / "stream.arrow", opener=pyarrow.ipc.new_stream)
    paths = [stream]
    for path in (stream, arrow(tmp_path / "file.arrow"), parquet(tmp_path / "a.parquet")):
        paths.append(written(tmp_path / f"{path.name}.gz", gzip.compress(path.read_bytes(), mtime=0)))
    for path in paths:
        assert read(path) == Batch(TABLE.to_pydict(), [1, 2, 3]), path


def test_a_key_inside_a_struct_is_a_column_when_it_is_asked_for(tmp_path: Path) -> None:
    table = pyarrow.table({"post": [{"body": "one"}, {"body": "two"}], "label": [0, 1]})
    for path in (parquet(tmp_path / "a.parquet", table), arrow(tmp_path / "a.arrow", table)):
        assert "post.body" not in read(path).columns
        assert read(path, text_column=["post.body"]).columns["post.body"] == ["one", "two"]


def test_column_names_lose_the_spaces_around_them_and_are_then_numbered(tmp_path: Path) -> None:
    assert list(read(parquet(tmp_path / "a.parquet", TABLE.rename_columns([" text", "label "]))).columns) == [
        "text",
        "label",
    ]
    path = parquet(tmp_path / "b.parquet", TABLE.rename_columns(["text", "text "]))
    assert list(read(path).columns) == ["text", "text.1"]
    with pytest.raises(DataError, match="has 2 columns called 'text': the numbers 0, 1 from 0"):
        read(path, text_column=["text"])


def test_dates_that_python_cannot_hold_become_words(tmp_path: Path) -> None:
    far = pyarrow.array([-(10**14), 10**14], pyarrow.timestamp("s"))
    near = pyarrow.array([0, None], pyarrow.timestamp("s"))
    found = read(arrow(tmp_path / "a.arrow", pyarrow.table({"far": far, "near": near}))).columns
    assert found["near"] == [datetime(1970, 1, 1), None]
    assert [type(value) for value in found["far"]] == [str, str]


def test_a_text_column_with_bytes_that_are_no_text_is_named(tmp_path: Path) -> None:
    offsets, data = pyarrow.py_buffer(b"\0\0\0\0\4\0\0\0"), pyarrow.py_buffer(b"caf\xe9")
    column = pyarrow.StringArray.from_buffers(1, offsets, data)
    with pytest.raises(DataError) as refused:
        read(arrow(tmp_path / "a.arrow", pyarrow.table({"title": column})))
    assert f"{tmp_path / 'a.arrow'}, column 'title': 'utf-8' codec" in refused.value.message
    assert "UTF-8 text" in refused.value.hint


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow"])
def test_a_file_with_columns_but_no_rows_is_refused(tmp_path: Path, name: str) -> None:
    write = {"a.parquet": parquet, "a.arrow": arrow}[name]
    with pytest.raises(DataError) as refused:
        read(write(tmp_path / name, TABLE.slice(0, 0)))
    assert refused.value.message == f"{tmp_path / name} has no rows"
    assert "expected a text in each row" in refused.value.hint


@pytest.mark.parametrize(
    ("name", "content", "message", "hint"),
    [
        ("broken.parquet", b"PAR1garbage", "is not a readable Parquet file", "use the CSV it was made from"),
        ("broken.arrow", b"ARROW1garbage", "is not a readable Arrow file", "save it as Parquet"),
        ("stream.arrow", b"\xff\xff\xff\xff\x40\0\0\0garbage", "is not a readable Arrow file", "save it as Parquet"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, name: str, content: bytes, message: str, hint: str) -> None:
    with pytest.raises(DataError) as refused:
        read(written(tmp_path / name, content))
    assert refused.value.message.startswith(f"{tmp_path / name} {message}: ")
    assert hint in refused.value.hint


@pytest.mark.parametrize("write", [parquet, arrow])
def test_a_compressed_file_that_was_cut_off_is_said_to_be(tmp_path: Path, write: Callable[..., Path]) -> None:
    packed = gzip.compress(write(tmp_path / "whole").read_bytes(), mtime=0)
    with pytest.raises(DataError, match="cannot be decompressed") as refused:
        read(written(tmp_path / "cut.gz", packed[: len(packed) // 2]))
    assert "copy it again" in refused.value.hint


def test_rows_are_counted_from_the_metadata_and_not_in_a_damaged_file(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", row_group_size=2)
    assert count_parquet_rows(path) == 3
    assert count_parquet_rows(written(tmp_path / "cut.parquet", path.read_bytes()[:-5])) == 0


def repeating(path: Path, write: Callable[..., Path]) -> Path:
    """Write a file of a few kilobytes whose values take 400 MB once they are spelled out."""
    values = pyarrow.array(["x" * 40_000, "y" * 40_000])
    texts = pyarrow.DictionaryArray.from_arrays(pyarrow.array([0, 1] * 5_000, pyarrow.int32()), values)
    return write(path, pyarrow.table({"text": texts, "label": ["a", "b"] * 5_000}))


@pytest.mark.parametrize("write", [parquet, arrow])
def test_a_small_file_of_repeated_values_is_refused_before_they_are_spelled_out(
    tmp_path: Path, write: Callable[..., Path]
) -> None:
    path = repeating(tmp_path / "a", write)
    assert path.stat().st_size < 2_000_000
    with pytest.raises(DataError, match=r"is small, but its values take at least (250|400) MB") as refused:
        read(path)
    assert "--max-inflation" in refused.value.hint
    first = next(read_file(path, DataSettings(max_inflation=1_000_000)))
    assert 1 <= len(first.lines) <= 400
    assert (len(first.columns["text"][0]), first.columns["label"][0]) == (40_000, "a")


def test_lists_of_repeated_texts_count_too(tmp_path: Path) -> None:
    texts = pyarrow.DictionaryArray.from_arrays(pyarrow.array([0] * 10_000, pyarrow.int32()), ["x" * 40_000])
    lists = pyarrow.ListArray.from_arrays(pyarrow.array(range(0, 10_001, 10), pyarrow.int32()), texts)
    with pytest.raises(DataError, match="its values take at least 400 MB"):
        read(parquet(tmp_path / "a.parquet", pyarrow.table({"text": ["a"] * 1000, "more": lists})))


def test_a_file_with_more_rows_than_its_size_can_hold_is_refused(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", pyarrow.table({"text": pyarrow.nulls(40_000_000, pyarrow.string())}))
    with pytest.raises(DataError, match="its values take at least 320 MB"):
        read(path)


@pytest.mark.parametrize("write", [parquet, arrow])
def test_too_many_columns_are_refused(tmp_path: Path, write: Callable[..., Path]) -> None:
    path = write(tmp_path / "a", pyarrow.table({str(number): [1] for number in range(10_001)}))
    with pytest.raises(DataError, match=r"10,001 columns, expected at most 10,000"):
        read(path)


def test_an_arrow_file_that_points_outside_its_values_is_refused(tmp_path: Path) -> None:
    offsets = pyarrow.array([0, 2_000_000_000, 4], pyarrow.int32()).buffers()[1]
    column = pyarrow.StringArray.from_buffers(2, offsets, pyarrow.py_buffer(b"abcd"))
    with pytest.raises(DataError, match="is not a readable Arrow file"):
        read(arrow(tmp_path / "a.arrow", pyarrow.table({"text": column})))
