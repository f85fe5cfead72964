"""Terminal output: tables and JSON go to stdout, log lines and errors to stderr."""

import io
import json
import logging
import os
import re
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, TextIO

from rich.console import Console, RenderableType
from rich.text import Text

from clf.errors import ClfError, OutputError
from clf.progress import Notes, live_console
from clf.safety import one_line, redacted, safe, tame

ACTIVE = re.compile(
    "[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]|#(?=#(?:vso|teamcity)?\\[)"
)
"""What a terminal or a CI system could act on inside a JSON document."""


def show(what: RenderableType) -> None:
    """Print text or a table on stdout.

    Raises OutputError if stdout cannot be written.
    """
    if sys.stdout is not None:
        _write(tame(_rendered([what], sys.stdout)))


def _rendered(parts: Sequence[RenderableType], stream: TextIO) -> str:
    """Return how the parts look on a stream, a line or table each."""
    held = _Held(stream)
    console = Console(file=held, highlight=False, soft_wrap=True)
    for part in parts:
        console.print(part)
    return held.getvalue()


class _Held(io.StringIO):
    """Text on its way to a stream, with what Rich asks a stream."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self.stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of the stream, which decides how tables are drawn."""
        return self.stream.encoding

    def isatty(self) -> bool:
        """Return whether the stream is a terminal, which decides the colours."""
        return self.stream.isatty()


def _write(text: str) -> None:
    if sys.stdout is not None:
        try:
            sys.stdout.write(text)
        except OSError as error:
            raise _unwritable(error) from error
        flush()


def flush() -> None:
    """Write what waits for stdout.

    Raises OutputError if that is impossible, BrokenPipeError if its reader left; then nothing waits any longer.
    """
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        raise _unwritable(error) from error


def _unwritable(error: OSError) -> Exception:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python tries again when it exits
    if isinstance(error, BrokenPipeError):
        return error
    return OutputError(f"cannot write to stdout: {error.strerror}", "redirect it to a place with free space")


def print_error(error: ClfError, as_json: bool) -> None:
    """Print an error and its hint on stderr; with `--json` also as a JSON document on stdout."""
    lines = [Text.assemble(("error: ", "bold red"), one_line(error.message))]
    if error.hint:
        lines.append(Text.assemble(("hint: ", "bold cyan"), one_line(error.hint)))
    write_error(_rendered(lines, sys.stderr))
    if as_json:
        told = {"kind": error.kind, "message": one_line(error.message), "hint": one_line(error.hint)}
        with suppress(OSError, OutputError):  # the error that is being told matters more
            print_json({"error": told})


def write_error(text: str) -> None:
    """Write text to stderr; if that is impossible, there is nobody to tell."""
    with suppress(OSError, ValueError):
        sys.stderr.write(tame(text))
        sys.stderr.flush()


def print_json(value: Any) -> None:
    """Print one JSON document."""
    text = json.dumps(redacted(value), indent=2, ensure_ascii=False, allow_nan=False)
    # Characters that a terminal could act on are written as JSON escapes; the value is the same.
    _write(ACTIVE.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")


class NoteHandler(Notes):
    """A log handler that prints clf's log lines on stderr, each distinct line once."""

    def __init__(self, level: int, *, introduces: bool = False) -> None:
        super().__init__(level)
        self.introduces = introduces
        self.said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Print one log line, unless the first lines about a file say the same; warnings are highlighted."""
        if self.introduces and getattr(record, "in_first_lines", False):
            return
        if (line := one_line(record.getMessage())) in self.said:
            return
        self.said.add(line)
        style = "yellow" if record.levelno >= logging.WARNING else "dim" if record.levelno < logging.INFO else ""
        prefix = "warning: " if record.levelno >= logging.WARNING else ""
        shown_by = live_console() or Console(stderr=True)
        with suppress(OSError):  # such as a full disk: the work goes on without notes
            shown_by.print(Text(tame(prefix + line), style=style), highlight=False, soft_wrap=True)


def tame_libraries() -> None:
    """Make each log record and warning of a library one harmless line: it may quote a foreign config or text."""
    make = logging.getLogRecordFactory()

    def harmless(name: str, *rest: Any, **named: Any) -> logging.LogRecord:
        record = make(name, *rest, **named)
        if name.partition(".")[0] != "clf":  # clf's own records are made harmless by their handlers
            record.msg, record.args = tame(one_line(record.getMessage())), None
        return record

    def warn(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        logging.getLogger("clf").warning("%s: %s", category.__name__, message)

    logging.setLogRecordFactory(harmless)
    warnings.showwarning = warn


def print_next(command: str) -> None:
    """Print the suggested next command."""
    show(Text.assemble(("Next: ", "bold green"), safe(command)))


def print_lines(*lines: str) -> None:
    """Print plain lines, with untrusted strings made safe."""
    for line in lines:
        show(Text(" ".join(safe(line).split("\n"))))
