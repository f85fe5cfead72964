"""Splits are stratified, seeded and disjoint, and keep related rows together."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clf.data.preparing.clusters import Units
from clf.data.preparing.splitting import cut
from clf.data.text_hashes import hash_texts
from clf.errors import DataError
from conftest import RunClf
from support.prepared import letters
from support.tiny import write_csv

SHARES = {"validation": 0.1, "test": 0.1}


def split(texts: list[str], labels: list[str], seed: int, units: list[int] | None = None) -> dict[str, list[int]]:
    keys = hash_texts(texts)
    together = np.unique(keys, return_inverse=True)[1] if units is None else np.array(units)
    return cut_rows(together, labels, seed=seed, keys=keys)


def cut_rows(
    units: Sequence[int],
    labels: Sequence[str],
    shares: dict[str, float] = SHARES,
    seed: int = 1,
    *,
    pinned: Sequence[int] = (),
    keys: Sequence[int] | None = None,
    names: list[str] | None = None,
) -> dict[str, list[int]]:
    """Split rows with these units; every row has a text of its own unless `keys` says otherwise."""
    names = sorted(set(labels)) if names is None else names
    stays = np.isin(np.arange(len(labels)), pinned)
    given_keys = np.array(range(len(labels)) if keys is None else keys, dtype=np.uint64)
    ids = np.array([names.index(label) for label in labels], dtype=np.int64)
    parts = cut(Units(np.array(units), stays, [], []), given_keys, ids, names, shares, seed)
    return {name: rows.tolist() for name, rows in parts.items()}


def of_sizes(*sizes: int) -> list[int]:
    """Number the units of rows: as many rows of each unit as its size says."""
    return np.repeat(np.arange(len(sizes)), sizes).tolist()


def sizes_of(parts: dict[str, list[int]]) -> dict[str, int]:
    return {name: len(rows) for name, rows in parts.items()}


# --- strata -------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(("rows", "held_out"), [(3, 1), (4, 1), (14, 1), (16, 2), (24, 2), (26, 3)])
def test_a_share_of_a_class_is_rounded_but_is_at_least_one_row(rows: int, held_out: int) -> None:
    parts = cut_rows(range(rows), ["a"] * rows)
    assert sizes_of(parts) == {"train": rows - 2 * held_out, "validation": held_out, "test": held_out}


def test_each_split_gets_its_own_share() -> None:
    parts = cut_rows(range(100), ["a"] * 100, {"validation": 0.25, "test": 0.4})
    assert sizes_of(parts) == {"train": 35, "validation": 25, "test": 40}


def test_a_share_of_zero_gives_an_empty_split() -> None:
    parts = cut_rows(range(20), ["a"] * 20, {"validation": 0.1, "test": 0})
    assert sizes_of(parts) == {"train": 18, "validation": 2, "test": 0}


def test_of_two_texts_of_a_class_one_stays_in_train_and_the_other_goes_to_test() -> None:
    labels = ["big"] * 20 + ["small"] * 2
    for seed in range(10):
        parts = cut_rows(range(22), labels, seed=seed)
        assert {name: sum(row >= 20 for row in rows) for name, rows in parts.items()} == {
            "train": 1, "validation": 0, "test": 1,
        }  # fmt: skip


# --- seeds --------------------------------------------------------------------------------------------------


def test_another_seed_cuts_otherwise() -> None:
    keys, labels = [str(row) for row in range(100)], ["a", "b"] * 50
    assert split(keys, labels, 1) != split(keys, labels, 2)


def test_a_seed_gives_the_same_rows_in_every_version_of_clf() -> None:
    units = of_sizes(1, 1, 3, 1, 2, 1, 1, 2, 1, 1, 1, 1, 2, 1, 1)
    parts = cut_rows(units, ["a", "b"] * 10, seed=42)
    assert (parts["validation"], parts["test"]) == ([0, 9], [1, 8])


def test_the_split_depends_neither_on_the_ids_of_the_classes_nor_on_the_numbers_of_the_units() -> None:
    units, labels = of_sizes(*[1, 2, 1, 3, 1] * 6), ["b", "a", "c"] * 16
    expected = cut_rows(units, labels)
    assert cut_rows(units, labels, names=["c", "a", "b"]) == expected
    assert cut_rows([1000 - 7 * unit for unit in units], labels) == expected


# --- rows that must stay together ---------------------------------------------------------------------------


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


def test_a_split_is_filled_with_smaller_units_where_a_larger_one_does_not_fit() -> None:
    for seed in range(10):
        parts = cut_rows(of_sizes(9, 3, 3, 1, 1, 1, 1, 1), ["a"] * 20, {"test": 0.1}, seed)
        assert sizes_of(parts) == {"train": 18, "test": 2}


def test_the_largest_unit_of_a_class_stays_in_train() -> None:
    for seed in range(10):
        parts = cut_rows(of_sizes(1, 1, 4, 1, 1), ["a"] * 8, {"test": 0.5}, seed)
        assert set(parts["train"]) == {2, 3, 4, 5}


def test_where_no_unit_fits_the_smallest_one_is_held_out() -> None:
    for seed in range(10):
        parts = cut_rows(of_sizes(8, 5, 4, 6), ["a"] * 23, {"test": 0.1}, seed)
        assert parts["test"] == [13, 14, 15, 16]


def test_a_unit_of_half_the_class_may_be_held_out() -> None:
    assert sizes_of(cut_rows(of_sizes(5, 5), ["a"] * 10, {"test": 0.1})) == {"train": 5, "test": 5}


def test_a_unit_of_more_than_half_the_class_stays_in_train() -> None:
    with pytest.raises(DataError, match=r"^nothing is left for test: too many rows must stay together$") as refused:
        cut_rows(of_sizes(4, 6), ["a"] * 10, {"test": 0.1}, pinned=range(4))
    assert refused.value.hint == "choose another --group-column, or pass --validation and --test files"


def test_pinned_units_stay_in_train_whole() -> None:
    for seed in range(10):  # one row of a unit pins all of it
        parts = cut_rows(of_sizes(*[2] * 10), ["a"] * 20, {"test": 0.5}, seed, pinned=[0, 5])
        assert {0, 1, 4, 5} <= set(parts["train"])
        assert len(parts["test"]) == 10


def test_with_a_pinned_unit_every_other_unit_may_be_held_out() -> None:
    parts = cut_rows(of_sizes(2, 4, 4), ["a"] * 10, {"test": 0.8}, pinned=[0])
    assert parts == {"train": [0, 1], "test": list(range(2, 10))}


def test_a_unit_of_two_classes_counts_as_the_rarer_one() -> None:
    units = [*range(400), *np.repeat(np.arange(400, 440), 2).tolist()]
    labels = ["common"] * 400 + ["common", "rare"] * 40
    parts = cut_rows(units, labels)
    rare = {name: sum(labels[row] == "rare" for row in rows) for name, rows in parts.items()}
    assert rare == {"train": 32, "validation": 4, "test": 4}


# --- what cannot be split -----------------------------------------------------------------------------------


def test_a_class_of_one_text_is_named() -> None:
    with pytest.raises(DataError, match="class 'b' has 1 distinct text") as refused:
        split(["x", "y", "z"], ["a", "a", "b"], 1)
    assert refused.value.hint == "add texts of that class, or merge it into another with --label-map"


@pytest.mark.parametrize(("keys", "name"), [([5, 5, 6, 7], "a"), ([5, 6, 7, 7], "b")])
def test_a_text_that_a_class_has_several_times_counts_once(keys: list[int], name: str) -> None:
    with pytest.raises(DataError, match=rf"^class '{name}' has 1 distinct text, too few to split$"):
        cut_rows(keys, ["a", "a", "b", "b"], keys=keys)


def test_a_text_of_two_classes_counts_for_both() -> None:
    parts = cut_rows([0, 1, 1, 2, 3, 4], ["a", "a", "b", "b", "c", "c"], {"test": 0.1}, keys=[1, 2, 2, 3, 4, 5])
    assert sorted(row for rows in parts.values() for row in rows) == list(range(6))


def test_at_most_ten_classes_of_one_text_are_named() -> None:
    names = [f"c{number:02}" for number in range(12)]
    with pytest.raises(DataError, match=r"^classes 'c00', 'c01', .*, 'c09' have 1 distinct text, too few to split$"):
        cut_rows(range(14), [*names, "z", "z"])
    with pytest.raises(DataError, match=r"^classes 'c00', 'c01' have 1"):
        cut_rows(range(4), ["c00", "c01", "z", "z"])


def test_a_class_without_rows_is_no_class_of_one_text() -> None:
    assert sizes_of(cut_rows(range(10), ["a"] * 10, names=["a", "b"])) == {"train": 8, "validation": 1, "test": 1}


def test_two_texts_a_class_are_too_few_for_two_parts_and_that_is_said() -> None:
    with pytest.raises(DataError, match=r"the largest class has 2 texts, too few .* expected at least 3") as refused:
        split(["a", "b", "c", "d"], ["x", "x", "y", "y"], 1)
    assert "--test-size 0" in refused.value.hint


def test_two_texts_a_class_are_enough_for_one_part() -> None:
    parts = cut_rows(range(4), ["x", "x", "y", "y"], {"validation": 0.1, "test": 0})
    assert sizes_of(parts) == {"train": 2, "validation": 2, "test": 0}


def test_three_texts_that_must_stay_together_leave_nothing_for_the_other_splits() -> None:
    with pytest.raises(DataError, match=r"^nothing is left for validation and test: too many rows must stay together$"):
        cut_rows([0, 0, 0], ["a"] * 3)


def test_a_class_of_two_units_leaves_nothing_for_a_third_split() -> None:
    with pytest.raises(DataError, match=r"^nothing is left for validation: too many rows must stay together$"):
        cut_rows(of_sizes(5, 5), ["a"] * 10)


# --- groups in a file ---------------------------------------------------------------------------------------


def test_a_unit_counts_for_its_rarest_class(clf: RunClf, own_folder: Path) -> None:
    rows = [(letters(number), "common", f"g{number // 2}") for number in range(200)]
    rows += [(letters(1000 + number), "rare", f"g{number}") for number in range(20)]
    path = write_csv(own_folder / "a.csv", rows, ("text", "label", "group"))
    done = clf("prepare", "--dataset", path, "--group-column", "group", "--json")
    assert done.code == 0, done.err
    assert all(done.json["classes"][split]["rare"] for split in ("train", "validation", "test"))


def test_a_large_group_never_leaves_train_the_smaller_part(clf: RunClf, own_folder: Path) -> None:
    rows = [(letters(number), "ab"[number % 2], "big" if number < 80 else f"g{number // 10}") for number in range(100)]
    path = write_csv(own_folder / "a.csv", rows, ("text", "label", "group"))
    found = clf("prepare", "--dataset", path, "--group-column", "group", "--json").json
    assert found["rows"] == {"train": 80, "validation": 10, "test": 10}
