"""Delimited text: its delimiter, quotes and header are detected, and no row is lost or joined with another unseen."""

import gzip
from pathlib import Path

import pytest

from clf.data.reading import delimited, files, row_sizes
from clf.data.reading.batch import BATCH_ROWS, SHOWN, Batch
from clf.data.reading.delimited import read_csv
from clf.data.reading.formats import read_file
from clf.errors import DataError, UsageError
from clf.settings import DataSettings
from support.data_files import CSV, ROWS, joined, read, written

BAD_FILES = [
    ("header.csv", "text,label\n", "has a header but no rows", "expected a text in each row"),
    (
        "ragged.csv",
        "text,label\na,b,c\nd,e\nf\n",
        ": expected 2 cells in each row, as in the first; line 2 has 3; line 4 has 1 (2 such rows)",
        "put quotes around texts that contain the delimiter",
    ),
    (
        "title.csv",
        "Export of May\nremarks,kind\na,b\n",
        ": expected 1 cells in each row, as in the first; line 2 has 2; line 3 has 2 (2 such rows)",
        "remove the lines above the header",
    ),
    ("sep.csv", "sep=;\r\n", "is empty", "expected a text in each row"),
    ("open.csv", 'text,label\na,b\n"c,d\ne,f\n', ", line 3: a quoted cell is never closed", "close the quote"),
    ("inside.csv", 'text,label\na,b\n"c "d" e",f\n', ", line 3: a quoted cell is never closed", "double the quotes"),
    (
        "bytes.csv",
        b"text,label\na,b\n" + b"x" * (1 << 20) + b",y\nc\xe9,d\n",
        ", line 4: byte 0xe9 is not utf-8",
        "--encoding",
    ),
]


def rows(path: Path, **settings: object) -> dict[str, list[object]]:
    return joined(list(read_csv(path, DataSettings(**settings)))).columns


def kept(path: Path, **settings: object) -> Batch:
    """Read delimited text with its bad rows."""
    return joined(list(read_csv(path, DataSettings(**settings), keep_bad=True)))


@pytest.mark.parametrize(
    "content",
    [
        CSV,
        'text\tlabel\n"first, with a comma"\ta\n"second\nwith a line"\tb\n',
        'text;label\n"first, with a comma";a\n"second\nwith a line";b\n',
        'text|label\n"first, with a comma"|a\n"second\nwith a line"|b',
        "sep=;\r\n" + 'text;label\r\n"first, with a comma";a\r\n"second\nwith a line";b\r\n',
        'sep=^\n text ^label\n"first, with a comma"^a\n"second\nwith a line"^b\n',
        'text,label\n\n"first, with\0 a comma",a\n"second\nwith a line",b\n\n',
    ],
    ids=["comma", "tab", "semicolon", "bar", "Excel", "any mark", "empty lines and NUL"],
)
def test_delimiters_and_quotes_are_detected(tmp_path: Path, content: str) -> None:
    assert rows(written(tmp_path / "a.csv", content)) == ROWS


def test_a_delimiter_that_is_given_is_used_for_whatever_it_is(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "text:label,b\nx,y:z,w\n")
    assert rows(path, delimiter=":") == {"text": ["x,y"], "label,b": ["z,w"]}
    assert rows(written(tmp_path / "b.csv", "text\tlabel;b\nx\ty;z\n"), delimiter="\\t") == {
        "text": ["x"],
        "label;b": ["y;z"],
    }


def test_commas_in_texts_do_not_hide_another_delimiter(tmp_path: Path) -> None:
    lines = [f"a, text, with {number} commas{',' * number};x\n" for number in range(8)]
    found = rows(written(tmp_path / "a.csv", "text;label\n" + "".join(lines)))
    assert found["label"] == ["x"] * 8
    assert found["text"][3] == "a, text, with 3 commas,,,"


def test_a_usual_name_in_the_header_tells_the_delimiter_of_ragged_lines(tmp_path: Path) -> None:
    content = "text;label\n" + "a\n" * 5 + "a;b;c\n" * 5
    with pytest.raises(DataError, match=r"expected 2 cells in each row, as in the first; line 2 has 1;"):
        rows(written(tmp_path / "a.csv", content))


def test_a_mark_in_ragged_lines_below_an_unusual_name_is_text(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "words;kind\n" + "a\n" * 2 + "a;b;c\n" * 2)
    assert rows(path) == {"words;kind": ["a", "a", "a;b;c", "a;b;c"]}


def test_one_column_of_texts_needs_no_delimiter(tmp_path: Path) -> None:
    assert rows(written(tmp_path / "a.csv", "text\none\ntwo three\n")) == {"text": ["one", "two three"]}


def test_single_quotes_around_cells_are_quotes(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "text,label\n'one, with a comma','a'\n'it''s',b\n")
    assert rows(path) == {"text": ["one, with a comma", "it's"], "label": ["a", "b"]}


