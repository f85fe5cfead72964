"""A disk that is full or broken, a process that dies, a power that goes: nothing is lost, mixed or left, at any call."""

from pathlib import Path
from typing import Any

import pytest

from faults.__main__ import start
from faults.harness import COMMANDS

FEW, MANY = 3, 60


def swept(folder: Path, *options: object) -> list[dict[str, Any]]:
    """Run the harness, or skip the test where nothing can be preloaded."""
    found = start(folder, *options)
    if found is None:
        pytest.skip("no compiler, or no way to preload a library")
    return found


@pytest.mark.long
def test_a_few_faults_in_commands_without_a_model(tmp_path: Path) -> None:
    for one in swept(tmp_path, "prepare", "--points", FEW, "--kinds", "full", "broken-for-good", "killed"):
        assert one["points"] > 100
        assert one["tried"] == 3 * FEW
        assert one["broken"] == []


@pytest.mark.long
def test_a_power_loss_at_any_call_keeps_a_model_and_a_checkpoint(tmp_path: Path) -> None:
    [one] = swept(tmp_path, "train, the first", "--power")
    assert one["calls"] > 100
    assert one["broken"] == []


@pytest.mark.faults
@pytest.mark.parametrize("name", COMMANDS)
def test_faults_at_a_sample_of_all_calls(tmp_path: Path, name: str) -> None:
    [one] = swept(tmp_path, name, "--points", MANY)
    assert one["tried"] >= min(one["points"], MANY) * 3
    assert one["broken"] == []


@pytest.mark.faults
@pytest.mark.parametrize("name", ["prepare", "train", "evaluate", "predict", "export"])
def test_a_power_loss_at_any_call(tmp_path: Path, name: str) -> None:
    [one] = swept(tmp_path, name, "--power")
    assert one["broken"] == []


@pytest.mark.faults
def test_the_judge_sees_a_result_that_was_not_synced(tmp_path: Path) -> None:
    [one] = swept(tmp_path, "prepare", "--power", "--unsynced")
    assert one["all_broken"] > 0
