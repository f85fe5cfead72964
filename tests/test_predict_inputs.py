"""What `clf predict` reads: plain lines, tables, Parquet, pipes, and rows that cannot be read."""

import csv
import gzip
import json
import os
import select
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from threading import Thread

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import HANGS, Outcome, RunClf
from support.forks import ForkedClf
from support.predicting import REVIEWS, ended_at, environment, labels, table
from support.tiny import write_csv

PipeInto = Callable[..., Outcome]


@pytest.fixture
def pipe(clf: RunClf) -> PipeInto:
    """Run one command in this process, with bytes that come through a pipe to its standard input."""

    def call(data: bytes, *arguments: object) -> Outcome:
        kept, (reading, writing) = os.dup(0), os.pipe()
        os.dup2(reading, 0)
        os.close(reading)

        def feed() -> None:
            with open(writing, "wb") as file:
                file.write(data)

        feeder = Thread(target=feed)
        feeder.start()
        try:
            return clf(*arguments)
        finally:
            feeder.join(HANGS)
            os.dup2(kept, 0)
            os.close(kept)

    return call


@pytest.mark.parametrize("name", ["new.txt", "new.txt.gz", "new.TXT"])
def test_each_line_of_a_plain_file_is_a_text(clf: RunClf, trained: Path, small_windows: None, name: str) -> None:
    lines = ["a wonderful, lovely film", "", "é: an awful bore, 'dull'", "  ", '"terrible" and boring', "great"]
    content = "\n".join(lines).encode()
    Path(name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    done = clf("predict", trained, name, "--output", "out.csv", "--json")
    assert done.code == 0, done.err
    assert (done.json["rows"], done.json["errors"]) == (6, 2)
    rows = table("out.csv")
    assert list(rows[0]) == ["text", "label", "confidence", "error"]
    assert [row["text"] for row in rows] == lines
    assert [row["error"] for row in rows] == ["", "empty text", "", "empty text", "", ""]
    assert [row["label"] for row in rows] == labels(trained, lines)


def test_a_plain_file_whose_first_line_names_columns_is_a_table(clf: RunClf, trained: Path) -> None:
    Path("new.txt").write_text("id\ttext\n1\ta wonderful film\n2\tdull\n")
    done = clf("predict", trained, "new.txt", "--output", "out.csv")
    assert done.code == 0, done.err
    assert [(row["id"], row["text"]) for row in table("out.csv")] == [("1", "a wonderful film"), ("2", "dull")]
    assert "contains column names, so this is read as a table" in done.err


def test_a_column_to_ignore_need_not_be_named_again_but_must_exist(clf: RunClf, trained: Path) -> None:
    rows = [(text, "accept" if number % 2 else "reject", f"note {number} of a colleague who read it")
            for number, text in enumerate(REVIEWS)]  # fmt: skip
    write_csv(Path("new.csv"), rows, header=("text", "answer", "comment"))
    same = [clf("predict", trained, "new.csv", *more) for more in ([], ["--ignore-column", "answer"])]
    assert [done.code for done in same] == [0, 0], same[1].err
    assert same[0].out == same[1].out
    unknown = clf("predict", trained, "new.csv", "--ignore-column", "answr")
    assert (unknown.code, "did you mean --ignore-column answer?" in unknown.err) == (1, True)
    other = clf("predict", trained, "new.csv", "--ignore-column", "text", "--output", "other.csv")
    assert (other.code, "text from comment" in other.err) == (0, True), other.err


def test_lines_that_are_no_json_stand_in_their_place_with_the_reason(
    clf: RunClf, trained: Path, small_windows: None
) -> None:
    good = [json.dumps({"id": number, "text": text}) for number, text in enumerate(REVIEWS)]
    lines = [*good[:6], '{"id": 6, "text": cut', "[1, 2]", *good[8:]]
    Path("new.jsonl").write_text("\n".join(lines) + "\n")
    done = clf("predict", trained, "new.jsonl", "--output", "out.jsonl", "--json")
    assert done.code == 0, done.err
    assert (done.json["rows"], done.json["errors"]) == (20, 2)
    rows = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == [*range(6), None, None, *range(8, 20)]
    assert [number for number, row in enumerate(rows) if row["error"]] == [6, 7]
    assert rows[6]["error"].startswith("line 7: invalid JSON at character 19")
    assert rows[6]["error"].endswith(': {"id": 6, "text": cut')
    assert rows[7]["error"] == "line 8: expected an object: [1, 2]"
    assert (rows[6]["label"], rows[6]["confidence"]) == (None, None)
    answered = [row for row in rows if not row["error"]]
    assert [row["label"] for row in answered] == labels(trained, [row["text"] for row in answered])


def test_rows_with_too_many_or_too_few_cells_stand_in_their_place_with_the_reason(
    clf: RunClf, trained: Path, small_windows: None
) -> None:
    lines = [f"{number},{text},note" for number, text in enumerate(REVIEWS)]
    lines[5], lines[9], lines[10] = "5,a lovely film,one, two,three", "9,an awful bore", "10"
    Path("new.csv").write_text("\n".join(["id,text,note", *lines]) + "\n")
    done = clf("predict", trained, "new.csv", "--output", "out.csv", "--json")
    assert done.code == 0, done.err
    assert (done.json["rows"], done.json["errors"]) == (20, 3)
    rows = table("out.csv")
    assert [row["id"] for row in rows] == [str(number) for number in range(20)]
    assert {number: row["error"] for number, row in enumerate(rows) if row["error"]} == {
        5: "line 7 has 5 cells, expected 3",
        9: "line 11 has 2 cells, expected 3",
        10: "line 12 has 1 cells, expected 3",
    }
    assert [rows[number]["note"] for number in (4, 5, 9, 10)] == ["note", "one, two,three", "", ""]
    assert [rows[number]["label"] for number in (5, 9)] == labels(trained, ["a lovely film", "an awful bore"])
    assert (rows[10]["text"], rows[10]["label"]) == ("", "")


def test_parquet_keeps_the_types_and_values_of_its_columns(clf: RunClf, trained: Path, small_windows: None) -> None:
    many = range(11)
    tags: list[list[str] | None] = [None, None, None, None, *[["a", f"{number}"] for number in many[4:10]], []]
    given = pa.table(
        {
            "text": pa.array(REVIEWS[:11], pa.large_string()),
            "small": pa.array([None, *many[1:]], pa.int32()),
            "at": pa.array([datetime(2024, 2, 29, 1, 2, 3, n, UTC) for n in many], pa.timestamp("us", "UTC")),
            "day": pa.array([date(2024, 2, 1 + number) for number in many], pa.date32()),
            "tags": pa.array(tags, pa.list_(pa.string())),
            "price": pa.array([Decimal(f"{number}.10") for number in many], pa.decimal128(10, 2)),
            "half": pa.array([number / 3 for number in many], pa.float32()),
            "raw": pa.array([bytes([255, number]) for number in many], pa.binary()),
            "inner": pa.array([{"x": number, "y": None} for number in many],
                              pa.struct([("x", pa.int8()), ("y", pa.string())])),
        }
    )  # fmt: skip
    pq.write_table(given, "new.parquet")
    done = clf("predict", trained, "new.parquet", "--output", "out.parquet")
    assert done.code == 0, done.err
    written = pq.read_table("out.parquet")
    assert written.column_names == [*given.column_names, "label", "confidence", "error"]
    assert written.select(given.column_names).equals(given.replace_schema_metadata(None))
    assert written["label"].to_pylist() == labels(trained, REVIEWS[:11])


def test_lines_of_a_pipe_become_csv_in_their_order(pipe: PipeInto, trained: Path) -> None:
    lines = [f"{text}, é{number}" * (1 + number % 3) for number, text in enumerate(REVIEWS * 150)]
    lines[5], lines[2_000] = "", "  "
    data = "\n".join(lines).encode()
    assert len(data) > 3 * (1 << 16)
    done = pipe(data, "predict", trained)
    assert done.code == 0, done.err
    rows = list(csv.reader(done.out.splitlines()))
    assert rows[0] == ["text", "label", "confidence", "error"]
    assert [row[0] for row in rows[1:]] == lines
    assert [number for number, row in enumerate(rows[1:]) if row[3]] == [5, 2_000]
    assert [row[1] for row in rows[1:21]] == labels(trained, lines[:20])


def test_a_line_of_a_pipe_in_another_encoding_gets_its_answer_and_the_reason(pipe: PipeInto, trained: Path) -> None:
    done = pipe(b"a film\na lovely caf\xe9\r\ngreat\r\n", "predict", trained)
    assert done.code == 0, done.err
    rows = list(csv.DictReader(done.out.splitlines()))
    assert [(row["text"], row["error"]) for row in rows] == [
        ("a film", ""), ("a lovely caf\ufffd", "line 2: byte 0xe9 is not utf-8"), ("great", "")
    ]  # fmt: skip
    assert all(row["label"] for row in rows)


def test_a_table_may_come_through_a_pipe(pipe: PipeInto, clf: RunClf, trained: Path, new_texts: Path) -> None:
    from_file = clf("predict", trained, new_texts)
    from_pipe = pipe(new_texts.read_bytes(), "predict", trained, "-")
    assert (from_pipe.code, from_pipe.out) == (0, from_file.out), from_pipe.err
    assert from_pipe.out.startswith("id,text,label,confidence,error\n0,")
    lines = "".join(json.dumps(row) + "\n" for row in table(new_texts))
    os.mkfifo("named")
    feeder = Thread(target=lambda: Path("named").write_text(lines))
    feeder.start()
    done = clf("predict", trained, "named", "--output", "out.csv")
    feeder.join(HANGS)
    assert done.code == 0, done.err
    assert Path("out.csv").read_text() == from_file.out


def test_plain_lines_of_a_pipe_go_to_a_file_and_can_be_gone_on_with(
    pipe: PipeInto, clf: RunClf, trained: Path, small_windows: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, command = "\n".join(REVIEWS).encode(), ("predict", trained, "--output", "out.jsonl", "--json")
    with ended_at(3, KeyboardInterrupt, monkeypatch):
        assert pipe(data, *command).code == 130
    with ended_at(-1, KeyboardInterrupt, monkeypatch) as written:
        done = pipe(data, *command, "--resume")
    assert done.code == 0, done.err
    assert written == [3, 4]
    assert done.json["rows"] == 20
    assert [json.loads(line)["text"] for line in Path("out.jsonl").read_text().splitlines()] == REVIEWS


def test_what_comes_through_a_pipe_is_refused_where_it_must_be(pipe: PipeInto, trained: Path, new_texts: Path) -> None:
    nothing = pipe(b"", "predict", trained)
    assert (nothing.code, nothing.out) == (2, "")
    assert "the pipe is empty" in nothing.err
    both = pipe(b"a film\n", "predict", trained, "--json")
    assert both.code == 2
    assert "--json needs --output" in both.err
    assert both.json["error"]["kind"] == "usage"


def test_a_pipe_that_never_ends_ends_with_its_reader(trained: Path) -> None:
    with ForkedClf("predict", trained, environment=environment(), binary=True) as process:

        def say_yes() -> None:
            with suppress(BrokenPipeError):
                while True:
                    process.stdin.write(b"a film\n")

        feeder = Thread(target=say_yes)
        feeder.start()
        assert process.stdout.readline() == b"text,label,confidence,error\n"
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(HANGS) == 141
        feeder.join(HANGS)
        with suppress(BrokenPipeError):
            process.stdin.close()
    assert "Traceback" not in said
    assert "error:" not in said


def test_a_slow_pipe_gets_each_answer_before_the_next_text(trained: Path) -> None:
    with ForkedClf("predict", trained, "--quiet", environment=environment(), binary=True) as process:
        got = b""
        for number, text in enumerate((b"a wonderful film\n", b"", b"dull"), 1):
            process.stdin.write(text or b"\n")
            process.stdin.flush()
            if number == 3:
                process.stdin.close()
            while got.count(b"\n") <= number:
                assert select.select([process.stdout], [], [], HANGS)[0], got
                got += os.read(process.stdout.fileno(), 1 << 16)
        assert process.wait(HANGS) == 0
    header, *rows = csv.reader(got.decode().splitlines())
    assert header == ["text", "label", "confidence", "error"]
    assert [(row[0], row[3]) for row in rows] == [("a wonderful film", ""), ("", "empty text"), ("dull", "")]
