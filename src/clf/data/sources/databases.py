"""Tables and queries of SQLite databases: `reviews.db`, `sqlite:///reviews.db?table=train`, or `?query=SELECT …`.

Anybody may have written a database, and a query may be wrong: it is opened read-only and may run nothing but SELECT, it
is not changed, and no file is made beside it.
"""

import hashlib
import logging
import os
import shlex
import stat
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, unquote_plus

from clf.data.reading.archives import through
from clf.data.reading.batch import BATCH_ROWS, EXPECTED, SHOWN, Batch, Split, chunked
from clf.data.reading.files import check_is_file, column_names, kind_of, open_file
from clf.data.reading.paths import expanded
from clf.data.reading.row_sizes import LONGEST, check_width
from clf.data.sources.source import Source
from clf.errors import DataError
from clf.outcomes.peek import FileForm
from clf.safety import one_line
from clf.settings import DataSettings
from clf.storage.disk import sha256
from clf.storage.names import DATABASE, plain_name

if TYPE_CHECKING:
    import sqlite3  # which not every Python has

SCHEME = DATABASE
MAGIC = b"SQLite format 3\0"
WAL = 2
"""The byte at 18 of a database whose changes are written to a file beside it first."""
USAGE = "write sqlite:///FILE?table=NAME or sqlite:///FILE?query=SELECT …, in quotes"
MOST_QUERY = 20_000
LONGEST_SHOWN = 100
PATIENCE = 5.0
"""Seconds to wait for a lock."""
MOST_SECONDS = 600.0
"""Seconds in which a query must give a batch of rows, or end."""
STEPS = 100_000
"""Steps of SQLite's machine between two looks at the clock."""
ALLOWED = {20, 21, 31, 33}
"""The numbers that SQLite has for the actions that a statement may take: to read, to select, functions, recursion."""
FORBIDDEN = {"load_extension", "fts3_tokenizer"}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wanted:
    """What to read: all rows of a table (if there is but one, without its name), or the rows of a query."""

    path: Path
    table: str | None = None
    query: str | None = None

    @property
    def shown(self) -> str:
        """What messages call it."""
        what = f", table {one_line(self.table, LONGEST_SHOWN)}" if self.table else ", query" if self.query else ""
        return f"{self.path}{what}"


def names_database(spec: str) -> bool:
    """Return whether a dataset is a database: an address, or the path of a file that is one."""
    if spec.startswith(SCHEME):
        return True
    path = expanded(spec)
    if kind_of(path) != stat.S_IFREG or through(path):
        return False
    with open_file(path) as file:
        return file.read(len(MAGIC)) == MAGIC


def database_path(spec: str) -> Path:
    """Return the path of the database that an address names."""
    return _wanted(spec).path


def address_of(spec: str) -> str:
    """Return the address that a spec of a database has from every folder."""
    wanted = _wanted(spec)
    asked = f"?query={wanted.query}" if wanted.query else f"?table={wanted.table}" if wanted.table else ""
    return f"{SCHEME}///{os.path.realpath(wanted.path)}{asked}"


def database_source(spec: str, data: DataSettings, first_only: bool) -> Source:
    """Return the table or the query that an address names as a dataset; with `first_only`, without a fingerprint.

    Raises DataError if it cannot be read.
    """
    wanted = _wanted(spec)
    _check(wanted.path)
    with _connected(wanted.path) as connection:
        wanted, one_of_several = _chosen(wanted, connection)
    said = wanted.query or f"table {wanted.table}"
    fingerprint = hashlib.sha256(f"{said}\0{'' if first_only else _content(wanted.path)}".encode()).hexdigest()
    real = os.path.realpath(wanted.path)
    stem = wanted.path.name.split(".")[0] or "dataset"
    whole = Split(
        partial(_first if first_only else _batches, wanted, data),
        wanted.shown,
        partial(_count, wanted),
        (wanted.path,),
        partial(FileForm, file=wanted.shown, format="SQLite"),
    )
    return Source(
        name=plain_name(f"{stem}_{wanted.table}" if one_of_several else stem),
        origin=address_of(spec) if spec.startswith(SCHEME) else real,
        splits={"train": whole},
        fingerprint="" if first_only else fingerprint,
    )


