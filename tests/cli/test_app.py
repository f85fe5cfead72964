"""The command line itself: aliases, versions, signals, pipes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import clf as package
from clf import __version__
from clf.cli.app import main
from conftest import HANGS, RunClf, review_rows, write_csv
from support.forks import ForkedClf

COMMANDS = ("prepare", "train", "demo", "evaluate", "compare", "predict", "download-models")


def test_the_version_is_said(clf: RunClf) -> None:
    assert clf("--version").out == f"clf {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_shows_defaults_and_the_common_flags(clf: RunClf, command: str) -> None:
    done = clf(command, "--help")
    assert done.code == 0
    for flag in ("--config", "--json", "--quiet", "--verbose", "--debug", "--offline"):
        assert flag in done.out
    assert "--lr" not in done.out
    assert "--trained-model" not in done.out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("train", "--batch_size", 0), "--batch-size"),
        (("train", "--num_train_epochs", 0), "--epochs"),
        (("train", "--per_device_train_batch_size", 0), "--batch-size"),
        (("train", "--lr", 7), "--learning-rate"),
        (("train", "--max_seq_length", 1), "--max-length"),
        (("download_models", "--download_timeout", 0), "--download-timeout"),
    ],
)
def test_the_spellings_of_other_guides_work(clf: RunClf, arguments: tuple[object, ...], named: str) -> None:
    done = clf(*arguments)
    assert done.code == 2
    assert f"error: {named}: expected" in done.err


def test_an_unknown_error_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch, clf: RunClf) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("clf.prepare.prepare", broken)
    with pytest.raises(ZeroDivisionError):
        clf("prepare", "--dataset", "synthetic")


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


def test_a_reader_that_leaves_early_is_no_error(trained: Path) -> None:
    with ForkedClf("evaluate", trained) as running:
        running.stdout.close()
        error = running.stderr.read()
        assert running.wait(HANGS) in {0, 141}
    assert "Traceback" not in error


def test_windows_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert capsys.readouterr().err.splitlines()[0] == "error: clf runs on Linux and macOS, found Windows"
    with pytest.raises(ImportError, match="clf runs on Linux and macOS"):
        package.load("model")


def test_the_command_line_can_be_imported_without_what_windows_lacks() -> None:
    code = "import sys; sys.modules.update(fcntl=None, resource=None); import clf.cli.app; print('imported')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=HANGS)
    assert done.stdout == "imported\n", done.stderr
