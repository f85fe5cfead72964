"""CSV on stdout: the cells stay as they are, unless a terminal or the log of a GitHub job would act on them."""

import os
import re
import stat
import sys
from typing import TextIO

from clf.errors import OutputError
from clf.safety import safe, tame

BEGINS_A_COMMAND = re.compile(r"[^\S\r\n]*::")
COMMAND = re.compile(r"(?:^|(?<=[\r\n]))[^\S\r\n]*::[^\r\n]*?::|##\[")
"""A line that GitHub runs as a command: `::name::value` at its start, or `##[name]value` anywhere in it."""
ANOTHER_WAY = "pass --output FILE, or redirect stdout to a file"


class CsvOnStdout:
    """A file for the records of a CSV document, each written by one call.

    On a terminal, control characters become visible. In a GitHub job, a record that would begin with a command begins
    with a quoted cell, which has the same value; OutputError for a record that no spelling makes harmless. In a file
    and in a pipe elsewhere, nothing is changed.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream, self.records = stream, 0
        self.is_terminal = stream.isatty()
        self.is_read_by_github = os.environ.get("GITHUB_ACTIONS") == "true" and not _is_file(stream)

    def write(self, record: str) -> int:
        """Write one record with its line end, or an empty text."""
        self.records += 1
        if self.is_terminal:
            record = tame(safe(record))
        elif self.is_read_by_github:
            record = self._without_command(record)
        return self.stream.write(record)

    def flush(self) -> None:
        """Pass what was written on to the reader."""
        self.stream.flush()

    def _without_command(self, record: str) -> str:
        if BEGINS_A_COMMAND.match(record):  # so its first cell is not quoted yet
            cell, end, rest = re.split(r"([,\n])", record, maxsplit=1)
            record = f'"{cell}"{end}{rest}'
        if COMMAND.search(record):
            what = f"line {self.records} of the output holds what GitHub would run as a command"
            raise OutputError(what, ANOTHER_WAY)
        return record


def csv_on_stdout() -> CsvOnStdout:
    """Return stdout as a file for CSV."""
    return CsvOnStdout(sys.stdout)


def _is_file(stream: TextIO) -> bool:
    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError):
        return False
