"""Rows with sets of labels are split with related rows together, and every label in each split if it can be."""

from collections.abc import Sequence

import numpy as np
import pytest

from clf.data.label_sets import LabelTable
from clf.data.preparing.clusters import Units
from clf.data.preparing.splitting_sets import cut_sets
from clf.errors import DataError

SHARES = {"validation": 0.1, "test": 0.1}
MEMBERS = np.array([[False, False, False], [True, False, False], [False, True, False], [True, True, False],
                    [False, False, True]])  # fmt: skip


def cut(
    units: Sequence[int], sets: Sequence[int], members: LabelTable = MEMBERS, seed: int = 1, pinned: Sequence[int] = ()
) -> dict[str, list[int]]:
    together = Units(np.array(units), np.isin(np.arange(len(units)), pinned), [], [])
    parts = cut_sets(together, np.array(sets), members, SHARES, seed)
    return {split: rows.tolist() for split, rows in parts.items()}


def drawn(rows: int, seed: int = 0) -> tuple[list[int], list[int]]:
    """Draw units of up to a few rows each, and sets of rows that are often those of the unit's other rows."""
    generator = np.random.default_rng(seed)
    units = generator.integers(0, rows // 2, rows)
    sets = np.where(generator.random(rows) < 0.7, units % 5, generator.integers(0, 5, rows))
    return units.tolist(), sets.tolist()


@pytest.mark.parametrize("seed", range(5))
def test_no_unit_is_in_two_splits_and_every_row_is_in_one(seed: int) -> None:
    units, sets = drawn(600, seed)
    parts = cut(units, sets, seed=seed)
    assert sorted(row for rows in parts.values() for row in rows) == list(range(600))
    assert list(parts) == ["train", "validation", "test"]
    assert all(rows == sorted(rows) for rows in parts.values())
    sides = [{units[row] for row in rows} for rows in parts.values()]
    assert sum(map(len, sides)) == len(set().union(*sides))


def test_labels_of_mixed_units_are_counted_row_by_row() -> None:
    units, sets = drawn(6_000)
    table = MEMBERS[sets]
    for split, rows in cut(units, sets).items():
        share = SHARES.get(split, 0.8)
        assert table[rows].sum(axis=0) == pytest.approx(share * table.sum(axis=0), abs=12)
        assert len(rows) == pytest.approx(share * 6_000, abs=12)


def test_the_numbers_of_units_and_the_order_of_sets_that_no_row_has_do_not_matter() -> None:
    units, sets = drawn(600)
    expected = cut(units, sets)
    assert cut([10_000 - 7 * unit for unit in units], sets) == expected
    assert cut(units, sets, np.concatenate([MEMBERS, [[True, True, True]]])) == expected
    assert cut(units, sets, seed=2) != expected


def test_a_pinned_row_keeps_its_unit_in_train() -> None:
    units, sets = drawn(600)
    stays = {row for row in range(600) if units[row] in {units[0], units[5]}}
    for seed in range(5):
        assert stays <= set(cut(units, sets, seed=seed, pinned=[0, 5])["train"])


def test_labels_of_a_single_text_leave_nothing_to_hold_out() -> None:
    with pytest.raises(DataError, match="nothing is left for validation and test: too many of the 3 texts") as refused:
        cut([0, 1, 2], [0, 1, 2], np.eye(3, dtype=bool))
    assert "--validation and --test" in refused.value.hint
    with pytest.raises(DataError, match="nothing is left for validation and test"):
        cut([0] * 20, [1, 2] * 10)
