"""The delimiter is told by the rows, whatever stands above and below them."""

import csv
import io
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given, settings, strategies

from clf.data.reading.delimited import read_csv
from clf.data.reading.dialects import Form, sniff_form
from clf.errors import DataError
from clf.settings import DataSettings

TABLE = 'text;label\n"one, two";a\nthree;b\nfour, five;a\n'


def form(path: Path, content: str, **settings: object) -> Form:
    lines = content.splitlines(keepends=True)
    return sniff_form(lines, lambda: lines, path, DataSettings(**settings))


@pytest.mark.parametrize("above", ["", "# exported by hand, for us\n", "Answers of May\n\n", "// a\n// b, c\n"])
def test_a_title_above_the_rows_does_not_hide_the_delimiter(tmp_path: Path, above: str) -> None:
    assert form(tmp_path, above + TABLE) == Form(";", '"', 0)


def test_a_line_that_is_one_name_of_a_column_is_not_a_title_of_ragged_rows(tmp_path: Path) -> None:
    assert form(tmp_path, "text;label\na, b\nc\nd, e, f\n").delimiter == ";"


def test_a_sign_before_the_label_in_each_line_is_the_delimiter(tmp_path: Path) -> None:
    lines = [f"Sales rose, by {number} % in May .@{['neutral', 'positive'][number % 2]}" for number in range(24)]
    assert form(tmp_path, "\n".join(lines)).delimiter == "@"
    assert form(tmp_path, "\n".join([*lines[:12], "one more, for all", *lines[12:]])).delimiter == ","
    tweets = (f"{number},so late again, thanks @{('bus', 'train')[number % 2]}" for number in range(24))
    assert form(tmp_path, "\n".join(tweets)).delimiter == ","
    assert form(tmp_path, "\n".join(f"{number},ann@host{number % 3}.example" for number in range(24))).delimiter == ","
    assert (
        form(tmp_path, "\n".join(f"{number},thanks @{'ann'[number % 3 :]}er{number}" for number in range(24))).delimiter
        == ","
    )


def test_one_tab_in_each_line_beats_one_comma(tmp_path: Path) -> None:
    assert form(tmp_path, "a\tone, two\nb\tthree, four\n").delimiter == "\t"
    assert form(tmp_path, "a\tone, two\nb three, four\n").delimiter == ","


@pytest.mark.parametrize(
    ("above", "below", "plain"),
    [("", "", True), ("A title\n", "", True), ("", "(2 rows)\n", True), ("", "(2 rows)\ne\tf\n", False)],
)
def test_quotes_in_tabbed_text_are_characters_with_a_title_or_footer_too(
    tmp_path: Path, above: str, below: str, plain: bool
) -> None:
    found = form(tmp_path, f'{above}text\tlabel\na 3" nail\tx\n"quoted" word\ty\n{below}')
    assert (found.quoting == 3) is plain


def test_single_quotes_on_some_rows_are_found(tmp_path: Path) -> None:
    rows = "Web;A text, as it is\nEtat;'A text; with ''marks'''\nWeb;It's a third text, not quoted\n" * 3
    assert form(tmp_path, rows) == Form(";", "'")
    assert form(tmp_path, rows, delimiter=";") == Form(";", "'")
    assert form(tmp_path, "text;label\n'Tis a text;a\nit's one, 'of' two;b\n").quotechar == '"'


def test_escaped_quotes_are_found(tmp_path: Path) -> None:
    rows = 'text,label\n"He said \\"no\\", and left",a\nplain,b\n"one, two",a\n'
    assert form(tmp_path, rows) == Form(",", '"', escape="\\")
    assert form(tmp_path, 'text,label\n"a path C:\\dir, and ""more""",a\nplain,b\n').escape == ""


def test_what_is_asked_for_is_not_guessed(tmp_path: Path) -> None:
    assert form(tmp_path, "a;'b;c'\nd;'e'\n", quote='"', delimiter=";") == Form(";", '"')
    assert form(tmp_path, "text,label\na,b\n", escape="^") == Form(",", '"', escape="^")


