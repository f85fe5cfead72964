"""The log of the server: lines of JSON on stderr, which never wait for whoever reads them."""

import json
import logging
import select
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import TextIO

from clf.safety import one_line

Value = str | int | float | None


class LogLines(logging.Handler):
    """Writes lines of JSON: of requests by `write`, and as a handler of logging clf's own notes and warnings."""

    def __init__(self, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self.lost = 0
        """Lines that nobody took, since the last that was written."""

    def write(self, **values: Value) -> None:
        """Write a line with the time and those values that are not None.

        A line that would wait for its reader is left out; the next one says how many were lost.
        """
        given = {name: value for name, value in values.items() if value is not None}
        line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), **given}
        self.acquire()
        try:
            self._write_now(line)
        finally:
            self.release()

    def _write_now(self, line: dict[str, str | int | float]) -> None:
        if sys.stderr is None:
            return
        with suppress(OSError, ValueError):  # a full disk, or the reader left: the server goes on without a log
            if not _takes_a_line(sys.stderr):
                self.lost += 1
                return
            line |= {"lines_lost": self.lost} if self.lost else {}
            sys.stderr.write(json.dumps(line) + "\n")
            sys.stderr.flush()
            self.lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write a note or a warning of clf."""
        self.write(level=record.levelname.lower(), message=one_line(record.getMessage()))


def _takes_a_line(stream: TextIO) -> bool:
    """Return whether a line can be written without waiting: a pipe that has room has it for 4,096 bytes at least."""
    poll = select.poll()
    poll.register(stream, select.POLLOUT)
    return bool(poll.poll(0))
