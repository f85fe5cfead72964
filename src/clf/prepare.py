"""`clf prepare`: read, clean, label, split, audit; from a name or a file to a dataset on disk."""

import hashlib
import json
import logging
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clf import __version__
from clf.data.audit import audit, audit_lengths, count_classes, count_leaks
from clf.data.clusters import Clusters, find_clusters, find_units
from clf.data.delivery import Delivered, Rows, TextStore, deliver
from clf.data.folders import SPLITS
from clf.data.labels import check_labels, name_labels, read_label_map
from clf.data.prepared import PreparedDataset, write_prepared
from clf.data.sources import SYNTHETIC, Source, find_source, input_paths
from clf.data.splits import cut, stratified_subset
from clf.errors import DataError, OutputError, UsageError
from clf.models.store import EMBEDDED_ID, local_tokenizer
from clf.progress import Advance, track
from clf.results import PREPARED, held, output_folder, save_settings, sha256, staged
from clf.settings import DEFAULT_DATASET, DEFAULT_MAX_LENGTH, DataSettings, Settings

# Data settings that act on a prepared dataset too.
LATER = {"dataset", "split", "allow_leak", "max_length", "max_inflation", "max_train_samples", "max_eval_samples"}
LENGTH_TEXTS = 50_000
LONG = 0.1
OFF = 0.25  # of its size, by which a split may miss what was asked for unsaid

log = logging.getLogger(__name__)
Splits = dict[str, Rows]
RowNumbers = NDArray[np.int64]


def prepare(settings: Settings) -> PreparedDataset:
    """Prepare the dataset that the settings name, at `--output-dir` or `prepared/<name>`.

    Raises DataError when it cannot be used, OutputError when the folder must not be written.
    """
    source = find_source(settings)
    if source.prepared:
        raise UsageError(f"{source.prepared} is prepared already", "give it to clf train --dataset")
    _check_sizes(settings)
    default = PREPARED / source.name
    kept = PreparedDataset(settings.run.output_dir or default)
    if _is_up_to_date(kept, source, settings):
        log.info("%s is up to date: same content, same settings", kept.folder)
        return kept
    folder = output_folder(settings, default, input_paths(settings.data))
    with held(folder.parent / f".{folder.name}.lock", folder):
        _check_space(folder, settings)
        with staged(folder) as stage:
            prepare_into(stage, source, settings, subset=True)
            save_settings(stage, "prepare", settings)
    return PreparedDataset(folder)


def prepare_into(
    folder: Path, source: Source, settings: Settings, *, measure_only: bool = False, subset: bool = False
) -> PreparedDataset:
    """Prepare `source` into an empty folder.

    With `measure_only` nothing is cut: a file alone is taken whole, as the split that is asked for. With
    `subset`, `--max-train-samples` and `--max-eval-samples` are applied here and now; a training applies them
    itself, so that its run folder keeps the splits whole.
    """
    _check_sizes(settings)
    with tempfile.TemporaryDirectory(prefix="texts-", dir=folder, ignore_cleanup_errors=True) as scratch:
        given = deliver(source.splits, settings.data, settings.cleaning, Path(scratch), near=not measure_only)
        _say_dropped(given)
        names = _name_labels(given, source, settings)
        if measure_only:
            chosen, found = _as_test(given, settings), audit(given, None, names)
        else:
            spec = settings.data.dataset or DEFAULT_DATASET
            _check_labels({split: given.of(split) for split in given.splits}, names, spec)
            clusters = find_clusters(given.rows, given.store)
            found = audit(given, clusters, names)
            chosen = _split(given, clusters, names, settings, found)
        chosen = _subsets(chosen, given.rows.label, settings) if subset else chosen
        splits = {split: given.rows.take(rows) for split, rows in chosen.items()}
        if not measure_only:
            alike = {split: clusters[rows] for split, rows in chosen.items()}
            found |= {
                "leaks_after_split": count_leaks(splits, alike),
                "truncated": _lengths(splits, given.store, settings),
            }
        found |= {
            "rows": {split: len(rows) for split, rows in splits.items()},
            "classes": count_classes({split: rows.label for split, rows in splits.items()}, names),
        }
        manifest = _manifest(source, settings, given, preparation_key(source, settings, subset=subset))
        write_prepared(folder, splits, given.store, names, found, manifest)
    return PreparedDataset(folder)


def check_prepared(prepared: PreparedDataset, settings: Settings) -> None:
    """Refuse settings that contradict how the dataset was prepared: they would have no effect."""
    manifest = prepared.manifest
    for section, then in ((settings.cleaning, manifest["cleaning"]), (settings.data, manifest["data"])):
        given = section.model_dump(mode="json", include=section.model_fields_set)
        for name in sorted(given.keys() & then.keys() - LATER):
            if given[name] != then[name]:
                flag = "--" + name.replace("_", "-")
                raise UsageError(
                    f"{flag} is {given[name]}, but the dataset was prepared with {then[name]}",
                    f"prepare it again with {flag}",
                )


