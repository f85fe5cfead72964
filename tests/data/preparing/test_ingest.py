"""Reading all splits: a few numbers per row in memory, in the order of the files, whoever cleans the texts."""

import io
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import psutil
import pytest

from clf.data.prepared import PreparedDataset
from clf.data.preparing import ingest
from clf.data.preparing.ingest import ENDING, Delivered, deliver
from clf.data.reading.batch import Split
from clf.data.text_hashes import hash_texts
from clf.errors import ClfError, DataError
from clf.settings import CleaningSettings, DataSettings
from conftest import HANGS, RunClf
from support.forks import ForkedClf
from support.prepared import delivered, split_of, table, write_many

HEADER = ("text", "label", "label_name", "who")
TRAIN = [
    ("<b>one</b>", "x", "X", "ann"),
    ("two\u200b", "y", "Y", ""),
    ("<br />", "x", None, "ann"),
    ("three", "y", "Y", "bob"),
]
TEST = [("four", "z", None, None), ("<br>", "y", "Y", "bob"), (" one ", "x", "X", "bob")]


@pytest.fixture
def given(tmp_path: Path) -> Delivered:
    """Give two splits of a few rows, two of which are markup only."""
    return delivered(tmp_path, {"train": TRAIN, "test": TEST}, HEADER, DataSettings(group_column="who"))


# --- rows ---------------------------------------------------------------------------------------------------


def test_rows_are_in_the_order_of_the_splits_without_those_that_cleaning_empties(given: Delivered) -> None:
    rows = given.rows
    assert given.splits == ["train", "test"]
    assert (rows.number.tolist(), rows.split.tolist(), rows.line.tolist()) == (
        [0, 1, 3, 4, 6],
        [0, 0, 0, 1, 1],
        [2, 3, 5, 2, 4],
    )
    assert (given.labels, rows.label.tolist()) == (["x", "y", "z"], [0, 1, 1, 2, 0])
    assert rows.length.tolist() == [3, 3, 5, 4, 3]
    assert (
        given.store.raw_keys(rows.number).tolist()
        == hash_texts(["<b>one</b>", "two\u200b", "three", "four", " one "]).tolist()
    )
    assert rows.key.tolist() == hash_texts(["one", "two", "three", "four", "one"]).tolist()
    assert [given.store.text(number) for number in rows.number.tolist()] == ["one", "two", "three", "four", "one"]


def test_the_rows_of_a_split_are_its_own(given: Delivered) -> None:
    assert given.of("train").line.tolist() == [2, 3, 5]
    assert given.of("test").number.tolist() == [4, 6]


def test_rows_of_the_same_group_have_the_same_number_and_rows_without_one_have_none(given: Delivered) -> None:
    ann, bob = hash_texts(["ann", "bob"]).tolist()
    assert given.rows.group.tolist() == [ann, 0, bob, 0, bob]


def test_each_label_is_kept_with_every_name_beside_it(given: Delivered) -> None:
    assert given.named == {("x", "X"), ("x", None), ("y", "Y"), ("z", None)}


def test_what_cleaning_did_is_counted_by_split(given: Delivered) -> None:
    assert (given.changed, given.odd) == ({"train": 3, "test": 1}, {"train": 1, "test": 0})
    assert [given.tallies[split].read for split in given.splits] == [4, 3]
    assert [given.tallies[split].dropped for split in given.splits] == [{"no text after cleaning": 1}] * 2
    assert [given.tallies[split].first_dropped for split in given.splits] == [
        {"no text after cleaning": [4]}, {"no text after cleaning": [3]},
    ]  # fmt: skip


def test_columns_that_give_the_label_away_are_looked_for(tmp_path: Path) -> None:
    rows = [(f"text {number}", "ab"[number % 2], "cd"[number % 2]) for number in range(40)]
    assert delivered(tmp_path, {"train": rows}, ("text", "label", "kind")).others.suspicious() == {"kind": 1.0}


def test_splits_without_batches_have_no_rows(tmp_path: Path) -> None:
    given = delivered(tmp_path, {"train": [], "test": []}, near=True)
    assert (len(given.rows), given.labels, given.changed) == (0, [], {"train": 0, "test": 0})
    assert len(given.of("test")) == 0


