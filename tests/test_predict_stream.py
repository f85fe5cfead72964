"""`clf predict` as a stream: plain lines, pipes, bad rows, and runs that are stopped, killed or shared."""

import csv
import gzip
import json
import os
import resource
import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from threading import Thread
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import clf as package
from clf.data.reading.stream import open_incoming
from clf.predict import Predictor
from clf.settings import DataSettings
from clf.settings_sources import load_settings
from clf.storage import prediction_parts as parts
from clf.storage.prediction_parts import LabelledCounts, Parts, Table
from clf.storage.publish import locked
from conftest import HANGS, Outcome, RunClf
from support.forks import ForkedClf, ranks
from support.tiny import review_rows, write_csv

TESTS = Path(__file__).parent
REVIEWS = [text for text, _ in review_rows(20)]
PipeInto = Callable[..., Outcome]


def environment() -> dict[str, str]:
    path = f"{TESTS}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    return os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "PYTHONPATH": path}


def table(path: Path | str) -> list[dict[str, str]]:
    with Path(path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t" if str(path).endswith("tsv") else ","))


def labels(trained: Path, texts: list[str]) -> list[str]:
    found = [answer.label for answer in package.load(trained, load_settings()).predict(texts)]
    assert set(found) >= {"negative", "positive"}
    return found


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


@pytest.fixture
def new(own_folder: Path) -> Path:
    """Give a CSV file with 20 texts, some of them without any text."""
    rows: list[tuple[object, ...]] = [(number, "" if number % 7 == 3 else text) for number, text in enumerate(REVIEWS)]
    return write_csv(own_folder / "new.csv", rows, ("id", "text"))


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let four rows be a window."""
    monkeypatch.setattr("clf.predict.WINDOW", 4)


@contextmanager
def ended_at(window: int, error: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Raise an error in place of writing the window of that number; gives the numbers of those written."""
    add, written = Parts.add, []

    def counted(self: Parts, number: int, rows: Table, counts: LabelledCounts) -> None:
        if number == window:
            raise error
        written.append(number)
        add(self, number, rows, counts)

    with monkeypatch.context() as patch:
        patch.setattr(Parts, "add", counted)
        yield written


@pytest.fixture
def stopped(
    clf: RunClf, trained: Path, new: Path, small_windows: None, monkeypatch: pytest.MonkeyPatch
) -> tuple[object, ...]:
    """Give the command that Ctrl-C ended before the third window of five."""
    command = ("predict", trained, new, "--output", "out.csv")
    with ended_at(2, KeyboardInterrupt, monkeypatch):
        done = clf(*command)
    assert done.code == 130
    assert "stopped; predictions for 8 rows are saved" in done.err
    assert f"resume with: clf predict {trained} {new} --output out.csv --resume" in done.err
    assert not Path("out.csv").exists()
    return command


def uninterrupted(clf: RunClf, trained: Path, source: Path, suffix: str = ".csv") -> bytes:
    """Return what one run gives; nothing of it is left behind."""
    output = Path(f"uninterrupted{suffix}")
    done = clf("predict", trained, source, "--output", output)
    assert done.code == 0, done.err
    whole = output.read_bytes()
    for path in (output, Path(f"{output}.settings.json")):
        path.unlink()
    return whole


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


OTHER_PRECISION = "bf16" if os.environ.get("CLF_COMPUTE__PRECISION") == "fp32" else "fp32"
FINISHED = ["new.csv", "out.csv", "out.csv.settings.json"]


# --- plain lines and bad rows -------------------------------------------------------------------------------


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


def test_missing_texts_get_errors_and_keep_the_places_of_the_others(trained: Path) -> None:
    texts = [None, "a wonderful film", "", "   ", "<br>", "dull and boring"]
    answers = package.load(trained).predict(texts)
    assert [answer.error for answer in answers] == ["empty text", "", "empty text", "empty text", "empty text", ""]
    assert [answer.label for answer in answers if answer.label] == labels(trained, ["a wonderful film", texts[5] or ""])
    assert all((answer.confidence, answer.scores) == (None, {}) for answer in answers if answer.error)
    assert package.load(trained).predict([]) == []


def test_a_carriage_return_in_a_text_does_not_part_its_row_in_csv(clf: RunClf, trained: Path) -> None:
    Path("new.jsonl").write_text(json.dumps({"id": 1, "text": "a wonderful\rfilm"}) + "\n")
    for name in ("out.csv", "out.tsv"):
        assert clf("predict", trained, "new.jsonl", "--output", name).code == 0
        assert [(row["id"], row["text"]) for row in table(name)] == [("1", "a wonderful\rfilm")], name


# --- Parquet ------------------------------------------------------------------------------------------------


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


def test_the_columns_of_the_answers_have_the_same_types_whatever_the_answers(clf: RunClf, trained: Path) -> None:
    kinds = []
    for number, content in enumerate(("a film\n", "a film\n\n", "<br>\n")):
        Path("new.txt").write_text(content)
        done = clf("predict", trained, "new.txt", "--output", f"{number}.parquet")
        assert done.code == 0, done.err
        schema = pq.read_schema(f"{number}.parquet")
        kinds.append([str(schema.field(name).type) for name in ("label", "confidence", "error")])
    assert kinds[0] == kinds[1] == kinds[2]


def test_windows_whose_values_differ_in_kind_are_joined(
    clf: RunClf, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clf.predict.WINDOW", 2)
    rows: list[dict[str, Any]] = [
        {"text": "a wonderful film", "mixed": 1, "number": 1},
        {"text": "dull", "mixed": 2, "number": 2},
        {"text": "great", "mixed": {"y": 2}, "number": 1.5, "late": "x"},
        {"text": "boring"},
        {"text": "", "mixed": "word", "number": None},
    ]
    Path("new.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for name in ("out.parquet", "out.csv"):
        done = clf("predict", trained, "new.jsonl", "--output", name)
        assert done.code == 0, done.err
    written = pq.read_table("out.parquet")
    assert written["text"].to_pylist() == [row["text"] for row in rows]
    assert written["mixed"].to_pylist() == ["1", "2", '{"y": 2}', None, "word"]
    assert (written["number"].type, written["number"].to_pylist()) == (pa.float64(), [1.0, 2.0, 1.5, None, None])
    assert written["late"].to_pylist() == [None, None, "x", None, None]
    assert [(row["mixed"], row["late"], row["error"]) for row in table("out.csv")] == [
        ("1", "", ""), ("2", "", ""), ('{"y": 2}', "x", ""), ("", "", ""), ("word", "", "empty text")
    ]  # fmt: skip


# --- pipes --------------------------------------------------------------------------------------------------


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


def test_a_table_may_come_through_a_pipe(pipe: PipeInto, clf: RunClf, trained: Path, new: Path) -> None:
    from_file = clf("predict", trained, new)
    from_pipe = pipe(new.read_bytes(), "predict", trained, "-")
    assert (from_pipe.code, from_pipe.out) == (0, from_file.out), from_pipe.err
    assert from_pipe.out.startswith("id,text,label,confidence,error\n0,")
    lines = "".join(json.dumps(row) + "\n" for row in table(new))
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


def test_what_comes_through_a_pipe_is_refused_where_it_must_be(pipe: PipeInto, trained: Path, new: Path) -> None:
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


# --- interrupted runs ---------------------------------------------------------------------------------------


def test_a_stopped_run_goes_on_to_the_same_bytes(
    clf: RunClf, trained: Path, new: Path, stopped: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    with ended_at(-1, KeyboardInterrupt, monkeypatch) as written:
        done = clf(*stopped, "--resume", "--json")
    assert done.code == 0, done.err
    assert "resuming after 8 rows" in done.err
    assert written == [2, 3, 4]
    assert (done.json["rows"], done.json["errors"]) == (20, 3)
    assert names(new.parent) == FINISHED
    assert Path("out.csv").read_bytes() == uninterrupted(clf, trained, new)


@pytest.mark.parametrize("writer", ["write_rows", "_write_parquet"])
def test_a_window_that_was_half_written_does_not_count(
    clf: RunClf, trained: Path, new: Path, small_windows: None, monkeypatch: pytest.MonkeyPatch, writer: str
) -> None:
    suffix = ".csv" if writer == "write_rows" else ".parquet"
    written, write = [], getattr(parts, writer)

    def torn(file: Any, *rest: Any) -> None:
        write(file, *rest)
        written.append(file)
        if len(written) == 3:
            path = Path(file.name) if suffix == ".csv" else file
            os.truncate(path, path.stat().st_size // 2)
            raise KeyboardInterrupt

    command = ("predict", trained, new, "--output", f"out{suffix}")
    with monkeypatch.context() as patch:
        patch.setattr(parts, writer, torn)
        assert "predictions for 8 rows are saved" in clf(*command).err
    again = clf(*command, "--resume")
    assert again.code == 0, again.err
    assert Path(f"out{suffix}").read_bytes() == uninterrupted(clf, trained, new, suffix)


def test_a_finished_run_is_done_at_once_and_another_is_not(
    clf: RunClf, trained: Path, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("predict", trained, new, "--output", "out.csv", "--resume", "--json")
    first = clf(*command)
    assert first.code == 0, first.err
    changed = Path("out.csv").stat().st_mtime_ns
    with ended_at(-1, KeyboardInterrupt, monkeypatch) as written:
        again = clf(*command)
    assert (again.code, written) == (0, []), again.err
    assert {**again.json, "seconds": 0, "texts_per_second": 0} == {**first.json, "seconds": 0, "texts_per_second": 0}
    other = clf(*command, "--threshold", "0.9")
    assert other.code == 1
    assert "out.csv exists" in other.err
    assert Path("out.csv").stat().st_mtime_ns == changed
    assert names(new.parent) == FINISHED


def test_without_resume_what_was_labelled_is_thrown_away_and_said_so(
    clf: RunClf, trained: Path, new: Path, stopped: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    with ended_at(-1, KeyboardInterrupt, monkeypatch) as written:
        done = clf(*stopped)
    assert done.code == 0, done.err
    assert "discarding predictions of an interrupted run for out.csv" in done.err
    assert written == [0, 1, 2, 3, 4]
    assert names(new.parent) == FINISHED
    assert Path("out.csv").read_bytes() == uninterrupted(clf, trained, new)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((), "the input changed since"),
        (("--threshold", "0.9"), "--threshold changed since"),
        (("--all-scores",), "the columns changed since"),
        (("--max-length", "16"), "the way texts are read changed since"),
        (("--precision", OTHER_PRECISION), "device or precision changed since"),
    ],
)
def test_another_run_is_not_gone_on_with(
    clf: RunClf, new: Path, stopped: tuple[object, ...], change: tuple[str, ...], said: str
) -> None:
    if not change:
        new.write_text(new.read_text().replace("wonderful", "horrible"))
    done = clf(*stopped, *change, "--resume")
    assert done.code == 2
    assert f"the interrupted run for out.csv cannot be resumed: {said}" in done.err
    assert not Path("out.csv").exists()
    assert len(list(Path(".out.csv.parts").glob("done-*"))) == 2


def test_rows_of_a_run_that_nothing_is_known_of_are_not_taken(clf: RunClf, stopped: tuple[object, ...]) -> None:
    """Being killed while its folder is removed, a run can leave windows without what they depend on."""
    Path(".out.csv.parts/key.json").unlink()
    done = clf(*stopped, "--resume", "--threshold", 1.0, "--json")
    assert done.code == 0, done.err
    assert {row["label"] for row in table("out.csv")} == {"abstain", ""}


def test_ctrl_c_after_the_output_appeared_gives_advice_that_works(
    clf: RunClf, trained: Path, new: Path, small_windows: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **options: object) -> None:
        raise KeyboardInterrupt

    command = ("predict", trained, new, "--output", "out.csv")
    with monkeypatch.context() as patch:
        patch.setattr("clf.storage.prediction_parts.shutil.rmtree", interrupted)
        done = clf(*command)
    assert done.code == 130
    if "--resume" in done.err:
        again = clf(*command, "--resume")
        assert again.code == 0, again.err
    assert len(table("out.csv")) == 20
    assert names(new.parent) == FINISHED


def test_ctrl_c_before_the_first_window_leaves_nothing(
    clf: RunClf, trained: Path, new: Path, small_windows: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ended_at(0, KeyboardInterrupt, monkeypatch):
        done = clf("predict", trained, new, "--output", "out.csv")
    assert done.code == 130
    assert "--resume" not in done.err
    assert names(new.parent) == ["new.csv"]


def test_a_file_that_turns_out_unreadable_leaves_nothing(
    clf: RunClf, trained: Path, own_folder: Path, small_windows: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clf.data.reading.delimited.BATCH_ROWS", 8)
    lines = [f"{number},{text}" for number, text in enumerate(REVIEWS)]
    (own_folder / "new.csv").write_text("\n".join(["id,text", *lines, '21,"a quote that is never closed']))
    done = clf("predict", trained, "new.csv", "--output", "out.csv")
    assert done.code == 1
    assert "line 22: a quoted cell is never closed" in done.err
    assert names(own_folder) == ["new.csv"]


TERMINATED = """
import os, signal
import clf.predict
from clf.cli.app import main
from clf.storage.prediction_parts import Parts

clf.predict.WINDOW, add = 4, Parts.add

def terminated(self, window, *rest):
    add(self, window, *rest)
    if window == 2:
        os.kill(os.getpid(), signal.SIGTERM)

Parts.add = terminated
main()
"""


def test_a_terminated_run_says_what_is_kept_and_how_to_go_on(
    clf: RunClf, trained: Path, new: Path, small_windows: None
) -> None:
    command = ["predict", str(trained), "new.csv", "--output", "out.csv"]
    with ForkedClf(*command, environment=environment(), script=TERMINATED) as process:
        done = process.finish(HANGS)
    assert done.returncode == 143, done.stderr
    assert "stopped; predictions for 12 rows are saved" in done.stderr
    assert f"resume with: clf predict {trained} new.csv --output out.csv --resume" in done.stderr
    assert "Traceback" not in done.stderr
    assert not Path("out.csv").exists()
    again = clf(*command, "--resume")
    assert again.code == 0, again.err
    assert "resuming after 12 rows" in again.err
    assert Path("out.csv").read_bytes() == uninterrupted(clf, trained, new)


KILLED = """
import json, os, shutil, sys
from pathlib import Path

import torch

torch.set_num_threads(1)
import clf.predict
from clf.cli.app import run
from support.crashes import Killer, forked

clf.predict.WINDOW = 4
model, source = sys.argv[1:]
clf.load(model)
base, results = Path.cwd(), []
for first, suffix in enumerate((".csv", ".jsonl", ".parquet"), 1):

    def fresh(name):
        folder = base / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder

    def predict(folder, killer=None):
        os.chdir(folder)
        if killer:
            killer.install()
        code = run(["predict", model, source, "--output", f"out{suffix}", "--resume"])
        if killer:
            (base / "actions").write_text(str(killer.count))
        return code

    whole = fresh("whole")
    assert forked(lambda: predict(whole)) == 0
    expected = (whole / f"out{suffix}").read_bytes()
    counted = fresh("counted")
    assert forked(lambda: predict(counted, Killer(counted, 0))) == 0
    actions = int((base / "actions").read_text())
    for at in range(first, actions + 1, 4):
        folder = fresh("killed")
        status = forked(lambda: predict(folder, Killer(folder, at)))
        output = folder / f"out{suffix}"
        parts = len(list(folder.glob(".out*.parts/done-*")))
        early = output.exists()
        before = output.read_bytes() if early else None
        again = forked(lambda: predict(folder))
        same = output.exists() and output.read_bytes() == expected
        left = sorted(path.name for path in folder.iterdir())
        results.append([suffix, at, status, parts, early, before in (None, expected), again, same, left])
print(json.dumps(results))
"""


def test_a_run_that_was_killed_anywhere_goes_on_to_the_same_bytes(trained: Path, new: Path, tmp_path: Path) -> None:
    with ForkedClf(trained, new, folder=tmp_path, environment=environment(), script=KILLED) as process:
        done = process.finish(HANGS)
    assert done.returncode == 0, done.stderr[-2000:]
    results = json.loads(done.stdout.splitlines()[-1])
    for suffix in (".csv", ".jsonl", ".parquet"):
        assert len({parts for kind, _, _, parts, early, *_ in results if kind == suffix and not early}) >= 3, suffix
    for suffix, at, status, _, _, whole, again, same, left in results:
        where = f"{suffix}, action {at}"
        assert (status, whole, again, same) == (9, True, 0, True), where
        assert left == [f"out{suffix}", f"out{suffix}.settings.json"], where


# --- where the output goes ----------------------------------------------------------------------------------


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file grow beyond a size, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.parquet"])
@pytest.mark.parametrize("long_row", [13, None])
def test_a_full_disk_costs_neither_what_was_labelled_nor_the_old_output(
    clf: RunClf, trained: Path, own_folder: Path, small_windows: None, name: str, long_row: int | None
) -> None:
    """With a long row a window does not fit, without one what joins them does not."""
    noise = os.urandom(60_000).hex()
    texts = [text + noise[1_200 * number : 1_200 * (number + 1)] for number, text in enumerate(REVIEWS)]
    if long_row:
        texts[long_row] += noise
    write_csv(own_folder / "new.csv", [(text,) for text in texts], ("text",))
    Path(name).write_text("the old one")
    command = ("predict", trained, "new.csv", "--output", name)
    with largest_file(9_000):
        done = clf(*command, "--overwrite")
    assert done.code == 1
    assert f"cannot write {name}" in done.err
    assert "File too large" in done.err
    assert "free some space and pass --resume" in done.err
    assert Path(name).read_text() == "the old one"
    assert names(own_folder) == sorted([f".{name}.parts", "new.csv", name])
    again = clf(*command, "--overwrite", "--resume")
    assert again.code == 0, again.err
    assert f"resuming after {12 if long_row else 20} rows" in again.err
    whole = uninterrupted(clf, trained, own_folder / "new.csv", Path(name).suffix)
    assert Path(name).read_bytes() == whole
    assert names(own_folder) == sorted(["new.csv", name, f"{name}.settings.json"])


def test_an_output_that_exists_is_replaced_only_when_asked(clf: RunClf, trained: Path, new: Path) -> None:
    Path("out.csv").write_text("mine")
    refused = clf("predict", trained, new, "--output", "out.csv")
    assert refused.code == 1
    assert "out.csv already exists" in refused.err
    assert "--overwrite" in refused.err
    assert Path("out.csv").read_text() == "mine"
    done = clf("predict", trained, new, "--output", "out.csv", "--overwrite")
    assert done.code == 0, done.err
    assert len(table("out.csv")) == 20


def test_two_runs_do_not_write_one_output(clf: RunClf, trained: Path, new: Path, stopped: tuple[object, ...]) -> None:
    with locked(Path(".out.csv.parts.lock"), Path("out.csv")):
        done = clf(*stopped, "--resume")
    assert done.code == 1
    assert f"process {os.getpid()} on {os.uname().nodename} is using out.csv" in done.err
    assert len(list(Path(".out.csv.parts").glob("done-*"))) == 2
    assert clf(*stopped, "--resume").code == 0


def test_texts_from_the_command_line_that_are_no_characters_are_written(clf: RunClf, trained: Path) -> None:
    done = clf("predict", trained, "--text", "a film \udce9", "--output", "out.csv")
    assert done.code == 0, done.err
    assert table("out.csv")[0]["text"] == "a film ?"


SHARED = """
import os
import clf.predict
from clf.cli.app import main
from clf.storage.prediction_parts import Parts

clf.predict.WINDOW, add = 4, Parts.add

def noted(self, window, *rest):
    with open("shared.py.windows", "a") as file:
        file.write(f"{window} by {os.environ['RANK']}\\n")
    add(self, window, *rest)

Parts.add = noted
main()
"""


def test_two_processes_give_the_bytes_of_one(clf: RunClf, trained: Path, new: Path, small_windows: None) -> None:
    command = ("predict", trained, "new.csv", "--output", "out.csv", "--json")
    both = [process.finish(HANGS) for process in ranks(2, *command, environment=environment(), script=SHARED)]
    done = both[0]
    assert [one.returncode for one in both] == [0, 0], [one.stderr[-2000:] for one in both]
    assert (json.loads(done.stdout)["rows"], json.loads(done.stdout)["errors"]) == (20, 3)
    shares = Path("shared.py.windows").read_text().splitlines()
    assert sorted(shares) == ["0 by 0", "1 by 1", "2 by 0", "3 by 1", "4 by 0"]
    assert names(new.parent) == sorted([*FINISHED, "shared.py.windows"])
    assert Path("out.csv").read_bytes() == uninterrupted(clf, trained, new)


# --- very long texts ----------------------------------------------------------------------------------------


def test_a_text_of_ten_megabytes_costs_little_more_than_its_beginning(trained: Path) -> None:
    predictor = Predictor(str(trained))
    sentence = "<p>a wonderful film, dull &amp; lovely</p> http://x.org/a!!!! "
    long = sentence * (10_000_000 // len(sentence))

    def best(text: str) -> tuple[float, Any]:
        taken = []
        for _ in range(3):
            began = time.process_time()
            [answer] = predictor.predict([text])
            taken.append(time.process_time() - began)
        return min(taken), answer

    beginning, expected = best(long[:60_000])
    whole, answer = best(long)
    assert answer.label == expected.label
    assert answer.scores == pytest.approx(expected.scores, abs=1e-6)
    assert whole < 8 * beginning + 0.1, (beginning, whole)


# --- what is a table, what is text, and the same numbers everywhere -----------------------------------------


def test_a_byte_that_is_no_text_costs_its_row_nothing_but_that_byte(
    clf: RunClf, trained: Path, own_folder: Path
) -> None:
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
    ("content", "known", "columns"),
    [
        ("ticket,words\n7,a film\n", ["words"], ["ticket", "words"]),
        ("ticket,words\n7,a film\n", [], ["text"]),
        ("Review ID,review\n1,a film\n", [], ["Review ID", "review"]),
        ("I liked the title, content\nand the rest\n", [], ["text"]),
        ("a wonderful film\nreview, text and all\n", [], ["text"]),
        ("text\na film\n", [], ["text"]),
    ],
)
def test_text_is_a_table_where_its_first_line_names_a_column_and_the_second_has_as_many_cells(
    own_folder: Path, content: str, known: list[str], columns: list[str]
) -> None:
    for name in ("new.txt", "new", "new.log"):
        (own_folder / name).write_text(content)
        incoming = open_incoming(own_folder / name, DataSettings(), known, keep=True)
        assert incoming.names == columns
    held = sum(len(batch.lines) for batch in incoming.windows(10))
    assert held == incoming.rows == len(content.splitlines()) - (content.startswith("text\n") or len(columns) > 1)


def test_the_command_and_python_give_the_same_numbers_over_several_windows(
    clf: RunClf, trained: Path, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("clf.predict", "clf.predictor", "clf.models.inference"):
        monkeypatch.setattr(f"{module}.WINDOW", 7)
    monkeypatch.setattr("clf.models.inference.FIRST", 1)
    monkeypatch.setattr("clf.models.inference.TOLERANCE", 1e-3)
    texts = [text for text, _ in review_rows(40)]
    write_csv(own_folder / "new.csv", review_rows(40))
    assert clf("predict", trained, "new.csv", "--output", "out.parquet", "--all-scores").code == 0
    by_command = pq.read_table("out.parquet")["predicted_score_positive"].to_pylist()
    by_python = [
        round(answer.scores["positive"], 6) for answer in package.load(trained, load_settings()).predict(texts)
    ]
    assert by_python == by_command


def test_several_processes_do_not_share_a_pipe(
    clf: RunClf, trained: Path, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"RANK": 0, "WORLD_SIZE": 2, "LOCAL_RANK": 0, "LOCAL_WORLD_SIZE": 2}.items():
        monkeypatch.setenv(name, str(value))
    os.mkfifo(own_folder / "pipe")
    for source in ("pipe", "-", "/dev/stdin"):
        done = clf("predict", trained, source, "--output", "out.csv")
        assert (done.code, "several processes need an input file" in done.err) == (2, True), done.err


def test_python_refuses_a_text_for_a_list_and_takes_a_missing_one_for_empty(trained: Path) -> None:
    model = package.load(trained)
    with pytest.raises(TypeError, match="found one str"):
        model.predict("a wonderful film")
    answers = model.predict([float("nan"), "a film"])  # type: ignore[list-item]
    assert [answer.error for answer in answers] == ["empty text", ""]
