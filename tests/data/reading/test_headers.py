"""The top of a table: titles and comments above the header, header or data, and further header lines."""

from pathlib import Path

import pytest

from clf.data.reading.headers import has_header, is_row_among, judge_header, read_top, usual_width
from clf.settings import DataSettings

Cells = list[list[str]]
FEELINGS = [
    ["the guard painted the old door today", "joy"],
    ["a friend has sold my bookcase again", "anger"],
    ["we walked along the river all day", "joy"],
    ["nobody came to the party at all", "anger"],
]


def top_of(rows: Cells, **settings: object) -> tuple[list[str], Cells]:
    """Return the header, and the cells of the rows."""
    top = read_top(list(enumerate(rows, 1)), Path("x.csv"), DataSettings(**settings))
    return top.header or [], [cells for _, cells in top.rows]


def verdict(rows: Cells, **settings: object) -> bool | None:
    return has_header(list(enumerate(rows, 1)), DataSettings(**settings))


def test_a_first_row_with_a_short_sentence_is_data() -> None:
    long = [
        [f"a much longer text about the music and the plot, number {number}", ["pos", "neg"][number % 2]]
        for number in range(30)
    ]
    header, rows = top_of([["Loved this little film", "pos"], *long])
    assert (header, len(rows)) == ([], 31)
    header, rows = top_of([["Film", "pos"], *long])
    assert (header, len(rows)) == (["Film", "pos"], 30)


def test_a_row_among_others_has_one_of_their_labels() -> None:
    rows = list(enumerate(FEELINGS * 3, 1))
    assert is_row_among(["fine", "anger"], rows)
    assert not is_row_among(["what they said", "feeling"], rows)
    assert not is_row_among(["comment", "joy"], rows)
    assert not is_row_among(["fine", "anger", "3"], rows)


def test_the_first_row_below_a_title_is_judged() -> None:
    cells = [["# feelings"], ["text", "mood"], *FEELINGS]
    assert judge_header(list(enumerate(cells, 1)), Path("x.csv"), DataSettings())[0] is True


def test_a_first_row_whose_label_recurs_below_is_data(caplog: pytest.LogCaptureFixture) -> None:
    assert verdict(FEELINGS) is False
    assert top_of(FEELINGS) == ([], FEELINGS)
    assert "the first line looks like data, so the columns are numbered from 0" in caplog.text


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (["text", "joy"], True),  # a usual name
        (["what they said", "feeling"], None),  # nothing recurs
        (["remark", "joy"], None),  # much shorter than the texts below, and a single word
        (["user comment", "joy"], None),  # a word that names columns
        (["the guard painted it all", ""], None),
    ],
)
def test_a_header_stays_a_header_though_a_word_of_it_occurs_below(header: list[str], expected: bool | None) -> None:
    assert verdict([header, *FEELINGS]) is expected


def test_a_column_of_one_value_and_gaps_may_be_called_like_it() -> None:
    assert (
        verdict([["their words", "joy"], *([text, "joy" if n % 2 else ""] for n, (text, _) in enumerate(FEELINGS))])
        is None
    )


def test_a_repeated_header_is_not_a_value_of_its_column() -> None:
    header = ["what they said", "feeling"]
    assert verdict([header, *FEELINGS, header, *FEELINGS]) is None


@pytest.mark.parametrize("cell", ["https://example.org/{}", "ann{}@example.org", "2024-05-1{}", "0{}.05.2024 10:00"])
def test_what_nobody_calls_a_column_makes_the_first_row_data(cell: str) -> None:
    rows = [[cell.format(number), text, label] for number, (text, label) in enumerate(FEELINGS * 2)]
    rows[0][2] = "calm"
    if "." in cell and "@" not in cell and "/" not in cell:
        rows = [[value.replace(".", "-"), *rest] for value, *rest in rows]
    assert verdict(rows) is False


def test_columns_that_are_asked_for_make_a_header() -> None:
    assert verdict(FEELINGS, label_column="joy") is True
    assert verdict(FEELINGS, label_column="1") is False


@pytest.mark.parametrize(
    "above",
    [
        [["# exported on 1 May"]],
        [["// for us", " and for you", ""], ["   "]],
        [["Answers of May"]],
        [["Answers", " May"]],
        [["Answers of May", "", ""], ["", "", ""]],
        [["# exported", "with", "commas"]],
    ],
)
def test_a_title_comments_and_empty_rows_above_the_header_are_skipped(
    above: Cells, caplog: pytest.LogCaptureFixture
) -> None:
    table = [["id", "text", "label"], ["a", "b", "c"], ["d", "e", "f"]]
    assert top_of([*above, *table]) == (table[0], table[1:])
    assert f"x.csv: skipped line 1 ({' '.join(' '.join(above[0]).split())!r})" in caplog.text