# --- which table --------------------------------------------------------------------------------------------


def _wanted(spec: str) -> Wanted:
    if not spec.startswith(SCHEME):
        return Wanted(expanded(spec))
    if len(spec) > MOST_QUERY:
        raise DataError(f"the address of the database has {len(spec):,} characters, expected at most {MOST_QUERY:,}",
                        "make a view of the query in the database, and pass ?table= with its name")  # fmt: skip
    place, mark, asked = spec.removeprefix(SCHEME).partition("?")
    if not place.startswith("///") or not place[3:]:
        raise DataError(f"{one_line(spec, LONGEST_SHOWN)!r} is not the address of a database", USAGE)
    path = expanded(place[3:])
    path = path if kind_of(path) else expanded(unquote(place[3:]))
    key, _, value = asked.partition("=")
    if mark and (key not in {"table", "query"} or not value.strip()):
        raise DataError(f"{one_line(asked, LONGEST_SHOWN)!r} names neither a table nor a query", USAGE)
    if key == "query":
        return Wanted(path, query=value if any(map(str.isspace, value)) else unquote_plus(value))
    return Wanted(path, table=value or None)


def _chosen(wanted: Wanted, connection: "sqlite3.Connection") -> tuple[Wanted, bool]:
    """Return what is wanted with the name of a table that exists, and whether there are others."""
    if wanted.query:
        return wanted, False
    path = wanted.path
    listed = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    with _told(str(path)):
        names = [str(name) for (name,) in connection.execute(f"{listed} ORDER BY name")]
    if not names:
        raise DataError(f"{path} has no tables", "pass a database with a table")
    table = wanted.table
    if table is None and len(names) > 1:
        raise DataError(
            f"{path} has several tables: {_named(names)}",
            "pass one of them: " + " or ".join(f"--dataset {_address(path, name)}" for name in names[:3]),
        )
    found = names[0] if table is None else next((name for name in (table, unquote(table)) if name in names), None)
    if found is None:
        close = get_close_matches(str(table)[:1000], names, n=1, cutoff=0.5) or names[:1]
        raise DataError(
            f"{path} has no table {str(table)[:LONGEST_SHOWN]!r}; it has {_named(names)}",
            f"pass --dataset {_address(path, close[0])}",
        )
    return Wanted(path, table=found), len(names) > 1


def _named(names: list[str]) -> str:
    shown = ", ".join(one_line(name, LONGEST_SHOWN) for name in names[:SHOWN])
    return shown + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def _address(path: Path, table: str) -> str:
    return shlex.quote(f"{SCHEME}///{path}?table={quote(table, safe=' ')}")


# --- reading ------------------------------------------------------------------------------------------------


def _check(path: Path) -> None:
    """Raise DataError if there is no database at a path, or one that cannot be read without changing files."""
    if not kind_of(path):
        raise DataError(f"{path} does not exist", USAGE)
    check_is_file(path)
    with open_file(path) as file:
        head = file.read(100)
    if not head.startswith(MAGIC):
        raise DataError(f"{path} is not an SQLite database", "pass the path of a database, or --dataset with the file")
    if _size(path, "-wal") > 0 and _size(path, "-shm") < 0:
        raise DataError(
            f"{path} has changes in {path.name}-wal that were not written to it",
            f"write them: sqlite3 {shlex.quote(str(path))} 'PRAGMA wal_checkpoint(TRUNCATE)'",
        )


def _size(path: Path, ending: str) -> int:
    """Return the size of a file of SQLite beside a database; -1 if there is none."""
    try:
        return os.stat(f"{path}{ending}").st_size
    except OSError:
        return -1


