"""The run folder of a training: who may use it, what it keeps, and what is said when the run ends."""

import errno
import json
import logging
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clf.errors import ClfError, DataError, Interrupted, OutputError, Terminated, TooLittleMemory
from clf.settings import Settings
from clf.storage.locks import locked
from clf.storage.run_folder import Clock, Run, log_to, now
from conftest import HANGS
from support.predicting import names


def test_a_second_process_on_a_run_folder_is_refused(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from clf.storage.run_folder import Clock, Run, log_to, now
from clf.settings import Settings
with Run(Path({str(tmp_path / "model")!r})).open(Settings(), "train"):
    print("held", flush=True)
    input()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        assert other.stdin
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(OutputError, match=f"process {other.pid} on .* is using"),
            Run(tmp_path / "model").open(Settings(), "train"),
        ):
            pass
        other.stdin.write("\n")
        other.stdin.close()
        other.wait(HANGS)
    with Run(tmp_path / "model").open(Settings(), "train") as run:
        assert json.loads((run.folder / "settings.json").read_text())["command"] == "train"


def saved(run: Run, *steps: int) -> Run:
    """Give a run that has checkpoints."""
    for step in steps:
        (run.checkpoints / f"checkpoint-{step}").mkdir(parents=True)
    return run


def test_a_run_folder_stands_beside_the_model_under_its_whole_name(tmp_path: Path) -> None:
    run = Run(tmp_path / "my.model-1.5")
    assert run.folder == tmp_path / "my.model-1.5.run"
    assert {run.checkpoints.parent, run.history.parent, run.log.parent, run.result.parent} == {run.folder}


# --- opening ------------------------------------------------------------------------------------------------


def test_all_lines_of_the_log_and_the_error_that_ended_the_run_are_kept(tmp_path: Path) -> None:
    log = logging.getLogger("clf")
    log.setLevel(logging.ERROR)
    run = Run(tmp_path / "model")

    def fail(number: int) -> None:
        logging.getLogger("clf.deep.er").debug("é %d", number)
        raise ZeroDivisionError(number)

    for number in (1, 2):
        with pytest.raises(ZeroDivisionError), run.open(Settings(), "train"):
            fail(number)
        log.error("after the run")
    lines = run.log.read_text(encoding="utf-8").splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ", line) for line in lines)
    where = ["Traceback", "    yield", "    fail(", "    raise", "  File", "ZeroDivisionError", "    ^", "           "]
    ours = [line.split(" ", 1)[1] for line in lines]
    traces = [line for line in ours if line.removeprefix("ERROR clf.storage.run_folder: ").startswith(tuple(where))]
    assert sum("in fail" in line for line in traces) == 2
    ours = [line for line in ours if line not in traces]
    begun = f"DEBUG clf.storage.run_folder: train with {Settings().model_dump_json()}"
    assert ours == [
        line
        for number in (1, 2)
        for line in (
            begun,
            f"DEBUG clf.deep.er: é {number}",
            f"ERROR clf.storage.run_folder: ended by ZeroDivisionError({number})",
        )
    ]
    assert (log.level, log.handlers) == (logging.ERROR, [])
    assert names(run.folder) == ["run.log", "settings.json"]  # and no lock


def test_the_times_in_the_log_are_utc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 86_399.0)
    monkeypatch.setattr(time, "time_ns", lambda: 86_399 * 10**9)
    with log_to(tmp_path / "log"):
        logging.getLogger("clf").warning("said")
    assert (tmp_path / "log").read_text() == "1970-01-01T23:59:59Z WARNING clf: said\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_log_on_a_full_disk_hides_no_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(OutputError, match="of the run"), log_to(Path("/dev/full")):
        raise OutputError("of the run")
    with log_to(Path("/dev/full")):
        logging.getLogger("clf").info("never written")
    assert logging.getLogger("clf").handlers == []
    assert capfd.readouterr().err == ""


def test_the_settings_of_the_run_before_stay_until_the_next_one_begins(tmp_path: Path) -> None:
    with Run(tmp_path / "model").open(Settings(), "train"):
        pass
    with Run(tmp_path / "model").open(Settings(), "demo") as run:
        assert json.loads((run.folder / "settings.json").read_text())["command"] == "train"
        run.begin(Settings(), "demo")
        assert json.loads((run.folder / "settings.json").read_text())["command"] == "demo"


def test_a_folder_of_someone_else_is_no_run_folder(own_folder: Path) -> None:
    run = Run(own_folder.resolve() / "model")
    run.folder.mkdir()
    for name in ("e", "d", "c", "b", "a", "lock"):
        (run.folder / name).write_text("")
    with pytest.raises(OutputError) as refused, run.open(Settings(), "train"):
        pass
    assert refused.value.message == "the run folder model.run contains files that clf did not write (a, b, c, d)"
    assert refused.value.hint == "choose another --output-dir"
    assert names(run.folder) == ["a", "b", "c", "d", "e", "lock"]