def test_an_escape_that_escapes_nothing_is_kept() -> None:
    lines = ['"a \\"b\\" c:\\d",1\n', '"ends with \\\\",2\n']
    assert list(Form(",", '"', escape="\\").rows(lines)) == [['a "b" c:\\d', "1"], ["ends with \\", "2"]]


@pytest.mark.parametrize(
    ("row", "delimiter"),
    [
        ("0\t\"['good','bad','x'] it said\"\tpos\n", "\t"),
        ("0,\"a;'b';c, d\",pos\n", ","),
        ("1;['a','b','c'];\"text; more\";x\n", ";"),
    ],
)
def test_single_quotes_at_another_delimiter_are_no_quotes(tmp_path: Path, row: str, delimiter: str) -> None:
    assert form(tmp_path, row * 12) == Form(delimiter, '"')


def test_an_apostrophe_before_many_delimiters_costs_no_time(tmp_path: Path) -> None:
    started = time.process_time()
    form(tmp_path, ("'b" + ",c;d|e\tf" * 1200 + "\n") * 50)
    assert time.process_time() - started < 5


CELLS = strategies.text("ab ,;|\t'\"\u00e9", min_size=1, max_size=12).map(lambda text: f"x{text}y")
DIALECTS = strategies.fixed_dictionaries(
    {
        "delimiter": strategies.sampled_from(",;|\t"),
        "quotechar": strategies.sampled_from("\"'"),
        "quoting": strategies.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
        "doublequote": strategies.booleans(),
    }
)
DOUBLED = {"delimiter": ",", "quotechar": '"', "quoting": csv.QUOTE_MINIMAL, "doublequote": True}


def written(path: Path, dialect: dict[str, Any], texts: list[str]) -> Path:
    lines = io.StringIO()
    rows = [[text, "ab"[place % 2]] for place, text in enumerate(texts)]
    escape = None if dialect["doublequote"] else "\\"
    csv.writer(lines, **dialect, escapechar=escape, lineterminator="\n").writerows([["text", "label"], *rows])
    path.write_text(lines.getvalue(), encoding="utf-8")
    return path


@settings(max_examples=60, deadline=None)
@given(dialect=DIALECTS, texts=strategies.lists(CELLS, min_size=3, max_size=8))
def test_a_table_of_a_dialect_that_is_named_is_read_back_cell_by_cell(
    dialect: dict[str, Any], texts: list[str]
) -> None:
    named = {"quote": dialect["quotechar"], "delimiter": dialect["delimiter"].replace("\t", "\\t")}
    if not dialect["doublequote"]:
        named["escape"] = "\\"
    with TemporaryDirectory() as folder:
        [batch] = read_csv(written(Path(folder) / "a.csv", dialect, texts), DataSettings(**named))
    assert batch.columns["text"] == texts


@settings(max_examples=60, deadline=None)
@example(dialect={**DOUBLED, "delimiter": "|", "doublequote": False}, texts=["x;y", "x;y", 'x"y'])
@example(dialect={**DOUBLED, "quotechar": "'", "quoting": csv.QUOTE_ALL}, texts=["x;y", "x;y", 'x;"y'])
@given(dialect=DIALECTS, texts=strategies.lists(CELLS, min_size=3, max_size=8))
def test_a_table_of_any_dialect_is_read_back_or_refused(dialect: dict[str, Any], texts: list[str]) -> None:
    """But for escapes before single quotes, of which nothing tells that they are not of the text."""
    dialect = {**dialect, "doublequote": dialect["doublequote"] or dialect["quotechar"] == "'"}
    with TemporaryDirectory() as folder:
        try:
            [batch] = read_csv(written(Path(folder) / "a.csv", dialect, texts), DataSettings())
        except DataError:
            return
    assert batch.columns.get("text") == texts
