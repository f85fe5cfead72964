"""Tables and queries of SQLite databases: `reviews.db`, `sqlite:///reviews.db?table=train`, or `?query=SELECT …`.

A table, a view or the result of a query is a file of rows, which gives the same rows each time it is read.
"""

import hashlib
import logging
import os
import re
import shlex
import stat
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, unquote_plus

from clf.data.reading.archives import through
from clf.data.reading.arrow_batches import CELL, allowed_bytes
from clf.data.reading.batch import BATCH_ROWS, EXPECTED, SHOWN, Batch, Split, chunked
from clf.data.reading.files import column_names, kind_of, open_file
from clf.data.reading.paths import expanded
from clf.data.reading.row_sizes import check_width
from clf.data.sources.database_files import (
    MAGIC,
    STORED,
    USAGE,
    Reads,
    check_database,
    connected,
    size_beside,
    told,
)
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
ASKS = re.compile(r"\?(?=(?:table|query)=)")
"""Where the path ends in an address; a path may hold a question mark too."""
MOST_QUERY = 20_000
LONGEST_SHOWN = 100
SHADOWS = ("data", "idx", "content", "docsize", "config", "segments", "segdir", "stat", "node", "parent", "rowid")
"""How the names of the tables end in which a virtual table of SQLite keeps what it has."""
NOW = re.compile(
    r"\b(?:date|time|datetime|julianday|unixepoch)\s*\(\s*\)|\bstrftime\s*\(\s*'[^']*'\s*\)"
    r"|\b(?:date|time|datetime|julianday|unixepoch|strftime|timediff)\s*\([^();]{0,200}'now'",
    re.IGNORECASE,
)
"""A function that asks for the time of day."""

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


def origin_of(spec: str) -> str:
    """Return what a spec of a database is from every folder.

    That is the path of a database if all its rows are in one table, otherwise the address of the table or the query.
    """
    wanted = _wanted(spec)
    several = wanted.table is not None
    if not wanted.query:
        try:
            with connected(wanted.path) as (connection, _):
                wanted, several = _chosen(wanted, connection)
        except DataError:  # reading it tells why
            pass
    return _origin(wanted, several)


def _origin(wanted: Wanted, one_of_several: bool) -> str:
    real = os.path.realpath(wanted.path)
    if not wanted.query:
        return _address(real, wanted.table or "") if one_of_several else real
    query = wanted.query if any(map(str.isspace, wanted.query)) else quote(wanted.query, safe="")
    return f"{SCHEME}///{_escaped(real)}?query={query}"


def check_no_databases(further: dict[str, Path | None]) -> None:
    """Raise DataError if a file that the settings name for a split is a database, which only --dataset may be."""
    for split, file in further.items():
        if file and names_database(str(file)):
            raise DataError(
                f"--{split} {one_line(str(file), 200)} is a database; only --dataset may be one",
                "give the table or the query of --dataset a column split with train, validation and test, or export"
                f" the rows of {split} as CSV",
            )