def test_single_quotes_are_apostrophes_unless_nearly_all_lines_have_them_around_cells(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "text,label\n'tis a film,x\nthe actors',y\n\"'quoted'\",z\n")
    assert rows(path)["text"] == ["'tis a film", "the actors'", "'quoted'"]
    quoted = [f"'film {number}','x'" for number in range(9)]
    for plain, last in ((["plain,y"], "film 8"), (["plain,y"] * 2, "'film 8'")):
        assert rows(written(path, "\n".join(["text,label", *plain, *quoted])))["text"][-1] == last


def test_lines_are_those_where_the_rows_start(tmp_path: Path) -> None:
    assert read(written(tmp_path / "a.csv", CSV + "third,a\n")).lines == [2, 3, 5]


def test_words_that_mean_nothing_elsewhere_stay_words(tmp_path: Path) -> None:
    words = ["null", "NA", "None", "nan", "N/A", ""]
    path = written(tmp_path / "a.csv", "text,label\n" + "".join(f"{word},x\n" for word in words))
    assert read(path).columns["text"] == words


def test_a_file_without_header_gets_numbered_columns(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = written(tmp_path / "a.csv", '"3","a title","a description"\n"1","other","words"\n')
    assert list(read(path).columns) == ["0", "1", "2"]
    assert "the columns are numbered from 0" in caplog.text
    assert read(written(tmp_path / "b.csv", "red,blue\nx,y\n"), no_header=True).columns == {
        "0": ["red", "x"],
        "1": ["blue", "y"],
    }


@pytest.mark.parametrize(
    ("first", "has_header"),
    [
        ("words,kind", True),
        ("words,-1.5", False),
        ("words,1.5.2", True),
        ("w" * 80 + ",kind", True),
        ("w" * 81 + ",kind", False),
        ("Category," + "w" * 81, True),
    ],
)
def test_a_number_or_a_long_text_in_the_first_line_makes_it_data(tmp_path: Path, first: str, has_header: bool) -> None:
    found = rows(written(tmp_path / "a.csv", f"{first}\nx,y\n"))
    assert list(found) == (first.split(",") if has_header else ["0", "1"])
    assert len(found[next(iter(found))]) == (1 if has_header else 2)


def test_a_header_with_a_usual_or_named_column_is_a_header(tmp_path: Path) -> None:
    assert list(read(written(tmp_path / "a.csv", "text,label,2020\nx,y,1\n")).columns) == ["text", "label", "2020"]
    assert list(read(written(tmp_path / "b.csv", "words,7\nx,y\n"), text_column=["words"]).columns) == ["words", "7"]


def test_a_column_asked_for_by_number_does_not_make_a_header(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "1,good film\n0,bad film\n")
    assert rows(path, text_column=["1"], label_column="0") == {"0": ["1", "0"], "1": ["good film", "bad film"]}


def test_quotes_that_are_only_characters_swallow_no_rows(tmp_path: Path) -> None:
    lines = [f'"a {number} inch screen\tgood\n' if number % 3 else f"plain {number}\tbad\n" for number in range(40)]
    batch = read(written(tmp_path / "a.tsv", "text\tlabel\n" + "".join(lines)))
    assert len(batch.lines) == 40
    assert batch.columns["text"][1] == '"a 1 inch screen'


def test_quotes_around_a_tab_or_a_line_stay_quotes(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tsv", 'text\tlabel\n"a\tb"\tx\n"c\nd"\ty\n"say ""e"""\tz\n')
    assert rows(path) == {"text": ["a\tb", "c\nd", 'say "e"'], "label": ["x", "y", "z"]}


def test_nul_characters_are_dropped_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert rows(written(tmp_path / "a.csv", "text,label\na,x\nb\0,\0x\nc\0,x\n"))["text"] == ["a", "b", "c"]
    assert "dropped 3 NUL characters, the first on line 3" in caplog.text


def test_a_delimiter_of_two_characters_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="one character"):
        read(written(tmp_path / "a.csv", CSV), delimiter="ab")


@pytest.mark.parametrize(("name", "content", "message", "hint"), BAD_FILES, ids=[case[0] for case in BAD_FILES])
def test_a_bad_file_is_named_with_its_line(
    tmp_path: Path, name: str, content: str | bytes, message: str, hint: str
) -> None:
    with pytest.raises(DataError) as refused:
        read(written(tmp_path / name, content))
    assert str(tmp_path / name) in refused.value.message
    assert message in refused.value.message
    assert hint in refused.value.hint


def test_of_many_bad_rows_the_first_are_listed(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "text,label\n" + "a,b\n" * BATCH_ROWS + "a\n" * (SHOWN + 1))
    with pytest.raises(DataError) as refused:
        rows(path)
    last = BATCH_ROWS + 1 + SHOWN
    assert refused.value.message.endswith(f"; line {last} has 1 ({SHOWN + 1} such rows)")


def test_a_compressed_file_that_was_cut_off_is_said_to_be(tmp_path: Path) -> None:
    packed = gzip.compress("".join(f"text {number},{number**9}\n" for number in range(2000)).encode(), mtime=0)
    with pytest.raises(DataError, match="cannot be decompressed"):
        rows(written(tmp_path / "a.csv.gz", packed[: len(packed) - 10]))


def test_a_bad_row_that_is_kept_is_made_to_fit_and_its_problem_told(tmp_path: Path) -> None:
    content = b"text;label;note\na;b;c\nd\ne;f;g;h;i\nj;k;\xe9\n"
    assert kept(written(tmp_path / "a.csv", content), encoding="utf-8") == Batch(
        {"text": ["a", "d", "e", "j"], "label": ["b", None, "f", "k"], "note": ["c", None, "g;h;i", "\ufffd"]},
        [2, 3, 4, 5],
        problems={
            1: "line 3 has 1 cells, expected 3",
            2: "line 4 has 5 cells, expected 3",
            3: "line 5 contains invalid text: byte 0xe9 cannot be decoded",
        },
    )


def test_rows_that_are_kept_still_need_a_header_with_rows(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has a header but no rows"):
        kept(written(tmp_path / "a.csv", "text,label\n"))
    assert kept(written(tmp_path / "b.csv", "text,label\na,b\n")).problems == {}


def test_twenty_thousand_columns_are_refused_at_once(tmp_path: Path) -> None:
    header = ",".join(["text", "label", *map(str, range(20_000))])
    with pytest.raises(DataError, match=r"20,002 columns, expected at most 10,000"):
        read(written(tmp_path / "a.csv", f"{header}\n" + "1," * 20_001 + "1\n"))


def test_many_empty_cells_end_a_batch_as_many_characters_do(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "text,label" + ",x" * 0 + "".join(f",c{n}" for n in range(998)) + "\n"
                   + ("," * 999 + "\n") * 1500)  # fmt: skip
    assert {len(batch.lines) for batch in read_file(path, DataSettings())} <= {1001, 499}


def test_a_row_that_is_too_long_is_refused_with_its_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for module in (delimited, files, row_sizes):
        monkeypatch.setattr(module, "LONGEST", 1000)
    for keep_bad in (False, True):
        for cell in ("x" * 1000, '"' + "x\n" * 500 + '"'):
            path = written(tmp_path / "a.csv", f"text,label\na,b\n{cell},b\n")
            with pytest.raises(
                DataError, match=r"line 3: (longer than 1,000 characters|a quoted cell is never closed)"
            ):
                list(read_file(path, DataSettings(), keep_bad=keep_bad))
    kept = written(tmp_path / "b.csv", f"text,label\n{'x' * 900},b\n" + f"{'y' * 900},b\n" * 3)
    assert len(read(kept).lines) == 4


def test_a_cell_of_more_than_131072_characters_is_read(tmp_path: Path) -> None:
    long = "word, " * 30_000
    assert read(written(tmp_path / "a.csv", f'text,label\n"{long}",b\n')).columns["text"] == [long]


@pytest.mark.parametrize("delimiter", ["", "ab", "\n", "\r", '"', "\0"])
def test_a_delimiter_that_cannot_be_one_is_wrong_usage(tmp_path: Path, delimiter: str) -> None:
    path = written(tmp_path / "a.csv", "text,label\na,b\n")
    if delimiter:
        with pytest.raises(UsageError, match="--delimiter must be one character"):
            read(path, delimiter=delimiter)


def test_rows_that_are_no_data_are_left_out_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    content = "Answers of May\n\ntext,label\na,x\nb,y\ntext,label\nc,x\n\n(3 rows)\n"
    batch = joined(list(read_csv(written(tmp_path / "a.csv", content), DataSettings())))
    assert batch == Batch({"text": ["a", "b", "c"], "label": ["x", "y", "x"]}, [4, 5, 7])
    assert kept(tmp_path / "a.csv") == batch
    for told in (
        "skipped line 1 ('Answers of May') above the header",
        "left out 1 row that repeats the header (line 6)",
        "left out the footer, line 9 ('(3 rows)')",
    ):
        assert f"{tmp_path / 'a.csv'}: {told}" in caplog.text


def test_a_last_line_that_was_cut_off_is_not_taken_for_a_footer(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 4 has 1 "):
        rows(written(tmp_path / "a.csv", "text,label\na,x\nb,y\nthis tex"))
    assert kept(tmp_path / "a.csv").problems == {2: "line 4 has 1 cells, expected 2"}


def test_nameless_and_doubled_columns_do_not_end_the_reading(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "\u200btext,label,,,label\na,x,,,1\n")
    assert list(rows(path)) == ["text", "label", "Unnamed: 2", "Unnamed: 3", "label.1"]
