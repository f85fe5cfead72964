"""Prepare a dataset: read and clean a source, name its labels, split and audit it, and write it to a folder."""

import errno
import hashlib
import json
import logging
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clf import __version__
from clf.data.label_sets import LabelSets
from clf.data.prepared import Manifest, PreparedDataset, check_table
from clf.data.preparing.audit import audit, audit_lengths, count_classes, count_leaks
from clf.data.preparing.audit_sets import audit_sets
from clf.data.preparing.choose_rows import (
    Chosen,
    Splits,
    check_split_labels,
    choose_splits,
    rows_of_splits,
    sample_splits,
    take_split,
)
from clf.data.preparing.clusters import find_clusters
from clf.data.preparing.ingest import Delivered, deliver
from clf.data.preparing.label_looks import check_looks
from clf.data.preparing.labels import name_labels, read_label_map
from clf.data.preparing.left_out import say_left_out
from clf.data.preparing.rows import DamagedChunk, Ints, TextStore
from clf.data.preparing.several import (
    Parts,
    as_found,
    check_written,
    first_lines,
    leave_out_without,
    name_sets,
    refuse_several,
)
from clf.data.preparing.unlabelled import (
    counts_of,
    leave_out_unlabelled,
    refuse_unlabelled,
    together,
    warn_of_placeholders,
    warn_of_unlabelled,
)
from clf.data.preparing.write import write_prepared
from clf.data.reading.label_form import TrainedLabels
from clf.data.reading.paths import expanded
from clf.data.sources.source import Source
from clf.errors import DataError, UsageError
from clf.outcomes.preparation import Audit, Lengths
from clf.progress import Advance, track
from clf.settings import DEFAULT_DATASET, DEFAULT_MAX_LENGTH, CleaningSettings, DataSettings, flag
from clf.storage.disk import sha256
from clf.storage.leftovers import delete_folder

# Data settings that also apply to a dataset that is already prepared.
LATER = {"dataset", "split", "allow_leak", "max_length", "max_inflation", "max_train_samples", "max_eval_samples"}
LENGTH_TEXTS = 50_000
LONG = 0.1

log = logging.getLogger(__name__)


