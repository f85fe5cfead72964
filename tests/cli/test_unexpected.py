"""An error that nobody foresaw is one line, and its details are in a file without secrets and texts."""

import logging
import re
import stat
import sys
import tempfile
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from clf.cli.app import run
from clf.cli.unexpected import MOST_CHARACTERS, details, keep_threads_quiet, unexpected, write_details


class PanicException(BaseException):
    """As pyo3 raises when a library written in Rust panics."""


def broken(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("clf.prepare.prepare", fail)


@pytest.mark.parametrize("error", [ZeroDivisionError("odd\nlines"), PanicException("odd"), AssertionError("odd")])
def test_any_error_is_one_line_with_a_file_and_an_exit_code(
    error: BaseException, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    broken(error, monkeypatch)
    assert run(["prepare", "--dataset", "synthetic", "--json"]) == 1
    captured = capsys.readouterr()
    first, second = captured.err.splitlines()
    assert first == f"error: unexpected {type(error).__name__}: odd"
    found = re.fullmatch(r"hint: this is a bug in clf: please open an issue with the details in (\S+), .*", second)
    assert found is not None
    assert "Traceback" not in captured.err
    assert '"kind": "internal"' in captured.out
    file = Path(found[1])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    written = file.read_text()
    assert "command: clf prepare --dataset synthetic --json\n" in written
    assert "torch 2" in written
    assert "in fail" in written


def test_the_traceback_is_on_the_terminal_if_it_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    broken(RecursionError("deep"), monkeypatch)
    assert run(["prepare", "--dataset", "synthetic", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_an_error_that_cannot_say_what_it_is_is_one_line_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError

    broken(Mute(), monkeypatch)
    assert run(["prepare", "--dataset", "synthetic"]) == 1
    assert capsys.readouterr().err.splitlines()[0] == "error: unexpected Mute"


def test_the_details_hold_neither_secrets_nor_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "the-token-itself")
    error = ValueError("hf_abcdefghijklmnop and the-token-itself \x1b[2J")
    found = details(error, ["predict", "m", "--text", "a private text", "--text=another", "http://u:pw@h/x"])
    assert "clf predict m --text '…' '--text=…'" in found
    for hidden in ("hf_abc", "the-token-itself", "private", "another", "pw@", "\x1b"):
        assert hidden not in found
    assert len(details(ValueError("x" * 2 * MOST_CHARACTERS), [])) <= MOST_CHARACTERS + 1


def test_without_a_temporary_folder_the_working_folder_has_the_details_or_nothing_has(
    monkeypatch: pytest.MonkeyPatch, own_folder: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nothing/here")
    assert write_details("x") == next(own_folder.glob("clf-error-*.txt"))

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "mkstemp", full)
    assert write_details("x") is None
    assert "--debug" in unexpected(ValueError("x"), []).hint


def test_an_error_in_a_thread_is_one_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    for holder, name in ((threading, "excepthook"), (sys, "unraisablehook")):
        monkeypatch.setattr(holder, name, getattr(holder, name))
    keep_threads_quiet()

    def fail() -> None:
        raise ValueError("first\nsecond")

    thread = threading.Thread(target=fail)
    with caplog.at_level(logging.INFO, "clf"):
        thread.start()
        thread.join()
        sys.unraisablehook(SimpleNamespace(exc_value=OSError("ignored")))  # type: ignore[arg-type]
    assert caplog.messages == ["a thread in the background failed: ValueError: first"]
    assert capsys.readouterr().err == ""
