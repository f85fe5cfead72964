"""Every command starts with the same environment and log, and ends in an exit code, a next step or an error."""

import errno
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer

from clf.cli.options import Presentation
from clf.cli.session import (
    LESS_MEMORY,
    MORE_FILES,
    MORE_SPACE,
    NOT_YET,
    NOTHING_HALF,
    OTHER_DISK,
    encoder_at_hand,
    finish,
    note_unused,
    run_to_exit_code,
    start,
)
from clf.errors import (
    INTERRUPTED,
    READER_LEFT,
    TERMINATED,
    ClfError,
    Interrupted,
    Terminated,
    TrainingError,
    UsageError,
)
from clf.settings import DataSettings, RunSettings, Settings, TrainSettings
from conftest import HANGS, RunClf
from support.forks import ForkedClf
from support.tiny import review_rows, write_csv

LIBRARIES = ("HF_HUB_OFFLINE", "HF_DEBUG", "HF_HUB_DISABLE_PROGRESS_BARS", "HF_HUB_DISABLE_TELEMETRY",
             "TOKENIZERS_PARALLELISM", "HF_ENDPOINT")  # fmt: skip
"""What a command changes in the environment."""


def presentation(json: bool = False, quiet: bool = False, verbose: bool = False) -> Presentation:
    return Presentation(json=json, quiet=quiet, verbose=verbose, debug=False)


# --- the start ------------------------------------------------------------------------------------------------------


