"""A disk that is full or broken, a process that dies, a power that goes: nothing is lost, mixed or left, at any call."""

from pathlib import Path
from typing import Any

import pytest

from faults.__main__ import start
from faults.harness import COMMANDS

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
def test_a_fault_at_each_kind_of_call_and_a_power_loss_at_any(tmp_path: Path) -> None:
    """Both in one process, since it takes as long to start it."""
    faults, losses = swept(
        tmp_path, "predict", "--points", 0, "--kinds", "broken", "killed", "--power-of", "train, the first"
    )
    assert faults["tried"] > 10
    assert faults["broken"] == []
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