class TokenCounts(Protocol):
    """Counts tokens; `file` is the tokenizer of `model`, or None if it is not on this machine."""

    model: str
    file: Path | None

    def __call__(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Return the number of tokens of each text."""


def prepare_into(
    folder: Path,
    source: Source,
    data: DataSettings,
    cleaning: CleaningSettings,
    seed: int,
    *,
    measure_only: bool = False,
    subset: bool = False,
    counter: TokenCounts | None = None,
    trained: TrainedLabels | None = None,
) -> PreparedDataset:
    """Prepare `source` into an empty folder.

    With `measure_only`, no splits are made: if there is only a train split, all its rows become the requested split.
    With `subset`, `--max-train-samples` and `--max-eval-samples` are applied immediately; training applies them later
    instead, so that its run folder keeps the complete splits. Lengths in tokens are measured with `counter`.
    Where a model of several labels for a text is measured, `trained` are its labels.
    """
    check_sizes(data)
    temporary = tempfile.TemporaryDirectory(prefix="texts-", dir=folder, ignore_cleanup_errors=True)
    with _telling_damage(), temporary as scratch:
        given, names, sets = as_found(_Reading(source, cleaning, Path(scratch), trained, measure_only).read, data)
        if sets is not None:
            _check_tables(given, len(names), data, cut=not measure_only)
        if measure_only:
            chosen, clusters = Chosen(take_split(given, data)), None
            found = audit(given, None, names, sets)
        else:  # check labels first: clustering takes longest
            spec = data.dataset or DEFAULT_DATASET
            check_split_labels(given.rows, rows_of_splits(given), names, spec, sets)
            clusters = find_clusters(given.rows, given.store)
            found = audit(given, clusters, names, sets)
            chosen = choose_splits(given, clusters, names, data, seed, sets)
        rows = sample_splits(chosen.rows, given.rows.label, data, seed, sets) if subset else chosen.rows
        splits = {split: given.rows.take(numbers) for split, numbers in rows.items()}
        given.forget_rows()
        if clusters is not None:
            lengths = _lengths(splits, given.store, counter, data.max_length, seed) if counter else None
            leaks = count_leaks(splits, {split: clusters[numbers] for split, numbers in rows.items()})
            found = chosen.told(found).model_copy(update={"leaks_after_split": leaks, "truncated": lengths})
        found = _with_sizes(found, splits, names, sets)
        key = preparation_key(source, data, cleaning, seed, subset=subset)
        manifest = _manifest(source, given, names, data, cleaning, seed)
        manifest = manifest.model_copy(update={"key": key, "lengths": measured_with(counter, data.max_length)})
        write_prepared(folder, splits, given.store, found, manifest, sets)
    delete_folder(Path(scratch))  # once more, if the disk did not: it must not become a part of the dataset
    if Path(scratch).exists():
        raise OSError(errno.EIO, "it cannot be deleted", scratch)
    return PreparedDataset(folder)


@contextmanager
def _telling_damage() -> Iterator[None]:
    try:
        yield
    except DamagedChunk as damaged:
        raise DataError(f"a temporary file changed: {damaged}", "check the disk, and prepare again") from damaged


def _manifest(
    source: Source, given: Delivered, names: list[str], data: DataSettings, cleaning: CleaningSettings, seed: int
) -> Manifest:
    """Return the manifest without the hashes of its files, which are added when the files are written."""
    return Manifest(
        clf_version=__version__,
        labels=names,
        files={},
        name=source.name,
        origin=source.origin,
        fingerprint=source.fingerprint,
        dataset=data.dataset,
        cleaning=cleaning,
        data=_absolute(data),
        seed=seed,
        text_columns=(tally := next(iter(given.tallies.values()))).text_columns,
        label_column=tally.columns.label if tally.columns else None,
        rows_generated=source.rows_generated,
        multi_label=given.label_form is not None,
        label_form=given.label_form,
    )


def _check_tables(given: Delivered, labels: int, data: DataSettings, *, cut: bool) -> None:
    """Raise DataError if a split will be too large to be read with its sets of labels, before hours of work on it.

    With `cut`, validation and test are cut off from train where they are missing. A subset may fit: it is seen later.
    """
    if data.max_train_samples or data.max_eval_samples:
        return
    sizes = {"validation": data.validation_size, "test": data.test_size}
    left = 1 - sum(size for split, size in sizes.items() if cut and split not in given.splits)
    for split, rows in zip(given.splits, np.bincount(given.rows.split, minlength=len(given.splits)), strict=True):
        check_table(
            f"{data.dataset or DEFAULT_DATASET}, {split}", int(rows * (left if split == "train" else 1)), labels
        )


def _absolute(data: DataSettings) -> DataSettings:
    """Make the paths of validation and test files absolute, so that they are valid from any folder."""
    further = {"validation": data.validation, "test": data.test}
    return data.model_copy(update={name: expanded(file).resolve() for name, file in further.items() if file})


def _with_sizes(found: Audit, splits: Splits, names: list[str], sets: LabelSets | None) -> Audit:
    classes = count_classes({split: rows.label for split, rows in splits.items()}, names, sets)
    found = found.model_copy(update={"rows": {split: len(rows) for split, rows in splits.items()}, "classes": classes})
    if sets is None:
        return found
    labels = {split: rows.label for split, rows in splits.items()}
    return found.model_copy(update={"sets_of_labels": audit_sets(labels, sets)})


def check_prepared(prepared: PreparedDataset, data: DataSettings, cleaning: CleaningSettings) -> None:
    """Raise UsageError for settings that differ from those the dataset was prepared with: they would have no effect."""
    manifest = prepared.manifest
    if data.multi_label not in (None, manifest.multi_label):
        kinds = {True: "several labels for a text", False: "one label for each text"}
        asked = "--multi-label" if data.multi_label else "--no-multi-label"
        raise UsageError(
            f"{asked} asks for {kinds[data.multi_label]}, but the dataset was prepared with "
            f"{kinds[manifest.multi_label]}",
            f"prepare it again with {asked}, or leave out {asked}",
        )
    for section, recorded in ((cleaning, manifest.cleaning), (data, manifest.data)):
        given = section.model_dump(mode="json", include=section.model_fields_set)
        then = recorded.model_dump(mode="json")
        for name in sorted(given.keys() & then.keys() - LATER - {"multi_label"}):
            if given[name] != then[name]:
                raise UsageError(
                    f"{flag(name)} is {given[name]}, but the dataset was prepared with {then[name]}",
                    f"prepare it again with {flag(name)}",
                )


def preparation_key(source: Source, data: DataSettings, cleaning: CleaningSettings, seed: int, *, subset: bool) -> str:
    """Return a hash of everything that determines the prepared dataset: content, settings, and the version of clf."""
    parts = {
        "clf": __version__,
        "origin": source.origin,
        "content": source.fingerprint,
        "names": [source.label_order, source.class_names],
        "label_map": read_label_map(data.label_map) if data.label_map else None,
        "data": data.model_dump(mode="json", exclude=LATER),
        "most": [data.max_train_samples, data.max_eval_samples] if subset else [None, None],
        "cleaning": cleaning.model_dump(mode="json"),
        "seed": seed,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def check_sizes(data: DataSettings) -> None:
    """Raise UsageError if the shares of validation and test leave nothing to train on."""
    if data.validation_size + data.test_size >= 1:
        raise UsageError("--validation-size and --test-size leave nothing to train on", "keep their sum below 1")


@dataclass(frozen=True)
class _Reading:
    """Reads all rows with their labels, once or, if the labels show that texts have several, twice."""

    source: Source
    cleaning: CleaningSettings
    scratch: Path
    trained: TrainedLabels | None
    measure_only: bool

    def read(self, data: DataSettings) -> tuple[Delivered, list[str], LabelSets | None]:
        """Return the rows with the label names, and the sets if texts may have several labels."""
        form = self.trained.form if self.trained else None
        near = not self.measure_only
        given = deliver(self.source.splits, data, self.cleaning, self.scratch, near=near, like=form)
        return given, *self._with_labels(given, data)

    def _with_labels(self, given: Delivered, data: DataSettings) -> tuple[list[str], LabelSets | None]:
        """Leave out the rows that have no label, tell what was left out, and return the label names and the sets."""
        named = read_label_map(data.label_map) if data.label_map else {}
        check = not self.measure_only
        written: Parts = {}
        if data.multi_label:
            written = leave_out_without(given, data, named, self.trained, measure_only=self.measure_only)
        else:
            if check and data.multi_label is None:
                # before anything is said of how they are read as one label
                refuse_several(counts_of(given), data, named, lambda: first_lines(given))
            leave_out_unlabelled(given, data.unlabelled, named)
        is_one = given.splits == ["train"] and not check  # all rows are those of the split that is measured
        say_left_out({data.split: given.tallies["train"]} if is_one else given.tallies)
        if check:
            if tally := given.tallies.get("train"):
                refuse_unlabelled(tally.dropped, tally.read, data.dataset or DEFAULT_DATASET)
            if data.multi_label:
                check_written(given, written, named, data)
            else:
                _check_written(given, named, data)
        if data.multi_label:
            sets = name_sets(given, written, self.source, data, measure_only=self.measure_only)
            return list(sets.names), sets
        return _name_labels(given, self.source, data.label_map), None


def _check_written(given: Delivered, named: Collection[str], data: DataSettings) -> None:
    """Look at the labels as they are written in the file; raise DataError if they are no classes."""
    warn_of_unlabelled(given, together(counts_of(given)), named)
    warn_of_placeholders(given)
    present, first, counts = np.unique(given.rows.label, return_index=True, return_counts=True)
    labels = [given.labels[label] for label in present.tolist()]
    lines = dict(zip(labels, given.rows.line[first].tolist(), strict=True))
    check_looks(dict(zip(labels, counts.tolist(), strict=True)), lines, named, data.dataset or DEFAULT_DATASET)


def _name_labels(given: Delivered, source: Source, label_map: str | None) -> list[str]:
    """Replace the raw label ids by the final ones, and return the label names; labels without rows get no id."""
    present = np.flatnonzero(np.bincount(given.rows.label, minlength=len(given.labels)))
    raw = [given.labels[label] for label in present.tolist()]
    kept = set(raw)
    named = {(label, name) for label, name in given.named if label in kept}
    names, ids = name_labels(raw, named, source.label_order, source.class_names, label_map)
    final = np.zeros(len(given.labels), dtype=np.int32)
    final[present] = ids
    given.rows = replace(given.rows, label=final[given.rows.label])
    return names


def measured_with(counter: TokenCounts | None, max_length: int | None) -> list[str | int | None]:
    """Return what the lengths in tokens depend on besides the texts: the hash of the tokenizer, and the max length."""
    return [sha256(counter.file) if counter and counter.file else None, max_length]


def _lengths(
    splits: Splits, store: TextStore, counter: TokenCounts, max_length: int | None, seed: int
) -> Lengths | None:
    """Measure the lengths of the training texts in tokens, using at most LENGTH_TEXTS texts."""
    if counter.file is None:
        log.info("the tokenizer of %s is not on this machine, so lengths in tokens are not measured", counter.model)
        return None
    rows = next(iter(splits.values())).number
    chosen = np.sort(np.random.default_rng(seed).permutation(len(rows))[:LENGTH_TEXTS])
    limit = max_length or DEFAULT_MAX_LENGTH
    with track("counting tokens", len(chosen)) as advance:
        counts = np.concatenate([counter(chunk) for chunk in _chunks(store, rows[chosen], advance)])
    lengths = audit_lengths(counter.model, counts, limit)
    if (share := lengths.share_longer_than[str(limit)]) >= LONG:
        log.warning("%.0f %% of the texts are longer than %d tokens and will be truncated", 100 * share, limit)
    return lengths


def _chunks(store: TextStore, rows: Ints, advance: Advance) -> Iterator[list[str]]:
    for _, table in store.tables(rows):
        yield table["text"].to_pylist()
        advance(table.num_rows)
