"""The commands: their names and flags, what they refuse before they start, and the next command that they suggest."""

import subprocess
import sys
from typing import Any

import pytest

import clf as package
from clf import __version__
from clf.cli.app import _training_with, main
from clf.outcomes.machine import Downloaded
from conftest import HANGS, RunClf

COMMANDS = ("prepare", "train", "demo", "evaluate", "compare", "predict", "export", "download-models", "doctor")


def test_the_version_is_said(clf: RunClf) -> None:
    assert clf("--version").out == f"clf {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_shows_defaults_and_the_common_flags(clf: RunClf, command: str) -> None:
    done = clf(command, "--help")
    assert done.code == 0
    for flag in ("--config", "--json", "--quiet", "--verbose", "--debug", "--offline"):
        assert flag in done.out
    assert "[default: " in done.out
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


def test_texts_come_from_one_place(clf: RunClf, monkeypatch: pytest.MonkeyPatch) -> None:
    both = clf("predict", "model", "a.csv", "--text", "fine")
    assert (both.code, both.err.splitlines()[0]) == (2, "error: both --text and the file a.csv were given")
    monkeypatch.setattr("os.isatty", lambda _: True)
    nothing = clf("predict", "model")
    assert (nothing.code, nothing.err.splitlines()[0]) == (2, "error: nothing to label with the model model")
    assert "hint: clf predict MODEL --text" in nothing.err


def test_a_document_and_predictions_do_not_share_stdout(clf: RunClf) -> None:
    done = clf("predict", "model", "a.csv", "--json")
    assert done.code == 2
    assert done.json["error"]["hint"] == "add --output labelled.csv"


@pytest.mark.parametrize(("arguments", "named"), [(("trian",), "'trian'"), (("train", "--epoch", 3), "--epoch")])
def test_an_unknown_command_or_flag_is_refused_by_its_name(
    clf: RunClf, arguments: tuple[object, ...], named: str
) -> None:
    done = clf(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: No such ")
    assert named in done.err.splitlines()[0]


def downloaded(kind: Any, name: str) -> Downloaded:
    return Downloaded(kind=kind, id=name, revision=None, commit=None, folder="/x", origin="hub")


BERT, IMDB, OWN = downloaded("model", "bert"), downloaded("dataset", "stanfordnlp/imdb"), downloaded("dataset", "a/b")


@pytest.mark.parametrize(
    ("rows", "revision", "command"),
    [
        ([BERT, IMDB], None, "clf train --dataset imdb --model bert --offline"),
        ([OWN, IMDB], None, "clf train --dataset a/b --offline"),
        ([BERT], "v2", "clf train --dataset FILE --model bert --revision v2 --offline"),
        ([BERT, downloaded("model", "other")], None, "clf train --dataset FILE --model bert --offline"),
    ],
)
def test_after_a_download_the_command_that_trains_with_it_is_suggested(
    rows: list[Downloaded], revision: str | None, command: str
) -> None:
    assert _training_with(rows, revision) == command.split()