def test_a_file_is_no_run_folder(own_folder: Path) -> None:
    run = Run(own_folder.resolve() / "model")
    run.folder.write_text("")
    with pytest.raises(OutputError, match=r"^the run folder model\.run is a file$"):
        run.claim()


def test_what_a_run_that_was_killed_at_its_start_left_is_no_obstacle(tmp_path: Path) -> None:
    run = Run(tmp_path / "deep" / "model")
    run.claim()
    for name in ("lock", "settings.json.part"):
        (run.folder / name).write_text("{")
    with run.open(Settings(), "train"):
        assert "lock" in names(run.folder)
    assert names(run.folder) == ["run.log", "settings.json"]


# --- what is said of a run that ended ----------------------------------------------------------------------


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt, 130), (Terminated, 143)])
def test_a_signal_says_up_to_which_step_the_run_is_saved_if_it_is(
    tmp_path: Path, error: type[BaseException], code: int
) -> None:
    run = Run(tmp_path / "model")
    with pytest.raises(error), run.told():
        raise error
    with pytest.raises(Interrupted) as stopped, saved(run, 9, 100, 20).told():
        raise error
    assert (stopped.value.message, stopped.value.exit_code) == ("stopped; training up to step 100 is saved", code)


FULL, MEMORY = OSError(errno.ENOSPC, "No space left on device"), MemoryError("cannot have 9 GB\nof it")


@pytest.mark.parametrize(
    ("error", "kind", "message", "steps", "hint"),
    [
        (FULL, OutputError, f"cannot write to model.run: {FULL}", (), "free some space, or choose another --output-dir"),
        (FULL, OutputError, f"cannot write to model.run: {FULL}", (5,),
         "free some space and pass --resume, or choose another --output-dir"),
        (MEMORY, TooLittleMemory, "memory ran out: MemoryError: cannot have 9 GB", (),
         "free memory and use a smaller model"),
        (MEMORY, TooLittleMemory, "memory ran out: MemoryError: cannot have 9 GB", (5,),
         "free memory and pass --resume to continue from the last checkpoint"),
    ],
)  # fmt: skip
def test_too_little_memory_and_a_full_disk_say_how_to_go_on(
    own_folder: Path, error: Exception, kind: type[ClfError], message: str, steps: tuple[int, ...], hint: str
) -> None:
    with pytest.raises(kind) as refused, saved(Run(own_folder.resolve() / "model"), *steps).told():
        raise error
    assert (refused.value.message, refused.value.hint) == (message, hint)


