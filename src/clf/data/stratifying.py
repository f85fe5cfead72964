"""Iterative stratification: each split gets its share of every label where texts may have several.

After Sechidis, Tsoumakas and Vlahavas, "On the Stratification of Multi-Label Data" (ECML PKDD 2011): the label with the
fewest texts left is dealt first, to the split that wants most of it, because a label with many texts can be put right
later. Beyond the paper, what is dealt are units of one or more rows that must stay together, and those of several rows
go where all their labels and rows are wanted most; a label is never without a text in train, and has one in each other
split if it can; and of many equal units with a label, all are dealt at once, evenly along their sets of labels, so that
a million rows take seconds. Sums are of whole numbers or are exact, so that a seed gives the same splits on every
machine.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.integer[Any]]
Generator = np.random.Generator

FEW = 50
"""Up to so many units of the same size are dealt one by one, with a look at their other labels."""
TINY = 1e-9
"""Stands for the rows wanted by a split that gets nothing, where they are divided by."""


@dataclass(frozen=True)
class Kinds:
    """Kinds of units by their labels: kind `k` has `labels[starts[k]:starts[k + 1]]`, each in so many `rows`.

    The last label of each kind is `every`, which stands for all its rows, with or without labels.
    """

    starts: NDArray[np.int64]
    labels: Ints
    rows: Ints
    every: int

    def pairs(self, kinds: Ints) -> tuple[Ints, Ints]:
        """Return the places of the labels of some kinds, and for each place the number of its kind in `kinds`."""
        return ranges(self.starts[kinds], self.starts[kinds + 1] - self.starts[kinds])

    @cached_property
    def by_label(self) -> tuple[Ints, Ints]:
        """The places of `labels` ordered by label, and where each label begins in that order."""
        order = np.argsort(self.labels, kind="stable")
        return order, np.append(0, np.cumsum(np.bincount(self.labels, minlength=self.every + 1)))


@dataclass(frozen=True)
class Units:
    """What is dealt as a whole: the kind of each unit, and how many times the rows of its kind it has."""

    kind: Ints
    times: Ints

    def counts(self, kinds: Kinds, chosen: Ints | slice = slice(None)) -> NDArray[np.int64]:
        """Return how many rows of the chosen units have each label, the last for all rows."""
        some, number = np.unique(self.kind[chosen], return_inverse=True)
        times = np.bincount(number, weights=self.times[chosen], minlength=len(some))
        places, of_kind = kinds.pairs(some)
        weights = kinds.rows[places] * times[of_kind]
        return np.bincount(kinds.labels[places], weights=weights, minlength=kinds.every + 1).astype(np.int64)


def kinds_of(owners: Ints, labels: Ints, rows: Ints, sizes: Ints, width: int) -> Kinds:
    """Return kinds, given the kind, label and rows of each of their labels, ordered by kind, and the size of each kind.

    `width` is the number of labels.
    """
    ends = np.cumsum(np.bincount(owners, minlength=len(sizes)) + 1)
    is_every = np.zeros(len(labels) + len(sizes), dtype=bool)
    is_every[ends - 1] = True
    every_label = np.full(len(is_every), width, dtype=np.min_scalar_type(width))  # narrow: sorted sooner
    every_label[~is_every] = labels
    every_rows = np.empty(len(is_every), dtype=np.int32)
    every_rows[is_every], every_rows[~is_every] = sizes, rows
    return Kinds(np.append(0, ends), every_label, every_rows, width)


def stratify(
    kinds: Kinds, units: Units, pinned: NDArray[np.bool_], shares: Sequence[float], seed: int, *, least: int = 1
) -> Ints:
    """Deal units: return the split of each, 0 for train and from 1 on for the `shares` of all rows.

    `pinned` units stay in train. Splits other than train get at least `least` rows with each label if there are enough.
    """
    dealer = _Dealer(kinds, units, shares, np.random.default_rng(seed), least)
    dealer.place(np.flatnonzero(pinned), 0)
    dealer.order(np.flatnonzero(~pinned))
    left = dealer.total - dealer.given.sum(axis=0)
    while left.any():
        dealer.deal(int(np.argmin(np.where(left > 0, left, left.max() + 1))))
        left = dealer.total - dealer.given.sum(axis=0)
    dealer.complete_train()
    return dealer.side


class _Dealer:
    """Deals units, and keeps count of the rows with each label that each split has and wants."""

    def __init__(self, kinds: Kinds, units: Units, shares: Sequence[float], generator: Generator, least: int) -> None:
        self.kinds, self.units, self.generator = kinds, units, generator
        self.side = np.zeros(len(units.kind), dtype=np.int8)
        self.total = units.counts(kinds)
        held_out = [np.maximum(least, share * self.total) if share else 0.0 * self.total for share in shares]
        train = self.total.astype(float)
        for wanted in held_out:
            train = train - wanted
        self.wanted = np.stack([np.maximum(1, train), *held_out])
        self.given = np.zeros(self.wanted.shape, dtype=np.int64)
        self.open = [0, *(number for number, share in enumerate(shares, 1) if share)]
        self.dealt = np.zeros(len(kinds.starts) - 1, dtype=bool)

    def order(self, free: Ints) -> None:
        """Order the units to be dealt by kind, at random within a kind."""
        shuffled = self.generator.permutation(free)
        self.ordered = shuffled[np.argsort(self.units.kind[shuffled], kind="stable")]
        self.starts = np.append(0, np.cumsum(np.bincount(self.units.kind[free], minlength=len(self.dealt))))

    def place(self, units: Ints, split: int) -> None:
        """Put units into a split."""
        self.side[units] = split
        self.given[split] += self.units.counts(self.kinds, units)

    def deal(self, label: int) -> None:
        """Deal all units that are left of one label, the largest first."""
        units, weights = self._left_of(label)
        sizes = self.kinds.rows[self.kinds.starts[self.units.kind[units] + 1] - 1] * self.units.times[units]
        order = np.lexsort((-weights, -sizes))
        units, weights, sizes = units[order], weights[order], sizes[order]
        for group in np.split(units, np.flatnonzero((np.diff(sizes) != 0) | (np.diff(weights) != 0)) + 1):
            if len(group) <= FEW:
                for unit in self.generator.permutation(group).tolist():
                    self._deal_one(unit, label)
            else:
                self._deal_many(group, label)

    def _left_of(self, label: int) -> tuple[Ints, Ints]:
        """Return the units of a label that are not dealt, in the order of their kinds, and the rows that have it."""
        order, begins = self.kinds.by_label
        places = order[begins[label] : begins[label + 1]]
        kinds = np.searchsorted(self.kinds.starts, places, side="right") - 1
        places, kinds = places[~self.dealt[kinds]], kinds[~self.dealt[kinds]]
        self.dealt[kinds] = True
        found, of_kind = ranges(self.starts[kinds], self.starts[kinds + 1] - self.starts[kinds])
        units = self.ordered[found]
        return units, self.kinds.rows[places][of_kind] * self.units.times[units]

    def _deal_one(self, unit: int, label: int) -> None:
        """Give one row to the split that wants most of the label, and if several do, to the one that wants its others.

        Several rows go where the squares of what is wanted, as shares of it, become least over all labels.
        """
        kind = int(self.units.kind[unit])
        own = slice(int(self.kinds.starts[kind]), int(self.kinds.starts[kind + 1]))
        labels, rows = self.kinds.labels[own], self.kinds.rows[own] * self.units.times[unit]
        wants = self.wanted[:, labels] - self.given[:, labels]
        place = np.flatnonzero(labels == label)[: int(rows[-1] == 1)]
        gains = rows * (2 * wants - rows) / np.maximum(self.wanted[:, labels], TINY)
        best = {split: (*wants[split, place].tolist(), math.fsum(gains[split].tolist()), split) for split in self.open}
        split = max(self.open, key=best.__getitem__)
        self.side[unit] = split
        self.given[split, labels] += rows

    def _deal_many(self, units: Ints, label: int) -> None:
        """Give each split its part of units with the same number of rows of the label, evenly along their order."""
        wants = (self.wanted[:, label] - self.given[:, label]).tolist()
        of_all = (self.wanted[:, -1] - self.given[:, -1]).tolist()
        sizes = apportioned(len(units), [wants[split] for split in self.open], [of_all[split] for split in self.open])
        sides = spread(sizes, self.generator)
        for number, split in enumerate(self.open):
            self.place(units[sides == number], split)

    def complete_train(self) -> None:
        """Move a unit to train for each label that train would lack, the rarest first."""
        order, begins = self.kinds.by_label
        for label in np.argsort(self.total, kind="stable").tolist():
            if self.given[0, label] or not self.total[label]:
                continue
            kinds = np.searchsorted(self.kinds.starts, order[begins[label] : begins[label + 1]], side="right") - 1
            unit = self.ordered[ranges(self.starts[kinds], self.starts[kinds + 1] - self.starts[kinds])[0]][:1]
            self.given[int(self.side[unit[0]])] -= self.units.counts(self.kinds, unit)
            self.place(unit, 0)


def ranges(starts: Ints, sizes: Ints) -> tuple[Ints, Ints]:
    """Return all places of ranges with these starts and sizes, and for each place the number of its range."""
    of_range = np.repeat(np.arange(len(sizes)), sizes)
    return np.arange(len(of_range)) + (starts - (np.cumsum(sizes) - sizes))[of_range], of_range


def apportioned(number: int, wants: Sequence[float], of_all: Sequence[float]) -> list[int]:
    """Divide a number in proportion to what is wanted; what is left goes to the largest remainders, then `of_all`."""
    positive = [max(0.0, want) for want in wants]
    total = math.fsum(positive)
    exact = [number * want / total for want in positive] if total else [float(number), *[0.0] * (len(wants) - 1)]
    sizes = [math.floor(part) for part in exact]
    by_remainder = sorted(range(len(wants)), key=lambda place: (sizes[place] - exact[place], -of_all[place], place))
    for place in by_remainder[: number - sum(sizes)]:
        sizes[place] += 1
    return sizes


def spread(sizes: Sequence[int], generator: Generator) -> Ints:
    """Return numbers of parts, as many of each as its size says, evenly spread from a random start each."""
    places = [(np.arange(size) + generator.random()) / max(1, size) for size in sizes]
    return np.repeat(np.arange(len(sizes)), sizes)[np.argsort(np.concatenate(places), kind="stable")]
