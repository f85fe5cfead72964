"""The loss is the mean over the texts of a batch, however the batch is divided."""

from pathlib import Path

import pytest
import torch

from clf.models.compute import Compute
from clf.processes import World
from clf.settings import TrainSettings
from clf.training import plan
from clf.training.arguments import training_arguments
from clf.training.batching import IGNORED
from clf.training.plan import Loss, Plan
from clf.training.schedule import Schedule


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weights", [None, [0.5, 2.0]])
def test_a_batch_cut_into_parts_has_the_loss_of_the_whole(weights: list[float] | None, smoothing: float) -> None:
    logits, labels = torch.randn(8, 2), torch.tensor([0, 1, 0, 1, 1, 1, 0, 0])
    loss = Loss(weights, smoothing)
    whole = loss({"logits": logits}, labels, torch.tensor(8))
    parts = sum(loss({"logits": logits[part]}, labels[part], torch.tensor(8)) for part in (slice(0, 3), slice(3, 8)))
    assert torch.isclose(whole, parts)
    filled = torch.cat([labels, torch.tensor([IGNORED])])
    assert torch.isclose(
        loss({"logits": torch.randn(9, 2).index_copy(0, torch.arange(8), logits)}, filled, torch.tensor(8)), whole
    )
    if weights is None:
        expected = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=smoothing)
        assert torch.isclose(whole, expected)


def test_class_weights_are_copied_to_the_device_once() -> None:
    loss = Loss([1.0, 3.0])
    logits = torch.tensor([[2.0, 0.0], [2.0, 0.0]])
    given = [plan._on_device((1.0, 3.0), logits.device) for _ in range(2)]
    assert given[0] is given[1]
    right, wrong = (torch.nn.functional.cross_entropy(logits[:1], torch.tensor([label])) for label in (0, 1))
    assert loss({"logits": logits}, torch.tensor([0, 1]), torch.tensor(2)) == pytest.approx(
        float(right + 3 * wrong) / 2
    )


def test_the_loss_is_computed_in_fp32_whatever_the_model_gives() -> None:
    logits = torch.tensor([[8.0, 1.0]])
    given = Loss()({"logits": logits.to(torch.bfloat16)}, torch.tensor([1]), torch.tensor(1))
    assert given.dtype == torch.float32
    assert float(given) == pytest.approx(7.000911, abs=1e-5)  # to the nearest bf16 it would be 7.0


@pytest.mark.parametrize(("parts", "processes"), [(1, 1), (4, 1), (1, 2), (2, 4)])
def test_the_batch_is_that_of_all_parts_and_processes(parts: int, processes: int, tmp_path: Path) -> None:
    train, world = TrainSettings(batch_size=24, gradient_accumulation=parts), World(0, processes, 0, processes)
    schedule = Schedule(1e-3, 1, 0, "random", 4, "macro_f1", 4)
    compute = Compute(torch.device("cpu"), "fp32")
    arguments = training_arguments(train, schedule, 1, compute, tmp_path, world)
    assert arguments.per_device_train_batch_size == 24 // parts // processes
    assert Plan(arguments, schedule, 3, Loss(), world=world).batch_size == 24
