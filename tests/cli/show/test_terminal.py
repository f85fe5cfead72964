"""Results go to stdout, notes and errors to stderr, and nothing untrusted is active on a terminal."""

import io
import json
import logging
import os
import sys
import warnings
from pathlib import Path

import pytest

from clf.cli.session import close_streams
from clf.cli.show.tables import make_table
from clf.cli.show.terminal import NoteHandler, print_error, print_json, print_lines, print_next, show, tame_libraries
from clf.errors import READER_LEFT, DataError, OutputError

HOSTILE = "\x1b]0;title\x07[/x] [bold]b[/bold] \u202eabc \x9b31m"


def test_an_error_is_one_line_and_a_hint_and_markup_in_it_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(DataError(f"bad\n{HOSTILE}", "do [this]"), as_json=True)
    captured = capsys.readouterr()
    lines = captured.err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["error", "hint"]
    assert "[/x] [bold]b[/bold]" in lines[0]
    assert "[this]" in lines[1]
    assert json.loads(captured.out)["error"]["kind"] == "data"


def test_an_error_without_a_hint_is_one_line_and_leaves_stdout_to_results(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(DataError("no rows"), as_json=False)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "error: no rows\n")


def test_an_error_as_json_has_kind_message_and_hint(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(DataError("no\nrows in größe.csv", "add\nsome"), as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert found == {"error": {"kind": "data", "message": "no rows in größe.csv", "hint": "add some"}}


@pytest.mark.parametrize(
    "character", ["\x7f", "\x9b", "\u061c", "\u200f", "\u2028", "\u202e", "\u2066", "\ufeff", "\x1b"]
)
def test_json_escapes_what_a_terminal_could_act_on_and_keeps_the_value(
    capsys: pytest.CaptureFixture[str], character: str
) -> None:
    print_json({"text": f"größe {character}"})
    out = capsys.readouterr().out
    assert character not in out
    assert "größe" in out
    assert json.loads(out) == {"text": f"größe {character}"}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_cannot_say_is_refused(capsys: pytest.CaptureFixture[str], value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        print_json({"value": value})
    assert capsys.readouterr().out == ""


@pytest.fixture
def log() -> logging.Logger:
    """Give a log of its own whose notes are printed."""
    log = logging.Logger("test", logging.DEBUG)
    log.addHandler(NoteHandler(logging.INFO))
    return log


def test_each_note_is_printed_once_and_a_warning_is_called_one(
    log: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    log.info("reading %s", "a.csv")
    log.warning("an empty row")
    log.info("reading %s", "b.csv")
    log.info("reading %s", "a.csv")
    log.error("it failed")
    log.debug("not for this level")
    captured = capsys.readouterr()
    assert captured.err.splitlines() == [
        "reading a.csv",
        "warning: an empty row",
        "reading b.csv",
        "warning: it failed",
    ]
    assert captured.out == ""


def test_a_note_is_one_line_of_harmless_text(log: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    log.info("[red]two\nlines[/red] \x1b[2J")
    assert capsys.readouterr().err == "[red]two lines[/red] \\x1b[2J\n"


@pytest.mark.parametrize("columns", ["200", "20"])
def test_lines_are_neither_wrapped_nor_read_as_markup(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    print_lines("model: [bold]trained_models/a-name-that-is-longer-than-the-terminal[/bold]", "", "\x1b[0m")
    print_next("clf predict trained_models/mine --text 'a [new] text that is long'")
    assert capsys.readouterr().out.splitlines() == [
        "model: [bold]trained_models/a-name-that-is-longer-than-the-terminal[/bold]",
        "",
        "\\x1b[0m",
        "Next: clf predict trained_models/mine --text 'a [new] text that is long'",
    ]


COMMANDS = ("::set-output name=gate::passed", "  ::error::x", "a\n::add-mask::b", "x ##[add-path]y", "##vso[task.x]")


@pytest.mark.parametrize("hostile", COMMANDS)
def test_no_line_is_a_command_for_a_ci_system(
    log: logging.Logger, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, hostile: str
) -> None:
    monkeypatch.setenv("COLUMNS", "24")  # so that titles and cells are wrapped
    table = make_table(f"Dataset of some {hostile}", [hostile, "x"], right=[])
    table.add_row(hostile, hostile)
    show(table)
    print_lines(hostile, f"model: {hostile}")
    print_next(f"clf predict {hostile}")
    print_json({"label": hostile})
    log.warning(hostile)
    log.info(hostile)
    print_error(DataError(hostile, hostile), as_json=True)
    captured = capsys.readouterr()
    for line in (captured.out + captured.err).splitlines():
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
        assert "##vso[" not in line


def test_a_document_with_a_command_keeps_its_value(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"label": "##[error]x ::y", "half": "\ud800"}
    print_json(value)
    assert json.loads(capsys.readouterr().out) == value


def test_a_line_stays_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_lines("model: a\nerror: forged")
    assert capsys.readouterr().out == "model: a error: forged\n"


def test_a_document_holds_no_secret(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "the-token-itself")
    print_json(
        {"a": "the-token-itself", "b": ["https://h/x?token=abcdef\\"], "c": 1, "hf_abcdefghijklmnop": 'token=abcd\\"'}
    )
    assert json.loads(capsys.readouterr().out) == {
        "a": "***", "b": ["https://h/x?token=***"], "c": 1, "***": 'token=***"',
    }  # fmt: skip


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_a_full_disk_at_stdout_is_an_error_and_at_stderr_none(
    own_stdout: None, log: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    for printing in (print_lines, print_next, print_json, show):
        with open("/dev/full", "w") as full:
            os.dup2(full.fileno(), 1)
        monkeypatch.setattr(sys, "stdout", open(1, "w", closefd=False))  # noqa: SIM115
        with pytest.raises(OutputError, match="cannot write to stdout: No space left on device"):
            printing("x")
        sys.stdout.close()  # nothing waits any longer
    with open("/dev/full", "wb", buffering=0) as full, monkeypatch.context() as patched:
        stream = io.TextIOWrapper(full, write_through=True)
        patched.setattr(sys, "stderr", stream)
        log.warning("lost")
        print_error(DataError("lost"), as_json=False)
        stream.detach()


def test_what_waits_for_stdout_is_written_at_the_end_or_is_an_error(
    own_stdout: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    class Failing:
        def __init__(self, error: OSError | None) -> None:
            self.error = error

        def flush(self) -> None:
            if self.error:
                raise self.error

    outcomes = {None: 0, OSError(28, "No space left on device"): 1, BrokenPipeError(): READER_LEFT}
    for error, code in outcomes.items():
        monkeypatch.setattr(sys, "stdout", Failing(error))
        assert close_streams(0) == code
    monkeypatch.setattr(sys, "stdout", Failing(OSError(28, "No space left on device")))
    assert close_streams(3) == 3
    assert capfd.readouterr().err.count("error: cannot write to stdout: No space left on device\n") == 1


def test_what_a_library_logs_or_warns_of_is_one_harmless_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    before = logging.getLogRecordFactory()
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    library = logging.Logger("transformers.models")
    library.addHandler(logging.StreamHandler(sys.stderr))
    try:
        tame_libraries()
        library.warning("a model of type %s", "x\n::set-output name=gate::passed\x1b[2J ##[debug]")
        warnings.showwarning(UserWarning("odd\nlines"), UserWarning, "file.py", 1)
    finally:
        logging.setLogRecordFactory(before)
    assert capsys.readouterr().err == "a model of type x ::set-output name=gate::passed\\x1b[2J \\x23#[debug]\n"
    assert caplog.messages == ["UserWarning: odd\nlines"]
