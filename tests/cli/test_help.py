"""The help is written once from the options and shown without importing them."""

import json
import os
import subprocess
import sys
from importlib.resources import files

import pytest

from clf.cli.app import run
from clf.cli.help import KEPT, answer, written
from clf.cli.help_pages import pages
from clf.errors import READER_LEFT
from clf.settings import TrainSettings

KNOWN = json.loads(files("clf.cli").joinpath(KEPT).read_text(encoding="utf-8"))


def test_what_is_kept_is_current() -> None:
    assert pages() == KNOWN, "run make docs"


def test_every_setting_of_train_is_in_its_help() -> None:
    text = written(KNOWN["train"], 100)
    assert all(f"--{name.replace('_', '-')}" in text for name in TrainSettings.model_fields)


@pytest.mark.parametrize("name", KNOWN)
def test_it_is_the_same_on_both_ways(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    asked = [*([name] if name else []), "--help"]
    assert answer(asked)
    quick = capsys.readouterr().out
    assert run(asked) == 0
    assert capsys.readouterr().out == quick
    assert max(map(len, quick.splitlines())) <= 80


@pytest.mark.parametrize("arguments", [[], ["train"], ["nothing", "--help"], ["train", "--epochs", "3", "--help"]])
def test_what_it_does_not_know_is_left_to_the_command(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert not answer(arguments)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["predict", "-h"], ["--version"]])
def test_nothing_is_imported_for_it(arguments: list[str]) -> None:
    code = (
        "import sys; sys.argv = ['clf', *sys.argv[1:]]; from clf.__main__ import main; main(); "
        "print(sorted({'typer', 'rich', 'pydantic', 'numpy', 'torch', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_reader_that_leaves_ends_it_in_silence() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-c", "from clf.__main__ import main; main()", "--help"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (READER_LEFT, b"")


def test_a_bare_command_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    shown = capsys.readouterr()
    assert shown.out == written(KNOWN[""])
    assert shown.err == ""


@pytest.mark.parametrize("columns", [1, 2, 33, 500])
def test_it_fits_terminals_of_any_width(columns: int) -> None:
    lines = written(KNOWN["train"], columns).splitlines()
    assert 50 < len(lines) < 600
