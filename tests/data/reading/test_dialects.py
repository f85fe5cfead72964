"""The delimiter is told by the rows, whatever stands above and below them."""

import csv
import io
import re
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


@pytest.mark.parametrize("place", [0, 9, 19])
def test_a_cell_that_ends_in_a_backslash_escapes_nothing(tmp_path: Path, place: int) -> None:
    texts = [f"text {number}, is good" for number in range(20)]
    texts[place] = 'see "it", C:\\'
    with (path := tmp_path / "x.csv").open("w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_NONNUMERIC).writerows(
            [["text", "label"], *((text, "good") for text in texts)]
        )
    assert [text for batch in read_csv(path, DataSettings()) for text in batch.columns["text"]] == texts


def test_quotes_that_are_escaped_outside_quoted_cells_are_found(tmp_path: Path) -> None:
    rows = [["text", "label"], *([f"it isn't {number}", ["good", "bad"][number % 2]] for number in range(20))]
    with (path := tmp_path / "x.tsv").open("w", newline="") as file:
        csv.writer(file, delimiter="\t", quotechar="'", quoting=csv.QUOTE_NONE, escapechar="\\").writerows(rows)
    assert r"isn\'t" in path.read_text()
    assert [text for batch in read_csv(path, DataSettings()) for text in batch.columns["text"]] == [
        row[0] for row in rows[1:]
    ]


ESCAPED = ["I don't like it", 'it isn\'t the "right" one', '"No", they\'d say', "plain, really"]


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_escaped_apostrophes_beside_plain_double_quotes_lose_their_escapes(tmp_path: Path, delimiter: str) -> None:
    lines = io.StringIO()
    writer = csv.writer(lines, quoting=csv.QUOTE_NONE, escapechar="\\", quotechar="'", delimiter=delimiter)
    writer.writerows([["text", "label"], *([text, "ab"[place % 2]] for place, text in enumerate(ESCAPED * 3))])
    path = tmp_path / "a.csv"
    path.write_text(lines.getvalue(), newline="")
    assert [text for batch in read_csv(path, DataSettings()) for text in batch.columns["text"]] == ESCAPED * 3


def test_apostrophes_that_are_not_all_escaped_keep_what_stands_before_them(tmp_path: Path) -> None:
    rows = "".join(f'"No" they don\\\'t{more}\ta\n' for more in ("", " or can't", "", ""))
    path = tmp_path / "a.tsv"
    path.write_text(f"text\tlabel\n{rows}")
    assert [batch.columns["text"][0] for batch in read_csv(path, DataSettings())] == ['"No" they don\\\'t']


def test_control_characters_between_cells_are_found_and_named(tmp_path: Path) -> None:
    hive = Form("\x01", '"', csv.QUOTE_NONE)
    content = "a \"long\", film\x01good\nnot 'so' long\x01bad\n"
    assert form(tmp_path, content) == form(tmp_path, content, delimiter="\\x01") == hive
    assert form(tmp_path, content, delimiter=",").delimiter == ","