@pytest.mark.parametrize(
    "error",
    [DataError("No space left in the text", "hint"), TooLittleMemory("out of memory", "hint"), OSError("other")],
)
def test_what_is_already_said_or_unknown_stays_as_it_is(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(type(error)) as raised, saved(Run(tmp_path / "model"), 5).told():
        raise error
    assert raised.value is error


# --- what a run writes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("resume", "steps"), [(True, [5, 10]), (False, [])])
def test_starting_over_deletes_the_checkpoints_and_resuming_keeps_them(
    tmp_path: Path, resume: bool, steps: list[int]
) -> None:
    run = saved(Run(tmp_path / "model"), 5, 10)
    run.result.write_text("{}")
    run.begin(Settings(), "train", resume=resume)
    assert sorted(run.saved_steps()) == steps
    assert not run.result.exists()
    run.begin(Settings(), "train", resume=resume)  # with no result either


HISTORY = ['{"step": 4, "loss": 1}', '{"step": 4, "eval_loss": 2}', '{"step": 5, "loss": 3}', '{"step": 6, "loss": 4}']


@pytest.mark.parametrize(
    ("step", "evaluated", "kept"),
    [(0, True, 0), (3, True, 0), (4, True, 2), (4, False, 1), (5, False, 3), (6, True, 4), (9, False, 4)],
)
def test_the_history_is_kept_up_to_a_step_and_its_evaluation_only_if_it_was_done(
    tmp_path: Path, step: int, evaluated: bool, kept: int
) -> None:
    run = saved(Run(tmp_path / "model"), 1)
    run.history.write_text("\n".join(HISTORY) + '\n{"step": 1, "half a li', encoding="utf-8")
    run.keep_history(step, evaluated)
    assert run.history.read_text(encoding="utf-8") == "".join(f"{line}\n" for line in HISTORY[:kept])
    assert names(run.folder) == ["checkpoints", "history.jsonl"]


def test_a_start_over_from_nothing_forgets_even_what_was_measured_before_the_first_step(tmp_path: Path) -> None:
    run = saved(Run(tmp_path / "model"), 1)
    run.record(step=0, eval_loss=1.5)
    run.keep_history(0)
    assert run.read_history() == []


def test_no_history_is_an_empty_one_and_what_is_recorded_comes_back_in_order(tmp_path: Path) -> None:
    run = saved(Run(tmp_path / "model"), 1)
    run.keep_history(5)
    assert run.read_history() == []
    assert not run.history.exists()
    lines = [{"step": 1, "loss": 0.1}, {"step": 2, "loss": 1e-30}]
    for line in lines:
        run.record(**line)
    assert run.read_history() == lines


def test_each_phase_has_its_own_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([100.0, 101.256, 101.256, 104.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(times))
    clock = Clock()
    for phase in ("prepare", "nothing", "train"):
        clock.lap(phase)
    clock.save(tmp_path / "timing.json", loop_seconds=2.5)
    written = json.loads((tmp_path / "timing.json").read_text())
    assert 10 < written.pop("peak_memory_megabytes") < 1_000_000  # of this process: neither kilobytes nor gigabytes
    assert written == {"seconds": {"prepare": 1.26, "nothing": 0.0, "train": 2.74}, "loop_seconds": 2.5}


def test_now_is_in_utc_to_the_second() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    assert before <= datetime.fromisoformat(now()) <= datetime.now(UTC)
    assert now().endswith("+00:00")


# --- links and lines ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["run.log", "history.jsonl", "lock", "settings.json", "result.json", "timing.json", "dataset", "checkpoints",
     "checkpoints/checkpoint-5", "checkpoints/.staging", "dataset/train.parquet"],
)  # fmt: skip
def test_no_link_in_a_run_folder_is_followed(own_folder: Path, name: str) -> None:
    run = Run(own_folder.resolve() / "model")
    with run.open(Settings(), "train"):
        pass
    (own_folder / "precious").mkdir()
    (own_folder / "precious" / "file").write_text("precious")
    target = "precious" if name.startswith(("dataset", "checkpoints")) else "precious/file"
    link = run.folder / name
    link.unlink(missing_ok=True)
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(own_folder / target)
    said = f"^model\\.run/{name} in the run folder is a symbolic link"
    with pytest.raises(OutputError, match=said) as refused, run.open(Settings(), "train"):
        pass
    assert refused.value.hint == "remove it, or choose another --output-dir"
    assert (names(own_folder / "precious"), (own_folder / "precious" / "file").read_text()) == (["file"], "precious")


@pytest.mark.parametrize("name", ["settings.json", "history.jsonl", "run.log", "result.json", "timing.json", "lock"])
def test_a_folder_in_place_of_a_file_of_a_run_is_refused_before_training(own_folder: Path, name: str) -> None:
    run = Run(own_folder.resolve() / "model")
    with run.open(Settings(), "train"):
        pass
    (run.folder / name).unlink(missing_ok=True)
    (run.folder / name).mkdir()
    said = f"^model\\.run/{name} in the run folder is a folder, which clf did not write"
    with pytest.raises(OutputError, match=said), run.open(Settings(), "train"):
        pass


@pytest.mark.parametrize("name", ["checkpoints", "dataset", "tokens"])
def test_a_file_in_place_of_a_folder_of_a_run_is_refused_before_training(own_folder: Path, name: str) -> None:
    run = Run(own_folder.resolve() / "model")
    with run.open(Settings(), "train"):
        pass
    (run.folder / name).write_text("mine")
    with pytest.raises(OutputError, match=f"{name} in the run folder is a file"), run.open(Settings(), "train"):
        pass


def test_a_run_folder_that_vanishes_meanwhile_is_said_and_other_files_are_not(own_folder: Path) -> None:
    run = Run(own_folder.resolve() / "model")
    with (
        pytest.raises(OutputError, match=r"^model\.run was changed meanwhile: .*history\.jsonl") as refused,
        run.told(),
    ):
        run.record(step=1)
    assert refused.value.hint.startswith("run the command again")
    with pytest.raises(FileNotFoundError), run.told():
        (own_folder / "absent").read_bytes()


def test_what_a_user_keeps_beside_checkpoints_is_not_deleted_with_them(tmp_path: Path) -> None:
    run = Run(tmp_path / "model")
    for name in ("checkpoint-5", ".staging/checkpoint-10", ".trash-checkpoint-5", "checkpoint-best", "notes"):
        (run.checkpoints / name).mkdir(parents=True)
    run.discard_checkpoints()
    assert names(run.checkpoints) == ["checkpoint-best", "notes"]
    for name in ("checkpoint-best", "notes"):
        (run.checkpoints / name).rmdir()
    run.discard_checkpoints()
    assert not run.checkpoints.exists()