@pytest.fixture
def own_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Unset what a command changes in the environment, and restore it after the test."""
    for name in LIBRARIES:
        monkeypatch.setenv(name, "0")  # so that what the test sets is undone
        monkeypatch.delenv(name)
    return monkeypatch


def test_libraries_are_told_not_to_report_and_a_choice_of_the_user_stays(own_environment: pytest.MonkeyPatch) -> None:
    own_environment.setenv("HF_DEBUG", "1")
    start(Settings(), presentation())
    assert {name: os.environ.get(name) for name in LIBRARIES} == {
        "HF_HUB_OFFLINE": None,
        "HF_DEBUG": None,
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TOKENIZERS_PARALLELISM": "true",
        "HF_ENDPOINT": None,
    }
    own_environment.setenv("TOKENIZERS_PARALLELISM", "false")
    start(Settings(run=RunSettings(offline=True)), presentation())
    assert (os.environ["HF_HUB_OFFLINE"], os.environ["TOKENIZERS_PARALLELISM"]) == ("1", "false")


def test_an_empty_endpoint_counts_as_unset_and_a_bad_one_is_refused(own_environment: pytest.MonkeyPatch) -> None:
    own_environment.setenv("HF_ENDPOINT", "  ")
    start(Settings(), presentation())
    assert "HF_ENDPOINT" not in os.environ
    own_environment.setenv("HF_ENDPOINT", "mirror.example")
    with pytest.raises(UsageError, match="HF_ENDPOINT is not a valid address"):
        start(Settings(), presentation())


@pytest.mark.parametrize(
    ("quiet", "verbose", "rank", "said"),
    [
        (False, False, "0", ["a note", "warning: odd", "warning: bad"]),
        (False, True, "0", ["a detail", "a note", "warning: odd", "warning: bad"]),
        (True, True, "0", ["warning: bad"]),
        (False, True, "1", ["warning: bad"]),
    ],
)
def test_the_flags_and_the_rank_choose_what_is_said(
    own_environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], quiet: bool, verbose: bool, rank: str,
    said: list[str],
) -> None:  # fmt: skip
    for name, value in {"RANK": rank, "WORLD_SIZE": "2", "LOCAL_RANK": rank, "LOCAL_WORLD_SIZE": "2"}.items():
        own_environment.setenv(name, value)
    for _ in range(2):  # a second command in the same process says everything once
        start(Settings(), presentation(quiet=quiet, verbose=verbose))
    log = logging.getLogger("clf.anything")
    log.debug("a detail")
    log.info("a note")
    log.warning("odd")
    log.error("bad")
    assert capsys.readouterr().err.splitlines() == said


def test_data_settings_without_effect_are_named_if_they_were_set(caplog: pytest.LogCaptureFixture) -> None:
    data = DataSettings(split="test", allow_leak=True, dataset="a.csv")
    note_unused(Settings(data=data), "split", "allow_leak", "drop_leaks")
    assert caplog.messages == ["--allow-leak has no effect here", "--split has no effect here"]


# --- the next command -----------------------------------------------------------------------------------------------


def test_the_next_command_is_quoted_for_the_shell_and_left_out_if_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    finish(presentation(), "clf", "predict", Path("my models/[a]"), "--text", "it's fine")
    assert capsys.readouterr().out == """Next: clf predict 'my models/[a]' --text 'it'"'"'s fine'\n"""
    finish(presentation(quiet=True), "clf", "demo")
    assert capsys.readouterr().out == ""


def test_a_hostile_name_in_the_next_command_is_one_line_that_can_be_pasted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    part = "it's\n::set-output::  \x1b[2J\\ é"
    finish(presentation(), "clf", "predict", part)
    shown = capsys.readouterr().out
    assert shown == "Next: clf predict $'it\\'s\\x0a::set-output:: \\x20\\x1b[2J\\\\ é'\n"
    pasted = subprocess.run(["bash", "-c", shown.replace("Next: clf predict", "printf %s")], capture_output=True)
    assert pasted.stdout.decode() == part


def test_an_encoder_that_was_set_is_part_of_the_next_command() -> None:
    assert encoder_at_hand(TrainSettings(model="acme/tiny")) == ["--model", "acme/tiny"]


@pytest.mark.parametrize(
    ("installed", "suggested"), [(True, ["--model", "sentence-transformers/all-MiniLM-L6-v2"]), (False, [])]
)
def test_without_the_default_encoder_an_installed_one_is_suggested(
    monkeypatch: pytest.MonkeyPatch, installed: bool, suggested: list[str]
) -> None:
    monkeypatch.setattr("clf.models.store.find_spec", lambda _: object() if installed else None)
    assert encoder_at_hand(TrainSettings()) == suggested


# --- the end --------------------------------------------------------------------------------------------------------


def ending(outcome: object) -> Callable[..., object]:
    """Return a command that raises or returns `outcome`."""

    def command(args: list[str] | None, prog_name: str, standalone_mode: bool) -> object:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    return command


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (0, 0), (3, 3), (4, 4), ("text", 0)])
def test_a_command_without_an_error_ends_with_its_code(
    capsys: pytest.CaptureFixture[str], returned: object, code: int
) -> None:
    assert run_to_exit_code(ending(returned), []) == code
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (ClfError("it failed", "mend it"), 1, ["error: it failed", "hint: mend it"]),
        (UsageError("--x is odd"), 2, ["error: --x is odd"]),
        (KeyboardInterrupt(), INTERRUPTED, ["error: interrupted", f"hint: {NOTHING_HALF}"]),
        (typer.Abort(), INTERRUPTED, ["error: interrupted", f"hint: {NOTHING_HALF}"]),
        (Terminated(), TERMINATED, ["error: terminated", f"hint: {NOTHING_HALF}"]),
        (MemoryError("alloc\nmore"), 1, ["error: memory ran out: MemoryError: alloc", f"hint: {LESS_MEMORY}"]),
        (OSError(errno.ENOMEM, "no"), 1, ["error: memory ran out: OSError: [Errno 12] no", f"hint: {LESS_MEMORY}"]),
        (
            OSError(errno.EIO, "Input/output error", "model/model.safetensors"),
            1,
            [
                "error: a disk fails: OSError: [Errno 5] Input/output error: 'model/model.safetensors'",
                f"hint: {OTHER_DISK}",
            ],
        ),
        (
            RuntimeError("x: No space left on device"),
            1,
            ["error: a disk is full or read-only: RuntimeError: x: No space left on device", f"hint: {MORE_SPACE}"],
        ),
        (
            OSError(errno.EMFILE, "x"),
            1,
            ["error: too many files are open: OSError: [Errno 24] x", f"hint: {MORE_FILES}"],
        ),
        (
            typer.BadParameter("Value error, x is odd"),
            2,
            ["error: Invalid value: x is odd", "hint: see the command's --help"],
        ),
    ],
    ids=repr,
)
def test_each_kind_of_error_has_its_code_its_message_and_its_hint(
    capsys: pytest.CaptureFixture[str], raised: BaseException, code: int, said: list[str]
) -> None:
    assert run_to_exit_code(ending(raised), []) == code
    captured = capsys.readouterr()
    assert captured.err.splitlines() == said
    assert captured.out == ""


def test_a_server_that_was_not_ready_wrote_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_to_exit_code(ending(Terminated()), ["serve", "model"]) == TERMINATED
    assert capsys.readouterr().err.splitlines() == ["error: terminated", f"hint: {NOT_YET}"]


def test_ctrl_c_that_typer_swallowed_is_an_interrupt(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_to_exit_code(ending(INTERRUPTED), []) == INTERRUPTED
    assert capsys.readouterr().err.startswith("error: interrupted\n")


@pytest.mark.parametrize(("signal", "code"), [(KeyboardInterrupt(), INTERRUPTED), (Terminated(), TERMINATED)])
def test_a_library_that_fails_because_a_signal_came_is_no_bug(
    capsys: pytest.CaptureFixture[str], signal: BaseException, code: int
) -> None:
    failed, between = RuntimeError("release unlocked lock"), ValueError("x")
    failed.__context__, between.__context__ = between, signal
    assert run_to_exit_code(ending(failed), []) == code
    assert capsys.readouterr().err.splitlines()[1] == f"hint: {NOTHING_HALF}"


def test_an_interrupted_run_says_how_to_go_on_with_the_same_command(capsys: pytest.CaptureFixture[str]) -> None:
    ended = Interrupted("step 5 is saved", TERMINATED)
    assert run_to_exit_code(ending(ended), ["train", "--dataset", "my data.csv", "--resume"]) == TERMINATED
    assert capsys.readouterr().err.splitlines() == [
        "error: step 5 is saved",
        "hint: resume with: clf train --dataset 'my data.csv' --resume",
    ]


def test_an_error_that_another_process_reports_is_not_repeated(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("clf.cli.session.time", SimpleNamespace(sleep=waited.append))
    error = TrainingError("the main process says it")
    error.told_elsewhere = True
    assert run_to_exit_code(ending(error), ["train", "--json"]) == 1
    assert (capsys.readouterr(), waited) == (("", ""), [3.0])


@pytest.mark.parametrize("raised", [BrokenPipeError(), SystemExit(1)], ids=repr)
def test_a_reader_that_left_gets_nothing_more(
    own_stdout: None, capsys: pytest.CaptureFixture[str], raised: BaseException
) -> None:
    assert run_to_exit_code(ending(raised), []) == READER_LEFT
    with open(os.devnull, "w") as nothing:
        assert os.path.sameopenfile(1, nothing.fileno())
    assert capsys.readouterr() == ("", "")


# --- with a command -------------------------------------------------------------------------------------------------


def test_no_secret_reaches_the_output(clf: RunClf, own_folder: Path) -> None:
    done = clf("train", "--dataset", "hf_abcdefghijklmnop.csv", "--json")
    assert done.code == 1
    assert "hf_abcdefghijkl" not in done.out + done.err
    assert "***" in done.err


def test_debugging_shows_where_and_keeps_secrets_codes_and_documents(clf: RunClf) -> None:
    done = clf("train", "--dataset", "hf_abcdefghijklmnop.csv", "--debug", "--json")
    assert done.code == 1
    assert "Traceback" in done.err
    assert "hf_abcdefghijkl" not in done.out + done.err
    assert done.json["error"]["kind"] == "data"
    assert clf("train", "--epochs", 0, "--debug").code == 2


def test_a_terminal_that_lacks_a_character_is_no_error(own_folder: Path) -> None:
    write_csv(own_folder / "x.csv", [(text, {"good": "größer", "bad": "映画"}[label]) for text, label in review_rows()])
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    arguments = [sys.executable, "-m", "clf", "prepare", "--dataset", "x.csv"]
    done = subprocess.run(arguments, capture_output=True, env=environment, timeout=HANGS)
    assert done.returncode == 0, done.stderr
    assert b"gr??er" in done.stdout


def test_data_given_without_its_flag_gets_a_hint(clf: RunClf) -> None:
    assert "pass the data with --dataset" in clf("train", "reviews.csv").err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_run_with_nothing_published(tiny_encoder: Path, number: int, code: int) -> None:
    arguments = (
        "train",
        "--dataset",
        "synthetic",
        "--model",
        str(tiny_encoder),
        "--epochs",
        "5000",
        "--early-stopping-patience",
        "5000",
        "--eval-steps",
        "epoch",
    )
    with ForkedClf(*arguments) as running:
        for line in running.stderr:
            if line.startswith("epoch 1"):
                break
        running.send_signal(number)
        rest = running.stderr.read()
        assert running.wait(HANGS) == code, rest
    assert "its checkpoint is saved" in rest
    assert "hint: resume with: clf train --dataset synthetic" in rest
    assert "Traceback" not in rest
    assert not Path("trained_models/tiny_synthetic_final").exists()
    assert not list(Path("trained_models").glob(".*staging*"))


@pytest.mark.parametrize(
    ("first", "where", "second"),
    [
        (signal.SIGINT, "clf.cli.show.terminal.print_error", signal.SIGTERM),
        (signal.SIGTERM, "clf.cli.show.terminal.flush", signal.SIGHUP),
        (signal.SIGINT, "clf.cli.show.terminal.flush", signal.SIGINT),
    ],
)
def test_a_second_signal_while_the_end_is_told_ends_the_process_without_a_traceback(
    first: int, where: str, second: int
) -> None:
    code = f"""
