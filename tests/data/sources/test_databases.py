"""Databases are read as tables are, and neither changed nor given anything beside them."""

import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from clf.data.reading import arrow_batches
from clf.data.reading.batch import BATCH_ROWS
from clf.data.sources import database_files
from clf.data.sources.find import input_paths, origin_path, same_dataset
from clf.errors import DataError
from clf.settings import DataSettings
from support.sources import rows, source

WEIRD = 'my "best" table; DROP TABLE x'


def database(path: Path, *tables: str, wal: bool = False, count: int = 4) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        if wal:
            connection.execute("PRAGMA journal_mode=WAL")
        for name in tables:
            quoted = name.replace('"', '""')
            connection.execute(f'CREATE TABLE "{quoted}" (text TEXT, label INTEGER, score REAL, empty)')
            made = [(f"a text, {number}", number % 2, number / 2, None) for number in range(count)]
            connection.executemany(f'INSERT INTO "{quoted}" VALUES (?, ?, ?, ?)', made)
        connection.commit()
    return path


@pytest.fixture
def one(own_folder: Path) -> Iterator[Path]:
    """Return the path of a database with one table, which must stay as it is and alone."""
    path = database(own_folder / "one.db", "reviews")
    before = path.read_bytes()
    yield path
    assert path.read_bytes() == before
    assert os.listdir(own_folder) == ["one.db"]


def asked(path: Path, query: str) -> str:
    return f"sqlite:///{path}?query={query}"


def test_a_table_is_read_by_path_by_name_and_by_address(one: Path) -> None:
    read = {"text": ["a text, 0", "a text, 1", "a text, 2", "a text, 3"], "label": [0, 1, 0, 1],
            "score": [0.0, 0.5, 1.0, 1.5], "empty": [None] * 4}  # fmt: skip
    for spec in (one, "one.db", "sqlite:///one.db", f"sqlite:///{one}", f"sqlite:///{one}?table=reviews"):
        found = source(spec)
        assert rows(found, "train") == rows(found, "train") == read
        assert (found.name, found.splits["train"].lines()) == ("one", 4)


def test_many_rows_come_in_batches_and_their_numbers_are_the_lines(own_folder: Path) -> None:
    found = source(database(own_folder / "a.db", "t", count=BATCH_ROWS + 1))
    assert [len(batch.lines) for batch in found.splits["train"].rows()] == [BATCH_ROWS, 1]
    assert [batch.lines[-1] for batch in found.splits["train"].rows()] == [BATCH_ROWS, BATCH_ROWS + 1]


def test_one_of_several_tables_is_named_whatever_its_name(own_folder: Path) -> None:
    path = database(own_folder / "a.db", "b", WEIRD, "100%")
    for name in (WEIRD, quote(WEIRD), "100%", "100%25"):
        assert len(rows(source(f"sqlite:///{path}?table={name}"), "train")["text"]) == 4
    assert source(f"sqlite:///{path}?table=b").name == "a_b"
    with pytest.raises(DataError, match="has several tables: 100%, b, my ") as refused:
        source(path)
    assert f"--dataset 'sqlite:///{path}?table=b'" in refused.value.hint
    with pytest.raises(DataError, match=r"has no table 'B'; it has 100%, b, my ") as refused:
        source(f"sqlite:///{path}?table=B")
    assert "?table=" in refused.value.hint
    with pytest.raises(DataError, match="has no tables"):
        source(f"sqlite:///{sqlite_without_tables(own_folder / 'c.db')}")


