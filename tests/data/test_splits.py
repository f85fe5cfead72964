"""Splits are stratified, seeded, disjoint, and keep equal texts together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clf.data.splits import cut, stratified_subset
from clf.errors import DataError

SHARES = {"validation": 0.1, "test": 0.1}


def test_each_class_is_cut_in_the_same_shares() -> None:
    labels = ["a"] * 100 + ["b"] * 50
    splits = cut([str(row) for row in range(150)], labels, SHARES, seed=1)
    counts = {
        split: (sum(labels[row] == "a" for row in rows), sum(labels[row] == "b" for row in rows))
        for split, rows in splits.items()
    }
    assert counts == {"train": (80, 40), "validation": (10, 5), "test": (10, 5)}


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from("ab")), min_size=1, max_size=80), st.integers(0, 5))
def test_rows_are_kept_once_and_equal_texts_stay_together(rows: list[tuple[int, str]], seed: int) -> None:
    rows += [(100, "a"), (101, "a"), (102, "b"), (103, "b")]
    keys, labels = [str(key) for key, _ in rows], [label for _, label in rows]
    splits = cut(keys, labels, SHARES, seed)
    assert sorted(row for part in splits.values() for row in part) == list(range(len(rows)))
    sides = [{keys[row] for row in part} for part in splits.values()]
    assert sum(map(len, sides)) == len(set().union(*sides))
    assert splits == cut(keys, labels, SHARES, seed)


def test_another_seed_cuts_otherwise() -> None:
    keys, labels = [str(row) for row in range(100)], ["a", "b"] * 50
    assert cut(keys, labels, SHARES, 1) != cut(keys, labels, SHARES, 2)


def test_a_class_of_one_text_is_named() -> None:
    with pytest.raises(DataError, match="class 'b' has 1 distinct text"):
        cut(["x", "y", "z"], ["a", "a", "b"], SHARES, 1)


def test_a_sample_keeps_the_proportions_and_every_class() -> None:
    labels = np.array([0] * 900 + [1] * 90 + [2] * 10)
    rows = stratified_subset(labels, 100, seed=3)
    assert np.bincount(labels[rows]).tolist() == pytest.approx([90, 9, 1], abs=1.5)
    assert len(stratified_subset(labels, 3, seed=3)) == 3
    assert set(labels[stratified_subset(labels, 3, seed=3)]) == {0, 1, 2}
    assert stratified_subset(labels, 5000, seed=3).tolist() == list(range(1000))
    assert rows.tolist() == sorted(set(rows.tolist()))
