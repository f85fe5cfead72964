"""Dumps of databases in SQL, which are named and refused: their statements are no table."""

import re
import shlex
from pathlib import Path

from clf.errors import DataError

SQLITE_DUMP = b"PRAGMA foreign_keys=OFF;"
DUMPS = (b"PostgreSQL database dump", b"MySQL dump ", b"MariaDB dump ", SQLITE_DUMP)
"""How dumps of databases begin, after the marks of a comment."""
SQL = re.compile(r"\.sql(?:\.\w{2,3})?\Z", re.IGNORECASE)
"""How the name of a file of SQL ends, with or without the ending of a compression."""
STATEMENT = re.compile(
    rb"[\xef\xbb\xbf\s]*(?:--|/\*|\\restrict |(?:CREATE|DROP|INSERT|PRAGMA|SET|USE|BEGIN|COPY|LOCK|START) ?\w*)",
    re.IGNORECASE,
)
"""How a file of SQL begins."""


def refuse_dump(head: bytes, path: Path) -> None:
    """Raise DataError if a file that begins with `head` holds the statements that make a database anew."""
    start = head.lstrip(b"\xef\xbb\xbf- \t\r\n")
    if not start.startswith(DUMPS) and (SQL.search(path.name) is None or STATEMENT.match(head) is None):
        return
    made = "load it into its database, and export the table as CSV"
    if start.startswith(SQLITE_DUMP):
        made = f"run sqlite3 NEW.db < {shlex.quote(str(path))}, and pass NEW.db"
    raise DataError(f"{path} is a dump of a database in SQL, expected a table", made)
