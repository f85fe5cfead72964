"""Splits are stratified, seeded, disjoint, and keep equal texts together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clf.data.preparing.clusters import Units
from clf.data.preparing.splitting import cut
from clf.data.sampling import stratified_subset
from clf.data.text_hashes import hash_texts
from clf.errors import DataError

SHARES = {"validation": 0.1, "test": 0.1}


def split(texts: list[str], labels: list[str], seed: int, units: list[int] | None = None) -> dict[str, list[int]]:
    keys = hash_texts(texts)
    ids = np.array([sorted(set(labels)).index(label) for label in labels])
    together = np.unique(keys, return_inverse=True)[1] if units is None else np.array(units)
    nowhere = np.zeros(len(texts), dtype=bool)
    parts = cut(Units(together, nowhere, [], []), keys, ids, sorted(set(labels)), SHARES, seed)
    return {name: rows.tolist() for name, rows in parts.items()}


def test_each_class_is_cut_in_the_same_shares() -> None:
    labels = ["a"] * 100 + ["b"] * 50
    splits = split([str(row) for row in range(150)], labels, 1)
    counts = {
        split: (sum(labels[row] == "a" for row in rows), sum(labels[row] == "b" for row in rows))
        for split, rows in splits.items()
    }
    assert counts == {"train": (80, 40), "validation": (10, 5), "test": (10, 5)}


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from("ab")), min_size=1, max_size=80), st.integers(0, 5))
def test_rows_are_kept_once_and_equal_texts_stay_together(rows: list[tuple[int, str]], seed: int) -> None:
    rows += [(100, "a"), (101, "a"), (102, "b"), (103, "b")]
    keys, labels = [str(key) for key, _ in rows], [label for _, label in rows]
    splits = split(keys, labels, seed)
    assert sorted(row for part in splits.values() for row in part) == list(range(len(rows)))
    sides = [{keys[row] for row in part} for part in splits.values()]
    assert sum(map(len, sides)) == len(set().union(*sides))
    assert splits == split(keys, labels, seed)


def test_another_seed_cuts_otherwise() -> None:
    keys, labels = [str(row) for row in range(100)], ["a", "b"] * 50
    assert split(keys, labels, 1) != split(keys, labels, 2)


def test_a_class_of_one_text_is_named() -> None:
    with pytest.raises(DataError, match="class 'b' has 1 distinct text"):
        split(["x", "y", "z"], ["a", "a", "b"], 1)


def test_a_sample_keeps_the_proportions_and_every_class() -> None:
    labels = np.array([0] * 900 + [1] * 90 + [2] * 10)
    rows = stratified_subset(labels, 100, seed=3)
    assert np.bincount(labels[rows]).tolist() == pytest.approx([90, 9, 1], abs=1.5)
    assert len(stratified_subset(labels, 3, seed=3)) == 3
    assert set(labels[stratified_subset(labels, 3, seed=3)]) == {0, 1, 2}
    assert stratified_subset(labels, 5000, seed=3).tolist() == list(range(1000))
    assert rows.tolist() == sorted(set(rows.tolist()))


@given(st.lists(st.tuples(st.integers(0, 12), st.sampled_from("ab")), min_size=1, max_size=80), st.integers(0, 5))
def test_units_are_never_cut(rows: list[tuple[int, str]], seed: int) -> None:
    rows += [(100, "a"), (101, "a"), (102, "b"), (103, "b")]
    units, texts = [unit for unit, _ in rows], [str(row) for row in range(len(rows))]
    parts = split(texts, [label for _, label in rows], seed, units)
    sides = [{units[row] for row in part} for part in parts.values()]
    assert sum(map(len, sides)) == len(set().union(*sides))
    assert {label for row, (_, label) in enumerate(rows) if row in parts["train"]} == {"a", "b"}


def test_shares_are_of_rows_whatever_the_units() -> None:
    units = [row // 3 for row in range(900)]
    parts = split([str(row) for row in range(900)], ["a"] * 450 + ["b"] * 450, 1, units)
    assert {name: len(rows) for name, rows in parts.items()} == {"train": 720, "validation": 90, "test": 90}


def test_two_texts_a_class_are_too_few_for_two_parts_and_that_is_said() -> None:
    with pytest.raises(DataError, match=r"the largest class has 2 texts, too few .* expected at least 3") as refused:
        split(["a", "b", "c", "d"], ["x", "x", "y", "y"], 1)
    assert "--test-size 0" in refused.value.hint