def test_a_table_as_usual_is_told_though_a_cell_ends_in_an_apostrophe(tmp_path: Path) -> None:
    texts = ['he said, "back\\"', "the fans'", *(f"a text, number {number}" for number in range(20))]
    with (path := tmp_path / "x.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["text", "label"], *([text, "good"] for text in texts)])
    assert [text for batch in read_csv(path, DataSettings()) for text in batch.columns["text"]] == texts


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


ROWS_OF_R = [
    '"text" "label"\n',
    '"1" "a \\"good\\", fine film" "x"\n',
    '"2" "one, two" "y"\n',
    '"3" "an old\n',
    'one" NA\n',
]


def test_spaces_between_quoted_cells_are_the_delimiter_as_r_writes_them(tmp_path: Path) -> None:
    assert form(tmp_path, "".join(ROWS_OF_R)) == Form(" ", '"', escape="\\")
    path = tmp_path / "a.txt"
    path.write_text("".join(ROWS_OF_R), encoding="utf-8")
    [batch] = read_csv(path, DataSettings())
    assert batch.columns == {
        "": ["1", "2", "3"],
        "text": ['a "good", fine film', "one, two", "an old\none"],
        "label": ["x", "y", "NA"],
    }
    assert form(tmp_path, '"text" "label"\n"one, two" "y"\n"three, four" "x"\n').delimiter == " "
    assert form(tmp_path, '"text", "label"\n"one, two", "y"\n').delimiter == ","


MOST_IN_SINGLE_QUOTES = [
    """40,he said "yes"; then,'neg'""",
    """40,he said "yes",'neg'""",
    f"""40,'{"word " * 1990}he said "yes"; then {"word " * 100}','neg'""",
    f"""40,'he said "yes"; then {"word " * 2100}','neg'""",
    """40,'It\\'s "fine"; really','neg'""",
    """40,'he said "yes"; then\nhe left, so','neg'""",
    """40,"it's fine",'neg'""",
]
NOT_OF_THEIR_DIALECT = [
    """40,'he said "yes"; then' ,'neg'""",
    """40,'It\\'s "fine"; really' ,'neg'""",
    """40,"good, it's fine",'neg'""",
]


def single_quoted(path: Path, row: str) -> Path:
    rows = [f"{number},'good very good {number} indeed','{('neg', 'pos')[number % 2]}'" for number in range(40)]
    path.write_text("\n".join(["id,text,label", *rows, row, ""]), encoding="utf-8")
    return path


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("row", MOST_IN_SINGLE_QUOTES, ids=[row[3:22] for row in MOST_IN_SINGLE_QUOTES])
def test_one_exceptional_row_hides_no_single_quotes(tmp_path: Path, row: str, delimiter: str) -> None:
    path = single_quoted(tmp_path / "a.csv", row)
    if delimiter == ";":
        path.write_text(path.read_text(encoding="utf-8").translate(str.maketrans(",;", ";,")), encoding="utf-8")
    [batch] = read_csv(path, DataSettings())
    assert len(batch.lines) == 41
    assert batch.columns["label"] == [*["neg", "pos"] * 20, "neg"]
    assert batch.columns["text"][0] == "good very good 0 indeed"


@pytest.mark.parametrize("row", NOT_OF_THEIR_DIALECT)
def test_an_exceptional_row_that_cannot_be_read_is_refused(tmp_path: Path, row: str) -> None:
    with pytest.raises(DataError, match="line 42") as refused:
        list(read_csv(single_quoted(tmp_path / "a.csv", row), DataSettings()))
    assert ("remove the blank between a quote and the delimiter" in refused.value.hint) is ("' ," in row)


def test_rare_cells_in_double_quotes_at_another_delimiter_are_quoted(tmp_path: Path) -> None:
    rows = [f"{number};['a','b','c'];text {number};x\n" for number in range(40)]
    assert form(tmp_path, "".join([*rows, "40;['a','b','c'];\"text; more\";x\n"])) == Form(";", '"')


def test_texts_in_single_quotes_need_no_second_column(tmp_path: Path) -> None:
    rows = "A film, as it is\n'So, ''old'' they; said'\nPlain, and good\n"
    found = form(tmp_path, rows)
    assert list(found.rows(rows.splitlines(keepends=True))) == [
        ["A film, as it is"],
        ["So, 'old' they; said"],
        ["Plain, and good"],
    ]


def test_a_table_that_is_drawn_is_told_before_its_marks_count_as_delimiters(tmp_path: Path) -> None:
    assert form(tmp_path, "| text | label |\n|---|---|\n| a, b | x |\n") == Form("|", '"', csv.QUOTE_NONE, drawn=True)


CELLS = strategies.text("ab ,;|\t'\"\u00e9\n", max_size=12).map(lambda text: f"x{text}y")
"""Texts that begin and end with a letter, so that their quotes are not taken for those of cells."""
ANY_CELLS = strategies.text("ab ,;|:^\t'\"\\\u00e9\n", max_size=12)
QUOTING = [csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC, csv.QUOTE_NONE]


def dialects(delimiters: str) -> strategies.SearchStrategy[dict[str, Any]]:
    return strategies.fixed_dictionaries(
        {
            "delimiter": strategies.sampled_from(delimiters),
            "quotechar": strategies.sampled_from("\"'"),
            "quoting": strategies.sampled_from(QUOTING),
            "doublequote": strategies.booleans(),
            "lineterminator": strategies.sampled_from(["\n", "\r\n", "\r"]),
        }
    )


USUAL = {"delimiter": ",", "quotechar": '"', "quoting": csv.QUOTE_MINIMAL, "doublequote": True, "lineterminator": "\n"}


def labelled(texts: list[str]) -> list[list[str]]:
    return [[text, "ab"[place % 2]] for place, text in enumerate(texts)]


def escapes(dialect: dict[str, Any]) -> bool:
    return dialect["quoting"] == csv.QUOTE_NONE or not dialect["doublequote"]


def written(path: Path, dialect: dict[str, Any], texts: list[str]) -> Path:
    lines = io.StringIO(newline="")
    escape = "\\" if escapes(dialect) else None
    csv.writer(lines, **dialect, escapechar=escape).writerows([["text", "label"], *labelled(texts)])
    path.write_bytes(lines.getvalue().encode())
    return path


def as_they_can_be(dialect: dict[str, Any], texts: list[str]) -> list[str]:
    """Return texts that a file of this dialect tells: Python quotes no other line break than that of the rows.

    A few rows do not tell whether a line that breaks just before a delimiter is a row; nor do escapes before
    apostrophes, of which most stand in texts that know no quotes.
    """
    if dialect["lineterminator"] == "\r":
        texts = [text.replace("\n", "\r") for text in texts]
    if dialect["quoting"] == csv.QUOTE_MINIMAL:
        broken = ("\n", "\r")
        texts = [
            text.replace(dialect["delimiter"], " ") if any(map(text.__contains__, broken)) else text for text in texts
        ]
    if escapes(dialect) and dialect["quotechar"] == "'" and dialect["quoting"] in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
        texts = [text.replace("'", "") for text in texts]
    return texts


def is_usual(path: Path) -> bool:
    """Return whether the usual dialect writes the same file, from other rows."""
    content = path.read_bytes().decode()
    for delimiter in ",;|\t":
        try:
            rows = list(csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True))
        except csv.Error:
            continue
        again = io.StringIO(newline="")
        csv.writer(again, delimiter=delimiter, lineterminator="\n").writerows(rows)
        if {len(row) for row in rows} == {len(rows[0])} != {1} and again.getvalue() == re.sub("\r\n?", "\n", content):
            return True
    return False