def test_bad_rows_of_all_batches_are_reported_together(tmp_path: Path) -> None:
    rows = [("a", "x"), ({"body": "b"}, "x"), ("c", "y"), ("d", b"y")]
    with pytest.raises(DataError, match=r"line 3: the text is an object.*line 5: the label is bytes.*\(2 bad rows\)"):
        deliver({"train": split_of(rows, batch_rows=2)}, DataSettings(), CleaningSettings(), tmp_path, near=False)


def test_progress_is_shown_with_an_estimate_of_all_rows(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clf.progress.SECONDS_BETWEEN_LINES", 0)
    monkeypatch.setattr("sys.stderr", io.StringIO())  # no terminal
    caplog.set_level("INFO", "clf")
    ten = split_of([(f"text {number}", "a") for number in range(10)], batch_rows=5)
    known = Split(ten.rows, ten.shown, lambda: 11)  # with the header; after line 6 there seem to be 9 rows
    deliver({"train": known, "test": known}, DataSettings(), CleaningSettings(), tmp_path, near=False)
    said = [record.message for record in caplog.records if record.name == "clf.progress"]
    assert [message.partition(" rows")[0] for message in said] == [
        "reading: 5 of 9", "reading: 10 of 10", "reading: 15 of 19", "reading: 20 of 20",
    ]  # fmt: skip


# --- one process or several ---------------------------------------------------------------------------------


class Late(Future[Any]):
    """A future whose task is done when its result is asked for."""

    def __init__(self, pool: "Pool", task: Callable[[], Any]) -> None:
        super().__init__()
        self.pool, self.task = pool, task

    def result(self, timeout: float | None = None) -> Any:
        if not self.done():
            self.pool.waiting -= 1
            self.set_result(self.task())
        return super().result(timeout)


class Pool:
    """A pool of processes that works in this one, as late as it may."""

    started: list[int]
    most_waiting: int
    during: Callable[[], None]

    def __init__(self, workers: int, *rest: object) -> None:
        self.waiting = 0
        type(self).started.append(workers)

    def submit(self, task: Callable[[], Any]) -> Late:
        type(self).during()
        self.waiting += 1
        type(self).most_waiting = max(type(self).most_waiting, self.waiting)
        return Late(self, task)

    def shutdown(self, cancel_futures: bool) -> None:
        type(self).started.append(-1)


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> type[Pool]:
    """Let a pool that works in this process clean the texts of every batch from the third on."""

    class Fresh(Pool):
        started, most_waiting, during = [], 0, staticmethod(lambda: None)

    monkeypatch.setattr(ingest, "ProcessPoolExecutor", Fresh)
    monkeypatch.setattr(ingest, "INLINE_BATCHES", 2)
    monkeypatch.setattr(ingest, "usable_cores", lambda: 2)
    return Fresh


def in_batches(folder: Path, batches: int) -> Delivered:
    rows = [(f"text <b>{number}</b>", "ab"[number % 2]) for number in range(batches)]
    return deliver({"train": split_of(rows, batch_rows=1)}, DataSettings(), CleaningSettings(), folder, near=False)


def test_only_from_the_third_batch_on_processes_are_started(tmp_path: Path, pool: type[Pool]) -> None:
    in_batches(tmp_path, 2)
    assert pool.started == []
    in_batches(tmp_path, 3)
    assert pool.started == [2, -1]


@pytest.mark.parametrize(("cores", "workers"), [(1, []), (2, [2, -1]), (16, [16, -1]), (17, [16, -1])])
def test_there_are_as_many_processes_as_cores_but_at_most_sixteen(
    tmp_path: Path, pool: type[Pool], monkeypatch: pytest.MonkeyPatch, cores: int, workers: list[int]
) -> None:
    monkeypatch.setattr(ingest, "usable_cores", lambda: cores)
    in_batches(tmp_path, 4)
    assert pool.started == workers


def test_reading_waits_for_cleaning_and_keeps_the_order_of_the_rows(tmp_path: Path, pool: type[Pool]) -> None:
    given = in_batches(tmp_path, 20)
    assert pool.most_waiting == 5
    assert given.rows.line.tolist() == list(range(2, 22))
    assert [given.store.text(row) for row in range(20)] == [f"text {number}" for number in range(20)]
    assert given.rows.key.tolist() == hash_texts(f"text {number}" for number in range(20)).tolist()


def test_where_no_process_can_be_started_this_one_cleans_all(
    tmp_path: Path, pool: type[Pool], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no shared memory")

    monkeypatch.setattr(ingest, "ProcessPoolExecutor", refuse)
    caplog.set_level("INFO")
    assert len(in_batches(tmp_path, 6).rows) == 6
    assert caplog.messages.count("cleaning with one process: no shared memory") == 1


def test_a_killed_process_is_reported_and_the_others_are_ended(tmp_path: Path, pool: type[Pool]) -> None:
    def break_down() -> None:
        raise BrokenProcessPool("gone")

    pool.during = staticmethod(break_down)
    with pytest.raises(ClfError, match="a worker process that cleans texts could not start or was killed") as refused:
        in_batches(tmp_path, 3)
    assert refused.value.hint == "free memory and try again"
    assert pool.started == [2, -1]


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_waits_until_a_process_has_started(tmp_path: Path, pool: type[Pool], number: int) -> None:
    heard: list[str] = []

    def handle(*_: object) -> None:
        heard.append("signal")

    def begin() -> None:
        signal.raise_signal(number)
        heard.append("started")

    pool.during = staticmethod(begin)
    before = signal.signal(number, handle)
    try:
        in_batches(tmp_path, 4)
        assert signal.getsignal(number) is handle
    finally:
        signal.signal(number, before)
    assert heard == ["started", "signal"] * 2
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()


def test_beside_the_main_thread_no_signals_are_touched(tmp_path: Path, pool: type[Pool]) -> None:
    read: list[Delivered] = []
    thread = threading.Thread(target=lambda: read.append(in_batches(tmp_path, 4)))
    thread.start()
    thread.join()
    assert [len(given.rows) for given in read] == [4]


# --- the processes of a file -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a file of three batches, which several processes share."""
    return write_many(tmp_path_factory.mktemp("many") / "many.csv")


@pytest.mark.long
def test_several_processes_give_what_one_gives(clf: RunClf, many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clf.data.preparing.ingest.usable_cores", lambda: 2)
    monkeypatch.setattr("clf.data.preparing.ingest.INLINE_BATCHES", 2)
    assert clf("prepare", "--dataset", many, "--output-dir", "several").code == 0
    monkeypatch.setattr("clf.data.preparing.ingest.INLINE_BATCHES", 100)
    assert clf("prepare", "--dataset", many, "--output-dir", "one").code == 0
    for split in ("train", "validation", "test"):
        assert table(Path("several"), split) == table(Path("one"), split)
    assert PreparedDataset(Path("several")).audit == PreparedDataset(Path("one")).audit
    assert {path.name for path in Path("several").iterdir()} == {path.name for path in Path("one").iterdir()}


def test_workers_are_as_many_as_the_cores_that_may_be_used(
    clf: RunClf, many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []

    class Refused(ingest.ProcessPoolExecutor):
        def __init__(self, workers: int, *rest: object) -> None:
            started.append(workers)
            raise OSError("not here")  # so that one process does it

    (tmp_path / "cpu.max").write_text("300000 100000")  # three of 64 cores, by a container
    monkeypatch.setattr("clf.processes.CONTROL_GROUP", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(64), raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(ingest, "ProcessPoolExecutor", Refused)
    monkeypatch.setattr(ingest, "INLINE_BATCHES", 2)
    assert clf("prepare", "--dataset", many, "--max-length", 8).code == 0
    assert started == [3]


TWO_CORES = """
import clf.data.preparing.ingest
clf.data.preparing.ingest.usable_cores = lambda: 2
from clf.cli.app import main
main()
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_an_ended_run_leaves_no_result_and_no_process(many: Path, own_folder: Path, number: int, code: int) -> None:
    command = ("prepare", "--dataset", many, "--output-dir", "result")
    with ForkedClf(*command, new_session=True, script=TWO_CORES) as process:
        deadline = time.monotonic() + HANGS
        while not (workers := psutil.Process(process.pid).children(recursive=True)) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert workers
        if number == signal.SIGINT:  # a terminal sends it to all of them
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        done = process.finish(HANGS)
    err = done.stderr
    assert done.returncode == code, err
    assert number == signal.SIGKILL or "Traceback" not in err
    assert not Path("result").exists()
    _, alive = psutil.wait_procs(workers, timeout=HANGS)
    assert not alive
    if number != signal.SIGKILL:
        assert [path.name for path in own_folder.iterdir()] == []
