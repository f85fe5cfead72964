"""Checkpoints cost little of the time, and the best weights are kept whatever was saved."""

import time
from pathlib import Path

import pytest
import torch

from clf.training import keeping
from clf.training.keeping import BEST_FILE, LONGEST_WITHOUT, SAVING_SHARE, BestWeights, Pace


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