def preparation_key(source: Source, settings: Settings, *, subset: bool) -> str:
    """Return the hash of all that decides what preparing gives: the content, the settings, and clf itself."""
    data = settings.data
    parts = {
        "clf": __version__,
        "origin": source.origin,
        "content": source.fingerprint,
        "names": [source.label_order, source.class_names],
        "label_map": read_label_map(data.label_map) if data.label_map else None,
        "data": data.model_dump(mode="json", exclude=LATER),
        "most": [data.max_train_samples, data.max_eval_samples] if subset else [None, None],
        "cleaning": settings.cleaning.model_dump(mode="json"),
        "seed": settings.run.seed,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _is_up_to_date(kept: PreparedDataset, source: Source, settings: Settings) -> bool:
    key = preparation_key(source, settings, subset=True)
    return kept.holds(key) and bool(kept.manifest["lengths"] == _measured(settings))


def _check_sizes(settings: Settings) -> None:
    if settings.data.validation_size + settings.data.test_size >= 1:
        raise UsageError("--validation-size and --test-size leave nothing to train on", "keep their sum below 1")


def _check_space(folder: Path, settings: Settings) -> None:
    """Refuse before the work what would fill the disk: texts are kept twice, and once more while preparing."""
    files = [file for path in input_paths(settings.data) for file in (path.iterdir() if path.is_dir() else [path])]
    needed = 3 * sum(file.stat().st_size for file in files if file.is_file())
    free = shutil.disk_usage(folder.parent).free
    if free < needed:
        raise OutputError(
            f"{folder.parent} has {free / 1e6:.0f} MB free, preparing needs about {needed / 1e6:.0f} MB",
            "free some space, or choose another --output-dir",
        )


def _say_dropped(given: Delivered) -> None:
    for split, tally in given.tallies.items():
        for reason, count in tally.dropped.items():
            lines = ", ".join(map(str, tally.first_dropped[reason]))
            log.warning(
                "%s: dropped %d of %d rows with %s (line %s%s)",
                split,
                count,
                tally.read,
                reason,
                lines,
                " …" if count > len(tally.first_dropped[reason]) else "",
            )


# --- labels and clusters ------------------------------------------------------------------------------------


def _name_labels(given: Delivered, source: Source, settings: Settings) -> list[str]:
    """Put final label ids in place of the raw ones, and return the names; those without rows have no id."""
    present = np.unique(given.rows.label)
    raw = [given.labels[label] for label in present.tolist()]
    kept = set(raw)
    named = {(label, name) for label, name in given.named if label in kept}
    names, ids = name_labels(raw, named, source.label_order, source.class_names, settings.data.label_map)
    given.rows = replace(given.rows, label=ids[np.searchsorted(present, given.rows.label)])
    return names


def _check_labels(splits: Splits, names: list[str], shown_as: str) -> None:
    check_labels({split: (rows.label, rows.line) for split, rows in splits.items()}, names, shown_as)
    if "train" in splits and len(np.unique(splits["train"].key)) < 2:
        raise DataError(f"{shown_as}: all training texts are the same", "check --text-column")


# --- splitting ----------------------------------------------------------------------------------------------


def _split(
    given: Delivered, clusters: Clusters, names: list[str], settings: Settings, found: dict[str, Any]
) -> dict[str, RowNumbers]:
    """Keep the splits that are given; cut those that are missing off train. Says in `found` what it did."""
    spec = settings.data.dataset or DEFAULT_DATASET
    if "train" not in given.splits:
        raise DataError(
            f"{spec} has no train split, only {', '.join(given.splits)}",
            "give the training data as --dataset",
        )
    chosen = {split: np.flatnonzero(given.rows.split == number) for number, split in enumerate(given.splits)}
    if settings.data.drop_leaks and len(chosen) > 1:
        chosen["train"] = _without_leaks(chosen, clusters, found)
    chosen |= _cut_off(given, chosen["train"], clusters, names, settings, found)
    chosen = {split: chosen[split] for split in SPLITS if split in chosen and len(chosen[split])}
    _check_labels({split: given.rows.take(rows) for split, rows in chosen.items()}, names, spec)
    return chosen


def _cut_off(
    given: Delivered,
    train: RowNumbers,
    clusters: Clusters,
    names: list[str],
    settings: Settings,
    found: dict[str, Any],
) -> dict[str, RowNumbers]:
    """Cut the splits that are not given off train."""
    shares = {}
    if "validation" not in given.splits:
        shares["validation"] = settings.data.validation_size
    if given.splits == ["train"]:
        shares["test"] = settings.data.test_size
    if not shares:
        return {}
    rows = given.rows.take(train)
    units = find_units(rows, clusters[train], given.store, shares)
    found |= {"clusters_cut": units.cut, "clusters_in_train": units.kept}
    parts = cut(units, rows.key, rows.label, names, shares, settings.run.seed)
    _say_cut(parts, rows, shares, names, settings)
    return {split: train[part] for split, part in parts.items()}


def _say_cut(
    parts: dict[str, RowNumbers], rows: Rows, shares: dict[str, float], names: list[str], settings: Settings
) -> None:
    sizes = ", ".join(f"{split} {len(part)}" for split, part in parts.items())
    together = "groups and near duplicates" if settings.data.group_column else "near duplicates"
    log.info("cut train into %s (by class, seed %d, %s kept together)", sizes, settings.run.seed, together)
    for split, share in shares.items():
        part, wanted = rows.label[parts[split]], share * len(rows)
        if abs(len(part) - wanted) > max(OFF * wanted, len(names)):
            log.warning("%s has %d rows, %.0f were asked for: too many rows belong together", split, len(part), wanted)
        lacking = [repr(names[label]) for label in np.setdiff1d(rows.label, part).tolist()]
        if share and lacking:
            log.warning("%s has no text of %s: too few can be parted", split, ", ".join(lacking[:10]))


def _without_leaks(chosen: dict[str, RowNumbers], clusters: Clusters, found: dict[str, Any]) -> RowNumbers:
    """Drop the training rows with an equal or near duplicate in a split that was given."""
    held_out = np.concatenate([rows for split, rows in chosen.items() if split != "train"])
    leaked = np.isin(clusters[chosen["train"]], clusters[held_out])
    log.info("dropped %d training texts that stand in validation or test too, or nearly so", int(leaked.sum()))
    if leaked.all():
        raise DataError("every training text stands in validation or test too", "give other files as --test")
    if leaked.any():
        found["dropped"]["stands in validation or test too"] = int(leaked.sum())
    return chosen["train"][~leaked]


def _subsets(chosen: dict[str, RowNumbers], labels: Clusters, settings: Settings) -> dict[str, RowNumbers]:
    """Take of each split the stratified part that was asked for."""
    most = dict.fromkeys(chosen, settings.data.max_eval_samples) | {"train": settings.data.max_train_samples}
    return {
        split: rows[stratified_subset(labels[rows], most[split] or len(rows), settings.run.seed)]
        for split, rows in chosen.items()
    }


def _as_test(given: Delivered, settings: Settings) -> dict[str, RowNumbers]:
    wanted = settings.data.split
    if wanted in given.splits:
        return {wanted: np.flatnonzero(given.rows.split == given.splits.index(wanted))}
    if given.splits == ["train"]:
        log.info("measuring on all %d rows", len(given.rows))
        return {wanted: np.arange(len(given.rows))}
    raise DataError(
        f"the dataset has no {wanted} split; it has {', '.join(given.splits)}", "pass --split with one of them"
    )


# --- telling ------------------------------------------------------------------------------------------------


def _tokenizer(settings: Settings) -> tuple[str, Path | None]:
    """Find the tokenizer to count with; preparing never asks the network for it."""
    model = settings.train.model
    file = local_tokenizer(model, settings.train.revision)
    if file is None and "model" not in settings.train.model_fields_set:
        model, file = EMBEDDED_ID, local_tokenizer(EMBEDDED_ID)  # another may do where none was asked for
    return model, file


def _measured(settings: Settings) -> list[Any]:
    """Return what the lengths in tokens depend on, beside the texts."""
    _, file = _tokenizer(settings)
    return [sha256(file) if file else None, settings.data.max_length]


def _lengths(splits: Splits, store: TextStore, settings: Settings) -> dict[str, Any] | None:
    """Measure lengths in tokens on the training texts, LENGTH_TEXTS of them at most."""
    model, tokenizer = _tokenizer(settings)
    if tokenizer is None:
        log.info("no tokenizer of %s on this machine, so lengths in tokens are not measured", model)
        return None
    rows = next(iter(splits.values())).number
    chosen = np.sort(np.random.default_rng(settings.run.seed).permutation(len(rows))[:LENGTH_TEXTS])
    max_length = settings.data.max_length or DEFAULT_MAX_LENGTH
    with track("counting tokens", len(chosen)) as advance:
        lengths = audit_lengths(_chunks(store, rows[chosen], advance), tokenizer, max_length)
    if (share := lengths["share_longer_than"][str(max_length)]) >= LONG:
        log.warning("%.0f %% of the texts are longer than %d tokens; the rest of them is cut", 100 * share, max_length)
    return {"model": model, **lengths}


def _chunks(store: TextStore, rows: NDArray[np.int64], advance: Advance) -> Iterator[list[str]]:
    for _, table in store.tables(rows):
        yield table["text"].to_pylist()
        advance(table.num_rows)


def _manifest(source: Source, settings: Settings, given: Delivered, key: str) -> dict[str, Any]:
    return {
        "name": source.name,
        "origin": source.origin,
        "fingerprint": source.fingerprint,
        "key": key,
        "lengths": _measured(settings),
        "dataset": settings.data.dataset,
        "cleaning": settings.cleaning.model_dump(),
        "data": settings.data.model_dump(mode="json") | _absolute(settings.data),
        "seed": settings.run.seed,
        "text_columns": next(iter(given.tallies.values())).text_columns,
        "rows_generated": settings.demo.rows if source.name == SYNTHETIC else None,
    }


def _absolute(data: DataSettings) -> dict[str, str]:
    """Write the paths of further files so that they hold in any folder."""
    files = {name: getattr(data, name) for name in ("validation", "test")}
    return {name: str(Path(file).expanduser().resolve()) for name, file in files.items() if file}
