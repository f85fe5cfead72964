"""What a run tells while it trains: its history, its evaluations, its progress, and that its numbers fail."""

import logging
import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import TrainerState

from clf.errors import TrainingError
from clf.models.compute import Compute
from clf.processes import World
from clf.settings import TrainSettings
from clf.storage.run_folder import Run
from clf.training.arguments import training_arguments
from clf.training.batching import LengthGroupedOrder
from clf.training.checkpoint_files import Fingerprint, RunPosition
from clf.training.checkpoints import Checkpoint
from clf.training.plan import Loss, Plan
from clf.training.reporter import LONG, Reporter, not_finite
from clf.training.schedule import Schedule, SelectBy
from clf.training.selection import SELECTION

ORDER = LengthGroupedOrder(np.full(200, 5), 100, 1, rows=np.arange(1000, 1200))
Make = Callable[..., Reporter]


class Notes(list[str]):
    """The remarks that the progress bar was given, each with one step."""

    def __call__(self, count: int, note: str) -> None:
        assert count == 1
        self.append(note)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Give the seconds that the clock shows."""
    seconds = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: seconds[0])
    return seconds


@pytest.fixture
def make(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Make:
    """Make the reporter of a run of 100 steps in 2 epochs, of 8 texts a step and 5 tokens a text."""
    caplog.set_level(logging.INFO)

    def reporter(
        select_by: SelectBy = "macro_f1", rank: int = 0, begun: int = 0, steps: int = 100, fp16: bool = False
    ) -> Reporter:
        schedule = Schedule(1e-3, 2, 0, "random", 50, select_by, steps // 2)
        compute = Compute(torch.device("cpu"), "fp32")
        arguments = training_arguments(TrainSettings(batch_size=8), schedule, 1, compute, tmp_path)
        arguments.fp16 = fp16
        plan = Plan(arguments, schedule, 3, Loss(), world=World(rank))
        run = Run(tmp_path / "m")
        run.folder.mkdir(exist_ok=True)
        position = RunPosition(True, 0.0, 0)
        found = Checkpoint(tmp_path, begun, None, Fingerprint({}, {}), position) if begun else None
        made = Reporter(run, steps, Notes(), 5.0, plan, found)
        made.order, made.arguments = ORDER, arguments  # type: ignore[attr-defined]
        return made

    return reporter


def state(step: int, epoch: float = 0.5, best: float | None = None) -> TrainerState:
    return TrainerState(epoch=epoch, global_step=step, best_metric=best)


def told(reporter: Reporter, logs: dict[str, float], step: int = 10) -> None:
    reporter.on_log(reporter.arguments, state(step), None, logs)  # type: ignore[attr-defined]


def stepped(reporter: Reporter, step: int, epoch: float = 0.5) -> str:
    """End a step, and return the note about it."""
    reporter.on_step_end(reporter.arguments, state(step, epoch), None)  # type: ignore[attr-defined]
    return str(reporter.advance[-1])


def evaluated(reporter: Reporter, score: float, best: float | None = None, epoch: float = 1.0) -> None:
    metrics = {"macro_f1": 0.8, "log_loss": 0.3, "accuracy": 0.75, "mean_confidence": 0.9, SELECTION: score}
    given = {f"eval_{name}": value for name, value in metrics.items()}
    reporter.on_evaluate(reporter.arguments, state(50, epoch, best), None, given)  # type: ignore[attr-defined]


# --- history ------------------------------------------------------------------------------------------------


def test_the_main_process_writes_the_history(make: Make) -> None:
    reporter = make()
    told(reporter, {"loss": 0.7, "grad_norm": 1.5})
    told(reporter, {"train_runtime": 9.0, "train_loss": 0.5})  # the library's summary
    told(reporter, {"eval_accuracy": 0.5}, step=20)
    assert reporter.run.read_history() == [
        {"step": 10, "epoch": 0.5, "loss": 0.7, "grad_norm": 1.5},
        {"step": 20, "epoch": 0.5, "eval_accuracy": 0.5},
    ]


def test_another_process_writes_no_history(make: Make) -> None:
    reporter = make(rank=1)
    told(reporter, {"loss": 0.7})
    assert reporter.run.read_history() == []
    with pytest.raises(TrainingError):
        told(reporter, {"loss": math.nan})


@pytest.mark.parametrize("name", ["loss", "grad_norm"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_number_that_fails_ends_the_run_and_is_not_in_the_history(make: Make, name: str, value: float) -> None:
    reporter = make()
    with pytest.raises(TrainingError, match=f"{name} is {value} at step 2, on rows 1"):
        told(reporter, {"loss": 0.5, "grad_norm": 0.5, name: value}, step=2)
    assert reporter.run.read_history() == []


def test_with_fp16_a_gradient_may_be_infinite_and_a_loss_may_not(make: Make) -> None:
    reporter = make(fp16=True)
    told(reporter, {"loss": 0.5, "grad_norm": math.inf})
    with pytest.raises(TrainingError, match="loss is inf"):
        told(reporter, {"loss": math.inf})


def test_the_rows_of_a_number_that_fails_are_those_of_the_file_in_order_and_not_too_many() -> None:
    rows = sorted(ORDER.texts_of(2))
    error = not_finite("the loss", math.nan, 2, ORDER)
    assert error.message == (
        f"the loss is nan at step 2, on rows {', '.join(map(str, rows[:64]))} and 36 more (counted from 0) "
        "of dataset/train.parquet in the run folder"
    )
    assert error.hint == "lower --learning-rate, or pass --precision fp32"
    few = LengthGroupedOrder(np.full(64, 5), 64, 1)
    assert "63 (counted" in not_finite("the loss", math.nan, 1, few).message
    assert "and 136 more" in not_finite("the loss", math.nan, 2, ORDER, batches=2).message


# --- evaluations --------------------------------------------------------------------------------------------


def test_an_evaluation_is_one_line_with_the_loss_before_it(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    reporter = make()
    evaluated(reporter, 0.8, epoch=0.5)
    told(reporter, {"loss": 0.1234567})
    evaluated(reporter, 0.7, best=0.8)
    assert caplog.messages == [
        "epoch 0.5: validation macro F1 0.8000, accuracy 0.7500, confidence 0.900 (best so far)",
        "epoch 1: loss 0.1235, validation macro F1 0.8000, accuracy 0.7500, confidence 0.900",
    ]


def test_the_best_so_far_is_better_than_all_before_and_those_before_an_interruption(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    reporter = make()
    for score, best in ((0.5, 0.6), (0.6, 0.6), (0.7, None), (0.7, None), (0.65, 0.6), (0.8, 0.7)):
        evaluated(reporter, score, best)
    assert ["best so far" in line for line in caplog.messages] == [False, False, True, False, False, True]


@pytest.mark.parametrize(
    ("by", "said"),
    [("log_loss", "log loss 0.3000, "), ("last", "macro F1 0.8000, "), ("macro_f1", "macro F1 0.8000, ")],
)
def test_an_evaluation_is_told_by_the_metric_that_selects(
    make: Make, caplog: pytest.LogCaptureFixture, by: SelectBy, said: str
) -> None:
    evaluated(make(by), 5.0)
    assert said in caplog.text
    assert ("best so far" in caplog.text) is (by != "last")


# --- progress -----------------------------------------------------------------------------------------------


def test_the_note_has_what_is_known_so_far(make: Make, clock: list[float]) -> None:
    reporter = make()
    assert stepped(reporter, 1, epoch=0.0) == "epoch 1 of 2"
    told(reporter, {"loss": 0.5, "learning_rate": 2e-5})
    assert stepped(reporter, 2, epoch=0.99) == "epoch 1 of 2, loss 0.5000, learning rate 2.0e-05"
    evaluated(reporter, 0.8)
    told(reporter, {"eval_accuracy": 0.5})  # takes nothing back
    clock[0] += 4.0
    note = stepped(reporter, 4, epoch=1.0)
    assert (
        note
        == "epoch 2 of 2, loss 0.5000, learning rate 2.0e-05, validation F1 0.8000, 4.0 texts, 20 tokens per second"
    )
    assert stepped(reporter, 100, epoch=2.0).startswith("epoch 2 of 2, ")
    assert reporter.step == 100


def test_the_time_is_estimated_once_from_the_steps_after_the_first(
    make: Make, clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    reporter = make(steps=41)
    for step in range(1, 13):
        clock[0] += 50.0 if step <= 2 else 1.0
        stepped(reporter, step)
    assert caplog.messages == ["training will take about 41 s"]


def test_a_resumed_run_says_where_it_goes_on_and_estimates_what_is_left(
    make: Make, clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    reporter = make(begun=60)
    assert reporter.step == 60
    reporter.on_train_begin(None, None, None)
    for step in range(61, 73):
        clock[0] += 1.0
        stepped(reporter, step)
    assert caplog.messages == ["resuming from step 60 of 100", "training will take about 40 s"]


def test_a_short_run_is_not_estimated_and_a_new_one_not_called_resumed(
    make: Make, clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    reporter = make(steps=40)
    reporter.on_train_begin(None, None, None)
    for step in range(1, 13):
        stepped(reporter, step)
    assert caplog.messages == []


@pytest.mark.parametrize(("seconds", "advised"), [(LONG / 100, False), (LONG / 100 + 1, True)])
def test_only_a_long_run_is_told_how_to_be_shorter(
    make: Make, clock: list[float], caplog: pytest.LogCaptureFixture, seconds: float, advised: bool
) -> None:
    reporter = make()
    for step in range(1, 11):
        clock[0] += seconds
        stepped(reporter, step)
    assert ("to shorten it, use --max-train-samples" in caplog.text) is advised


def test_with_several_labels_the_line_of_an_epoch_says_at_which_thresholds_it_is(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    metrics = {
        "macro_f1": 0.3,
        "average_precision": 0.8,
        "subset_accuracy": 0.25,
        "mean_confidence": 0.4,
        SELECTION: 0.8,
    }
    given = {f"eval_{name}": value for name, value in metrics.items()}
    reporter = make("average_precision")
    reporter.on_evaluate(reporter.arguments, state(50, 1.0), None, given)  # type: ignore[attr-defined]
    told = "validation average precision 0.8000, subset accuracy 0.2500, confidence 0.400, at thresholds of 0.5"
    assert caplog.messages[-1] == f"epoch 1: {told} (best so far)"
