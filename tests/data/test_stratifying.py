"""Each split gets its share of each label, nearer than by chance and than by the published algorithm alone."""

import numpy as np
import pytest
from numpy.typing import NDArray

from clf.data.stratifying import Kinds, Units, apportioned, kinds_of, ranges, spread, stratify
from clf.scoring.label_table import LabelTable

SHARES = (0.1, 0.1)
Sides = NDArray[np.int64]


def table_of(rows: int = 2_000, labels: int = 20, seed: int = 5) -> LabelTable:
    """Draw rows with common and rare labels of which some go together."""
    generator = np.random.default_rng(seed)
    table: LabelTable = generator.random((rows, labels)) < 0.35 * 0.8 ** np.arange(labels)
    table[:, 1] |= table[:, 0] & (generator.random(rows) < 0.5)
    return table


def kinds(table: LabelTable) -> Kinds:
    """Return a kind for each row."""
    owners, labels = np.nonzero(table)
    return kinds_of(owners, labels, np.ones(len(owners)), np.ones(len(table), dtype=np.int64), table.shape[1])


def dealt(table: LabelTable, shares: tuple[float, ...] = SHARES, seed: int = 1, pinned: tuple[int, ...] = ()) -> Sides:
    units = Units(np.arange(len(table)), np.ones(len(table), dtype=np.int64))
    return stratify(kinds(table), units, np.isin(np.arange(len(table)), pinned), shares, seed).astype(np.int64)


def at_random(table: LabelTable, seed: int) -> Sides:
    order = np.random.default_rng(seed).permutation(len(table))
    return np.where(order < 0.8 * len(table), 0, np.where(order < 0.9 * len(table), 1, 2))


def by_the_book(table: LabelTable, seed: int) -> Sides:
    """Deal rows by algorithm 1 of Sechidis, Tsoumakas and Vlahavas, which scikit-multilearn follows, row by row."""
    generator = np.random.default_rng(seed)
    shares = np.array([0.8, 0.1, 0.1])
    wanted, of_label = shares * len(table), shares[:, None] * table.sum(axis=0)
    side, left = np.full(len(table), -1), np.ones(len(table), dtype=bool)
    while left.any():
        counts = table[left].sum(axis=0)
        label = np.where(counts > 0, counts, len(table) + 1).argmin()
        rows = np.flatnonzero(left & table[:, label]) if counts.any() else np.flatnonzero(left)
        for row in generator.permutation(rows):
            most = of_label[:, label] if counts.any() else wanted
            places = np.flatnonzero(most == most.max())
            places = places[wanted[places] == wanted[places].max()]
            split = generator.choice(places)
            side[row], left[row] = split, False
            wanted[split] -= 1
            of_label[split, table[row]] -= 1
    return side


def deviation(table: LabelTable, side: Sides) -> float:
    """Return the mean difference of a label's rows in validation and test from those wanted, as a share of these."""
    wanted = 0.1 * table.sum(axis=0)
    return float(np.mean([abs(table[side == split].sum(axis=0) - wanted) / wanted for split in (1, 2)]))


# --- shares -------------------------------------------------------------------------------------------------


def test_shares_are_nearer_than_by_chance_and_than_by_the_published_algorithm() -> None:
    many_labels = np.random.default_rng(0).random((2_000, 12)) < 0.5
    for table, at_most in ((many_labels, 0.6), (table_of(), 0.4)):
        ours = np.mean([deviation(table, dealt(table, seed=seed)) for seed in range(5)])
        published = np.mean([deviation(table, by_the_book(table, seed)) for seed in range(3)])
        random = np.mean([deviation(table, at_random(table, seed)) for seed in range(5)])
        assert ours <= published + 1e-9
        assert ours < at_most * random


def test_every_label_has_its_share_to_the_row() -> None:
    table = table_of()
    side = dealt(table)
    for split, share in enumerate((0.8, 0.1, 0.1)):
        assert abs(table[side == split].sum(axis=0) - share * table.sum(axis=0)).max() <= 3
        assert abs((side == split).sum() - share * len(table)) <= 3


def test_an_example_by_hand() -> None:
    # Label 1 is the rarest: its three texts go one to each split. So validation and test have the one text of label 0
    # that each wants, a tenth of ten, and the other seven, which have label 0 alone, go to train.
    table = np.array([[True, row < 3] for row in range(10)])
    for seed in range(10):
        side = dealt(table, seed=seed)
        assert np.bincount(side[:3]).tolist() == [1, 1, 1]
        assert side[3:].tolist() == [0] * 7


@pytest.mark.parametrize("seed", range(5))
def test_a_label_of_few_texts_is_in_every_split_if_it_can_be_and_in_train_first(seed: int) -> None:
    table = np.zeros((500, 4), dtype=bool)
    table[:, 0] = np.arange(500) % 2
    table[10, 1] = table[[20, 30], 2] = table[[40, 41, 42], 3] = True
    side = dealt(table, seed=seed)
    counts = np.array([table[side == split].sum(axis=0) for split in range(3)])
    assert counts[:, 1].tolist() == [1, 0, 0]
    assert counts[0, 2] == 1
    assert counts[:, 3].tolist() == [1, 1, 1]


@pytest.mark.parametrize("seed", range(20))
def test_no_label_is_missing_from_train(seed: int) -> None:
    table = np.random.default_rng(seed).random((12, 9)) < 0.2
    side = dealt(table, (0.3, 0.3), seed)
    assert (table[side == 0].any(axis=0) == table.any(axis=0)).all()


