"""`clf predict` that was stopped, or whose disk was full: what is kept, what is said, and how it goes on."""

import json
import os
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from clf.models.record import read_model_record, write_model_record
from clf.storage import prediction_parts as parts
from clf.storage.locks import locked
from conftest import RunClf
from support.predicting import FINISHED, REVIEWS, ended_at, names, table, uninterrupted
from support.tiny import write_csv

OTHER_PRECISION = "bf16" if os.environ.get("CLF_COMPUTE__PRECISION") == "fp32" else "fp32"


@pytest.fixture
def stopped(
    clf: RunClf, trained: Path, new_texts: Path, small_windows: None, monkeypatch: pytest.MonkeyPatch
) -> tuple[object, ...]:
    """Give the command that Ctrl-C ended before the third window of five."""
    command = ("predict", trained, new_texts, "--output", "out.csv")
    with ended_at(2, KeyboardInterrupt, monkeypatch):
        done = clf(*command)
    assert done.code == 130
    assert "stopped; predictions for 8 rows are saved" in done.err
    assert f"resume with: clf predict {trained} {new_texts} --output out.csv --resume" in done.err
    assert not Path("out.csv").exists()
    return command


def test_a_stopped_run_goes_on_to_the_same_bytes(
    clf: RunClf, trained: Path, new_texts: Path, stopped: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    with ended_at(-1, KeyboardInterrupt, monkeypatch) as written:
        done = clf(*stopped, "--resume", "--json")
    assert done.code == 0, done.err
    assert "resuming after 8 rows" in done.err
    assert written == [2, 3, 4]
    assert (done.json["rows"], done.json["errors"]) == (20, 3)
    assert names(new_texts.parent) == FINISHED
    assert Path("out.csv").read_bytes() == uninterrupted(clf, trained, new_texts)


@pytest.mark.parametrize("writer", ["write_rows", "write_parquet"])
def test_a_window_that_was_half_written_does_not_count(
    clf: RunClf, trained: Path, new_texts: Path, small_windows: None, monkeypatch: pytest.MonkeyPatch, writer: str
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

    command = ("predict", trained, new_texts, "--output", f"out{suffix}")
    with monkeypatch.context() as patch:
        patch.setattr(parts, writer, torn)
        assert "predictions for 8 rows are saved" in clf(*command).err
    again = clf(*command, "--resume")
    assert again.code == 0, again.err
    assert Path(f"out{suffix}").read_bytes() == uninterrupted(clf, trained, new_texts, suffix)


def test_a_finished_run_is_done_at_once_and_another_is_not(
    clf: RunClf, trained: Path, new_texts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("predict", trained, new_texts, "--output", "out.csv", "--resume", "--json")
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
    assert names(new_texts.parent) == FINISHED


def test_a_finished_output_that_was_cut_or_changed_is_not_complete(clf: RunClf, trained: Path, new_texts: Path) -> None:
    command = ("predict", trained, new_texts, "--output", "out.csv", "--resume")
    assert clf(*command).code == 0
    os.truncate("out.csv", 11)
    done = clf(*command)
    assert done.code == 1
    assert "error: out.csv was changed or cut since it was written" in done.err
    assert "hint: pass --overwrite to label the input again, or another --output" in done.err
    assert Path("out.csv").stat().st_size == 11
    assert clf(*command, "--overwrite").code == 0
    assert len(table("out.csv")) == 20
    beside = Path("out.csv.settings.json")
    made = json.loads(beside.read_text())
    del made["sha256"]  # as version 0.1 wrote it
    beside.write_text(json.dumps(made))
    done = clf(*command)
    assert (done.code, "whether it is complete cannot be checked" in done.err) == (1, True), done.err


def test_a_window_that_was_cut_is_labelled_again(
    clf: RunClf, trained: Path, new_texts: Path, stopped: tuple[object, ...]
) -> None:
    os.truncate(next(Path(".out.csv.parts").glob("done-0-*")), 3)
    done = clf(*stopped, "--resume")
    assert done.code == 0, done.err
    assert "a window of out.csv is damaged: labelling its rows again" in done.err
    assert Path("out.csv").read_bytes() == uninterrupted(clf, trained, new_texts)


def test_without_resume_what_was_labelled_is_thrown_away_and_said_so(
    clf: RunClf, trained: Path, new_texts: Path, stopped: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    with ended_at(-1, KeyboardInterrupt, monkeypatch) as written:
        done = clf(*stopped)
    assert done.code == 0, done.err
    assert "discarding predictions of an interrupted run for out.csv" in done.err
    assert written == [0, 1, 2, 3, 4]
    assert names(new_texts.parent) == FINISHED
    assert Path("out.csv").read_bytes() == uninterrupted(clf, trained, new_texts)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((), "the input changed since"),
        (("--threshold", "0.9"), "--threshold changed since"),
        (("--all-scores",), "the columns changed since"),
        (("--max-length", "16"), "the way texts are read changed since"),
        (("--precision", OTHER_PRECISION), "device or precision changed since"),
        (("--encoding", "latin-1"), "how the input is read changed since"),
    ],
)
def test_another_run_is_not_gone_on_with(
    clf: RunClf, new_texts: Path, stopped: tuple[object, ...], change: tuple[str, ...], said: str
) -> None:
    if not change:
        new_texts.write_text(new_texts.read_text().replace("wonderful", "horrible"))
    done = clf(*stopped, *change, "--resume")
    assert done.code == 2
    assert f"the interrupted run for out.csv cannot be resumed: {said}" in done.err
    assert not Path("out.csv").exists()
    assert len(list(Path(".out.csv.parts").glob("done-*"))) == 2


def test_a_run_is_gone_on_with_only_by_the_same_clf_and_the_same_model(
    clf: RunClf, trained: Path, new_texts: Path, small_windows: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a model was trained with and what is said about it do not matter."""
    model, record = shutil.copytree(trained, new_texts.parent / "model"), read_model_record(trained)
    assert record
    write_model_record(model, record.with_values(files={}))  # or a changed file would be refused at once
    command = ("predict", model, new_texts, "--output", "out.csv")
    with ended_at(2, KeyboardInterrupt, monkeypatch):
        assert clf(*command).code == 130
    for name in ("config.json", "tokenizer.json"):
        before = (model / name).read_bytes()
        (model / name).write_bytes(before + b"\n")
        assert "cannot be resumed: the model changed since" in clf(*command, "--resume").err
        (model / name).write_bytes(before)
    with monkeypatch.context() as patch:
        patch.setattr("clf.predict.__version__", "0.0.1")
        assert "cannot be resumed: the version of clf changed since" in clf(*command, "--resume").err
    for name in ("clf.json", "README.md", "settings.json"):
        (model / name).write_bytes(((model / name).read_bytes() if (model / name).exists() else b"{}") + b"\n")
    done = clf(*command, "--resume")
    assert done.code == 0, done.err
    assert "resuming after 8 rows" in done.err


@pytest.mark.parametrize("content", ["", "{", '{"result": {"rows": 20}}', '{"of": {}, "result": null}'])
def test_an_output_of_which_too_little_is_known_is_not_taken_for_finished(
    clf: RunClf, trained: Path, new_texts: Path, content: str
) -> None:
    Path("out.csv").write_text("mine")
    Path("out.csv.settings.json").write_text(content)
    done = clf("predict", trained, new_texts, "--output", "out.csv", "--resume")
    assert done.code == 1
    assert "out.csv exists, but is not the output of this run" in done.err
    assert "pass --overwrite, or another --output" in done.err
    assert (Path("out.csv").read_text(), names(new_texts.parent)) == ("mine", FINISHED)


def test_rows_of_a_run_that_nothing_is_known_of_are_not_taken(clf: RunClf, stopped: tuple[object, ...]) -> None:
    """Being killed while its folder is removed, a run can leave windows without what they depend on."""
    Path(".out.csv.parts/key.json").unlink()
    done = clf(*stopped, "--resume", "--threshold", 1.0, "--json")
    assert done.code == 0, done.err
    assert {row["label"] for row in table("out.csv")} == {"abstain", ""}


def test_ctrl_c_after_the_output_appeared_gives_advice_that_works(
    clf: RunClf, trained: Path, new_texts: Path, small_windows: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **options: object) -> None:
        raise KeyboardInterrupt

    command = ("predict", trained, new_texts, "--output", "out.csv")
    with monkeypatch.context() as patch:
        patch.setattr("clf.storage.leftovers.shutil.rmtree", interrupted)
        done = clf(*command)
    assert done.code == 130
    assert "stopped; predictions for 20 rows are saved" in done.err
    again = clf(*command, "--resume")
    assert again.code == 0, again.err
    assert "out.csv is already complete" in again.err
    assert len(table("out.csv")) == 20
    assert names(new_texts.parent) == FINISHED


def test_ctrl_c_before_the_first_window_leaves_nothing(
    clf: RunClf, trained: Path, new_texts: Path, small_windows: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ended_at(0, KeyboardInterrupt, monkeypatch):
        done = clf("predict", trained, new_texts, "--output", "out.csv")
    assert done.code == 130
    assert "--resume" not in done.err
    assert names(new_texts.parent) == ["new.csv"]


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


def test_two_runs_do_not_write_one_output(
    clf: RunClf, trained: Path, new_texts: Path, stopped: tuple[object, ...]
) -> None:
    with locked(Path(".out.csv.parts.lock"), Path("out.csv")):
        done = clf(*stopped, "--resume")
    assert done.code == 1
    assert f"process {os.getpid()} on {os.uname().nodename} is using out.csv" in done.err
    assert len(list(Path(".out.csv.parts").glob("done-*"))) == 2
    assert clf(*stopped, "--resume").code == 0