import os, signal, sys
from unittest.mock import patch
from clf.cli import session
def send(number):
    os.kill(os.getpid(), number)
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
session.listen_to_signals()
with patch({where!r}, lambda *_: send({int(second)})):
    sys.exit(session.close_streams(session.run_to_exit_code(lambda **_: send({int(first)}), [])))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=HANGS)
    assert done.returncode == -second
    assert "Traceback" not in done.stderr


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    code = """
import signal
from clf.cli import session
numbers = (signal.SIGINT, signal.SIGHUP)
for number in numbers:
    signal.signal(number, signal.SIG_IGN)
session.listen_to_signals()
session.stop_listening()
print([signal.getsignal(number).name for number in numbers], signal.getsignal(signal.SIGTERM).name)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=HANGS)
    assert done.stdout == "['SIG_IGN', 'SIG_IGN'] SIG_DFL\n"


def test_a_reader_that_leaves_early_is_no_error(trained: Path) -> None:
    with ForkedClf("evaluate", trained) as running:
        running.stdout.close()
        error = running.stderr.read()
        assert running.wait(HANGS) in {0, 141}
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        (["predict", "--model", "a b", "--text", "x"], "clf predict 'a b' --text x"),
        (["predict", "new.csv", "--model=m", "--output", "o.csv"], "clf predict m new.csv --output o.csv"),
        (["evaluate", "--split", "train", "--model_name", "m"], "clf evaluate m --split train"),
        (["compare", "--model", "m"], "clf compare m"),
        (["export", "--model", "m", "--int8"], "clf export m --int8"),
        (["download_models", "--model", "bert"], "clf download_models bert"),
        (["doctor", "--model", "m"], None),
    ],
)
def test_a_model_behind_a_flag_is_told_where_it_goes(clf: RunClf, typed: list[str], right: str | None) -> None:
    done = clf(*typed)
    hint = f"name the model without a flag: {right}" if right else "see the command's --help"
    assert (done.code, done.err.splitlines()[-1]) == (2, f"hint: {hint}")
