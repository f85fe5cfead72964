"""CSV on stdout keeps its cells, but runs no command of GitHub and controls no terminal."""

import csv
import io
import time
from contextlib import suppress
from pathlib import Path

import pytest

from clf.errors import OutputError
from clf.reports.stdout import CsvOnStdout
from clf.storage.prediction_formats import write_rows


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def written(stream: io.StringIO, *rows: tuple[str, ...]) -> str:
    columns = {f"c{number}": list(cells) for number, cells in enumerate(zip(*rows, strict=True))}
    write_rows(CsvOnStdout(stream), ".csv", columns)  # type: ignore[arg-type]
    return stream.getvalue()


HOSTILE = ("::set-output name=gate::passed", "a\x1b]0;t\x07", "x\n::error::y", "##[add-path]/tmp")


@pytest.mark.parametrize("github", ["", "false"])
def test_in_a_pipe_the_cells_are_as_they_are(monkeypatch: pytest.MonkeyPatch, github: str) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", github)
    assert list(csv.reader(io.StringIO(written(io.StringIO(), HOSTILE)))) == [list(HOSTILE)]


def test_on_a_terminal_control_characters_are_visible() -> None:
    shown = written(Terminal(), HOSTILE)
    assert "\x1b" not in shown
    assert "\\x1b]0;t\\x07" in shown
    assert not any(line.startswith("::") for line in shown.splitlines())


@pytest.mark.parametrize("cell", ["::set-output name=gate::passed", " \t::error::x", "\xa0::error::x", "::x", "::"])
def test_in_a_github_job_a_cell_at_the_start_is_quoted(monkeypatch: pytest.MonkeyPatch, cell: str) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    for row in ((cell, "b"), (cell,), (cell, "::b::"), (cell, 'say "x", or\nnot')):
        text = written(io.StringIO(), row)
        assert text.startswith('"')
        assert list(csv.reader(io.StringIO(text))) == [list(row)]


@pytest.mark.parametrize(
    "cell", ["x\n::error::y", "x\r ::error::y", "\n\n::a::", "##[add-path]/tmp", "a ##[debug]", "##["]
)
def test_in_a_github_job_what_cannot_be_quoted_is_refused(monkeypatch: pytest.MonkeyPatch, cell: str) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    with pytest.raises(OutputError, match="line 2 of the output holds what GitHub would run as a command"):
        written(io.StringIO(), ("fine", "x"), ("first", cell))


def test_in_a_github_job_harmless_text_and_files_are_as_they_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert written(io.StringIO(), ("a::b::c", "std::vector\nx::y")) == 'a::b::c,"std::vector\nx::y"\n'
    with (tmp_path / "x.csv").open("w") as file:
        CsvOnStdout(file).write("::error::x\n")
    assert (tmp_path / "x.csv").read_text() == "::error::x\n"


@pytest.mark.parametrize("cell", ["##[", "\n", "\r\n", " \n", "\n::", ":", "\x85", "\n ", "::a"])
def test_in_a_github_job_a_long_cell_takes_no_time(monkeypatch: pytest.MonkeyPatch, cell: str) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    begun = time.perf_counter()
    with suppress(OutputError):
        CsvOnStdout(io.StringIO()).write('x,"' + cell * (100_000 // len(cell)) + '"\n')
    assert time.perf_counter() - begun < 0.2
