"""Sheets of workbooks are read as tables; what cannot be read is named, and no workbook takes all memory."""

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pytest

from clf.data.reading import workbooks
from clf.data.reading.formats import describe, read_file
from clf.data.reading.workbooks import is_workbook, sheet_rows
from clf.errors import DataError
from clf.settings import DataSettings
from conftest import RunClf
from support.data_files import joined, read
from support.workbook_files import Rows, encrypted, sheet, write_ods, write_xlsx

ROWS: Rows = [["text", "label"], ["one, two", 1], ["three", 2.0], ["four", 1]]
COLUMNS = {"text": ["one, two", "three", "four"], "label": ["1", "2", "1"]}


def refused(path: Path) -> DataError:
    with pytest.raises(DataError) as error:
        list(read_file(path, DataSettings()))
    return error.value


@pytest.mark.parametrize("name", ["a.xlsx", "a.ods", "a.csv"])
def test_a_sheet_is_a_table_whatever_the_file_is_called(tmp_path: Path, name: str) -> None:
    path = write_ods(tmp_path / name, "Data", ROWS) if name == "a.ods" else write_xlsx(tmp_path / name, {"Data": ROWS})
    batch = read(path)
    assert batch.columns == COLUMNS
    assert batch.lines == [2, 3, 4]
    assert describe(path, DataSettings()).format == "a sheet of a workbook"
    assert read(path / "Data").columns == COLUMNS


