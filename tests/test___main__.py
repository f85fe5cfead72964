"""Starting `clf`: help and version without importing anything, and a reader that leaves early."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from clf.errors import READER_LEFT
from conftest import HANGS


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["predict", "-h"], ["--version"]])
def test_nothing_is_imported_for_it(arguments: list[str]) -> None:
    code = (
        "import sys; sys.argv = ['clf', *sys.argv[1:]]; from clf.__main__ import main; main(); "
        "print(sorted({'typer', 'rich', 'pydantic', 'numpy', 'torch', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_reader_that_leaves_ends_it_in_silence() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-c", "from clf.__main__ import main; main()", "--help"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (READER_LEFT, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_a_disk_that_is_full_is_no_reader_that_left() -> None:
    command = [sys.executable, "-c", "from clf.__main__ import main; main()", "--version"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: cannot write the help: ")


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_the_program_answers_as_a_module(flag: str) -> None:
    done = subprocess.run([sys.executable, "-m", "clf", flag], capture_output=True, text=True, timeout=HANGS)
    assert done.returncode == 0
    assert "clf" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_command_is_imported_ends_it_in_silence(number: int) -> None:
    code = f"""
import os, sys
class Finder:
    def find_spec(self, name, *_):
        if name == "clf.cli.app":
            os.kill(os.getpid(), {int(number)})
sys.meta_path.insert(0, Finder())
from clf.__main__ import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code, "doctor"], capture_output=True, text=True, timeout=HANGS)
    assert (done.returncode, done.stderr) == (-number, "")