def database_source(spec: str, data: DataSettings, first_only: bool) -> Source:
    """Return the table or the query that an address names as a dataset; with `first_only`, without a fingerprint.

    Raises DataError if it cannot be read, or if it would give other rows each time.
    """
    wanted = _wanted(spec)
    check_database(wanted.path)
    with connected(wanted.path) as (connection, clock):
        wanted, one_of_several = _chosen(wanted, connection)
        with told(wanted.shown, clock):
            _check_same_each_time(wanted, connection)
    said = wanted.query or f"table {wanted.table}"
    fingerprint = hashlib.sha256(f"{said}\0{'' if first_only else _content(wanted.path)}".encode()).hexdigest()
    stem = wanted.path.name.split(".")[0] or "dataset"
    whole = Split(
        partial(_first if first_only else _batches, wanted, data, Reads(wanted.shown)),
        wanted.shown,
        partial(_count, wanted),
        (wanted.path,),
        partial(FileForm, file=wanted.shown, format="SQLite"),
    )
    return Source(
        name=plain_name(f"{stem}_{wanted.table}" if one_of_several else stem),
        origin=_origin(wanted, one_of_several),
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
    if not spec.startswith(f"{SCHEME}///") or not (rest := spec.removeprefix(f"{SCHEME}///")):
        raise DataError(f"{one_line(spec, LONGEST_SHOWN)!r} is not the address of a database", USAGE)
    place, *asked = ASKS.split(rest, maxsplit=1)
    path = expanded(place)
    path = path if kind_of(path) else expanded(unquote(place))
    key, _, value = asked[0].partition("=") if asked else ("", "", "")
    unknown = asked[0] if asked and not value.strip() else "" if kind_of(path) else place.partition("?")[2]
    if unknown:
        raise DataError(f"{one_line(unknown, LONGEST_SHOWN)!r} names neither a table nor a query", USAGE)
    if key == "query":
        return Wanted(path, query=value if any(map(str.isspace, value)) else unquote_plus(value))
    return Wanted(path, table=value or None)


def _chosen(wanted: Wanted, connection: "sqlite3.Connection") -> tuple[Wanted, bool]:
    """Return what is wanted with the name of a table that exists, and whether there are others."""
    if wanted.query:
        return wanted, False
    path = wanted.path
    listed = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    names = [str(name) for (name,) in connection.execute(f"{listed} ORDER BY name")]
    virtual = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage = 0").fetchall()
    hidden = {f"{name}_{ending}" for (name,) in virtual for ending in SHADOWS}
    names = [name for name in names if name not in hidden or name == wanted.table]
    if not names:
        raise DataError(f"{path} has no tables", "pass a database with a table")
    table = wanted.table
    if table is None and len(names) > 1:
        raise DataError(
            f"{path} has several tables: {_named(names)}",
            "pass one of them: " + " or ".join(f"--dataset {shlex.quote(_address(path, name))}" for name in names[:3]),
        )
    found = names[0] if table is None else next((name for name in (table, unquote(table)) if name in names), None)
    if found is None:
        close = get_close_matches(str(table)[:1000], names, n=1, cutoff=0.5) or names[:1]
        raise DataError(
            f"{path} has no table {str(table)[:LONGEST_SHOWN]!r}; it has {_named(names)}",
            f"pass --dataset {shlex.quote(_address(path, close[0]))}",
        )
    return Wanted(path, table=found), len(names) > 1


def _named(names: list[str]) -> str:
    shown = ", ".join(one_line(name, LONGEST_SHOWN) for name in names[:SHOWN])
    return shown + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def _address(path: str | Path, table: str) -> str:
    return f"{SCHEME}///{_escaped(path)}?table={quote(table, safe=' ')}"


def _escaped(path: str | Path) -> str:
    """Return a path as an address has it: what has a meaning there is percent-encoded."""
    return str(path).replace("%", "%25").replace("?", "%3F").replace("#", "%23")


def _check_same_each_time(wanted: Wanted, connection: "sqlite3.Connection") -> None:
    """Raise DataError for a query or a view that plainly asks for the time; the authorizer refuses random numbers.

    What asks for it in other words is refused only if two reads give other rows.
    """
    views = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'view'").fetchall())
    texts = [wanted.query or views.pop(wanted.table, "") or ""]
    for text in texts:  # which grows by the views that each uses
        texts += [views.pop(name) or "" for name in [*views] if _is_named(name, text)]
    if any(map(NOW.search, texts)):
        raise DataError(f"{wanted.shown} asks for the time of day", STORED)


def _is_named(name: str, text: str) -> bool:
    return bool(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE))


