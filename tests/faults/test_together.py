"""Several processes with one place for their results, some of them killed: each result is whole, of one run, and stays."""

import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from clf.storage.disk import sha256
from clf.storage.writing import write_json
from faults.together import Attempt, Together, judge_file, judge_folder, mark, namespaces_can_be_had, series
from support.tiny import write_csv

SERIES, ROUNDS = 4, 5


def needs_namespaces() -> None:
    if not namespaces_can_be_had():
        pytest.skip("a process may have no namespaces of its own here")


@pytest.mark.long
def test_a_few_commands_at_once_leave_one_whole_result(tmp_path: Path, trained: Path) -> None:
    together = Together(tmp_path, 4, namespaces=False, commands=("prepare", "predict"))
    together.prepare(trained)
    together.round(each=1)  # two undisturbed runs of prepare, and one of predict that is killed early
    ends = together.figures.ends.copy()
    assert (together.figures.runs, ends["killed"]) == ({"prepare": 2, "predict": 1}, 1)
    assert (ends["published"] >= 1, ends["published"] + ends["refused"]) == (True, 2), ends
    together.finish("prepare", "predict")
    assert together.figures.broken == []
    assert together.figures.ends["published"] == ends["published"] + 2


# --- the judge ----------------------------------------------------------------------------------------------


def published(folder: Path, *marks: int) -> Path:
    """Make a result whose files are of the given runs: a record, a file with a hash in it, and one without."""
    folder.mkdir()
    listed, settings, metrics = (mark(number) for number in marks)
    (folder / "train.json").write_text(listed)
    hashes = {"train.json": sha256(folder / "train.json")}
    write_json(folder / "manifest.json", {"files": hashes, "origin": listed})
    write_json(folder / "settings.json", {"run": "0" * 16, "dataset": settings})
    write_json(folder / "metrics.json", {"dataset": metrics})
    return folder


def test_the_judge_accepts_a_folder_of_one_run(tmp_path: Path) -> None:
    assert judge_folder(published(tmp_path / "out", 7, 7, 7)) == ({"0007"}, [])


def test_the_judge_sees_a_folder_of_two_runs(tmp_path: Path) -> None:
    assert judge_folder(published(tmp_path / "out", 7, 7, 8))[0] == {"0007", "0008"}


@pytest.mark.parametrize(
    ("name", "content", "wrong"),
    [
        ("train.json", "mark0007 changed", "train.json is not as it is recorded"),
        ("train.json", None, "train.json is missing"),
        ("metrics.json", "{}", "metrics.json is of []"),
        (".metrics.json.part-1", "mark0007", ".metrics.json.part-1 is not of a result"),
        ("settings.json", '{"run": "", "dataset": "mark0007"}', "settings.json has no run"),
    ],
)
def test_the_judge_sees_files_that_do_not_belong(tmp_path: Path, name: str, content: str | None, wrong: str) -> None:
    folder = published(tmp_path / "out", 7, 7, 7)
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(content)
    assert judge_folder(folder) == ({"0007"}, [wrong])


def test_the_judge_sees_predictions_with_the_settings_of_others(tmp_path: Path) -> None:
    output = write_csv(tmp_path / "out.csv", [("a film of mark0007", "good")])
    settings = tmp_path / "out.csv.settings.json"
    write_json(settings, {"sha256": sha256(output)})
    assert judge_file(output) == ({"0007"}, [])
    write_json(settings, {"sha256": "of another"})
    assert judge_file(output) == ({"0007"}, ["no settings are of this output"])
    (tmp_path / ".out.csv.parts").mkdir()
    write_json(tmp_path / ".out.csv.parts" / "told.json", {"sha256": sha256(output)})
    assert judge_file(output, {"0007"}) == ({"0007"}, [])
    for killed in (set[str](), {"0008"}):
        assert judge_file(output, killed) == ({"0007"}, ["no settings are of this output"])


def test_the_judge_sees_what_is_lost_and_what_was_said(tmp_path: Path) -> None:
    together = Together(tmp_path, 1, namespaces=False)
    together.standing = {"out": "0001"}
    together._judge_places([])
    together._look()
    assert together.figures.lost == ["out is absent", "out is absent while others run"]
    published(tmp_path / "out", 2, 2, 2)
    together._judge_places([])
    assert together.figures.lost[2:] == ["out is of {'0002'}, expected 0001 or set()"]


class Ended:
    """A process that has ended with this code, and said this."""

    is_running = False

    def __init__(self, code: int, stderr: str = "") -> None:
        self.done = subprocess.CompletedProcess("clf", code, "", stderr)

    def finish(self, timeout: float) -> "subprocess.CompletedProcess[str]":
        return self.done


def attempt(number: int, code: int, stderr: str = "", *, began: float = 0, was_struck: bool = False) -> Attempt:
    process: Any = Ended(code, stderr)
    return Attempt(number, "predict", process, began, None, was_struck=was_struck)


@pytest.mark.parametrize("code", [-signal.SIGKILL, 128 + signal.SIGKILL])
def test_only_a_process_that_the_harness_struck_may_end_as_killed(tmp_path: Path, code: int) -> None:
    together = Together(tmp_path, 1, namespaces=False)
    ended = [attempt(1, code, was_struck=True), attempt(2, code)]
    assert all(map(together._has_ended, ended))
    together._judge_ends(ended)
    assert together.figures.ends == {"killed": 1, "failed": 1}
    assert together.killed == {"0001"}
    assert together.figures.said == ["predict ended with -9: "]


def test_a_run_that_was_alone_may_not_be_refused(tmp_path: Path) -> None:
    together = Together(tmp_path, 1, namespaces=False)
    first, second = attempt(1, 0), attempt(2, 1, "error: another process is using out.csv")
    assert all(map(together._has_ended, (first, second)))
    together._judge_ends([first, second])
    assert together.figures.said == []
    second.began = first.ended
    together._judge_ends([first, second])
    assert together.figures.said == ["mark0002 was alone: error: another process is using out.csv"]


# --- many ---------------------------------------------------------------------------------------------------


@pytest.mark.faults
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("namespaces", [False, True], ids=["one namespace", "each its own"])
@pytest.mark.parametrize("seed", range(SERIES))
def test_many_commands_at_once_leave_one_whole_result(tmp_path: Path, seed: int, namespaces: bool) -> None:
    if namespaces:
        needs_namespaces()
    found = series(tmp_path, seed, ROUNDS, namespaces=namespaces)
    assert found.broken == []
    assert found.runs.total() == ROUNDS * 6 + 2
    assert found.ends["published"] > 2  # the last two are not disturbed
    assert found.ends["killed"] > 0
    assert found.ends["refused"] > 0
