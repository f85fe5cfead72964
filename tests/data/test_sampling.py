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
