"""Every data row of the catalogue of bad inputs: the right dataset, said aloud, or one error line with its place."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clf.cli.app import run
from clf.data.prepared import PreparedDataset
from conftest import RunClf, write_csv
from support.catalogue import CASES, ROWS, Case, entry, every, output

SECONDS_OF_A_PROCESSOR = 10  # five times what the slowest takes; what grows with a bomb's size takes minutes
PAGE = Path(__file__).parents[2] / "docs" / "bad-inputs.md"


WEEKLY = {"a cell of 10 MB, many words", "a hundred thousand labels"}
"""Rows that take as long as a hundred others."""


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, marks=pytest.mark.sweep if case.name in WEEKLY else (), id=f"{case.number} {case.name}")
     for case in CASES],
)  # fmt: skip
def test_every_row_of_the_catalogue_ends_as_it_must(clf: RunClf, own_folder: Path, case: Case) -> None:
    case.build(own_folder)
    before = {path for path in own_folder.rglob("*") if "." not in path.name[:1]}
    started = time.process_time()
    done = clf("prepare", *case.arguments)
    assert time.process_time() - started < SECONDS_OF_A_PROCESSOR
    assert done.code == case.code, done.err
    said = done.err + done.out
    for fragment in case.says:
        assert fragment in said, said
    assert "Traceback" not in said
    if case.code:
        assert sum(line.startswith("error: ") for line in done.err.splitlines()) == 1, done.err
        assert sum(line.startswith("hint: ") for line in done.err.splitlines()) == 1, done.err
        assert {path for path in own_folder.rglob("*") if "." not in path.name[:1]} - before <= {
            own_folder / "prepared"
        }
    else:
        assert case.check(PreparedDataset(output(case)))
    assert entry(case, done.err) in PAGE.read_text(encoding="utf-8").splitlines(), "run `make docs`"


def test_59_an_edited_file_of_the_same_size_and_time_is_read_anew(clf: RunClf, own_folder: Path) -> None:
    path = write_csv(own_folder / "x.csv", ROWS)
    times = path.stat()
    assert clf("prepare", "--dataset", "x.csv").code == 0
    assert "up to date" in clf("prepare", "--dataset", "x.csv").err
    path.write_bytes(path.read_bytes().replace(b"film number 3 ", b"flim number 3 "))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert path.stat().st_size == times.st_size
    assert "up to date" not in clf("prepare", "--dataset", "x.csv").err
    assert any(text.startswith("flim") for text in every(PreparedDataset(Path("prepared/x")), "text"))


def test_65_two_processes_on_one_folder_name_the_other(clf: RunClf, own_folder: Path) -> None:
    from clf.storage.locks import locked

    write_csv(own_folder / "x.csv", ROWS)
    (own_folder / "prepared").mkdir()
    with locked(own_folder / "prepared" / ".x.lock", own_folder):
        done = clf("prepare", "--dataset", "x.csv")
    assert done.code == 1
    assert f"process {os.getpid()} on " in done.err


def test_66_a_full_disk_is_named_before_the_work(
    clf: RunClf, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_csv(own_folder / "x.csv", ROWS)
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000})())
    done = clf("prepare", "--dataset", "x.csv")
    assert done.code == 1
    assert "MB free, but preparing needs about" in done.err


ENDINGS = {"csv": b"text,label\n", "jsonl": b'{"text": "a", "label": "b"}\n', "json": b"text,label\n", "parquet": b"PAR1", "arrow": b"ARROW1",
           "txt": b"text,label\n", "csv.gz": b"\x1f\x8b\x08"}  # fmt: skip
"""The endings of data files, each with bytes that such a file may start with."""


@pytest.mark.parametrize("headed", [False, True])
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("examples", [3, pytest.param(60, marks=pytest.mark.faults)])
def test_random_bytes_never_end_in_a_traceback(
    own_folder: Path, capfd: pytest.CaptureFixture[str], examples: int, ending: str, headed: bool
) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(st.binary(max_size=400))
    def prepared(noise: bytes) -> None:
        (own_folder / f"noise.{ending}").write_bytes(ENDINGS[ending] * headed + noise)
        assert run(["prepare", "--dataset", f"noise.{ending}", "--overwrite", "--quiet"]) in {0, 1, 2}
        assert "Traceback" not in capfd.readouterr().err

    prepared()