def sqlite_without_tables(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE x (a)")
        connection.execute("DROP TABLE x")
        connection.commit()
    return path


def test_views_are_tables_and_a_query_is_read(own_folder: Path) -> None:
    path = database(own_folder / "a.db", "t")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE VIEW some AS SELECT upper(text) AS text, label FROM t WHERE label = 1")
    assert rows(source(f"sqlite:///{path}?table=some"), "train")["text"] == ["A TEXT, 1", "A TEXT, 3"]
    query = "WITH x AS (SELECT * FROM t) SELECT text, label FROM x WHERE text LIKE '%, 1' OR label + 0 = 0"
    read = rows(source(asked(path, query)), "train")
    assert read == rows(source(asked(path, quote(query))), "train")
    assert read["text"] == ["a text, 0", "a text, 1", "a text, 2"]


def test_a_column_that_says_the_split_divides_the_rows(own_folder: Path) -> None:
    path = database(own_folder / "a.db", "t")
    query = "SELECT text, label, CASE label WHEN 0 THEN 'train' ELSE 'test' END AS split FROM t"
    found = source(asked(path, query))
    assert [*found.splits] == ["train", "test"]
    assert rows(found, "test")["text"] == ["a text, 1", "a text, 3"]


@pytest.mark.parametrize(
    ("query", "said", "hint"),
    [
        ("DELETE FROM reviews", "not authorized", "clf only reads"),
        ("INSERT INTO reviews VALUES (1, 2, 3, 4)", "not authorized", "clf only reads"),
        ("CREATE TABLE x AS SELECT * FROM reviews", "not authorized", "clf only reads"),
        ("PRAGMA journal_mode=WAL", "not authorized", "clf only reads"),
        ("ATTACH DATABASE 'new.db' AS n", "not authorized", "clf only reads"),
        ("VACUUM INTO 'new.db'", "", ""),
        ("SELECT load_extension('x.so')", "not authorized", "clf only reads"),
        ("SELECT text FROM reviews; DROP TABLE reviews", "one statement", "pass one SELECT statement"),
        ("SELECT missing FROM reviews", "no such column", "correct the query"),
        ("SELEC text", "syntax error", "correct the query"),
        ("SELECT ? AS text FROM reviews", "bindings", "instead of ? or :name"),
        ("SELECT zeroblob(2000000000)", "string or blob too big", "as CSV"),
        ("SELECT 1 AS a WHERE 0", "has no rows", "expected a text"),
        ("-- nothing", "", ""),
    ],
)  # fmt: skip
def test_a_query_that_is_wrong_or_does_more_than_read_is_refused(one: Path, query: str, said: str, hint: str) -> None:
    with pytest.raises(DataError) as refused:
        source(asked(one, query))
    assert said in refused.value.message
    assert hint in refused.value.hint


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("sqlite://one.db", "is not the address of a database"),
        ("sqlite:///", "is not the address of a database"),
        ("sqlite:///none.db", "none.db does not exist"),
        ("sqlite:///.", "cannot be read: Is a directory"),
        ("sqlite:///one.db?tabel=reviews", "names neither a table nor a query"),
        ("sqlite:///one.db?query=", "names neither a table nor a query"),
        ("sqlite:///one.db?query=" + "x" * 30_000, "has 30,023 characters"),
    ],
)
def test_an_address_that_is_wrong_is_named(one: Path, spec: str, said: str) -> None:
    with pytest.raises(DataError) as refused:
        source(spec)
    assert said in refused.value.message


def test_another_file_is_not_a_database(own_folder: Path) -> None:
    (own_folder / "a.csv").write_text("text,label\na,b\n")
    (own_folder / "empty.db").touch()
    (own_folder / "encrypted.db").write_bytes(bytes(range(255, -1, -1)) * 32)
    for file, said, hint in (("a.csv", "is not an SQLite database", "or --dataset with the file"),
                             ("empty.db", "is empty", "a database with a table"),
                             ("encrypted.db", "is not an SQLite database", "if it is encrypted, decrypt it")):  # fmt: skip
        with pytest.raises(DataError, match=f"{file} {said}") as refused:
            source(f"sqlite:///{file}")
        assert hint in refused.value.hint


def test_a_query_without_end_is_stopped(one: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_files, "MOST_SECONDS", 0.05)
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) AS text FROM n"
    with pytest.raises(DataError, match="interrupted") as refused:
        source(asked(one, endless))
    assert "it gave no rows in" in refused.value.hint