@pytest.mark.parametrize(
    "rows",
    [
        [["text"], ["one", " two"], ["three", " four"]],  # commas in texts
        [["remark"], ["one", " two"], ["three", " four"]],
        [["Answers of May"], ["good", "a"], ["bad", "b"]],  # no usual name below
        [["v1", "v2", ""], ["spam", "free coins", ""], ["ham", "see you", ""]],
        [["#", "remark", "kind"], ["1", "good", "a"], ["2", "bad", "b"]],
    ],
)
def test_a_first_row_that_may_be_a_header_is_kept(rows: Cells) -> None:
    assert top_of(rows)[1] == rows[1:]


def test_a_title_that_is_padded_needs_no_usual_name(caplog: pytest.LogCaptureFixture) -> None:
    table = [["Bemerkung", "Art", "Nr"], ["good", "a", "1"], ["bad", "b", "2"], ["fine", "b", "3"]]
    assert top_of([["My export", "", ""], ["", "", ""], *table]) == (table[0], table[1:])
    assert "skipped line 1 ('My export')" in caplog.text
    rows = [["said", "", ""], ["good", "a", "1"], ["bad", "b", "2"], ["fine", "a", "3"]]
    assert top_of(rows)[0] == rows[0]  # the second row has a label of the rows below


@pytest.mark.parametrize("word", ["title", "text"])
def test_a_word_of_headers_that_recurs_below_is_a_class(word: str) -> None:
    rows = [
        [f"{text} {number}", label]
        for number in range(4)
        for (text, _), label in zip(FEELINGS, ("title", "text") * 2, strict=True)
    ]
    rows[0][1] = word
    assert verdict(rows) is False
    assert verdict([["text", "label"], *rows]) is True
    assert verdict([["review", "title"], *rows]) is True


def test_names_in_other_scripts_make_a_header() -> None:
    for header in (["文本", "标签"], ["本文", "感情"], ["리뷰", "분류"], ["النص", "التصنيف"]):
        assert verdict([header, *FEELINGS]) is True


def test_a_title_apart_from_the_table_needs_no_usual_name() -> None:
    rows = [(1, ["Answers of May"]), (3, ["remark", "kind"]), (4, ["good", "a"])]
    assert read_top(rows, Path("x.csv"), DataSettings()).header == ["remark", "kind"]


def test_a_header_one_name_short_gets_a_nameless_first_column(caplog: pytest.LogCaptureFixture) -> None:
    rows = [["text", "label"], ["1", "good", "a"], ["2", "bad", "b"]]
    assert top_of(rows) == (["", "text", "label"], rows[1:])
    assert "no name for the first column" in caplog.text
    assert top_of([["text", "label"], ["Hi", " you", "a"], ["Oh", " well", "b"]])[0] == ["text", "label"]


@pytest.mark.parametrize(
    "further",
    [
        [["Start Date", "How was it?", "Rate it"], ['{"ImportId":"start"}', '{"ImportId":"Q1"}', '{"ImportId":"Q2"}']],
        [['{"ImportId":"start","timeZone":"Z"}', "{'ImportId': 'Q1'}", '{"ImportId":"Q2"}']],
        [["StartDate", "Q1", "How was it, and why?"]],
        [["", "Open-Ended Response", "Response"]],
    ],
    ids=["Qualtrics", "Qualtrics without questions", "Qualtrics before 2017", "SurveyMonkey"],
)
def test_further_header_lines_of_survey_tools_are_skipped(further: Cells, caplog: pytest.LogCaptureFixture) -> None:
    rows = [["StartDate", "Q1", "Q2"], *further, ["1 May", "good", "a"], ["2 May", "bad", "b"]]
    assert top_of(rows) == (rows[0], rows[-2:])
    assert "skipped line 2 (" in caplog.text
    assert "further lines of the header" in caplog.text


@pytest.mark.parametrize("first", [["", "Response", "x"], ["a", "Response", "b"], ["text", "x", "y"]])
def test_rows_like_a_further_header_line_are_data_if_they_may_be(first: list[str]) -> None:
    rows = [["text", "note", "label"], first, ["", "b", "c"]]
    assert top_of(rows) == (rows[0], rows[1:])


@pytest.mark.parametrize("rule", [["----+------+------"], ["---", ":---", "---:"], ["====", "====", "===="]])
def test_the_line_below_the_names_of_a_printed_table_is_skipped(
    rule: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    rows = [["id", "text", "label"], rule, ["1", "good", "a"], ["2", "bad", "b"]]
    assert top_of(rows) == (rows[0], rows[2:])
    assert "further lines of the header" in caplog.text


def test_the_usual_width_of_rows_is_the_most_common() -> None:
    assert usual_width([(1, ["a"]), (2, ["a", "b"]), (3, ["a", "b"])]) == 2
    assert usual_width([(1, ["a"]), (2, ["a", "b"])]) == 2
