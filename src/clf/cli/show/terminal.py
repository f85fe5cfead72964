"""Terminal output: tables and JSON go to stdout, log lines and errors to stderr."""

import json
import logging
import re
import sys
from typing import Any

from rich.console import Console
from rich.text import Text

from clf.errors import ClfError
from clf.progress import live_console
from clf.safety import one_line, safe

INVISIBLE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def console() -> Console:
    """Return the console on stdout."""
    return Console(highlight=False, soft_wrap=True)


def print_error(error: ClfError, as_json: bool) -> None:
    """Print an error and its hint on stderr; with `--json` also as a JSON document on stdout."""
    stream = Console(stderr=True, highlight=False, soft_wrap=True)
    stream.print(Text.assemble(("error: ", "bold red"), one_line(error.message)))
    if error.hint:
        stream.print(Text.assemble(("hint: ", "bold cyan"), one_line(error.hint)))
    if as_json:
        print_json(
            {
                "error": {
                    "kind": error.kind,
                    "message": one_line(error.message),
                    "hint": one_line(error.hint),
                }
            }
        )


def print_json(value: Any) -> None:
    """Print one JSON document."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    # Characters that a terminal could act on are written as JSON escapes; the value is the same.
    sys.stdout.write(INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")


class NoteHandler(logging.Handler):
    """A log handler that prints clf's log lines on stderr, each distinct line once."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Print one log line; warnings are highlighted."""
        if (line := one_line(record.getMessage())) in self.said:
            return
        self.said.add(line)
        style = "yellow" if record.levelno >= logging.WARNING else "dim" if record.levelno < logging.INFO else ""
        prefix = "warning: " if record.levelno >= logging.WARNING else ""
        shown_by = live_console() or Console(stderr=True)
        shown_by.print(Text(prefix + line, style=style), highlight=False, soft_wrap=True)


def print_next(command: str) -> None:
    """Print the suggested next command."""
    console().print(Text.assemble(("Next: ", "bold green"), safe(command)))


def print_lines(*lines: str) -> None:
    """Print plain lines, with untrusted strings made safe."""
    for line in lines:
        console().print(Text(safe(line)))