def test_a_locked_database_is_named(one: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_files, "PATIENCE", 0.01)
    with closing(sqlite3.connect(one, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DataError, match="database is locked") as refused:
            source(one)
    assert "another program is writing to it" in refused.value.hint


def test_a_damaged_database_is_named(own_folder: Path) -> None:
    path = database(own_folder / "a.db", "t")
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\x55" * (len(whole) - 4096))
    with pytest.raises(DataError, match="malformed") as refused:
        rows(source(path), "train")
    assert "damaged" in refused.value.hint


def test_a_file_that_is_cut_short_is_refused_though_sqlite_reads_it(own_folder: Path) -> None:
    path = database(own_folder / "a.db", "t", count=100)
    whole = path.read_bytes()
    for size in (100, 5000, len(whole) - 300, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(DataError, match=f"is cut short: it has {size:,} bytes, and its first page says 8,192"):
            source(path)
    path.write_bytes(whole + bytes(4096))
    assert len(rows(source(path), "train")["text"]) == 100


def test_a_database_with_a_file_of_changes_is_read_and_left_as_it_is(own_folder: Path) -> None:
    path = database(own_folder / "a.db", "t", wal=True)
    assert len(rows(source(path), "train")["text"]) == 4
    assert os.listdir(own_folder) == ["a.db"]
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("INSERT INTO t VALUES ('new', 0, 1, NULL)")
        writer.commit()
        before = {file: file.read_bytes() for file in own_folder.iterdir()}
        found = source(path)
        assert rows(found, "train")["text"][-1] == "new"
        assert {file: file.read_bytes() for file in own_folder.iterdir() if file.suffix != ".db-shm"} == {
            file: content for file, content in before.items() if file.suffix != ".db-shm"
        }
        (own_folder / "copy.db").write_bytes(path.read_bytes())
        (own_folder / "copy.db-wal").write_bytes((own_folder / "a.db-wal").read_bytes())
    with pytest.raises(DataError, match=r"has changes in copy\.db-wal that were not written to it") as refused:
        source(own_folder / "copy.db")
    assert "wal_checkpoint" in refused.value.hint
    assert not (own_folder / "copy.db-shm").exists()


def test_bytes_that_are_no_text_are_named(own_folder: Path) -> None:
    path = database(own_folder / "a.db", "t")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE t SET text = CAST(x'ff41' AS TEXT) WHERE rowid = 3")
        connection.commit()
    with pytest.raises(DataError, match="Could not decode to UTF-8") as refused:
        source(path)
    assert "not UTF-8" in refused.value.hint


def test_the_content_the_table_and_the_query_tell_the_fingerprint(own_folder: Path) -> None:
    path = database(own_folder / "a.db", "t", "u")
    specs = [f"sqlite:///{path}?table=t", f"sqlite:///{path}?table=u", asked(path, "SELECT * FROM t")]
    found = [source(spec) for spec in specs]
    assert len({each.fingerprint for each in found}) == len({each.origin for each in found}) == 3
    assert source(specs[0]).fingerprint == found[0].fingerprint
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE t SET label = 1")
        connection.commit()
    assert source(specs[0]).fingerprint != found[0].fingerprint


def test_results_are_not_written_over_a_database_and_its_address_is_that_of_the_same_data(one: Path) -> None:
    assert input_paths(DataSettings(dataset="sqlite:///one.db?table=reviews")) == [Path("one.db")]
    assert input_paths(DataSettings(dataset="one.db")) == [Path("one.db")]
    typed = "sqlite:///one.db?query=SELECT text, label FROM reviews"
    assert same_dataset(typed, None, source(typed).origin)
    assert not same_dataset(typed, "sqlite:///one.db", source("sqlite:///one.db").origin)
    assert origin_path(source(typed).origin) == origin_path(source("one.db").origin) == one
    assert rows(source(source(typed).origin), "train") == rows(source(typed), "train")
    for typed in ("one.db", "./one.db", str(Path("one.db").absolute())):
        assert same_dataset(typed, None, source("one.db").origin)
        assert same_dataset("one.db", None, source(typed).origin)


def test_a_query_may_be_longer_than_the_name_of_a_file(one: Path) -> None:
    spec = asked(one, f"SELECT text, label FROM reviews WHERE text <> '{'x' * 3000}'")
    assert len(rows(source(spec), "train")["text"]) == 4
    assert input_paths(DataSettings(dataset=spec)) == [one]
    assert same_dataset(spec, None, source(spec).origin)


def with_view(path: Path, name: str, query: str) -> str:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE VIEW {name} AS {query}")
    return f"sqlite:///{path}?table={name}"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT text, label, CASE WHEN abs(random()) % 5 = 0 THEN 'test' ELSE 'train' END AS split FROM t",
        "SELECT * FROM t ORDER BY RANDOM() LIMIT 2",
        "SELECT hex(randomblob(4)) AS text, label FROM t",
        "SELECT text, CURRENT_TIMESTAMP AS label FROM t",
        "SELECT text, strftime('%s', 'now') AS label FROM t",
        "SELECT text, date() AS label FROM t",
    ],
)
def test_what_gives_other_rows_each_time_is_refused(own_folder: Path, query: str) -> None:
    path = database(own_folder / "a.db", "t")
    nested = [with_view(path, "drawn", query), with_view(path, "outer", "SELECT * FROM drawn")]
    for spec in (asked(path, query), *nested, asked(path, "SELECT * FROM outer")):
        with pytest.raises(DataError) as refused:
            source(spec)
        assert "it gives other rows each time it is read; store its result in a table" in refused.value.hint