@contextmanager
def _connected(path: Path) -> Iterator["sqlite3.Connection"]:
    """Open a database for reading; nothing is written, neither to it nor beside it."""
    import sqlite3

    with open_file(path) as file:
        is_wal = file.read(20)[18:19] == bytes([WAL])
    # Without the file of changes nobody is writing; SQLite would make one, if it did not take the database as it is.
    how = "immutable=1" if is_wal and _size(path, "-wal") <= 0 else "readonly_shm=1"
    address = f"file:{quote(os.path.abspath(path))}?mode=ro&{how}"
    with (
        _told(str(path)),
        closing(sqlite3.connect(address, uri=True, timeout=PATIENCE, check_same_thread=False)) as connection,
    ):
        connection.execute("PRAGMA query_only=ON")
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA cell_size_check=ON")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 4 * LONGEST)
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        connection.set_authorizer(_may)
        yield connection


def _may(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    is_allowed = action in ALLOWED and second not in FORBIDDEN
    return int(not is_allowed)


@contextmanager
def _told(where: str) -> Iterator[None]:
    """Turn an error of SQLite into a DataError."""
    import sqlite3

    try:
        yield
    except (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeError) as error:
        said = one_line(error, 200)
        raise DataError(f"{where} cannot be read: {said}", _hint(said)) from error


def _hint(said: str) -> str:
    if "locked" in said or "busy" in said:
        return "another program is writing to it: wait until it has finished, or pass a copy"
    if "not authorized" in said or "prohibited" in said:
        return "clf only reads: pass one SELECT without PRAGMA, ATTACH and changes"
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


def _batches(wanted: Wanted, data: DataSettings) -> Iterator[Batch]:
    """Yield the rows; their numbers stand for lines."""
    statement = wanted.query or f'SELECT * FROM "{(wanted.table or "").replace(chr(34), 2 * chr(34))}"'
    empty = True
    with _connected(wanted.path) as connection, _told(wanted.shown):
        clock = _Clock()
        connection.set_progress_handler(clock, STEPS)
        rows = connection.execute(statement)
        if rows.description is None:
            raise DataError(f"{wanted.path}: the query gives no columns", "pass a SELECT statement")
        check_width(len(rows.description), wanted.shown)
        names = column_names([str(name) for name, *_ in rows.description], wanted.path, data)
        for chunk in chunked(enumerate(rows, 1), BATCH_ROWS, lambda row: _weight(row[1])):
            empty = False
            columns = [list(column) for column in zip(*(row for _, row in chunk), strict=True)]
            yield Batch(dict(zip(names, columns, strict=True)), [number for number, _ in chunk], wanted.path)
            clock.restart()
    if empty:
        raise DataError(f"{wanted.shown} has no rows", EXPECTED)


def _weight(row: tuple[Any, ...]) -> int:
    return sum(len(value) if isinstance(value, (str, bytes)) else 8 for value in row)


class _Clock:
    """Tells SQLite to stop a query that gives no batch for too long."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.ends = time.monotonic() + MOST_SECONDS

    def __call__(self) -> bool:
        return time.monotonic() > self.ends


def _first(wanted: Wanted, data: DataSettings) -> Iterator[Batch]:
    with closing(_batches(wanted, data)) as batches:  # type: ignore[type-var]
        yield from islice(batches, 1)


def _count(wanted: Wanted) -> int:
    """Return the number of rows of a table; 0 for a query, which would run once more."""
    if wanted.query:
        return 0
    with _connected(wanted.path) as connection, _told(wanted.shown):
        name = (wanted.table or "").replace('"', '""')
        (count,) = connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()
    return int(count)


def _content(path: Path) -> str:
    """Return what tells the content of a database: that of its file, and of the changes beside it."""
    return sha256(path) + (sha256(Path(f"{path}-wal")) if _size(path, "-wal") > 0 else "")
