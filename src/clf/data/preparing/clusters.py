"""Find the rows that must stay in one split: identical texts, near duplicates, and the user's groups."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clf.data.preparing.near_duplicates import cluster, connect
from clf.data.preparing.rows import Ints, Rows, TextStore
from clf.data.preparing.sets import numbered
from clf.data.reading.batch import SHOWN
from clf.outcomes.preparation import LargeCluster

# A cluster of near duplicates larger than this share of a held-out split would dominate it, so it stays in train. One
# larger than this share of all rows to be split comes from a template, such as a form letter, and is divided.
LARGEST_CLUSTER = 0.05
ALWAYS_FREE = 3  # clusters of up to this many rows may always be held out

log = logging.getLogger(__name__)
Clusters = Ints


def find_clusters(rows: Rows, store: TextStore) -> Clusters:
    """Return the cluster of near duplicates that each row of all splits belongs to, shape (rows,)."""
    first, text_of = numbered(rows.key)
    numbers, lengths = rows.number[first], rows.length[first]
    del first
    found = cluster(
        lengths,
        lambda band: store.band(band)[numbers],
        lambda chosen: store.signatures(numbers[chosen]),
        lambda chosen: store.text(int(numbers[chosen])),
    )
    return found[text_of]


@dataclass(frozen=True)
class Units:
    """The rows that must stay in one split: those with the same `number`, shape (rows,).

    `pinned` rows stay in train, and `kept` describes their clusters. `cut` describes the clusters that may be divided,
    where only identical texts stay together.
    """

    number: Clusters
    pinned: NDArray[np.bool_]
    kept: list[LargeCluster]
    cut: list[LargeCluster]


def find_units(rows: Rows, clusters: Clusters, store: TextStore, shares: Mapping[str, float]) -> Units:
    """Find the rows that must stay in one split: identical texts, near duplicates, and the rows of a group."""
    first, text_of = numbered(rows.key)
    _, cluster_of = numbered(clusters)
    sizes = np.bincount(cluster_of)
    several = np.bincount(cluster_of[first], minlength=len(sizes)) > 1
    held_out = min((share for share in shares.values() if share), default=1.0)
    large = several & (sizes > max(ALWAYS_FREE, LARGEST_CLUSTER * len(rows)))
    crowded = several & ~large & (sizes > max(ALWAYS_FREE, LARGEST_CLUSTER * held_out * len(rows)))
    wide = np.int32 if 2 * len(rows) < np.iinfo(np.int32).max else np.int64
    units = np.where(large[cluster_of], text_of, cluster_of + wide(len(rows)))
    described = [_describe(rows.take(cluster_of == number), store) for number in np.flatnonzero(large).tolist()]
    for each in described:
        log.warning(
            "%d of %d rows are near duplicates of one another (line %d: %r …): too many to keep in one split",
            each.rows,
            len(rows),
            each.line,
            each.text[:60],
        )
    return Units(
        _join_groups(units, rows.group),
        crowded[cluster_of],
        [_describe(rows.take(cluster_of == number), store) for number in np.flatnonzero(crowded)[:SHOWN].tolist()],
        described,
    )


def _describe(members: Rows, store: TextStore) -> LargeCluster:
    text = store.text(int(members.number[0]))[:200]
    return LargeCluster(rows=len(members), line=int(members.line[0]), text=text)


def _join_groups(units: Clusters, groups: NDArray[np.uint64]) -> Clusters:
    """Merge the units that share a group."""
    if not groups.any():
        return units
    _, first, group_of = np.unique(groups, return_index=True, return_inverse=True)
    _, dense = np.unique(units, return_inverse=True)
    grouped = np.flatnonzero(groups)
    return connect(dense, np.stack([first[group_of[grouped]], grouped], axis=1))
