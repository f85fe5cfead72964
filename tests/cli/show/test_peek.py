"""What `clf prepare --peek` prints of each split, and the command that it suggests."""

from pathlib import Path

import pytest

from clf.cli.show.peek import again, print_peeked
from clf.outcomes.peek import FileForm, PeekedColumn, PeekedRow, PeekedSplit, PeekResult
from clf.settings import DataSettings

FORM = FileForm(file="a.csv", format="CSV", encoding="utf-8")
COLUMN = PeekedColumn(name="[text]", role="text", reason="a usual name for a text", values=["one\x1b", "two"])


def split(name: str, **values: object) -> PeekedSplit:
    usual: dict[str, object] = {
        "split": name, "source": "a.csv", "files": [FORM], "more_files": 0, "columns": [COLUMN], "rows_read": 4,
        "rows": [PeekedRow(line=2, text="a film", label="good")], "rows_left_out": {},
    }  # fmt: skip
    return PeekedSplit.model_validate(usual | values)


def result(*splits: PeekedSplit, **values: object) -> PeekResult:
    usual: dict[str, object] = {"dataset": "a", "origin": "/data/a.csv", "prepared": False, "labels": [], "flags": []}
    return PeekResult.model_validate(usual | values | {"splits": list(splits)})


def lines(capsys: pytest.CaptureFixture[str], found: PeekResult) -> list[str]:
    print_peeked(found)
    return [" ".join(line.replace("│", " ").split()) for line in capsys.readouterr().out.splitlines()]


def test_columns_are_shown_once_if_the_splits_have_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    test = split("test", more_files=2, rows=[], rows_left_out={"no text": 1, "no label": 2})
    found = lines(capsys, result(split("train"), test, flags=["--text-column", "a b"]))
    assert [line for line in found if not line.startswith(("┏", "┡", "└"))] == [
        "train: a.csv: CSV, UTF-8",
        "Columns",
        "┃ column ┃ role ┃ because ┃ values ┃",
        "[text] text a usual name for a text one\\x1b, two",
        "“a film” → good",
        "test: a.csv: CSV, UTF-8",
        "test: … and 2 more files",
        "left out of the first 4 rows: 1 with no text, 2 with no label",
        "The same as flags: --text-column 'a b'",
    ]


def test_values_with_commas_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    column = PeekedColumn(name="t", role="text", reason="", values=["yes, no", 'a "b", c', "one"])
    assert 't text "yes, no", "a ""b"", c", one' in lines(capsys, result(split("train", columns=[column])))


def test_a_role_that_was_not_found_is_a_question_mark_and_many_columns_are_cut(
    capsys: pytest.CaptureFixture[str],
) -> None:
    many = [PeekedColumn(name=f"c{number}", role=None, reason="", values=[]) for number in range(42)]
    found = lines(capsys, result(split("train", columns=many)))
    assert "c39 ?" in found
    assert "… and 2 more columns (see --json)" in found


def test_of_other_sources_there_is_what_is_known(capsys: pytest.CaptureFixture[str], own_folder: Path) -> None:
    made = split("train", files=[], source="synthetic train", columns=[])
    tree = split("test", files=[], source=str(own_folder), columns=[], rows=[])
    assert lines(capsys, result(made, tree)) == [
        "train: synthetic train", "“a film” → good", f"test: {own_folder}, text files in a folder for each class",
    ]  # fmt: skip
    known = split("train", files=[], columns=[], rows=[], rows_read=32)
    assert lines(capsys, result(known, prepared=True, labels=["bad", "good"])) == [
        "a is prepared already, from /data/a.csv", "labels: bad, good", "train: 32 rows",
    ]  # fmt: skip


def test_the_next_command_keeps_what_was_set() -> None:
    data = DataSettings(
        dataset="a.csv", text_column=["a", "-b"], no_header=True, drop_leaks=False, test=Path("t.csv"), test_size=0.2
    )
    assert again(result(), data) == [
        "prepare", "--dataset", "a.csv", "--test", "t.csv", "--text-column", "a", "--text-column=-b", "--no-header",
        "--test-size", "0.2",
    ]  # fmt: skip
    assert again(result(prepared=True), DataSettings(dataset="prepared/a")) == ["train", "--dataset", "prepared/a"]
