"""The first lines about a file: only where a person reads them, short enough for the terminal, and not repeated."""

import logging
from pathlib import Path

import pytest

from clf.cli.show.terminal import NoteHandler
from clf.data.reading.batch import Batch
from clf.data.reading.columns import Column, Columns
from clf.data.reading.first_lines import FirstLines, roles_line, row_line
from clf.outcomes.peek import FileForm

COLUMNS = Columns(
    ["title", "body"],
    "stars",
    roles=(
        Column("", "ignored", "it has no name"),
        Column("title", "text", "the title of the text"),
        Column("body", "text", "a usual name for a text"),
        Column("stars", "label", "it has few values"),
        Column("answer", "annotation", "an annotator accepts or rejects the label there"),
        Column("user", "group", "named by --group-column"),
        Column("id", "ignored", "it holds numbers"),
        Column("extra", "ignored", "it is not needed"),
    ),
)
BATCH = Batch({}, [], Path("a.csv"))
FORM = FileForm(file="a.csv", format="CSV")


def told(capsys: pytest.CaptureFixture[str], *, introduces: bool, batch: Batch = BATCH) -> list[str]:
    logging.getLogger("clf").handlers = [NoteHandler(logging.INFO, introduces=introduces)]
    lines = FirstLines()
    for file in ("a.csv", "b.csv"):
        lines.tell_form(lambda file=file: FORM.model_copy(update={"file": file}))
        lines.tell_rows(batch, COLUMNS, iter([("a\nlong film", "4"), ("another", "1")]))
    lines.tell_form(None)
    lines.tell_texts(["title"], [None, "", "one text"])
    return capsys.readouterr().err.splitlines()


def test_roles_and_row_are_said_once_if_two_files_have_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, introduces=True) == [
        "a.csv: CSV",
        "text: title + body · label: stars · group: user · accepted or rejected by: answer"
        " · not used: a column (no name), id (numbers), extra (not needed)",
        "“a long film” → 4",
        "b.csv: CSV",
        "text: title",
        "“one text”",
    ]


def test_rows_that_are_from_no_file_have_no_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, introduces=True, batch=Batch({}, []))[:2] == ["a.csv: CSV", "b.csv: CSV"]


def test_where_nobody_reads_there_are_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, introduces=False) == []


def test_what_the_lines_say_is_not_said_again(capsys: pytest.CaptureFixture[str]) -> None:
    log = logging.getLogger("clf")
    for introduces in (True, False):
        log.handlers = [NoteHandler(logging.INFO, introduces=introduces)]
        log.setLevel(logging.INFO)
        log.info("a.csv is delimited by tab", extra={"in_first_lines": True})
        assert capsys.readouterr().err == ("" if introduces else "a.csv is delimited by tab\n")


def test_a_row_is_as_wide_as_the_terminal_and_its_label_stays() -> None:
    assert row_line("word " * 10_000, "positive", 40) == "“word word word word word w…” → positive"
    assert row_line("ab", None, 5) == "“ab”"
    assert row_line("c" * 50, "l" * 90, 40) == f"“{'c' * 19}…” → {'l' * 59}…"
    assert roles_line([]) == ""
