"""Checkpoints cost little of the time, and the best weights are kept whatever was saved."""

import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from clf.training import keeping
from clf.training.keeping import BEST_FILE, LONGEST_WITHOUT, SAVING_SHARE, BestWeights, Pace, check_weights


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Give the seconds that the clock shows."""
    seconds = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: seconds[0])
    return seconds


def test_saving_takes_a_small_share_of_the_time_whatever_it_costs(clock: list[float]) -> None:
    for cost in (0.01, 1.4, 30.0):
        pace, spent, begun = Pace(66_000_000), 0.0, clock[0]
        for _ in range(5000):  # evaluations, a second apart
            clock[0] += 1.0
            if pace.is_due(at_evaluation=True):
                clock[0] += cost
                spent += cost
                pace.saved(cost)
        assert 0 < spent <= 2 * SAVING_SHARE * (clock[0] - begun)


def test_a_run_of_seconds_saves_none(clock: list[float]) -> None:
    pace = Pace(22_700_000)
    clock[0] += 40.0
    assert not pace.is_due(at_evaluation=True)


def test_a_long_epoch_is_saved_in_between(clock: list[float]) -> None:
    pace = Pace(1_000_000)
    clock[0] += LONGEST_WITHOUT - 1
    assert not pace.is_due(at_evaluation=False)
    assert pace.is_due(at_evaluation=True)
    clock[0] += 1
    assert pace.is_due(at_evaluation=False)
    pace.saved(1.0)
    assert not pace.is_due(at_evaluation=False)


def test_the_best_weights_are_those_of_their_step(tmp_path: Path) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.LayerNorm(2))
    best = BestWeights()
    best.keep(model, 7)
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    with torch.no_grad():
        model[0].weight.add_(1.0)
    best.write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [BEST_FILE]
    again = keeping.BestWeights()
    again.read(tmp_path, 7)
    again.put_into(model)
    assert again.step == 7
    assert all(torch.equal(value, kept[name]) for name, value in model.state_dict().items())
    best.forget()
    assert (best.step, best.weights) == (None, {})


def test_the_first_checkpoint_is_due_when_it_costs_a_twenty_fifth_of_the_time(clock: list[float]) -> None:
    pace = Pace(100_000_000)  # 1.2 GB, at 100 MB a second: 12 s
    clock[0] = 299.9
    assert not pace.is_due(at_evaluation=True)
    clock[0] = 300.1
    assert pace.is_due(at_evaluation=True)


def test_the_next_one_is_due_by_what_the_last_took_counted_from_its_end(clock: list[float]) -> None:
    clock[0] = 50.0
    pace = Pace(1)
    clock[0] = 1000.0
    pace.saved(4.0)
    clock[0] = 1099.9
    assert not pace.is_due(at_evaluation=True)
    clock[0] = 1100.1
    assert pace.is_due(at_evaluation=True)
    assert not pace.is_due(at_evaluation=False)


def test_an_expensive_checkpoint_is_not_due_between_evaluations_only_because_time_has_passed(
    clock: list[float],
) -> None:
    pace = Pace(1)
    pace.saved(30.0)
    clock[0] = LONGEST_WITHOUT + 1
    assert not pace.is_due(at_evaluation=False)
    clock[0] = 751.0
    assert pace.is_due(at_evaluation=False)


def test_better_weights_replace_those_that_were_kept(tmp_path: Path) -> None:
    model = torch.nn.Linear(3, 2)
    best = BestWeights()
    best.keep(model, 7)
    memory = best.weights["weight"].data_ptr()
    with torch.no_grad():
        model.weight.add_(1.0)
    best.keep(model, 9)
    assert (best.step, best.weights["weight"].data_ptr()) == (9, memory)  # no second copy is made
    assert torch.equal(best.weights["weight"], model.weight)
    with torch.no_grad():
        model.weight.add_(1.0)
    assert not torch.equal(best.weights["weight"], model.weight)
    best.forget()
    best.keep(torch.nn.Linear(1, 1), 11)
    assert best.weights["weight"].shape == (1, 1)


def test_a_checkpoint_without_best_weights_leaves_what_is_kept_as_it_is(tmp_path: Path) -> None:
    best = BestWeights()
    best.keep(torch.nn.Linear(1, 1), 7)
    best.read(tmp_path, 9)
    assert best.step == 7
    assert set(best.weights) == {"weight", "bias"}


def test_weights_that_were_read_can_be_written_to_when_their_file_is_gone(tmp_path: Path) -> None:
    best = BestWeights()
    best.keep(torch.nn.Linear(1, 1), 7)
    best.write(tmp_path)
    again = BestWeights()
    again.read(tmp_path, 7)
    (tmp_path / BEST_FILE).unlink()
    again.keep(torch.nn.Linear(1, 1), 9)
    assert again.step == 9


def test_only_finite_weights_of_this_model_are_taken_from_a_checkpoint(tmp_path: Path) -> None:
    model = torch.nn.Linear(2, 3)
    sound = {name: value.clone() for name, value in model.state_dict().items()}
    save_file(sound, tmp_path / BEST_FILE)
    check_weights(tmp_path / BEST_FILE, model)
    for wrong in (
        {"bias": sound["bias"]}, {**sound, "more": torch.zeros(1)}, {**sound, "bias": torch.zeros(2)},
        {**sound, "bias": torch.full((3,), float("nan"))},
    ):  # fmt: skip
        save_file(wrong, tmp_path / BEST_FILE)
        with pytest.raises(ValueError, match=r"best\.safetensors holds"):
            check_weights(tmp_path / BEST_FILE, model)
