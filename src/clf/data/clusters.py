"""Which rows belong together: equal texts, near duplicates, groups that the user names."""

import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clf.data.delivery import Rows, TextStore
from clf.data.near import cluster, connect

# A cluster of near duplicates larger than this share of the split it stands in is cut: it is a way of writing, such
# as a form letter, and would fill a held-out split or leave its class without one.
LARGEST_CLUSTER = 0.05
ALWAYS_WHOLE = 3

log = logging.getLogger(__name__)
Clusters = NDArray[np.int64]


def find_clusters(rows: Rows, store: TextStore) -> Clusters:
    """Find the clusters of near duplicates, over all splits, shape (rows,)."""
    _, first, text_of = np.unique(rows.key, return_index=True, return_inverse=True)
    numbers = rows.number[first]
    found = cluster(
        rows.length[first],
        lambda band: store.band(band)[numbers],
        lambda chosen: store.signatures(numbers[chosen]),
        lambda chosen: store.text(int(numbers[chosen])),
    )
    return found[text_of]


def find_units(rows: Rows, clusters: Clusters, store: TextStore) -> tuple[Clusters, list[dict[str, Any]]]:
    """Find what must stay on one side: equal texts, clusters of near duplicates that are not too large, groups.

    Returns a number per row, equal for rows of one unit, and the clusters that are too large, which only keep equal
    texts together.
    """
    _, text_of = np.unique(rows.key, return_inverse=True)
    _, cluster_of, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    texts = np.zeros(len(sizes), dtype=np.int64)
    np.add.at(texts, cluster_of[np.unique(text_of, return_index=True)[1]], 1)
    large = (sizes > max(ALWAYS_WHOLE, LARGEST_CLUSTER * len(rows))) & (texts > 1)
    units = np.where(large[cluster_of], text_of, len(rows) + cluster_of)
    cut = []
    for number in np.flatnonzero(large).tolist():
        members = rows.take(cluster_of == number)
        example = store.text(int(members.number[0]))[:200]
        cut.append({"rows": len(members), "line": int(members.line[0]), "text": example})
        log.warning(
            "%d of %d rows are near duplicates of one another (line %d: %r …): too many to keep on one side",
            len(members),
            len(rows),
            members.line[0],
            example[:60],
        )
    if not rows.group.any():
        return units, cut
    _, first, group_of = np.unique(rows.group, return_index=True, return_inverse=True)
    _, dense = np.unique(units, return_inverse=True)
    grouped = np.flatnonzero(rows.group)
    return connect(dense, np.stack([first[group_of[grouped]], grouped], axis=1)), cut
