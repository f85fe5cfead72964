"""A run that was killed or stopped anywhere ends, once resumed, with the bytes of one that was not."""

import json
from typing import Any

import pytest

from support.forks import ForkedClf


def crashes(*arguments: str) -> Any:
    with ForkedClf(*arguments, script="from support.crashes import main; main()") as process:
        done = process.finish(1700)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("start", [5])
def test_killed_at_every_ninth_action_on_files(start: int) -> None:
    result = crashes("sweep", "--stride", "9", "--start", str(start))
    assert result["bad"] == []
    assert result["tried"] > 15
    assert result["resumed"] > result["tried"] / 3
    assert result["kept"] < result["steps"] < 9 * 6  # patience ended it, and the weights kept are not the last


def test_stopped_by_a_signal_at_a_step_or_while_evaluating() -> None:
    for name, where, code, published, same in crashes("signals")["results"]:
        assert (code, published, same) == ({"SIGTERM": 143, "SIGINT": 130}[name], False, True), where


@pytest.mark.sweep
@pytest.mark.timeout(1800)
def test_killed_at_every_action_on_files() -> None:
    result = crashes("sweep", "--stride", "1")
    assert result["bad"] == []


@pytest.mark.sweep
@pytest.mark.timeout(900)
def test_killed_at_fifty_random_moments() -> None:
    result = crashes("moments", "--count", "50")
    assert result["bad"] == []
    assert result["resumed"] > 10
