"""The order of the texts is a function of seed and epoch; batches are of similar length; every text comes once."""

import numpy as np
import torch

from clf.training.batching import IGNORED, Collator, Encoded, LengthGroupedOrder, TokenDataset

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


def test_few_texts_are_sorted_in_four_groups_so_that_batches_differ_from_epoch_to_epoch() -> None:
    lengths = np.arange(64)
    batches = []
    for epoch in (0, 1):
        sampler = LengthGroupedOrder(lengths, 4, 1)
        sampler.set_epoch(epoch)
        rows = list(sampler)
        batches.append({frozenset(rows[start : start + 4]) for start in range(0, 64, 4)})
    assert len(batches[0] & batches[1]) < 4
    assert sorted(LengthGroupedOrder(lengths, 30, 1)) == list(range(64))  # too few texts for four groups


def test_texts_that_fill_no_batch_come_last_and_need_no_filling_alone() -> None:
    alone, shared = (LengthGroupedOrder(np.array([3, 9, 5]), 4, 1, processes) for processes in (1, 2))
    assert (len(alone), len(shared)) == (3, 4)
    assert list(shared)[3] == 3
    assert list(LengthGroupedOrder(np.array([], np.int64), 4, 1)) == []
    assert len(LengthGroupedOrder(np.array([3, 9, 5, 7]), 4, 1, 2)) == 4


def test_rows_of_a_sample_are_named_as_in_the_file() -> None:
    order = LengthGroupedOrder(np.array([5, 5, 5]), 2, 1, rows=np.array([10, 20, 30]))
    assert sorted(order.texts_of(1) + order.texts_of(2)) == [10, 20, 30]
    assert order.texts_of(2) != order.texts_of(1)


def test_a_filling_row_is_the_shortest_text() -> None:
    data = TokenDataset(
        [np.array([1, 2], np.int32), np.array([4], np.int32), np.array([5], np.int32)], np.array([0, 1, 1])
    )
    ids, label = data[3]
    assert (ids.tolist(), label, len(data)) == ([4], IGNORED, 3)
    assert data[1][1] == 1
    assert data.lengths.tolist() == [2, 1, 1]


def test_tokens_are_counted_over_all_texts() -> None:
    assert Encoded([np.arange(3, dtype=np.int32), np.arange(4, dtype=np.int32)], np.array([0, 1])).tokens == 7
    assert Encoded([], np.array([], np.int64)).tokens == 0


def test_padding_has_its_own_id_and_is_masked() -> None:
    batch = Collator(7)([(np.array([1, 2, 3], np.int32), 1), (np.array([4], np.int32), 0)])
    assert batch["input_ids"].tolist() == [[1, 2, 3, 7, 7, 7, 7, 7], [4, 7, 7, 7, 7, 7, 7, 7]]
    assert batch["attention_mask"].sum(dim=1).tolist() == [3, 1]
    assert (batch["labels"].tolist(), batch["labels"].dtype) == ([1, 0], torch.int64)
