"""A database that is open for reading can be stopped, and tells who must mend it."""

import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Timer
from types import FrameType

import pytest

from clf.data.sources.database_files import check_database, connected
from clf.errors import DataError, Terminated

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"


def made(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (text)")
        connection.executemany("INSERT INTO t VALUES (?)", [("a" * 1000,)] * 50)
        connection.commit()
    return path


@pytest.mark.parametrize("error", [KeyboardInterrupt, Terminated])
def test_a_signal_ends_what_sqlite_does(tmp_path: Path, error: type[BaseException]) -> None:
    def end(number: int, frame: FrameType | None) -> None:
        raise error

    before = signal.signal(signal.SIGUSR1, end)
    timer = Timer(0.2, os.kill, (os.getpid(), signal.SIGUSR1))
    try:
        timer.start()
        with pytest.raises(error), connected(made(tmp_path / "a.db")) as (connection, _):
            connection.execute(ENDLESS).fetchall()
    finally:
        timer.join()
        signal.signal(signal.SIGUSR1, before)


def test_a_database_whose_writer_was_killed_says_how_to_mend_it(tmp_path: Path) -> None:
    path = made(tmp_path / "a.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("PRAGMA cache_size=1")
        writer.execute("BEGIN")
        writer.execute("UPDATE t SET text = 'b'")
        copy, journal = path.read_bytes(), Path(f"{path}-journal").read_bytes()
    killed = tmp_path / "killed.db"
    killed.write_bytes(copy)
    Path(f"{killed}-journal").write_bytes(journal)
    check_database(killed)
    with pytest.raises(DataError, match="cannot be read") as refused, connected(killed) as (connection, _):
        connection.execute("SELECT * FROM t").fetchall()
    assert "a program that wrote to it was killed; open it once" in refused.value.hint