@settings(max_examples=60, deadline=None)
@given(dialect=dialects(",;|\t:^"), texts=strategies.lists(ANY_CELLS, min_size=3, max_size=8))
def test_a_table_of_a_dialect_that_is_named_is_read_back_cell_by_cell(
    dialect: dict[str, Any], texts: list[str]
) -> None:
    if dialect["lineterminator"] == "\r":
        texts = [text.replace("\n", "\r") for text in texts]
    named = {"quote": dialect["quotechar"], "delimiter": dialect["delimiter"].replace("\t", "\\t")}
    if escapes(dialect):
        named["escape"] = "\\"
    with TemporaryDirectory() as folder:
        [batch] = read_csv(written(Path(folder) / "a.csv", dialect, texts), DataSettings(**named))
    assert list(batch.columns) == ["text", "label"]
    assert [list(row) for row in zip(*batch.columns.values(), strict=True)] == labelled(texts)


@settings(max_examples=120, deadline=None)
@example(dialect={**USUAL, "delimiter": "|", "doublequote": False}, texts=["x;y", "x;y", 'x"y'])
@example(dialect={**USUAL, "quotechar": "'", "quoting": csv.QUOTE_ALL}, texts=["x;y", "x;y", 'x;"y'])
@example(
    dialect={**USUAL, "quotechar": "'", "quoting": csv.QUOTE_ALL, "delimiter": "|"}, texts=["x\nby", "x  \n\ny", "x'y"]
)
@example(dialect={**USUAL, "quoting": csv.QUOTE_ALL, "delimiter": "\t"}, texts=["x, y", "x\",a\t\n|'y", "x\t,,\nba 'y"])
@example(dialect={**USUAL, "quoting": csv.QUOTE_NONE}, texts=["x,by", "x,y\n", "x, y"])
@given(dialect=dialects(",;|\t"), texts=strategies.lists(CELLS, min_size=3, max_size=8))
def test_a_table_of_any_dialect_is_read_back(dialect: dict[str, Any], texts: list[str]) -> None:
    texts = as_they_can_be(dialect, texts)
    with TemporaryDirectory() as folder:
        path = written(Path(folder) / "a.csv", dialect, texts)
        [batch] = read_csv(path, DataSettings())
        rows = [list(row) for row in zip(*batch.columns.values(), strict=True)]
        assert rows == labelled(texts) or is_usual(path)
