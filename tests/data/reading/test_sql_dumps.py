"""Dumps of databases are told from tables."""

from pathlib import Path

import pytest

from clf.data.reading.formats import read_file
from clf.data.reading.sql_dumps import refuse_dump
from clf.errors import DataError
from clf.settings import DataSettings
from support.data_files import written


@pytest.mark.parametrize(
    ("name", "head", "hint"),
    [
        ("a.txt", b"--\n-- PostgreSQL database dump\n--\n", "export the table as CSV"),
        ("a.txt", b"-- MySQL dump 10.13  Distrib 8.0\n", "export the table as CSV"),
        (
            "a b.txt",
            b"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n",
            "run sqlite3 NEW.db < 'a b.txt', and pass NEW.db",
        ),
        ("a.sql", b"DROP TABLE IF EXISTS `r`;\nINSERT INTO `r` VALUES (1,'the bus is late','bad');\n", "as CSV"),
        ("a.SQL.gz", b"/* made by hand */\nINSERT INTO r VALUES (1);\n", "as CSV"),
    ],
)
def test_a_dump_is_named_with_the_way_to_its_table(name: str, head: bytes, hint: str) -> None:
    with pytest.raises(DataError) as refused:
        refuse_dump(head, Path(name))
    assert refused.value.message == f"{name} is a dump of a database in SQL, expected a table"
    assert hint in (refused.value.hint or "")


@pytest.mark.parametrize("name", ["a.csv", "a.sql"])
def test_statements_in_a_table_are_its_texts(name: str, tmp_path: Path) -> None:
    path = written(tmp_path / name, "text,label\nDROP TABLE users,attack\nsee you at noon,none\n")
    [batch] = read_file(path, DataSettings())
    assert batch.columns["text"] == ["DROP TABLE users", "see you at noon"]


def test_a_table_may_begin_with_a_statement() -> None:
    head = b"DROP TABLE users,attack\n"
    with pytest.raises(DataError):
        refuse_dump(head, Path("a.sql"))
    assert refuse_dump(head, Path("a.csv")) is None  # type: ignore[func-returns-value]