def test_a_function_of_dates_that_are_stored_is_read(own_folder: Path) -> None:
    path = database(own_folder / "a.db", "t")
    query = "SELECT text, date('2024-03-01', '+' || label || ' days') AS label FROM t WHERE text <> 'now'"
    with_view(path, "ex", "SELECT text, date('now') AS day FROM t")  # not every "text" names it
    assert rows(source(asked(path, query)), "train")["label"][:2] == ["2024-03-01", "2024-03-02"]


ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT {} FROM n"


def test_a_view_without_end_is_stopped_and_not_counted(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = database(own_folder / "a.db", "t")
    spec = with_view(path, "v", ENDLESS.format("'a text' AS text, x % 2 AS label"))
    found = source(spec, max_inflation=1)
    monkeypatch.setattr(arrow_batches, "FREE", 1_000_000)
    assert found.splits["train"].lines() == 0
    with pytest.raises(DataError, match="gives at least 1 MB of values, and the database has") as refused:
        rows(found, "train")
    assert "--max-inflation" in refused.value.hint
    monkeypatch.setattr(database_files, "MOST_SECONDS", 0.05)
    with pytest.raises(DataError, match="interrupted"):
        source(with_view(path, "w", ENDLESS.format("count(*) AS text")))


def test_one_table_has_one_origin_whatever_names_it(own_folder: Path) -> None:
    path = database(own_folder / "50%3F #1?a.db", "my 100% table")
    escaped = str(path).replace("%", "%25").replace("?", "%3F").replace("#", "%23")
    specs = [str(path), path.name, f"sqlite:///{path}", f"sqlite:///{path}?table=my 100% table",
             f"sqlite:///{escaped}?table=my%20100%25%20table"]  # fmt: skip
    assert {source(spec).origin for spec in specs} == {str(path)}
    assert len({source(spec).fingerprint for spec in specs}) == 1
    recorded = [str(path), f"sqlite:///{path}", f"sqlite:///{path}?table=my 100% table"]  # as earlier versions wrote it
    assert all(same_dataset(spec, None, origin) for spec in specs for origin in recorded)
    database(path, "other")
    origin = source(specs[-1]).origin
    assert origin == f"sqlite:///{escaped}?table=my 100%25 table"
    assert source(origin).origin == origin
    assert origin_path(origin) == path
    assert same_dataset(specs[3], None, origin)
    query = source(asked(path, quote('SELECT text,label+0 AS label FROM "my 100% table"'))).origin
    assert rows(source(query), "train")["label"] == [0, 1, 0, 1]


def test_virtual_tables_are_read_and_what_they_keep_is_not_listed(own_folder: Path) -> None:
    path = own_folder / "a.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE VIRTUAL TABLE v USING fts5(text, label)")
        connection.execute("INSERT INTO v VALUES ('a text', 'good')")
        connection.commit()
    before = path.read_bytes()
    assert rows(source(path), "train") == {"text": ["a text"], "label": ["good"]}
    assert source(f"sqlite:///{path}?table=v").splits["train"].lines() == 1
    for query in ("UPDATE sqlite_master SET sql = ''", "PRAGMA page_size = 512", "PRAGMA user_version = 3"):
        with pytest.raises(DataError):
            source(asked(path, query + " -- x"))
        assert path.read_bytes() == before


