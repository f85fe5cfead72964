"""The help fits the terminal, and is the same whether it is read from the file or made from the options."""

import json
from importlib.resources import files

import pytest

from clf import __version__
from clf.cli.app import run
from clf.cli.help import KEPT, answer, written
from clf.settings import TrainSettings

KNOWN = json.loads(files("clf.cli").joinpath(KEPT).read_text(encoding="utf-8"))


def test_every_setting_of_train_is_in_its_help() -> None:
    words = written(KNOWN["train"], 100).replace(",", " ").split()
    assert {f"--{name.replace('_', '-')}" for name in TrainSettings.model_fields} <= set(words)


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


def test_a_bare_command_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    shown = capsys.readouterr()
    assert shown.out == written(KNOWN[""])
    assert shown.err == ""


@pytest.mark.parametrize(("columns", "limit"), [(1, 40), (39, 40), (60, 60), (100, 100), (500, 100)])
def test_it_fits_terminals_of_any_width(columns: int, limit: int) -> None:
    lines = written(KNOWN["train"], columns).splitlines()
    names = {f"  {name}" for rows in KNOWN["train"]["sections"].values() for name, _ in rows}
    assert max(len(line) for line in lines if line not in names) < limit
    assert max(map(len, lines)) > limit - 10


PAGE = {
    "usage": "clf x",
    "about": "It does x.",
    "sections": {
        "Options": [["--short", "A meaning that is long enough to wrap."], ["--a-very-long-flag", "It."], ["-n", ""]]
    },
}


def test_a_meaning_stands_beside_short_names_and_below_long_ones() -> None:
    assert written(PAGE, 40).splitlines() == [
        "Usage: clf x",
        "",
        "It does x.",
        "",
        "Options",
        "  --short    A meaning that is long",
        "             enough to wrap.",
        "  --a-very-long-flag",
        "             It.",
        "  -n         ",
    ]


def test_headings_are_bold_on_a_terminal_unless_it_wants_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert written(PAGE).splitlines()[0] == "\033[1mUsage:\033[0m clf x"
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\033" not in written(PAGE)


def test_the_version_alone_is_answered(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["--version"])
    assert capsys.readouterr().out == f"clf {__version__}\n"
    assert not answer(["train", "--version"])


def test_a_closed_stdout_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", None)
    assert answer(["train", "-h"])