def test_texts_without_labels_are_divided_as_the_others() -> None:
    table = np.zeros((1_000, 2), dtype=bool)
    table[:200, 0] = table[100:300, 1] = True
    assert np.bincount(dealt(table)).tolist() == [800, 100, 100]
    assert np.bincount(dealt(table)[300:]).tolist() == [560, 70, 70]


def test_a_share_of_zero_gives_nothing() -> None:
    table = table_of(300, 5)
    assert np.bincount(dealt(table, (0.2, 0.0)), minlength=3)[2] == 0


def test_pinned_units_stay_in_train() -> None:
    table = table_of(300, 5)
    for seed in range(5):
        side = dealt(table, seed=seed, pinned=tuple(range(200)))
        assert not side[:200].any()
        assert np.bincount(side).tolist() == pytest.approx([240, 30, 30], abs=4)


# --- seeds --------------------------------------------------------------------------------------------------


def test_a_seed_gives_the_same_splits_on_every_machine_and_in_every_version_of_clf() -> None:
    numbers = np.arange(400)  # by arithmetic, so that the table is the same everywhere
    table = np.stack([numbers % 2 == 0, numbers % 7 < 2, numbers * numbers % 11 == 3, numbers == 5], axis=1)
    side = dealt(table, seed=42)
    assert np.flatnonzero(side == 1).tolist() == [
        12, 15, 19, 39, 46, 53, 63, 76, 81, 94, 106, 110, 117, 144, 149, 151, 154, 178, 185, 196, 204, 208, 219, 239,
        244, 249, 259, 279, 282, 288, 310, 311, 314, 329, 342, 353, 376, 378, 379, 383,
    ]  # fmt: skip
    assert np.flatnonzero(side == 2).tolist()[:12] == [4, 8, 11, 38, 44, 45, 56, 73, 80, 93, 98, 103]
    assert (dealt(table, seed=42) == side).all()
    assert (dealt(table, seed=43) != side).any()


# --- units of several rows ----------------------------------------------------------------------------------


def test_units_count_with_all_their_rows() -> None:
    generator = np.random.default_rng(2)
    table = table_of(1_000, 6)
    units = Units(generator.permutation(1_000), generator.integers(1, 6, 1_000))
    side = stratify(kinds(table), units, np.zeros(1_000, dtype=bool), SHARES, 1)
    rows, weights = table[units.kind], units.times
    for split, share in enumerate((0.8, 0.1, 0.1)):
        found = (rows * weights[:, None])[side == split].sum(axis=0)
        assert found == pytest.approx(share * (rows * weights[:, None]).sum(axis=0), abs=6)
        assert weights[side == split].sum() == pytest.approx(share * weights.sum(), abs=12)


def test_counts_of_units_are_those_of_their_rows() -> None:
    two = kinds_of(np.array([0, 0, 1]), np.array([0, 2, 1]), np.array([1, 1, 3]), np.array([1, 4]), 3)
    units = Units(np.array([0, 1, 0]), np.array([2, 1, 1]))
    assert units.counts(two).tolist() == [3, 3, 3, 7]
    assert units.counts(two, np.array([2, 1])).tolist() == [1, 3, 1, 5]
    assert [part.tolist() for part in two.pairs(np.array([1, 0]))] == [[3, 4, 0, 1, 2], [0, 0, 1, 1, 1]]


@pytest.mark.parametrize(("rows", "groups"), [(1_000, 100), (5_000, 300)])
def test_large_groups_with_many_labels_keep_to_the_shares_of_rows_and_labels(rows: int, groups: int) -> None:
    generator = np.random.default_rng(1)
    weights = 1 / np.arange(1, groups + 1) ** 0.8
    sizes = generator.multinomial(rows, weights / weights.sum())
    counts = generator.binomial(sizes[:, None], 0.4 * generator.random((groups, 6)))
    owners, labels = np.nonzero(counts)
    mixed = kinds_of(owners, labels, counts[owners, labels], sizes, 6)
    units = Units(np.arange(groups), np.ones(groups, dtype=np.int64))
    side = stratify(mixed, units, np.zeros(groups, dtype=bool), SHARES, 1)
    for split in (1, 2):
        assert sizes[side == split].sum() == pytest.approx(0.1 * rows, rel=0.15)
        assert counts[side == split].sum(axis=0) == pytest.approx(0.1 * counts.sum(axis=0), rel=0.25)


# --- parts --------------------------------------------------------------------------------------------------


def test_ranges_are_spelled_out() -> None:
    assert [part.tolist() for part in ranges(np.array([5, 0, 9]), np.array([2, 0, 1]))] == [[5, 6, 9], [0, 0, 2]]


@pytest.mark.parametrize(
    ("number", "wants", "of_all", "sizes"),
    [
        (10, [8, 1, 1], [0, 0, 0], [8, 1, 1]),
        (10, [7.5, 1.5, 1], [0, 0, 0], [8, 1, 1]),
        (10, [7.5, 1.5, 1], [0, 2, 1], [7, 2, 1]),
        (3, [-5, 3, 0], [0, 0, 0], [0, 3, 0]),
        (4, [0, 0], [1, 2], [4, 0]),
        (0, [1, 2], [0, 0], [0, 0]),
    ],
)
def test_a_number_is_divided_in_proportion(
    number: int, wants: list[float], of_all: list[float], sizes: list[int]
) -> None:
    assert apportioned(number, wants, of_all) == sizes


def test_parts_are_spread_evenly() -> None:
    found = spread([80, 10, 0, 10], np.random.default_rng(1))
    assert np.bincount(found).tolist() == [80, 10, 0, 10]
    for start in range(0, 100, 20):
        assert np.bincount(found[start : start + 20], minlength=4) == pytest.approx([16, 2, 0, 2], abs=1)
