"""The rows of a sheet in a workbook: .xlsx, .xlsm, .xlsb, .xls and .ods, read by the extra `excel`.

The workbook is read by a process of its own (`workbook_process`), with a limit on its memory.
"""

import json
import logging
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from clf.data.reading.batch import EXPECTED, CellRow
from clf.data.reading.compression import ZIP_ERRORS
from clf.errors import DataError
from clf.safety import shell_line

WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
MISSING = "pip install 'clf-cli[excel]', or save the sheet as CSV"
LEAST_MEMORY, MOST_MEMORY = 1_000_000_000, 4_000_000_000
"""The most bytes of memory that reading a small workbook, and any workbook, may take."""
MEMORY_FOR_BYTE = 8
"""The bytes of memory that a byte of an unpacked workbook may take: its reader holds a sheet as a whole."""
FREE = 10_000_000
"""The bytes that a workbook may have unpacked, whatever the size of its file."""
LATE, BYTES_IN_SECOND = 60, 500_000
"""The seconds within which the first row of a workbook must come; more if it is large, at that many bytes a second."""
AS_CSV = "open it, save the sheet as CSV, and use that file"
OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
"""The first bytes of an .xls file, and of a workbook with a password."""
PARTS = (b"xl/workbook", b"xl/worksheets/", b"xl/sharedStrings", b"xl/styles", b"opendocument.spreadsheet")
"""Names of which one stands near the beginning of the zip that a workbook is."""

log = logging.getLogger(__name__)


def is_workbook(head: bytes) -> bool:
    """Return whether a file that begins with these bytes, some ten thousand of them, is a workbook."""
    return head.startswith(OLD_WORKBOOK) or (head.startswith(b"PK") and any(part in head for part in PARTS))


def sheet_rows(path: Path, sheet: str, most: int) -> Iterator[CellRow]:
    """Yield the rows of a sheet that are not empty, with their numbers from 1; an empty name is the only sheet.

    Raises DataError if the reader is not installed, the workbook cannot be read, has no such sheet or several of them,
    or expands to more than `most` times its size.
    """
    if find_spec("python_calamine") is None:
        raise DataError(f"{path} is a workbook, which needs the package python-calamine to be read", MISSING)
    memory = min(MOST_MEMORY, LEAST_MEMORY + MEMORY_FOR_BYTE * _unpacked(path, most))
    command = [
        sys.executable,
        "-P",
        str(Path(__file__).with_name("workbook_process.py")),
        str(path),
        sheet,
        str(memory),
        str(max(FREE, most * path.stat().st_size)),
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    ) as child:
        is_late = threading.Event()
        timer = threading.Timer(LATE + path.stat().st_size / BYTES_IN_SECOND, _end, (child, is_late))
        timer.daemon = True
        timer.start()
        try:
            sheets, chosen, unsaved = _line(child.stdout, path, is_late, memory)
            _check_chosen(sheets, chosen, sheet, path)
            if unsaved:
                log.warning(
                    "%s: cells with a formula whose result was not saved are read as empty (%s, %s in all); open the "
                    "file in a spreadsheet program and save it there", path, ", ".join(unsaved[:-1]), unsaved[-1],
                )  # fmt: skip
            while (row := _line(child.stdout, path, is_late, memory)) is not None:
                timer.cancel()
                if any(map(str.strip, row[1])):
                    yield row[0], row[1]
        finally:
            timer.cancel()
            child.kill()


def _end(child: subprocess.Popen[bytes], is_late: threading.Event) -> None:
    is_late.set()
    child.kill()


def _line(lines: IO[bytes] | None, path: Path, is_late: threading.Event, memory: int) -> Any:
    """Return the next line of the process that reads, None at the end; raise DataError for the problem that it met."""
    line = lines.readline() if lines else b""
    killed = "late" if is_late.is_set() else "memory"
    read = json.loads(line) if line.endswith(b"\n") else {"end": [killed, ""]}
    if isinstance(read, list):
        return read
    if read["end"] == "end":
        return None
    problem, said = read["end"]
    told = {
        "password": "is protected by a password",
        "memory": f"cannot be read: its cells need more than {memory / 1e9:.3g} GB of memory, or it is damaged",
        "late": "cannot be read: its first row takes more than a minute",
        "cells": f"reaches over {said} cells, many more than a file of its size holds",
    }.get(problem, f"is not a workbook that can be read: {said}")
    without = "open it, save a copy without the password, and use that"
    raise DataError(f"{path} {told}", without if problem == "password" else AS_CSV)


def _unpacked(path: Path, most: int) -> int:
    """Return the bytes of the parts of a workbook; raise DataError if they are many times those of its file."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(part.file_size for part in archive.infolist())
    except ZIP_ERRORS:
        return 2 * path.stat().st_size  # an .xls file, which packs numbers closely, or a damaged one
    if size > max(FREE, most * path.stat().st_size):
        raise DataError(
            f"{path} expands to more than {most} times its size when decompressed",
            "raise --max-inflation if this is expected, or save the sheet as CSV",
        )
    return size


def _check_chosen(sheets: list[tuple[str, bool, bool]], chosen: str | None, wanted: str, path: Path) -> None:
    """Raise DataError if no sheet with rows was chosen; tell of hidden and further ones."""
    filled = {name: hidden for name, has_rows, hidden in sheets if has_rows}
    shown = ", ".join(f"{name!r}{' (hidden)' if hidden else ''}" for name, hidden in filled.items())
    if chosen is None and wanted:
        raise DataError(f"{path} has no sheet called {wanted!r}", f"it has {shown or 'no sheet with rows'}")
    if chosen is None and filled:
        seen = [name for name, hidden in filled.items() if not hidden] or [*filled]
        choices = " or ".join(shell_line([str(path / name)]) for name in seen[:3])
        raise DataError(f"{path} has several sheets with rows: {shown}", f"pass one of them: {choices}")
    if chosen not in filled:
        raise DataError(f"{path} has no rows", EXPECTED)
    if filled[chosen]:
        log.warning("%s: reading the hidden sheet %r", path, chosen)
    if others := [repr(name) for name in filled if name != chosen]:
        log.info("%s: reading the sheet %r, and not %s", path, chosen, ", ".join(others))