def test_a_sheet_has_the_rules_of_a_table(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = [
        ["Answers of May", None],
        [None, None],
        *ROWS[:3],
        ["text", "label"],
        [None, " "],
        *ROWS[3:],
        ["(3 rows)", None],
    ]
    path = write_xlsx(tmp_path / "a.xlsx", {"Data": rows})
    batch = read(path)
    assert batch.columns == COLUMNS
    assert batch.lines == [4, 5, 8]
    for told in ("skipped line 1 ('Answers of May')", "repeats the header (line 6)", "left out the footer, line 9"):
        assert told in caplog.text
    assert joined(list(read_file(path, DataSettings(), keep_bad=True))).columns == COLUMNS


def test_values_are_those_of_a_csv(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = [
        ["text", "n"],
        ["a\nb", 3.0],
        ["c", 0.5],
        ["d", True],
        ["e", "date:45352"],
        ["f", "=A1=7"],
        ["g", "=A1"],
        ["h", 12345678901],
    ]
    path = write_xlsx(tmp_path / "a.xlsx", {"Data": sheet(rows, ["A1:B1"])})
    assert read(path).columns["n"] == ["3", "0.5", "TRUE", "2024-03-01", "7", "", "12345678901"]
    assert "cells with a formula whose result was not saved are read as empty (B7, 1 in all)" in caplog.text


def test_cells_merged_below_one_another_all_have_the_value(tmp_path: Path) -> None:
    rows = [["text", "label"], ["a", "x"], ["b", None], ["c", None], ["d", "y"]]
    assert read(write_xlsx(tmp_path / "a.xlsx", {"Data": sheet(rows, ["B2:B4"])})).columns["label"] == [
        "x",
        "x",
        "x",
        "y",
    ]


def test_of_several_sheets_one_must_be_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    other: Rows = [["text", "label"], ["five", "z"]]
    path = write_xlsx(
        tmp_path / "a.xlsx", {"First": ROWS, "Empty": [], "The second": other, "Old": other}, hidden=["Old"]
    )
    error = refused(path)
    assert error.message == f"{path} has several sheets with rows: 'First', 'The second', 'Old' (hidden)"
    assert error.hint == f"pass one of them: {path}/First or '{path}/The second'"
    assert read(path / "The second").columns == {"text": ["five"], "label": ["z"]}
    assert read(path / "Old").columns == {"text": ["five"], "label": ["z"]}
    assert "reading the hidden sheet 'Old'" in caplog.text
    error = refused(path / "Third")
    assert error.message == f"{path} has no sheet called 'Third'"
    assert "'The second'" in error.hint
    assert refused(path / "Empty").message == f"{path} has no rows"


def test_the_only_sheet_with_rows_that_is_seen_is_read(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", {"Empty": [], "Notes": [["x"]], "Data": ROWS}, hidden=["Notes"])
    assert read(path).columns == COLUMNS


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "locked.xlsx").write_bytes(encrypted())
    assert "is protected by a password" in refused(tmp_path / "locked.xlsx").message
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0..." * 40)
    assert "is not a workbook that can be read" in refused(tmp_path / "old.xls").message
    whole = write_xlsx(tmp_path / "a.xlsx", {"Data": ROWS}).read_bytes()
    for cut in (60, 800):
        (tmp_path / "cut.xlsx").write_bytes(whole[:-cut])
        assert "is not a workbook that can be read" in refused(tmp_path / "cut.xlsx").message


@pytest.mark.parametrize(
    ("name", "pack", "hint"),
    [
        ("a.xlsx.gz", gzip.compress, "gunzip -k"),
        ("a.xlsx.zst", lambda data: pyarrow.compress(data, "zstd", asbytes=True), "zstd -d"),
    ],
)
def test_a_compressed_workbook_is_to_be_decompressed(
    tmp_path: Path, name: str, pack: Callable[[bytes], bytes], hint: str
) -> None:
    path = tmp_path / name
    path.write_bytes(pack(write_xlsx(tmp_path / "a.xlsx", {"Data": ROWS}).read_bytes()))
    error = refused(path)
    assert error.message.startswith(f"{path} is a workbook that is compressed with ")
    assert error.hint == f"{hint} {path}, and pass the workbook"


def test_a_workbook_that_expands_beyond_measure_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", {"Data": ROWS})
    monkeypatch.setattr(workbooks, "FREE", 1000)
    assert read(path).columns == COLUMNS
    with pytest.raises(DataError, match="expands to more than 1 times its size"):
        read(path, max_inflation=1)


@pytest.mark.parametrize("far", ["XFD1048576", "CV1048576", "XFD5000"])
def test_cells_far_from_the_others_take_little_memory(tmp_path: Path, far: str) -> None:
    number = far.lstrip("XFDCV")
    added = f'<row r="{number}"><c r="{far}"><v>1</v></c></row></sheetData>'
    path = write_xlsx(tmp_path / "a.xlsx", {"Data": sheet(ROWS).replace("</sheetData>", added)})
    error = refused(path)
    assert "its cells need more than 1 GB of memory" in error.message
    assert "as CSV" in error.hint


def test_a_large_workbook_may_take_more_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [["text", "label"], *([f"text {number} {'x' * 500}", "a"] for number in range(1000))]
    path = write_xlsx(tmp_path / "a.xlsx", {"Data": rows})
    monkeypatch.setattr(workbooks, "LEAST_MEMORY", 1_000)
    with pytest.raises(DataError, match=r"need more than 0\.005"):
        read(path)
    monkeypatch.setattr(workbooks, "MEMORY_FOR_BYTE", 1_000)
    assert len(read(path).lines) == 1000


def test_a_sheet_with_far_more_cells_than_its_file_holds_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = sheet(ROWS).replace("</sheetData>", '<row r="1000"><c r="CV1000"><v>1</v></c></row></sheetData>')
    path = write_xlsx(tmp_path / "a.xlsx", {"Data": far})
    assert len(read(path).lines) == 4
    monkeypatch.setattr(workbooks, "FREE", 50_000)
    with pytest.raises(DataError, match="reaches over 100,000 cells, many more than a file of its size holds"):
        read(path, max_inflation=1)


def test_a_workbook_that_yields_no_row_for_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "LATE", 0)
    assert "its first row takes more than" in refused(write_xlsx(tmp_path / "a.xlsx", {"Data": ROWS})).message


def test_a_merged_cell_left_of_all_others_changes_none(tmp_path: Path) -> None:
    rows = [[None, "text", "label"], [None, "one", "x"], [None, "two", "y"]]
    path = write_xlsx(tmp_path / "a.xlsx", {"Data": sheet(rows, ["A1:A3"])})
    assert read(path).columns == {"text": ["one", "two"], "label": ["x", "y"]}


def test_without_its_reader_the_way_to_get_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "find_spec", lambda name: None)
    error = refused(write_xlsx(tmp_path / "a.xlsx", {"Data": ROWS}))
    assert "is a workbook, which needs the package python-calamine" in error.message
    assert error.hint.startswith("pip install 'clf-cli[excel]'")


def test_a_workbook_is_told_from_other_archives() -> None:
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as file:
        file.writestr("train.csv", "text,label\n")
    assert not is_workbook(other.getvalue())
    assert is_workbook(encrypted())


def test_who_stops_reading_leaves_no_process_behind(tmp_path: Path) -> None:
    many = [["text", "label"], *([f"text {number} {'x' * 200}", "a"] for number in range(2000))]
    rows = sheet_rows(write_xlsx(tmp_path / "a.xlsx", {"Data": many}), "", 100)
    assert next(rows) == (1, ["text", "label"])
    rows.close()


def test_a_workbook_is_prepared(clf: RunClf, own_folder: Path) -> None:
    rows = [
        ["text", "label"],
        *([f"A film about the number {number} and more", "ab"[number % 2]] for number in range(12)),
    ]
    write_xlsx(own_folder / "reviews.xlsx", {"Data": rows})
    peeked = clf("prepare", "--dataset", "reviews.xlsx/Data", "--peek", "--json")
    assert peeked.code == 0
    assert [row["label"] for row in peeked.json["splits"][0]["rows"]] == ["a", "b", "a"]
    assert clf("prepare", "--dataset", "reviews.xlsx", "--output-dir", "out", "--max-length", "64").code == 0
