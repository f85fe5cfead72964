"""Streams, folders and search paths are made sound before anything else, whatever clf was started in."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from clf.cli.surroundings import check_folders, check_stdout, settle, shut_out_of_children, shut_out_working_folder
from clf.errors import OutputError, UsageError
from conftest import HANGS, RunClf

STREAMS = """
import sys
from clf.cli.surroundings import open_streams
open_streams()
file = open("other", "w")
print("lost or seen", file=sys.stderr, flush=True)
file.write(f"{file.fileno()} {sys.stdin is None} {sys.stdout is None} {sys.stderr is None}")
"""


@pytest.mark.parametrize(
    ("closing", "left"),
    [
        ("<&- >&- 2>&-", "True True False"),
        (">&-", "False True False"),
        ("2>&-", "False False False"),
        ("", "False " * 3),
    ],
)
def test_no_other_file_gets_the_number_of_a_stream_that_is_closed(own_folder: Path, closing: str, left: str) -> None:
    command = ["sh", "-c", f'exec "$0" -c "$1" {closing}', sys.executable, STREAMS]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=HANGS)
    assert done.returncode == 0, done.stderr
    number, rest = (own_folder / "other").read_text().split(" ", 1)
    assert int(number) > 2
    assert rest == left.strip()
    assert done.stderr == ("" if "2>" in closing else "lost or seen\n")


@pytest.fixture
def own_paths(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Restore the search paths after the test."""
    for name in ("PYTHONSAFEPATH", "PYTHONPATH", "COLUMNS", "LINES"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", os.environ["PATH"])
    monkeypatch.setattr(sys, "path", list(sys.path))
    return monkeypatch


@pytest.mark.parametrize("first", ["", "here"])
def test_the_working_folder_is_not_searched(own_folder: Path, own_paths: pytest.MonkeyPatch, first: str) -> None:
    before = list(sys.path)
    sys.path.insert(0, str(own_folder) if first else "")
    shut_out_working_folder()
    assert sys.path == before
    shut_out_working_folder()
    assert sys.path == before
    assert os.environ["PYTHONSAFEPATH"] == "1"


def test_an_empty_entry_of_a_path_is_left_out_and_others_stay(own_folder: Path, own_paths: pytest.MonkeyPatch) -> None:
    before = list(sys.path)
    own_paths.setenv("PYTHONPATH", f":{own_folder}/lib:.")
    own_paths.setenv("PATH", ":/usr/bin:.:/bin:")
    sys.path[:0] = [f"{own_folder}/lib", str(own_folder)]
    shut_out_working_folder()
    assert sys.path == [f"{own_folder}/lib", *before]
    assert (os.environ["PYTHONPATH"], os.environ["PATH"]) == (f"{own_folder}/lib", "/usr/bin:/bin")
    own_paths.setenv("PYTHONPATH", ":")
    shut_out_of_children()
    assert "PYTHONPATH" not in os.environ


@pytest.mark.parametrize("value", ["²", "abc", "0", "-5", "9" * 5000, "100000"])
def test_an_odd_size_of_the_terminal_counts_as_unset(own_paths: pytest.MonkeyPatch, value: str) -> None:
    own_paths.setenv("COLUMNS", value)
    own_paths.setenv("LINES", "40")
    settle()
    assert (os.environ.get("COLUMNS"), os.environ["LINES"]) == (None, "40")


def test_a_deleted_working_folder_is_an_error_with_a_remedy(
    clf: RunClf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    shut_out_working_folder()
    done = clf("doctor")
    assert done.code == 2
    assert done.err == ("error: the working folder no longer exists\nhint: change to a folder that exists: cd …\n")


def test_a_user_without_a_home_is_told_to_set_one(clf: RunClf, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(number: int) -> None:
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("HOME", "")
    done = clf("doctor")
    assert done.code == 2
    assert done.err.startswith("error: there is no home folder: HOME is not set, and the user id ")
    assert "hint: set HOME to a folder" in done.err
    monkeypatch.setenv("HOME", "/tmp")
    check_folders()
    assert os.environ["USER"] == f"user-{os.getuid()}"  # what getpass.getuser() finds


def test_a_result_for_a_closed_stdout_is_refused_before_any_work(clf: RunClf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(OutputError, match="stdout is closed, but the result goes there"):
        check_stdout("the result")
    assert clf("prepare", "--dataset", "nothing.csv", "--json").code == 1
    assert clf("predict", "nothing", "--text", "x").code == 1
    monkeypatch.setattr(sys, "stdin", None)
    assert clf("predict", "nothing", "--output", "x.csv").code == UsageError.exit_code


CANARIES = ("multiprocessing", "json", "torch", "datasets", "sitecustomize", "numpy", "readline", "contextlib", "clf")
"""Modules in the working folder, each of which leaves a file if it is imported."""
START = """
import sys
from clf.__main__ import main
if __name__ == "__main__":
    from clf.data.preparing import ingest
    ingest.INLINE_BATCHES, ingest.usable_cores = -1, lambda: 2  # so that few rows start worker processes
    main()
"""


@pytest.mark.long
def test_neither_clf_nor_its_worker_processes_import_from_the_working_folder(own_folder: Path, tmp_path: Path) -> None:
    for name in CANARIES:
        (own_folder / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write('{name} ')\n")
    rows = (f"text number {number} is {'good' if number % 2 else 'bad'},{number % 2}" for number in range(40))
    (own_folder / "x.csv").write_text("\n".join(["text,label", *rows]))
    (tmp_path / "clf").write_text(START)  # as the installed script does, it lies elsewhere
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [sys.executable, tmp_path / "clf", "prepare", "--dataset", "x.csv"],
        env=environment, capture_output=True, text=True, timeout=HANGS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "40 rows read" in done.stdout
    assert not (tmp_path / "ran").exists(), (tmp_path / "ran").read_text()
