"""The order of the texts is a function of seed and epoch; batches are of similar length; every text comes once."""

import numpy as np
import pytest
import torch

from clf.training.batching import IGNORED, Collator, LengthGroupedOrder, TokenDataset

LENGTHS = np.random.default_rng(0).integers(3, 200, 1000)


def order(epoch: int = 0, seed: int = 1, processes: int = 1, batch: int = 16) -> list[int]:
    sampler = LengthGroupedOrder(LENGTHS, batch, seed, processes)
    sampler.set_epoch(epoch)
    return list(sampler)


def test_every_text_comes_once_an_epoch() -> None:
    assert sorted(order()) == list(range(1000))


def test_seed_and_epoch_alone_choose_the_order() -> None:
    np.random.seed(3)
    torch.manual_seed(3)
    assert order(2) == order(2)
    assert order(2) != order(3)
    assert order(2) != order(2, seed=2)


def test_batches_are_of_similar_length_and_the_longest_comes_first() -> None:
    rows = order()
    padded = [LENGTHS[rows[start : start + 16]] for start in range(0, 992, 16)]
    waste = sum(batch.max() * len(batch) - batch.sum() for batch in padded) / LENGTHS.sum()
    assert waste < 0.1
    assert max(range(len(padded)), key=lambda number: padded[number].sum()) == 0


def test_several_processes_share_full_batches_of_the_same_texts() -> None:
    alone, shared = order(), order(processes=2)
    assert shared[:1000] == alone
    assert shared[1000:] == [1000] * 8
    assert len(LengthGroupedOrder(LENGTHS, 16, 1, 2)) == 1008


def test_fewer_texts_than_a_batch_are_one_batch() -> None:
    assert sorted(LengthGroupedOrder(LENGTHS[:3], 16, 1)) == [0, 1, 2]


def test_a_filling_row_counts_nowhere() -> None:
    data = TokenDataset([np.array([1, 2, 3], np.int32), np.array([4], np.int32)], np.array([0, 1]))
    batch = Collator(0, most=3)([data[0], data[2]])
    assert batch["labels"].tolist() == [0, IGNORED]
    assert batch["input_ids"].tolist() == [[1, 2, 3], [4, 0, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weights", [None, [0.5, 2.0]])
def test_a_batch_cut_into_parts_has_the_loss_of_the_whole(weights: list[float] | None, smoothing: float) -> None:
    from clf.training.plan import Loss

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


def test_the_texts_of_a_step_are_those_its_batch_held() -> None:
    order = LengthGroupedOrder(LENGTHS, 8, seed=3)
    steps = -(-len(LENGTHS) // 8)
    for epoch in (0, 1):
        order.set_epoch(epoch)
        rows = list(order)
        assert order.texts_of(epoch * steps + 2) == rows[8:16]
        assert order.texts_of(epoch * steps + 3, 2) == rows[8:24]
        assert order.texts_of((epoch + 1) * steps) == rows[(steps - 1) * 8 :]
    assert order.texts_of(steps + 1, 99) == rows[:8]


def test_batches_have_few_shapes_and_none_is_longer_than_the_model_reads() -> None:
    rows = [(np.arange(1, 1 + length, dtype=np.int32), 0) for length in (3, 9)]
    batch = Collator(0, most=64)(rows)
    assert batch["input_ids"].shape == (2, 16)
    assert batch["attention_mask"].sum(dim=1).tolist() == [3, 9]
    assert Collator(0, most=10)(rows)["input_ids"].shape == (2, 10)
