"""Peeking at a split: form, roles, rows and flags, from its first rows; a refusal keeps what was understood before."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clf.data.reading import delimited
from clf.data.reading.batch import BATCH_ROWS, Batch, Split
from clf.data.reading.columns import Columns
from clf.data.reading.formats import describe
from clf.data.reading.peek import Peeked, flags_for, peek_at
from clf.data.sources.find import SourceFinder
from clf.errors import DataError
from clf.outcomes.peek import FileForm
from clf.settings import DataSettings

TABLE = 'Nr;Review;Sentiment\n1;"Warm; and dry";glad\n2;;glad\n3;Slow café;sad\n4;"It hums ""softly""";glad\n'


def peek(path: Path, **settings: object) -> Peeked:
    data = DataSettings(dataset=str(path), **settings)
    return peek_at("train", SourceFinder(42).find(data, first_only=True).splits["train"], data)


def test_a_table_is_told_with_reasons_rows_and_what_is_left_out(own_folder: Path) -> None:
    (own_folder / "a.csv").write_bytes(TABLE.encode("cp1252"))
    found = peek(Path("a.csv"))
    [form] = found.split.files
    assert form.shown == "CSV, cp1252, semicolons, with a header"
    assert [(column.name, column.role) for column in found.split.columns] == [
        ("Nr", "ignored"), ("Review", "text"), ("Sentiment", "label"),
    ]  # fmt: skip
    assert found.split.columns[0].reason == "it holds numbers"
    assert found.split.columns[2].values == ["glad", "sad"]
    assert [(row.line, row.text, row.label) for row in found.split.rows] == [
        (2, "Warm; and dry", "glad"), (4, "Slow café", "sad"), (5, 'It hums "softly"', "glad"),
    ]  # fmt: skip
    assert (found.split.rows_read, found.split.rows_left_out) == (4, {"no text": 1})
    assert found.error is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", TABLE.encode("cp1252")),
        ("a.csv", TABLE.replace(";", "\t").encode("utf-8-sig")),
        ("a.csv", "".join(f"{n},film {n} that I saw,{'bad' if n % 2 else 'good'}\n" for n in range(18)).encode()),
        (
            "a.jsonl",
            "".join(json.dumps({"-text": f"a film {row}", "label": row % 2}) + "\n" for row in range(8)).encode(),
        ),
        ("a.txt", "__label__a a text\n__label__b another\n".encode("utf-16")),
    ],
    ids=["semicolons", "tabs", "no header", "a dash", "fastText"],
)
def test_the_flags_say_the_same(own_folder: Path, name: str, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    (own_folder / name).write_bytes(content)
    found = peek(Path(name))
    assert found.error is None
    flags = iter([part for flag in flags_for(found.columns, found.split.files) for part in flag.split("=")])
    given: dict[str, object] = {}
    for flag in flags:
        key = flag.removeprefix("--").replace("-", "_")
        given[key] = True if key == "no_header" else next(flags)
    same = peek(Path(name), **given)
    assert same.split.model_dump(exclude={"columns"}) == found.split.model_dump(exclude={"columns"})
    assert [(column.name, column.role) for column in same.split.columns] == [
        (column.name, column.role) for column in found.split.columns
    ]


def test_flags_leave_out_what_differs_between_files() -> None:
    forms = [FileForm(file="a", format="CSV", encoding=encoding, delimiter=",") for encoding in ("utf-8", "cp1252")]
    assert flags_for(Columns(["text"], None, group="g"), forms) == [
        "--text-column", "text", "--group-column", "g", "--delimiter", ",",
    ]  # fmt: skip


def test_binary_and_compressed_files_are_told_too(own_folder: Path) -> None:
    pq.write_table(pa.table({"text": ["a", "b"], "label": ["x", "y"]}), "a.parquet")
    assert describe(Path("a.parquet"), DataSettings()).shown == "Parquet"
    Path("a.csv.gz").write_bytes(gzip.compress(b'text\tlabel\na "b\tc\n'))
    told = describe(Path("a.csv.gz"), DataSettings()).shown
    assert told == "TSV, compressed with gzip, UTF-8, tabs, quotes are plain characters, with a header"


def test_a_refusal_comes_after_what_was_understood(own_folder: Path) -> None:
    (own_folder / "a.csv").write_text("a,b\n1,2\n3,4\n" * 2)
    found = peek(Path("a.csv"))
    assert isinstance(found.error, DataError)
    assert found.split.files[0].shown == "CSV, UTF-8, commas, with a header"
    assert [(column.name, column.role, column.values) for column in found.split.columns] == [
        ("a", None, ["1", "3"]), ("b", None, ["2", "4"]),
    ]  # fmt: skip
    assert {column.reason for column in found.split.columns} == {"it holds numbers"}
    assert found.split.rows == []


def test_columns_chosen_before_a_bad_row_keep_their_roles(own_folder: Path) -> None:
    (own_folder / "a.jsonl").write_text('{"text": "a film", "label": "x"}\n{"text": 7, "label": "y"}\n')
    found = peek(Path("a.jsonl"))
    assert "the text is int" in str(found.error)
    assert [column.role for column in found.split.columns] == ["text", "label"]


def test_a_table_that_cannot_be_read_still_has_a_format(own_folder: Path) -> None:
    (own_folder / "a.csv").write_text('text,label\n"never closed,x\n')
    found = peek(Path("a.csv"))
    assert "never closed" in str(found.error)
    assert (found.split.files[0].shown, found.split.columns) == ("CSV, UTF-8", [])


def test_a_large_table_with_tabs_is_not_read_to_its_end(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (own_folder / "a.tsv").write_text("text\tlabel\n" + 'a "film\tx\nb\ty\n' * BATCH_ROWS)
    read: list[str] = []
    bounded_lines = delimited.bounded_lines
    monkeypatch.setattr(
        delimited, "bounded_lines", lambda *file: (read.append(one) or one for one in bounded_lines(*file))
    )
    found = peek(Path("a.tsv"))
    assert found.split.files[0].quote is None
    assert found.split.rows[0].text == 'a "film'
    assert len(read) < 6 * BATCH_ROWS  # each pass over the first batch, none over the whole


def test_only_the_first_batch_is_read() -> None:
    def rows() -> "object":
        yield Batch({"text": ["a", "b"], "label": ["x", "y"]}, [1, 2])
        raise AssertionError("read on")

    assert peek_at("train", Split(rows, "made"), DataSettings()).split.rows_read == 2  # type: ignore[arg-type]


def test_a_bad_row_beyond_the_first_batch_is_not_seen_and_no_file_is_hashed(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clf.data.sources.folders.sha256", None)
    (own_folder / "a.csv").write_text("text,label\n" + "a,x\nb,y\n" * (BATCH_ROWS // 2) + "c,x,too many\n")
    found = peek(Path("a.csv"))
    assert (found.error, found.split.rows_read) == (None, BATCH_ROWS)


def test_a_folder_of_many_files_tells_the_first(own_folder: Path) -> None:
    for number in range(12):
        Path(f"train-{number:02}.csv").write_text("text,label\na,x\nb,y\n")
    found = peek(Path("./"))
    assert (len(found.split.files), found.split.more_files) == (10, 2)
