"""Choose the rows of each split: existing splits, splits made from train, leaks removed, subsets."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from clf.data.label_sets import LabelSets, rows_of_labels
from clf.data.preparing.clusters import Clusters, find_units
from clf.data.preparing.labels import check_labels, check_sets
from clf.data.preparing.rows import Ints, Rows
from clf.data.preparing.splitting import cut
from clf.data.preparing.splitting_sets import cut_sets
from clf.data.reading.batch import SPLITS
from clf.data.sampling import stratified_subset
from clf.errors import DataError
from clf.outcomes.preparation import Audit, LargeCluster
from clf.settings import DEFAULT_DATASET, DataSettings

if TYPE_CHECKING:
    from clf.data.preparing.ingest import Delivered

OFF = 0.25  # share of its requested size by which a split may differ without a warning

log = logging.getLogger(__name__)
Splits = dict[str, Rows]
RowNumbers = Ints


@dataclass(frozen=True)
class Chosen:
    """The rows of each split, and the clusters that were divided or kept in train; None if no split was made."""

    rows: dict[str, RowNumbers]
    clusters_cut: list[LargeCluster] | None = None
    clusters_in_train: list[LargeCluster] | None = None
    leaked: int = 0
    """Number of training rows dropped because validation or test contains the same or a similar text."""

    def told(self, found: Audit) -> Audit:
        """Return the audit with the divided and pinned clusters and the dropped rows added."""
        cut = {"clusters_cut": self.clusters_cut, "clusters_in_train": self.clusters_in_train}
        found = found.model_copy(update={name: clusters for name, clusters in cut.items() if clusters is not None})
        if not self.leaked:
            return found
        return found.model_copy(update={"dropped": {**found.dropped, "stands in validation or test too": self.leaked}})


def choose_splits(
    given: "Delivered",
    clusters: Clusters,
    names: list[str],
    data: DataSettings,
    seed: int,
    sets: LabelSets | None = None,
) -> Chosen:
    """Keep the splits of the dataset and make the missing ones from train.

    Raises DataError if there is no train split or it cannot be split.
    """
    spec = data.dataset or DEFAULT_DATASET
    if "train" not in given.splits:
        raise DataError(
            f"{spec} has no train split, only {', '.join(given.splits)}",
            "measure a model on it with clf evaluate, or pass the training data with --dataset and a file of this with"
            " --test",
        )
    chosen = rows_of_splits(given)
    before = len(chosen["train"])
    if data.drop_leaks and len(chosen) > 1:
        chosen["train"] = _without_leaks(chosen, clusters)
    leaked = before - len(chosen["train"])
    cut_off = _cut_off(given, chosen["train"], clusters, names, data, seed, sets)
    chosen |= cut_off.rows
    chosen = {split: chosen[split] for split in SPLITS if split in chosen and len(chosen[split])}
    check_split_labels(given.rows, chosen, names, spec, sets)
    return replace(cut_off, rows=chosen, leaked=leaked)


def _cut_off(
    given: "Delivered",
    train: RowNumbers,
    clusters: Clusters,
    names: list[str],
    data: DataSettings,
    seed: int,
    sets: LabelSets | None,
) -> Chosen:
    """Split the missing validation and test off train."""
    shares = {}
    if "validation" not in given.splits:
        shares["validation"] = data.validation_size
    if given.splits == ["train"]:
        shares["test"] = data.test_size
    if not shares:
        return Chosen({})
    whole = len(train) == len(given.rows)
    rows = given.rows if whole else given.rows.take(train)
    units = find_units(rows, clusters if whole else clusters[train], given.store, shares)
    if sets is None:
        parts = cut(units, rows.key, rows.label, names, shares, seed)
    else:
        parts = cut_sets(units, rows.label, sets.members, shares, seed)
    _say_cut(parts, rows, shares, len(names), data, seed)
    _say_lacking({split: rows.label[parts[split]] for split in shares}, rows.label, shares, names, sets)
    return Chosen({split: train[part] for split, part in parts.items()}, units.cut, units.kept)


def _say_cut(
    parts: dict[str, RowNumbers], rows: Rows, shares: dict[str, float], labels: int, data: DataSettings, seed: int
) -> None:
    sizes = ", ".join(f"{split} {len(part)}" for split, part in parts.items())
    together = "groups and near duplicates" if data.group_column else "near duplicates"
    log.info("split train into %s (stratified, seed %d, %s kept together)", sizes, seed, together)
    for split, share in shares.items():
        found, wanted = len(parts[split]), share * len(rows)
        if abs(found - wanted) > max(OFF * wanted, labels):
            log.warning("%s has %d rows instead of %.0f: too many rows must stay together", split, found, wanted)


def _say_lacking(
    parts: dict[str, Ints], whole: Ints, shares: dict[str, float], names: list[str], sets: LabelSets | None
) -> None:
    """Warn of the classes or labels that a split should have and lacks; `parts` and `whole` hold the ids of rows."""
    total = rows_of_labels(whole, len(names), sets)
    for split, part in parts.items():
        none = rows_of_labels(part, len(names), sets) == 0
        lacking = [repr(names[label]) for label in np.flatnonzero((total > 0) & none)]
        shown = ", ".join(lacking[:10])
        if shares[split] and lacking and sets is None:
            log.warning("%s has no texts of %s: too many of these texts must stay together", split, shown)
        elif shares[split] and lacking:
            log.warning(
                "%s has no texts with the labels %s, of which there are too few or too many must stay together: nothing"
                " can be measured of these labels there",
                split, shown,
            )  # fmt: skip


def _without_leaks(chosen: dict[str, RowNumbers], clusters: Clusters) -> RowNumbers:
    """Drop the training rows that have an exact or near duplicate in another split of the dataset."""
    held_out = np.concatenate([rows for split, rows in chosen.items() if split != "train"])
    leaked = np.isin(clusters[chosen["train"]], clusters[held_out])
    log.info("dropped %d training texts that have an exact or near duplicate in validation or test", int(leaked.sum()))
    if leaked.all():
        raise DataError(
            "every training text has an exact or near duplicate in validation or test",
            "pass another file with --test",
        )
    return chosen["train"][~leaked]


def sample_splits(
    chosen: dict[str, RowNumbers], labels: Ints, data: DataSettings, seed: int, sets: LabelSets | None = None
) -> dict[str, RowNumbers]:
    """Reduce each split to the requested number of rows, stratified by class or label."""
    most = dict.fromkeys(chosen, data.max_eval_samples) | {"train": data.max_train_samples}

    def subset(rows: RowNumbers, wanted: int) -> RowNumbers:
        found = labels[rows] if sets is None else sets.table(labels[rows])
        return rows[stratified_subset(found, wanted, seed)]

    return {split: subset(rows, wanted) if (wanted := most[split]) else rows for split, rows in chosen.items()}


def take_split(given: "Delivered", data: DataSettings) -> dict[str, RowNumbers]:
    """Return the rows of the requested split, or all rows if the dataset has only a train split."""
    wanted = data.split
    if wanted in given.splits:
        return {wanted: np.flatnonzero(given.rows.split == given.splits.index(wanted))}
    if given.splits == ["train"]:
        return {wanted: np.arange(len(given.rows))}
    raise DataError(
        f"the dataset has no {wanted} split; it has {', '.join(given.splits)}", "pass --split with one of them"
    )


def rows_of_splits(given: "Delivered") -> dict[str, RowNumbers]:
    """Return the row numbers of each split of the dataset."""
    numbers = enumerate(given.splits)
    return {split: np.flatnonzero(given.rows.split == number).astype(np.int32) for number, split in numbers}


def check_split_labels(
    rows: Rows, splits: Mapping[str, RowNumbers], names: list[str], shown_as: str, sets: LabelSets | None = None
) -> None:
    """Raise DataError for labels and texts that a classifier cannot be trained on; `splits` are row numbers."""
    labels = {split: (rows.label[part], rows.line[part]) for split, part in splits.items()}
    if sets is None:
        check_labels(labels, names, shown_as)
    else:
        check_sets(labels, sets, shown_as)
    keys = rows.key[splits["train"]] if "train" in splits else None
    if keys is not None and (keys[1:] == keys[:-1]).all():
        raise DataError(f"{shown_as}: all training texts are the same", "check --text-column")
