"""Rows with sets of labels are split with related rows together, and every label in each split if it can be."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from clf.data.prepared import PreparedDataset
from clf.data.preparing.clusters import Units
from clf.data.preparing.dataset import prepare_into
from clf.data.preparing.splitting_sets import cut_sets
from clf.data.sources.source import Source
from clf.errors import DataError
from clf.scoring.label_table import LabelTable
from clf.settings import CleaningSettings, DataSettings
from support.prepared import Table, letters, sides, split_of

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


# --- whole datasets -----------------------------------------------------------------------------------------


def prepared(folder: Path, rows: Table, **given: object) -> PreparedDataset:
    folder.mkdir(exist_ok=True)
    source = Source("d", "here", {"train": split_of(rows, ("text", "labels", "who"))})
    data = DataSettings.model_validate({"multi_label": True, **given})
    return prepare_into(folder, source, data, CleaningSettings(), 1, subset=True)


def with_near_duplicates(texts: int = 120) -> list[tuple[str, list[str], str]]:
    """Give texts with up to two near duplicates each, some of which have other labels, in groups of five texts."""
    names = ["a", "b", "c", "d"]
    labels = np.random.default_rng(7).random((texts, 4)) < (0.5, 0.3, 0.2, 0.1)
    rows = []
    for number in range(texts):
        of_text = [name for name, has in zip(names, labels[number], strict=True) if has]
        for copy in range(1 + number % 3):
            rows.append((f"{letters(number)} {'x' * copy}", of_text[copy:], f"g{number // 5}"))
    return rows


def test_near_duplicates_and_groups_stay_together(own_folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = with_near_duplicates()
    alone = prepared(own_folder / "alone", rows)
    after = alone.audit.leaks_after_split
    assert after is not None
    assert not any([*after.exact.values(), *after.near.values()])
    assert "of which there are too few" not in caplog.text
    grouped = prepared(own_folder / "grouped", rows, group_column="who")
    of_text = sides(own_folder / "grouped")
    splits: dict[str, set[str]] = {}
    for text, _, group in rows:
        splits.setdefault(group, set()).add(of_text[text])
    assert all(len(of_group) == 1 for of_group in splits.values())
    for found, most in ((alone, 0.03), (grouped, 0.08)):
        total = sum(found.audit.rows.values())
        for name in found.labels:
            counts = {split: found.audit.classes[split][name] for split in found.splits}
            assert counts["test"] / sum(counts.values()) == pytest.approx(0.1, abs=most)
        assert found.audit.rows["test"] / total == pytest.approx(0.1, abs=most)


def test_contradictory_near_duplicates_and_subsets_of_sets(own_folder: Path) -> None:
    found = prepared(own_folder / "d", with_near_duplicates(), max_train_samples=50)
    assert found.audit.near_conflicting > 10
    assert {row.label for conflict in found.audit.conflicts for row in conflict} >= {"(no label)", "a", "a | b"}
    assert found.audit.rows["train"] == 50
    assert found.audit.sets_of_labels is not None
    assert sum(found.audit.sets_of_labels.labels_per_text["train"].values()) == 50
    assert all(found.audit.classes["train"].values())


def test_a_label_of_one_text_is_learned_and_warned_of(own_folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = [*with_near_duplicates(), (letters(1_000), ["single"], "g")]
    found = prepared(own_folder / "d", rows)
    assert [found.audit.classes[split]["single"] for split in found.splits] == [1, 0, 0]
    assert "test has no texts with the labels 'single', of which there are too few" in caplog.text
