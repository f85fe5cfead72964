"""A disk that is full or broken, a process that dies, a power that goes: nothing is lost, mixed or left, at any call."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from faults.__main__ import compile_library, start
from faults.commands import COMMANDS

MANY = 60
CHILD = 20
"""Points of the process that downloads, where a fault takes ten seconds."""


def swept(folder: Path, *options: object) -> list[dict[str, Any]]:
    """Run the harness, or skip the test where nothing can be preloaded."""
    found = start(folder, *options)
    if found is None:
        pytest.skip("no compiler, or no way to preload a library")
    return found


@pytest.mark.long
def test_a_fault_at_each_kind_of_call_kills_and_a_power_loss_at_any(tmp_path: Path) -> None:
    """All in one process, since it takes as long to start it. Kills of `predict` are in `test_predict_processes`."""
    faults, kills, losses = swept(
        tmp_path, "predict", "--points", 0, "--kinds", "broken", "--kill", "prepare", "--power-of", "train, the first"
    )
    assert faults["tried"] > 6
    assert faults["broken"] == []
    assert kills["ends"] == {"killed: killed": 3}
    assert kills["broken"] == []
    assert losses["calls"] > 100
    assert losses["judged_checkpoints"] > 10
    assert losses["broken"] == []


@pytest.mark.faults
@pytest.mark.parametrize("name", COMMANDS)
def test_faults_at_a_sample_of_all_calls(tmp_path: Path, name: str) -> None:
    points = CHILD if COMMANDS[name].in_child else MANY
    [one] = swept(tmp_path, name, "--points", points)
    assert one["tried"] >= min(one["points"], points) * 2
    assert one["broken"] == []


@pytest.mark.faults
@pytest.mark.parametrize("name", ["prepare", "evaluate"])
def test_faults_where_two_folders_cannot_be_swapped(tmp_path: Path, name: str) -> None:
    [one] = swept(tmp_path, name, "--points", MANY, "--no-exchange", "--kinds", "full", "broken")
    assert one["broken"] == []


@pytest.mark.faults
@pytest.mark.parametrize("name", ["prepare", "train", "evaluate", "export"])
def test_a_result_that_a_killed_run_moved_aside_is_found_again(tmp_path: Path, name: str) -> None:
    [one] = swept(tmp_path, name, "--points", MANY, "--no-exchange", "--near", "rename", "--kinds", "killed")
    assert one["between_renames"] >= 2
    assert one["broken"] == []


@pytest.mark.faults
def test_settings_of_predictions_that_a_killed_run_did_not_replace_are_found(tmp_path: Path) -> None:
    [one] = swept(tmp_path, "predict", "--points", MANY, "--near", "rename", "--kinds", "killed", "broken-for-good")
    assert one["between_renames"] >= 2
    assert one["broken"] == []


@pytest.mark.faults
@pytest.mark.parametrize(
    "call",
    ["write(to, b'12345678')", "pwrite(to, b'12345678', 0)", "writev(to, [b'1234', b'5678'])", "writev(to, [b'12345678'])",
     "pwritev(to, [b'12', b'34', b'56', b'78'], 0)", "sendfile(to, source, 0, 4096)", "copy_file_range(source, to, 4096)"],
)  # fmt: skip
def test_a_process_that_is_killed_while_it_writes_has_written_half(tmp_path: Path, call: str) -> None:
    library = compile_library(tmp_path)
    if library is None:
        pytest.skip("no compiler, or no way to preload a library")
    (tmp_path / "source").write_bytes(b"12345678")
    (tmp_path / "below").mkdir()
    program = f"import os; source = os.open('source', 0); to = os.open('below/x', os.O_WRONLY | os.O_CREAT); os.{call}"
    faults = {"FAIL_BELOW": str(tmp_path / "below"), "FAIL_AT": "2", "FAIL_ERRNO": "0", "LD_PRELOAD": str(library)}
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], env={**os.environ, **faults}, cwd=tmp_path, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / "below" / "x").read_bytes() == b"1234"


@pytest.mark.faults
@pytest.mark.parametrize("name", ["prepare", "train", "evaluate", "compare", "predict", "export"])
def test_a_power_loss_at_any_call(tmp_path: Path, name: str) -> None:
    [one] = swept(tmp_path, name, "--power")
    assert one["broken"] == []


@pytest.mark.faults
def test_the_judge_sees_a_result_that_was_not_synced(tmp_path: Path) -> None:
    [one] = swept(tmp_path, "prepare", "--power", "--unsynced")
    assert one["all_broken"] > 0


@pytest.mark.faults
@pytest.mark.parametrize("ending", ["/checkpoints", "/optimizer.pt", "/clf-checkpoint.json"])
def test_the_judge_sees_a_checkpoint_of_which_one_file_or_folder_was_not_synced(tmp_path: Path, ending: str) -> None:
    [one] = swept(tmp_path, "train, the first", "--power", "--without-sync-of", ending)
    assert any("no checkpoint is intact" in broken for broken in one["broken"])
