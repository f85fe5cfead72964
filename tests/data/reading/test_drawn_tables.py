"""Tables with lines around their cells are read; columns of a fixed width are refused with the way out."""

from pathlib import Path

import pytest

from clf.data.reading.delimited import read_csv
from clf.data.reading.drawn_tables import DrawnRows, find_drawn, find_gap, split_drawn
from clf.errors import DataError
from clf.settings import DataSettings
from support.data_files import joined, written

COLUMNS = {"id": ["1", "2"], "text": ["A fine, old film", "A poor one"], "label": ["good", "bad"]}
PSQL = """\
 id |       text       | label 
----+------------------+-------
  1 | A fine, old film | good
  2 | A poor one       | bad
(2 rows)

"""
MYSQL = """\
mysql> select id, text, label from reviews;
+----+------------------+-------+
| id | text             | label |
+----+------------------+-------+
|  1 | A fine, old film | good  |
|  2 | A poor one       | bad   |
+----+------------------+-------+
2 rows in set (0.00 sec)

"""
MARKDOWN = """\
| id | text             | label |
|---:|:-----------------|:-----:|
|  1 | A fine, old film | good  |
|  2 | A poor one       | bad   |
"""
BARE = "id | text | label\n--- | --- | ---\n1 | A fine, old film | good\n2 | A poor one | bad\n"
TABULATE = MARKDOWN.replace(":|", "-|").replace("|:", "|-").replace("-|-", "-+-")
GRID = """\
+------+------------------+---------+
|   id | text             | label   |
+======+==================+=========+
|    1 | A fine, old film | good    |
+------+------------------+---------+
|    2 | A poor one       | bad     |
+------+------------------+---------+
"""
DUCKDB = """\
┌───────┬──────────────────┬─────────┐
│  id   │       text       │  label  │
├───────┼──────────────────┼─────────┤
│     1 │ A fine, old film │ good    │
│     2 │ A poor one       │ bad     │
└───────┴──────────────────┴─────────┘
"""
DRAWN = {"psql": PSQL, "MySQL": MYSQL, "Markdown": MARKDOWN, "no outer bars": BARE, "tabulate": TABULATE, "grid": GRID}


@pytest.mark.parametrize("content", [*DRAWN.values(), DUCKDB], ids=[*DRAWN, "DuckDB"])
@pytest.mark.parametrize("delimiter", [None, "|"])
def test_a_drawn_table_is_read(tmp_path: Path, content: str, delimiter: str | None) -> None:
    given = delimiter.replace("|", "│") if delimiter and "│" in content else delimiter
    batch = joined(list(read_csv(written(tmp_path / "a.txt", content), DataSettings(delimiter=given))))
    assert batch.columns == COLUMNS
    lines = content.splitlines()
    assert [
        lines[line - 1].split()[-2 if "|" in lines[line - 1][-1] or "│" in lines[line - 1] else -1]
        for line in batch.lines
    ] == COLUMNS["label"]


@pytest.mark.parametrize(
    "content",
    [
        "text|label\none|a\n--|b\n",
        "text,label\none,a\n--+--,b\n",
        "- a list\n- of points\n",
        "text\n----\none\n",
        "----+----\n",
        "",
        "+----+----+\n",
    ],
)
def test_other_files_are_not_drawn(content: str) -> None:
    assert find_drawn(content.splitlines(keepends=True)) == ""


def test_a_cell_of_psql_goes_on_in_the_next_line() -> None:
    lines = [
        " 1 | a fine    +| good\n",
        "   | old film   | \n",
        " 2 | C+ | a+ \n",
        " 3 | b | one +\n",
        "   |   | two\n",
        "\n",
    ]
    assert list(DrawnRows(lines, "|")) == [
        ["1", "a fine\nold film", "good"], ["2", "C+", "a+"], ["3", "b", "one\ntwo"], [],
    ]  # fmt: skip


def test_a_plus_at_the_end_of_a_table_is_a_plus() -> None:
    reader = DrawnRows([" 1 | C+\n", " 2 | D+\n"], "|")
    assert list(reader) == [["1", "C+"], ["2", "D+"]]
    assert reader.line_num == 2


def test_an_escaped_bar_is_part_of_its_cell() -> None:
    assert split_drawn("| a \\| b | c |\n", "|") == [" a | b ", " c "]


FIXED = [
    "text                  label\n",
    "a fine, old film      good\n",
    "a poor one            bad\n",
    "one more of them      good\n",
    "and the last one      bad\n",
]


def test_columns_of_a_fixed_width_are_refused_with_the_command_that_makes_a_csv(tmp_path: Path) -> None:
    with pytest.raises(DataError) as refused:
        list(read_csv(written(tmp_path / "a.txt", "".join(FIXED)), DataSettings()))
    assert "spaces part its columns, at the same place of each line (character 17 " in refused.value.message
    assert "pandas.read_fwf('a.txt').to_csv('a.csv', index=False)" in refused.value.hint


@pytest.mark.parametrize(
    "lines",
    [
        FIXED[:4],
        [line.replace("   ", "\t") for line in FIXED],
        ["one two three\n"] * 9,
        ["text\n", *["one  two\n", "four  five\n"] * 4],
    ],
)
def test_lines_of_text_have_no_columns(lines: list[str]) -> None:
    assert find_gap(lines) == 0