def _say_taken_as_texts(wanted: Wanted, names: list[str], rows: list[tuple[int, tuple[Any, ...]]]) -> None:
    """Warn of columns that hold a name of the query in each row: SQLite takes an unknown name in quotes as a text."""
    for name, values in zip(names, zip(*(row for _, row in rows), strict=True), strict=True):
        first = values[0]
        if isinstance(first, str) and f'"{first}"' in (wanted.query or "") and set(values) == {first}:
            log.warning(
                '%s: the column %s has the text %s in each row; if "%s" was meant as a column of the table, correct its'
                " name: SQLite takes a name that it does not know as a text",
                wanted.shown, one_line(name, LONGEST_SHOWN), *[one_line(first, LONGEST_SHOWN)] * 2,
            )  # fmt: skip


# --- reading --------------------------------------------------------------------------------------------


def _batches(wanted: Wanted, data: DataSettings, reads: Reads) -> Iterator[Batch]:
    """Yield the rows, which must be those of earlier reads; their numbers stand for lines."""
    statement = wanted.query or f"SELECT * FROM {_quoted(wanted)}"
    size, given = wanted.path.stat().st_size + max(size_beside(wanted.path, "-wal"), 0), 0
    allowed = allowed_bytes(size, data.max_inflation)
    with connected(wanted.path) as (connection, clock), told(wanted.shown, clock):
        if wanted.query and sys.version_info >= (3, 12):
            from sqlite3 import SQLITE_DBCONFIG_DQS_DML

            connection.setconfig(SQLITE_DBCONFIG_DQS_DML, False)  # a name in quotes that it does not know is an error
        rows = connection.execute(statement)
        if rows.description is None:
            raise DataError(f"{wanted.path}: the query gives no columns", "pass a SELECT statement")
        check_width(len(rows.description), wanted.shown)
        names = column_names([str(name) for name, *_ in rows.description], wanted.path, data)
        chunks = chunked(enumerate(rows, 1), BATCH_ROWS, lambda row: _weight(row[1]))
        for chunk in reads.compared(chunks):
            clock.check_unchanged()
            if not given and wanted.query:
                _say_taken_as_texts(wanted, names, chunk)
            given += sum(_weight(row) for _, row in chunk)
            if given > allowed:
                raise _too_much(wanted, given, size)
            columns = [list(column) for column in zip(*(row for _, row in chunk), strict=True)]
            yield Batch(dict(zip(names, columns, strict=True)), [number for number, _ in chunk], wanted.path)
            clock.restart()
        clock.check_unchanged()
    if not given:
        raise DataError(f"{wanted.shown} has no rows", EXPECTED)


def _quoted(wanted: Wanted) -> str:
    return '"' + (wanted.table or "").replace('"', '""') + '"'


def _weight(row: tuple[Any, ...]) -> int:
    return sum(CELL + (len(value) if isinstance(value, (str, bytes)) else 0) for value in row)


def _too_much(wanted: Wanted, given: int, size: int) -> DataError:
    return DataError(
        f"{wanted.shown} gives at least {given / 1e6:,.0f} MB of values, and the database has {size / 1e6:,.1f} MB",
        "see that it ends and that its joins have a condition, or raise --max-inflation if this is expected",
    )


def _first(wanted: Wanted, data: DataSettings, reads: Reads) -> Iterator[Batch]:
    with closing(_batches(wanted, data, reads)) as batches:  # type: ignore[type-var]
        yield from islice(batches, 1)


def _count(wanted: Wanted) -> int:
    """Return the number of rows of a table; 0 for a query and a view, which would run once more."""
    if wanted.query:
        return 0
    with connected(wanted.path) as (connection, clock), told(wanted.shown, clock):
        kind = connection.execute("SELECT type FROM sqlite_master WHERE name = ?", (wanted.table,)).fetchone()
        if kind == ("view",):
            return 0
        (count,) = connection.execute(f"SELECT count(*) FROM {_quoted(wanted)}").fetchone()
    return int(count)


def _content(path: Path) -> str:
    """Return what tells the content of a database: that of its file, and of the changes beside it."""
    return sha256(path) + (sha256(Path(f"{path}-wal")) if size_beside(path, "-wal") > 0 else "")
