"""Open the file of an SQLite database for reading, and for nothing else.

Anybody may have written it, and a query may be wrong: nothing may run but SELECT, what runs too long is stopped, the
database is not changed, and no file is made beside it.
"""

import hashlib
import os
import shlex
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from clf.data.reading.files import check_is_file, kind_of, open_file
from clf.data.reading.row_sizes import LONGEST
from clf.errors import DataError
from clf.safety import one_line

if TYPE_CHECKING:
    import sqlite3  # which not every Python has

MAGIC = b"SQLite format 3\0"
WAL = 2
"""The byte at 18 of a database whose changes are written to a file beside it first."""
USAGE = "write sqlite:///FILE?table=NAME or sqlite:///FILE?query=SELECT …, in quotes"
PATIENCE = 5.0
"""Seconds to wait for a lock."""
MOST_SECONDS = 600.0
"""Seconds in which a query must give a batch of rows, or end."""
STEPS = 10_000
"""Steps of SQLite's machine between two looks at the clock."""
ALLOWED = {20, 21, 31, 33}
"""The numbers that SQLite has for the actions that a statement may take: to read, to select, functions, recursion."""
DECLARED = {(23, "sqlite_master", "type"), (23, "sqlite_master", "name"), (23, "sqlite_master", "tbl_name"),
            (23, "sqlite_master", "rootpage"), (23, "sqlite_master", "sql"),
            (19, "data_version", None), (19, "page_size", None)}  # fmt: skip
"""What SQLite asks for when it opens a virtual table; a database that is open for reading only stays as it is."""
FORBIDDEN = {"load_extension", "fts3_tokenizer"}
VARYING = {"random", "randomblob", "current_timestamp", "current_date", "current_time"}
"""Functions whose results differ between two runs of a query, though each split is read by a run of its own."""
STORED = "it gives other rows each time it is read; store its result in a table, and pass that"
AGAIN = "run the command again when no program writes to it, or pass a copy"


class Clock:
    """Tells SQLite to stop a statement that takes too long, or that a signal ends."""

    def __init__(self) -> None:
        self.error: BaseException | None = None
        self.unlocked: tuple[Path, os.stat_result] | None = None
        """The file that is read without a lock, as it was when it was opened."""
        self.restart()

    def restart(self) -> None:
        """Give the statement its whole time again."""
        self.ends = time.monotonic() + MOST_SECONDS

    def looks(self) -> Iterator[bool]:
        """Yield at each look whether to stop.

        SQLite drops what a signal raises as a look begins. A generator goes on inside its `try`, so it is kept here.
        """
        while not self.error:
            try:
                while True:
                    yield time.monotonic() > self.ends
            except GeneratorExit:
                raise
            except BaseException as error:
                self.error = error
        while True:
            yield True

    def check_unchanged(self) -> None:
        """Raise DataError if another program changed a file that is read without a lock."""
        if self.unlocked:
            path, before = self.unlocked
            now = path.stat()
            if (now.st_mtime_ns, now.st_size, now.st_ino) != (before.st_mtime_ns, before.st_size, before.st_ino):
                raise DataError(f"{path} changed while it was read", AGAIN)

    def check_signals(self) -> None:
        """Raise what a signal raised while SQLite worked."""
        if self.error:
            raise self.error


class Reads:
    """Tells a read that gives other rows than an earlier one, as when another program wrote between them."""

    def __init__(self, shown: str) -> None:
        """Take what messages call the rows."""
        self.shown = shown
        self.digests: dict[int, bytes] = {}

    def compared(self, chunks: Iterable[list[tuple[int, tuple[Any, ...]]]]) -> Iterator[list[tuple[int, Any]]]:
        """Yield chunks of numbered rows; raise DataError at the first one that an earlier read gave differently."""
        number = 0
        for number, chunk in enumerate(chunks, 1):
            digest = hashlib.blake2b(digest_size=16)
            for row in chunk:
                digest.update(repr(row).encode(errors="backslashreplace"))
            self._compare(number, digest.digest(), f"rows {chunk[0][0]:,} to {chunk[-1][0]:,}")
            yield chunk
        self._compare(number + 1, b"", "the number of rows")

    def _compare(self, number: int, digest: bytes, what: str) -> None:
        if self.digests.setdefault(number, digest) != digest:
            raise DataError(
                f"{self.shown} changed while it was read: {what} differ from those of the first read",
                f"{AGAIN}; if it is a query or a view without one fixed result, store its result in a table",
            )


