"""The figures of a run count what this process trained, and the time of all."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from transformers import TrainerState

from clf.training.batching import TokenDataset
from clf.training.checkpoint_files import Fingerprint, RunPosition
from clf.training.checkpoints import Checkpoint
from clf.training.schedule import Schedule
from clf.training.selection import SELECTION
from clf.training.trained import trained

SCHEDULE = Schedule(1e-3, 3, 0, "random", 4, "macro_f1", 4)  # 12 steps
TEXTS = [np.arange(length, dtype=np.int32) for length in (3, 5, 2, 10, 4, 6)]  # 30 tokens


def trainer(step: int, epoch: float | None = 3.0) -> SimpleNamespace:
    """Stand in for the Trainer after this step, with the parts that are read."""
    best: dict[str, float] = {f"eval_{SELECTION}": 0.5, "eval_accuracy": 0.75}
    state = TrainerState(epoch=epoch, global_step=step, best_metric=0.5, log_history=[{"loss": 1.0}, best])
    data = TokenDataset(TEXTS, np.zeros(6, np.int64))
    return SimpleNamespace(state=state, plan=SimpleNamespace(schedule=SCHEDULE), train_dataset=data)


def found(step: int, seconds: float) -> Checkpoint:
    return Checkpoint(Path("m"), step, None, Fingerprint({}, {}), RunPosition(True, 0.0, 0, seconds))


def test_a_whole_run_trains_on_every_text_in_each_epoch() -> None:
    done = trained(trainer(12), None, 9.0)
    assert (done.epochs, done.steps, done.examples, done.resumed_from_step) == (3.0, 12, 18, None)
    assert done.tokens_per_second == pytest.approx(3 * 30 / 9.0)
    assert (done.seconds, done.seconds_in_all) == (9.0, 9.0)
    assert done.metrics == {"accuracy": 0.75}


def test_a_resumed_run_counts_only_what_came_after_the_checkpoint_but_all_of_the_time() -> None:
    done = trained(trainer(12), found(8, 5.5), 3.0)
    assert (done.steps, done.resumed_from_step, done.examples) == (12, 8, 6)
    assert done.tokens_per_second == pytest.approx(30 / 3.0)
    assert (done.seconds, done.seconds_in_all) == (3.0, 8.5)


def test_a_run_that_patience_ended_trained_on_a_part() -> None:
    assert trained(trainer(6), None, 1.0).examples == 9


def test_a_run_with_no_step_left_has_trained_on_nothing() -> None:
    done = trained(trainer(12, epoch=None), found(12, 5.0), 0.0)
    assert (done.epochs, done.examples, done.tokens_per_second, done.seconds_in_all) == (0.0, 0, 0.0, 5.0)
