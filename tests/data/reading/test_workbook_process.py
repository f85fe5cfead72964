"""The process that reads a workbook says what it found, one line of JSON each."""

import json
from pathlib import Path

import pytest

from clf.data.reading import workbook_process
from clf.data.reading.workbook_process import main
from support.workbook_files import sheet, write_xlsx


@pytest.fixture(autouse=True)
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave this process its memory."""
    monkeypatch.setattr(workbook_process, "_limit_memory", lambda memory: None)


def lines(path: Path, wanted: str, capsys: pytest.CaptureFixture[str]) -> list[object]:
    assert main(str(path), wanted, 0, 1000) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_sheets_come_first_and_then_the_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", {"Data": [[], [None, "text"], [None, "one"]], "Other": []})
    sheets = [["Data", True, False], ["Other", False, False]]
    end = {"end": "end"}
    assert lines(path, "", capsys) == [[sheets, "Data", []], [2, ["text"]], [3, ["one"]], end]
    assert lines(path, "Other", capsys) == [[sheets, "Other", []], end]
    assert lines(path, "None", capsys) == [[sheets, None, []], end]


def test_a_file_that_is_no_workbook_is_a_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04 and no more")
    [told] = lines(tmp_path / "a.xlsx", "", capsys)
    assert isinstance(told, dict)
    assert told["end"][0] == "damaged"


def test_merged_cells_that_overlap_without_bound_are_a_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [["text"], *([f"text {number}"] for number in range(50))]
    for copies in (20, 21):
        told = lines(write_xlsx(tmp_path / "a.xlsx", {"Data": sheet(rows, ["A1:A51"] * copies)}), "", capsys)
        assert told[-1] == {"end": "end" if copies == 20 else ["cells", "1,050"]}