def check_database(path: Path) -> None:
    """Raise DataError if there is no database at a path, or one that cannot be read without changing files."""
    if not kind_of(path):
        raise DataError(f"{path} does not exist", USAGE)
    check_is_file(path)
    with open_file(path) as file:
        head = file.read(100)
    if not head:
        raise DataError(f"{path} is empty", "pass a database with a table")
    if not head.startswith(MAGIC):
        raise DataError(
            f"{path} is not an SQLite database",
            "pass the path of a database, or --dataset with the file; if it is encrypted, decrypt it",
        )
    if size_beside(path, "-wal") > 0 and size_beside(path, "-shm") < 0:
        raise DataError(
            f"{path} has changes in {path.name}-wal that were not written to it",
            f"write them: sqlite3 {shlex.quote(str(path))} 'PRAGMA wal_checkpoint(TRUNCATE)'",
        )
    _check_whole(path, head)


def _check_whole(path: Path, head: bytes) -> None:
    """Raise DataError for a file that is shorter than it says; SQLite reads a part of its last page as if it were all.

    While changes wait beside a file, its own size says nothing yet.
    """
    if len(head) == 100 and (
        head[24:28] != head[92:96] or max(size_beside(path, end) for end in ("-wal", "-journal")) > 0
    ):
        return
    page = int.from_bytes(head[16:18], "big")
    says, has = (page if page > 1 else 65536) * int.from_bytes(head[28:32], "big"), path.stat().st_size
    if len(head) < 100 or has < says:
        raise DataError(
            f"{path} is cut short: it has {has:,} bytes" + (f", and its first page says {says:,}" if says else ""),
            "copy or download it again",
        )


def size_beside(path: Path, ending: str) -> int:
    """Return the size of a file of SQLite beside a database in bytes; -1 if there is none."""
    try:
        return os.stat(f"{path}{ending}").st_size
    except OSError:
        return -1


@contextmanager
def connected(path: Path) -> Iterator[tuple["sqlite3.Connection", Clock]]:
    """Open a database for reading; nothing is written, neither to it nor beside it. The clock stops what takes long."""
    import sqlite3

    before = path.stat()
    with open_file(path) as file:
        is_wal = file.read(20)[18:19] == bytes([WAL])
    # Without the file of changes nobody is writing; SQLite would make one, if it did not take the database as it is.
    unlocked = is_wal and size_beside(path, "-wal") <= 0
    how = "immutable=1" if unlocked else "readonly_shm=1"
    address = f"file:{quote(os.path.abspath(path))}?mode=ro&{how}"
    clock = Clock()
    clock.unlocked = (path, before) if unlocked else None
    with (
        told(str(path), clock),
        closing(sqlite3.connect(address, uri=True, timeout=PATIENCE, check_same_thread=False)) as connection,
    ):
        connection.set_progress_handler(clock.looks().__next__, STEPS)
        connection.execute("PRAGMA query_only=ON")
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA cell_size_check=ON")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 4 * LONGEST)
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        connection.set_authorizer(_may)
        yield connection, clock


def _may(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    is_allowed = action in ALLOWED and (second or "").lower() not in FORBIDDEN | VARYING
    return int(not (is_allowed or (action, first, second) in DECLARED))


@contextmanager
def told(where: str, clock: Clock) -> Iterator[None]:
    """Turn an error of SQLite into a DataError, and raise what a signal raised."""
    import sqlite3

    try:
        yield
    except (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeError) as error:
        clock.check_signals()
        said = one_line(error, 200)
        raise DataError(f"{where} cannot be read: {said}", _hint(said)) from error


def _hint(said: str) -> str:
    if "locked" in said or "busy" in said:
        return "another program is writing to it: wait until it has finished, or pass a copy"
    if any(f"function: {name}" in said.lower() for name in VARYING):
        return STORED
    if "readonly" in said:
        return "a program that wrote to it was killed; open it once, which mends it: sqlite3 FILE .tables"
    if "not authorized" in said or "prohibited" in said:
        return "clf only reads: pass one SELECT without PRAGMA, ATTACH and changes"
    if "bindings" in said:
        return "write the value itself instead of ? or :name"
    if "one statement" in said:
        return "pass one SELECT statement"
    if "malformed" in said or "not a database" in said or "disk I/O" in said:
        return "it seems to be damaged; copy it again, or recover it: sqlite3 FILE .recover"
    if "decode" in said:
        return "it has a text that is not UTF-8; pass a query that leaves it out, or export the table as CSV"
    if "interrupted" in said:
        return f"it gave no rows in {MOST_SECONDS:g} seconds; simplify it, or export its result as CSV"
    if "no such" in said or "syntax" in said or "incomplete" in said:
        return "correct the query"
    return "export the table as CSV, and pass that"
