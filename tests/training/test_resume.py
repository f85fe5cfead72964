"""A run that was killed or stopped anywhere ends, once resumed, with the bytes of one that was not."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from transformers import TrainerControl, TrainerState

from clf.training.batching import LengthGroupedOrder
from clf.training.checkpoint_files import STATE, Fingerprint, RunPosition
from clf.training.checkpoints import Checkpoint
from clf.training.resume import Milestones, had_finished, is_evaluated, is_evaluation, is_finished
from clf.training.selection import SELECTION
from support.forks import ForkedClf


def crashes(*arguments: str) -> Any:
    with ForkedClf(*arguments, script="from support.crashes import main; main()") as process:
        done = process.finish(1700)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.long
def test_killed_at_every_thirtieth_action_on_files() -> None:
    result = crashes("sweep", "--stride", "30", "--start", "5")
    assert result["bad"] == []
    assert result["tried"] > 4
    assert result["resumed"] > result["tried"] / 3
    assert result["kept"] < result["steps"] < 9 * 6  # patience ended it, and the weights kept are not the last


@pytest.mark.long
@pytest.mark.parametrize("count", [4, pytest.param(8, marks=pytest.mark.sweep)])
def test_stopped_by_a_signal_at_a_step_or_while_evaluating(count: int) -> None:
    results = crashes("signals", "--count", str(count))["results"]
    assert len(results) == count
    for name, where, code, published, same in results:
        assert (code, published, same) == ({"SIGTERM": 143, "SIGINT": 130}[name], False, True), where


# --- what is due at a step ----------------------------------------------------------------------------------


def state(step: int, *evaluated: int, most: int = 10) -> TrainerState:
    """Return the state of a run of 10 steps after one of them, with the steps of its evaluations."""
    lines = [{f"eval_{SELECTION}": 0.5, "step": each} for each in evaluated]
    return TrainerState(global_step=step, max_steps=most, log_history=[{"loss": 1.0, "step": step}, *lines])


def test_evaluations_are_due_every_so_many_steps_and_at_the_end() -> None:
    assert [step for step in range(1, 12) if is_evaluation(state(step), 4)] == [4, 8, 10, 11]
    assert [step for step in range(1, 11) if is_evaluation(state(step), 5)] == [5, 10]


@pytest.mark.parametrize(
    ("now", "evaluated"),
    [(state(4), False), (state(4, 4), True), (state(8, 4), False), (state(5), True), (state(10, 8), False)],
)
def test_an_evaluation_is_missing_only_where_one_was_due(now: TrainerState, evaluated: bool) -> None:
    assert is_evaluated(now, 4) is evaluated


@pytest.mark.parametrize(
    ("step", "stopped", "over"), [(9, False, False), (9, True, True), (10, False, True), (11, False, True)]
)
def test_a_run_is_over_at_its_last_step_or_when_patience_ended_it(step: int, stopped: bool, over: bool) -> None:
    assert is_finished(state(step), stopped) is over


@pytest.mark.parametrize(
    ("step", "save_steps", "evaluate", "save"),
    [(3, 3, False, True), (4, 3, True, False), (4, None, True, False), (12, 3, True, True), (5, 3, False, False)],
)
def test_what_is_due_overrides_what_the_library_wants(
    step: int, save_steps: int | None, evaluate: bool, save: bool
) -> None:
    control = TrainerControl(should_evaluate=not evaluate, should_save=not save)
    Milestones(None, 4, save_steps).on_step_end(None, state(step, most=100), control)
    assert (control.should_evaluate, control.should_save) == (evaluate, save)


@pytest.mark.parametrize(("epoch", "number"), [(None, 0), (0.0, 0), (1.99, 1), (2.0, 2)])
def test_each_epoch_has_its_own_order_also_when_it_is_resumed_in_its_middle(epoch: float | None, number: int) -> None:
    order = LengthGroupedOrder(np.arange(40), 8, 1)
    order.set_epoch(9)
    Milestones(SimpleNamespace(order=order), 4, None).on_epoch_begin(None, TrainerState(epoch=epoch), None)
    assert order.epoch == number


@pytest.mark.parametrize(
    ("step", "stopped", "evaluated", "over"),
    [(10, False, True, True), (11, False, True, True), (9, False, True, False), (9, True, True, True),
     (10, False, False, False), (9, True, False, False)],
)  # fmt: skip
def test_a_checkpoint_of_a_finished_run_is_known(
    tmp_path: Path, step: int, stopped: bool, evaluated: bool, over: bool
) -> None:
    control = {"TrainerControl": {"args": {"should_training_stop": stopped}}}
    written = {"global_step": step, "max_steps": 10, "stateful_callbacks": control}
    (tmp_path / STATE).write_text(json.dumps(written))
    position = RunPosition(evaluated, 0.0, 0)
    assert had_finished(Checkpoint(tmp_path, step, None, Fingerprint({}, {}), position)) is over


# --- killed at every point ----------------------------------------------------------------------------------


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
