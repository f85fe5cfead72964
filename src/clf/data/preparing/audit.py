"""The audit of a dataset: counts, class balance, lengths, duplicates, contradictory labels, leaks between splits."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clf.data.label_sets import LabelSets, rows_of_labels
from clf.data.preparing.clusters import Clusters
from clf.data.preparing.rows import Bools, Ints, Rows
from clf.data.preparing.sets import among, repeated
from clf.data.reading.columns import Columns
from clf.outcomes.preparation import Audit, ColumnUse, Conflict, Leaks, Lengths, TokenQuantiles

if TYPE_CHECKING:
    from clf.data.preparing.ingest import Delivered

LENGTHS = (64, 128, 256, 512)
CONFLICTS_LISTED = 100
EDGES = (0, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
PAIRS = (("test", "train"), ("validation", "train"), ("test", "validation"))

Keys = NDArray[np.integer[Any]]


def audit(given: "Delivered", clusters: Clusters | None, names: list[str], sets: LabelSets | None = None) -> Audit:
    """Audit the original splits, once on the raw texts and once on the cleaned texts (reported under separate keys)."""
    raw = audit_texts(*_by_split(given, given.store.raw_keys(given.rows.number)))
    cleaned = audit_texts(*_by_split(given, given.rows.key))
    dropped: Counter[str] = Counter()
    for tally in given.tallies.values():
        dropped.update(tally.dropped)
    found = Audit(
        rows_read={split: tally.read for split, tally in given.tallies.items()},
        labels=names,
        duplicates=raw.duplicates,
        leaks=raw.leaks,
        conflicting=raw.conflicting,
        duplicates_after_cleaning=cleaned.duplicates,
        leaks_after_cleaning=cleaned.leaks,
        conflicting_after_cleaning=cleaned.conflicting,
        dropped=dict(dropped),
        dropped_lines={split: tally.first_dropped for split, tally in given.tallies.items() if tally.first_dropped},
        changed_by_cleaning=given.changed,
        odd_characters=given.odd,
        suspicious_columns=given.others.suspicious(),
        groups_in_two_splits=_groups_in_two(given.rows),
        truncated=None,
    )
    found = _with_columns(found, next(iter(given.tallies.values())).columns)
    name_of = names.__getitem__ if sets is None else sets.shown
    return found if clusters is None else _with_near(found, given, clusters, name_of)


def _with_columns(found: Audit, columns: Columns | None) -> Audit:
    """Add what each column of the first file is used for."""
    if columns is None:
        return found
    return found.model_copy(
        update={
            "text_columns": columns.text,
            "label_column": columns.label,
            "ignored_columns": {column.name: column.reason for column in columns.roles if column.role == "ignored"},
            "columns": [ColumnUse(**asdict(column)) for column in columns.roles],
        }
    )


def _by_split(given: "Delivered", keys: Keys) -> tuple[dict[str, Keys], dict[str, Ints]]:
    """Return the keys and the labels of the rows of each split; those of a single split are not copied."""
    places = _places(given)
    return (
        {split: keys[place] for split, place in places.items()},
        {split: given.rows.label[place] for split, place in places.items()},
    )


def _places(given: "Delivered") -> Mapping[str, slice | Bools]:
    """Return what selects the rows of each split from an array."""
    if len(given.splits) == 1:
        return {given.splits[0]: slice(None)}
    return {split: given.rows.split == number for number, split in enumerate(given.splits)}


def _with_near(found: Audit, given: "Delivered", clusters: Clusters, name_of: Callable[[int], str]) -> Audit:
    rows = given.rows
    places = _places(given)
    mixed = conflicting(clusters, rows.label)
    exact = np.unique(clusters[among(rows.key, conflicting(rows.key, rows.label))])
    near = audit_near(
        {split: rows.key[place] for split, place in places.items()},
        {split: clusters[place] for split, place in places.items()},
    )
    conflicts = [_conflict(given, np.flatnonzero(clusters == number), name_of) for number in mixed[:CONFLICTS_LISTED]]
    return found.model_copy(
        update={
            "near_duplicates": near.duplicates,
            "near_leaks": near.leaks,
            "near_conflicting": len(mixed) - len(np.intersect1d(mixed, exact)),
            "conflicts": conflicts,
        }
    )


def _conflict(given: "Delivered", members: NDArray[np.int64], name_of: Callable[[int], str]) -> list[Conflict]:
    """Describe one cluster of similar texts with different labels by the first three rows of each label."""
    rows = given.rows.take(members)
    first = [row for label in np.unique(rows.label) for row in np.flatnonzero(rows.label == label)[:3].tolist()]
    return [
        Conflict(
            split=given.splits[rows.split[row]],
            line=int(rows.line[row]),
            label=name_of(int(rows.label[row])),
            text=given.store.text(int(rows.number[row]))[:200],
        )
        for row in sorted(first)
    ]


def _groups_in_two(rows: Rows) -> int | None:
    """Count the groups with rows in more than one of the original splits; return None if there are no groups."""
    grouped = rows.take(np.flatnonzero(rows.group) if rows.group.strides != (0,) else np.zeros(0, dtype=np.int64))
    return len(conflicting(grouped.group, grouped.split.astype(np.int64))) if len(grouped) else None


def count_leaks(splits: Mapping[str, Rows], clusters: Mapping[str, Clusters]) -> Leaks:
    """Count the texts that are in two of the final splits, as exact or as near duplicates."""
    keys = {split: rows.key for split, rows in splits.items()}
    exact = _leaks({split: np.unique(rows) for split, rows in keys.items()})
    return Leaks(exact=exact, near=audit_near(keys, clusters).leaks)


@dataclass(frozen=True)
class Repeats:
    """Counts of duplicate texts: within a split, in two splits (`a_in_b`), and with more than one label."""

    duplicates: dict[str, int]
    leaks: dict[str, int]
    conflicting: int = 0


def audit_texts(keys: Mapping[str, Keys], labels: Mapping[str, Ints]) -> Repeats:
    """Count duplicates within splits, texts that are in two splits, and texts with more than one label.

    Texts with the same key in `keys` are identical. `duplicates[split]` is the number of rows that duplicate an earlier
    row of the split; `leaks["a_in_b"]` is the number of distinct texts of `a` that are also in `b`.
    """
    distinct = {split: np.unique(rows) for split, rows in keys.items()}
    duplicates = {split: len(rows) - len(distinct[split]) for split, rows in keys.items()}
    leaks = _leaks(distinct)
    del distinct
    every = [np.concatenate(parts) if len(parts) > 1 else parts[0]
             for parts in (list(keys.values()), list(labels.values()))]  # fmt: skip
    return Repeats(duplicates=duplicates, leaks=leaks, conflicting=len(conflicting(*every)))


def _leaks(distinct: Mapping[str, Keys]) -> dict[str, int]:
    """Count the texts that are in two splits; the keys of each split are sorted and distinct."""
    return {
        f"{a}_in_{b}": int(among(distinct[a], distinct[b]).sum()) for a, b in PAIRS if a in distinct and b in distinct
    }


def audit_near(keys: Mapping[str, Keys], clusters: Mapping[str, Ints]) -> Repeats:
    """Count near duplicates that are not exact ones: `keys` identify identical texts, `clusters` similar texts.

    `duplicates[split]` is the number of distinct texts of a split that share a cluster with an earlier text of the
    split; `leaks["a_in_b"]` is the number of distinct texts of `a` that are not in `b` but share a cluster with a text
    of `b`.
    """
    texts = {split: np.unique(rows) for split, rows in keys.items()}
    similar = {split: np.unique(rows) for split, rows in clusters.items()}
    return Repeats(
        duplicates={split: len(rows) - len(similar[split]) for split, rows in texts.items()},
        leaks={
            f"{a}_in_{b}": _similar_only(keys[a], clusters[a], texts[b], similar[b])
            for a, b in PAIRS
            if a in keys and b in keys
        },
    )


def _similar_only(keys: Keys, clusters: Ints, texts: Keys, similar: Ints) -> int:
    """Count the distinct texts that are similar to a text of another split and not identical to one."""
    found = among(clusters, similar) & ~among(keys, texts)
    return len(np.unique(keys[found]))


def conflicting(keys: Keys, labels: Ints) -> Keys:
    """Return the keys (of texts or of clusters) that have more than one label."""
    twice = among(keys, repeated(keys))
    keys, labels = keys[twice], labels[twice]
    order = np.lexsort((labels, keys))
    keys, labels = keys[order], labels[order]
    changes = (keys[1:] == keys[:-1]) & (labels[1:] != labels[:-1])
    return np.unique(keys[1:][changes])


def count_classes(
    labels: Mapping[str, Ints], names: list[str], sets: LabelSets | None = None
) -> dict[str, dict[str, int]]:
    """Count the rows of each class in each split, including classes with no rows; with `sets`, of each label."""
    counts = {split: rows_of_labels(ids, len(names), sets) for split, ids in labels.items()}
    return {split: dict(zip(names, row.tolist(), strict=True)) for split, row in counts.items()}


def audit_lengths(model: str, lengths: NDArray[np.int64], max_length: int) -> Lengths:
    """Summarise `lengths`, the number of tokens of each text for `model` with special tokens, shape (texts,).

    Returns, for each of LENGTHS and `max_length`, the share of texts that are longer and the share of tokens that
    truncation would remove; a histogram; and the median, the 95th percentile and the maximum.
    """
    limits = sorted({*LENGTHS, max_length})
    return Lengths(
        model=model,
        measured_texts=len(lengths),
        share_longer_than={str(limit): _share((lengths > limit).mean()) for limit in limits},
        share_of_tokens_cut_at={
            str(limit): _share(np.maximum(lengths - limit, 0).sum() / lengths.sum()) for limit in limits
        },
        histogram=_histogram(lengths),
        tokens=TokenQuantiles(
            median=int(np.median(lengths)), p95=int(np.quantile(lengths, 0.95)), max=int(lengths.max())
        ),
    )


def _histogram(lengths: NDArray[np.int64]) -> dict[str, int]:
    """Count texts by number of tokens: `"33-64"` counts the texts with 33 to 64 tokens."""
    counts = np.bincount(np.searchsorted(EDGES[1:], lengths), minlength=len(EDGES)).tolist()
    names = [f"{low + 1}-{high}" for low, high in pairwise(EDGES)] + [f"over {EDGES[-1]}"]
    return {name: count for name, count in zip(names, counts, strict=True) if count}


def _share(value: Any) -> float:
    return round(float(value), 4)
