"""Subsets are stratified and have the requested number of rows."""

import numpy as np
import pytest

from clf.data.sampling import stratified_subset


def test_a_sample_keeps_the_proportions_and_every_class() -> None:
    labels = np.array([0] * 900 + [1] * 90 + [2] * 10)
    rows = stratified_subset(labels, 100, seed=3)
    assert np.bincount(labels[rows]).tolist() == pytest.approx([90, 9, 1], abs=1.5)
    assert len(stratified_subset(labels, 3, seed=3)) == 3
    assert set(labels[stratified_subset(labels, 3, seed=3)]) == {0, 1, 2}
    assert stratified_subset(labels, 5000, seed=3).tolist() == list(range(1000))
    assert rows.tolist() == sorted(set(rows.tolist()))


def test_the_same_seed_gives_the_same_rows_and_another_seed_others() -> None:
    labels = [number % 3 for number in range(300)]
    first, again, other = (stratified_subset(labels, 60, seed).tolist() for seed in (1, 1, 2))
    assert first == again
    assert len(set(first) & set(other)) < 40


@pytest.mark.parametrize("rows", [1, 2, 3, 6, 9, 11])
def test_exactly_as_many_rows_are_chosen_as_asked(rows: int) -> None:
    labels = np.array([5, 0, 5, 5, 0, 5, 7, 5, 5, 5, 0, 5])
    chosen = stratified_subset(labels, rows, seed=0).tolist()
    assert len(set(chosen)) == rows
    assert chosen == sorted(chosen)
    assert len(set(labels[chosen])) == min(rows, 3)


@pytest.mark.parametrize("rows", [12, 13])
def test_all_rows_are_chosen_in_their_order_when_there_are_no_more(rows: int) -> None:
    assert stratified_subset([1, 0] * 6, rows, seed=0).tolist() == list(range(12))


def test_every_row_of_a_class_can_be_chosen() -> None:
    labels = [0] * 10 + [1] * 10
    chosen = {row for seed in range(60) for row in stratified_subset(labels, 4, seed).tolist()}
    assert chosen == set(range(20))


@pytest.mark.parametrize("seed", range(10))
def test_equal_classes_have_equal_shares_up_to_one_row(seed: int) -> None:
    labels = np.repeat(np.arange(4), 25)
    assert set(np.bincount(labels[stratified_subset(labels, 40, seed)])) <= {9, 10, 11}


# --- texts with several labels ------------------------------------------------------------------------------


def sets_of_labels(rows: int = 1_000, labels: int = 8) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    return np.random.default_rng(4).random((rows, labels)) < 0.4 * 0.6 ** np.arange(labels)


@pytest.mark.parametrize("rows", [1, 5, 50, 333, 900, 999])
def test_a_subset_of_sets_has_exactly_as_many_rows_as_asked_and_every_label_its_share(rows: int) -> None:
    table = sets_of_labels()
    chosen = stratified_subset(table, rows, seed=2)
    assert len(set(chosen.tolist())) == rows
    assert chosen.tolist() == sorted(chosen.tolist())
    if rows >= 50:
        assert table[chosen].any(axis=0).all()
        assert table[chosen].sum(axis=0) == pytest.approx(rows / 1_000 * table.sum(axis=0), abs=2)
        none = ~table.any(axis=1)
        assert none[chosen].sum() == pytest.approx(rows / 1_000 * none.sum(), abs=4)


def test_a_subset_of_sets_is_that_of_its_seed_and_any_row_can_be_in_it() -> None:
    table = sets_of_labels(60, 3)
    subsets = [stratified_subset(table, 20, seed).tolist() for seed in (*range(40), 0)]
    assert subsets[0] == subsets[-1] != subsets[1]
    assert {row for rows in subsets for row in rows} == set(range(60))
    assert stratified_subset(table, 60, 0).tolist() == list(range(60))


def test_each_label_is_in_a_small_subset_if_it_has_room_for_it() -> None:
    table = np.zeros((1_000, 10), dtype=bool)
    table[:, 0] = True
    table[np.arange(1, 10) * 100, np.arange(1, 10)] = True
    for seed in range(5):
        assert table[stratified_subset(table, 12, seed)].any(axis=0).all()