def test_a_run_folder_that_is_a_link_is_refused(own_folder: Path) -> None:
    (own_folder / "precious").mkdir()
    run = Run(own_folder.resolve() / "model")
    run.folder.symlink_to("precious")
    with pytest.raises(OutputError, match=r"^the run folder model\.run is a symbolic link$"), run.open(Settings(), "x"):
        pass
    assert names(own_folder / "precious") == []


def test_each_record_of_the_log_is_one_line_without_control_characters(tmp_path: Path) -> None:
    hostile = "name\nalias ls='rm -rf ~'\r\x1b[2J\u2028\u202e hf_abcdefghijklmnop"
    with log_to(tmp_path / "log"):
        logging.getLogger("clf").warning("the column %s", hostile)
    with pytest.raises(ZeroDivisionError), log_to(tmp_path / "log"):
        raise ZeroDivisionError(hostile)
    content = (tmp_path / "log").read_text()
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (WARNING|ERROR) clf", line) for line in content.splitlines())
    assert "\\nalias ls='rm -rf ~'\\r\\x1b[2J\\u2028\\u202e ***" in content


def test_a_log_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "log").symlink_to("precious")
    with pytest.raises(OSError, match="symbolic link"), log_to(tmp_path / "log"):
        pass
    assert (tmp_path / "precious").read_text() == "precious"


def test_no_space_for_a_run_folder_is_said(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(own_folder.resolve() / "model")

    def full(*_: object, **options: object) -> None:
        raise FULL

    for name in ("mkdir", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(Path, name, full)
            with pytest.raises(OutputError, match="No space left") as refused, run.open(Settings(), "train"):
                pass
            assert refused.value.hint == "free some space, or choose another --output-dir"


def test_an_expected_error_ends_the_log_in_one_line_and_no_line_is_forged(tmp_path: Path) -> None:
    for error in (OutputError("full\n2030-01-01T00:00:00Z INFO clf: fine"), KeyboardInterrupt()):
        with pytest.raises(type(error)), log_to(tmp_path / "run.log"):
            raise error
    lines = (tmp_path / "run.log").read_text().splitlines()
    assert len(lines) == 2
    assert "ended by OutputError('full\\n2030" in lines[0]


def test_lines_of_history_that_are_none_are_left_out(tmp_path: Path) -> None:
    run = Run(tmp_path / "x")
    run.folder.mkdir()
    damaged = ["5", "[]", '{"step": "many"}', '{"epoch": 1}', "[" * 100_000, '{"step": 1, "loss": "low"}', "\x00", ""]
    run.history.write_text("\n".join([*damaged, '{"step": 2, "loss": NaN}', '{"step": 3, "loss": 0.5}']))
    run.keep_history(3)
    assert [line["step"] for line in run.read_history()] == [2, 3]


@pytest.mark.parametrize("name", ["checkpoint-²", "checkpoint-x", "checkpoint-", "checkpoint-٣", "checkpoint-5.bak"])
def test_a_folder_that_is_no_checkpoint_is_no_saved_step(tmp_path: Path, name: str) -> None:
    run = Run(tmp_path / "x")
    (run.checkpoints / name).mkdir(parents=True)
    (run.checkpoints / "checkpoint-12").mkdir()
    assert run.saved_steps() == [12]


@pytest.mark.parametrize("linked", ["model.run", "model.run/checkpoints"])
def test_checkpoints_left_by_a_finished_run_are_deleted_under_its_lock_and_through_no_link(
    own_folder: Path, linked: str
) -> None:
    run = Run(own_folder / "model")
    run.discard_left_checkpoints()  # there are none
    assert names(own_folder) == []
    kept = own_folder / "precious" / "checkpoints" / "checkpoint-7"
    kept.mkdir(parents=True)
    (own_folder / linked).parent.mkdir(exist_ok=True)
    (own_folder / linked).symlink_to(kept.parent.parent if linked == "model.run" else kept.parent)
    with pytest.raises(OutputError, match="is a symbolic link"):
        run.discard_left_checkpoints()
    run.discard_checkpoints()
    assert linked == "model.run" or kept.is_dir()
    (own_folder / linked).unlink()
    (run.checkpoints / "checkpoint-7").mkdir(parents=True)
    with (
        locked(run.folder / "lock", run.folder),
        pytest.raises(OutputError, match="is using"),
    ):
        run.discard_left_checkpoints()
    run.discard_left_checkpoints()
    assert names(run.folder) == []