@pytest.mark.parametrize("query", ['SELECT text, "labl" AS label FROM t'])
def test_a_name_in_quotes_that_does_not_exist_is_told(
    own_folder: Path, query: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = database(own_folder / "a.db", "t")
    rows(source(asked(path, 'SELECT "text", "label" FROM t')), "train")
    assert caplog.messages == []
    if sys.version_info >= (3, 12):
        with pytest.raises(DataError, match="no such column"):
            source(asked(path, query))
    else:
        rows(source(asked(path, query)), "train")
        assert "the column label has the text labl in each row" in caplog.messages[0]


@pytest.mark.parametrize("split", ["validation", "test"])
def test_a_database_cannot_be_another_split(own_folder: Path, split: str) -> None:
    path = database(own_folder / "a.db", "t")
    for spec in (path, Path(f"sqlite:///{path}?table=t")):
        with pytest.raises(DataError, match=f"--{split} .*a.db.* is a database; only --dataset may be one") as refused:
            source(path, **{split: spec})
        assert "a column split" in refused.value.hint


@pytest.mark.parametrize("wal", [False, True])
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE t SET score = -2 WHERE rowid = 2",
        "INSERT INTO t SELECT * FROM t LIMIT 1",
        "DELETE FROM t WHERE rowid = 4",
        f"INSERT INTO t SELECT t.* FROM t, (WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT"
        f" {BATCH_ROWS}) SELECT x FROM n)",
    ],
)
def test_a_database_that_changes_between_two_reads_is_named(own_folder: Path, wal: bool, change: str) -> None:
    path = database(own_folder / "a.db", "t", "u", wal=wal)
    found = source(f"sqlite:///{path}?table=t")
    with closing(sqlite3.connect(path)) as writer:
        assert rows(found, "train") == rows(found, "train")
        writer.execute("UPDATE u SET label = 7")
        writer.commit()
        assert len(rows(found, "train")["text"]) == 4  # another table may change
        writer.execute(change)
        writer.commit()
        with pytest.raises(DataError, match=r"table t changed while it was read: .* differ from those of") as refused:
            rows(found, "train")
    assert "when no program writes to it, or pass a copy" in refused.value.hint


def test_a_read_is_of_one_moment_though_another_program_writes_meanwhile(own_folder: Path) -> None:
    path = database(own_folder / "a.db", "t", wal=True, count=BATCH_ROWS + 1)
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("UPDATE t SET label = 0")
        writer.commit()
        batches = source(path).splits["train"].rows()
        labels = [*next(batches).columns["label"]]
        writer.execute("UPDATE t SET label = 1")
        writer.commit()
        assert {*labels, *next(batches).columns["label"]} == {0}


def test_a_query_that_asks_for_the_time_in_other_words_gives_no_mixed_rows(own_folder: Path) -> None:
    path = database(own_folder / "a.db", "t")
    spec = asked(path, "SELECT text, julianday(trim('now')) AS label FROM t")

    def read_at_several_times() -> None:
        found = source(spec)  # which reads it too
        for _ in range(2):
            rows(found, "train")
            time.sleep(0.01)

    with pytest.raises(DataError, match="query changed while it was read") as refused:
        read_at_several_times()
    assert "store its result in a table" in refused.value.hint


def test_a_file_that_is_read_without_a_lock_and_changes_meanwhile_is_named(own_folder: Path) -> None:
    path = database(own_folder / "a.db", "t", wal=True, count=3 * BATCH_ROWS)
    batches = source(path).splits["train"].rows()
    next(batches)
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("UPDATE t SET label = 7")
        writer.commit()
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with pytest.raises(DataError, match=r"a\.db changed while it was read"):
            list(batches)
