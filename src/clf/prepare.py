"""`clf prepare`: read, clean, label, split, audit; from a name or a file to a dataset on disk."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from clf.data.audit import audit_lengths, audit_texts, count_classes
from clf.data.cleaning import clean_text
from clf.data.examples import Examples, read_examples
from clf.data.labels import check_labels, name_labels
from clf.data.prepared import LabelledTexts, PreparedDataset, write_prepared
from clf.data.sources import SPLITS, SYNTHETIC, Source, find_source, input_paths
from clf.data.splits import cut, stratified_subset
from clf.errors import DataError, UsageError
from clf.models.store import EMBEDDED_ID, local_tokenizer
from clf.results import PREPARED, output_folder, save_settings, staged
from clf.settings import DEFAULT_MAX_LENGTH, CleaningSettings, DataSettings, Settings

# Data settings that act on a prepared dataset too.
LATER = {"dataset", "split", "allow_leak", "max_length", "max_train_samples", "max_eval_samples"}

log = logging.getLogger(__name__)


@dataclass
class _Rows:
    """The examples of one split with their cleaned texts; rows that became empty are gone."""

    examples: Examples
    cleaned: list[str]

    def take(self, numbers: list[int]) -> "_Rows":
        given = self.examples
        chosen = Examples(
            [given.texts[number] for number in numbers],
            [given.labels[number] for number in numbers],
            [given.label_names[number] for number in numbers],
            [given.lines[number] for number in numbers],
        )
        return _Rows(chosen, [self.cleaned[number] for number in numbers])


def prepare(settings: Settings) -> PreparedDataset:
    """Prepare the dataset that the settings name, at `--output-dir` or `prepared/<name>`.

    Raises DataError when it cannot be used, OutputError when the folder must not be written.
    """
    source = find_source(settings)
    if source.prepared:
        raise UsageError(f"{source.prepared} is prepared already", "give it to clf train --dataset")
    folder = output_folder(settings, PREPARED / source.name, input_paths(settings.data))
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
    delivered = {
        split: _clean(read_examples(rows, settings.data), settings.cleaning) for split, rows in source.splits.items()
    }
    _say_dropped(delivered)
    examples = {split: rows.examples for split, rows in delivered.items()}
    names = name_labels(examples, source.label_order, source.class_names, settings.data.label_map)
    if not measure_only:
        check_labels(examples, names, source.origin)
    audit = _audit(delivered, names, settings)
    splits = _as_test(delivered, settings) if measure_only else _split(delivered, settings, source)
    if settings.data.drop_leaks and not measure_only:
        check_labels({split: rows.examples for split, rows in splits.items()}, names, source.origin)
    splits = _subsets(splits, names, settings) if subset else splits
    audit["rows"] = {split: len(rows.cleaned) for split, rows in splits.items()}
    audit["classes"] = count_classes({split: rows.examples.labels for split, rows in splits.items()}, names)
    audit["truncated"] = None if measure_only else _lengths(splits, settings)
    ids = {name: number for number, name in enumerate(names)}
    write_prepared(
        folder,
        {split: _labelled(rows, ids) for split, rows in splits.items()},
        names,
        audit,
        _manifest(source, settings, delivered),
    )
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


def _check_sizes(settings: Settings) -> None:
    if settings.data.validation_size + settings.data.test_size >= 1:
        raise UsageError("--validation-size and --test-size leave nothing to train on", "keep their sum below 1")


# --- reading and cleaning -----------------------------------------------------------------------------------


def _clean(examples: Examples, cleaning: CleaningSettings) -> _Rows:
    """Clean each text, and drop the rows that are empty after it."""
    cleaned = [clean_text(text, cleaning) for text in examples.texts]
    rows = _Rows(examples, cleaned)
    empty = [number for number, text in enumerate(cleaned) if not text]
    if empty:
        kept = rows.take([number for number, text in enumerate(cleaned) if text])
        kept.examples.read, kept.examples.dropped, kept.examples.first_dropped = (
            examples.read,
            examples.dropped,
            examples.first_dropped,
        )
        for number in empty:
            kept.examples.drop("no text after cleaning", examples.lines[number])
        return kept
    return rows


def _say_dropped(delivered: dict[str, _Rows]) -> None:
    for split, rows in delivered.items():
        for reason, count in rows.examples.dropped.items():
            lines = ", ".join(map(str, rows.examples.first_dropped[reason]))
            log.warning(
                "%s: dropped %d of %d rows with %s (line %s%s)",
                split,
                count,
                rows.examples.read,
                reason,
                lines,
                " …" if count > 10 else "",
            )


# --- splitting ----------------------------------------------------------------------------------------------


def _split(delivered: dict[str, _Rows], settings: Settings, source: Source) -> dict[str, _Rows]:
    """Keep the splits that are given; cut those that are missing off train."""
    if "train" not in delivered:
        raise DataError(
            f"{source.origin} has no train split, only {', '.join(delivered)}",
            "give the training data as --dataset",
        )
    data = settings.data
    shares = {}
    if "validation" not in delivered:
        shares["validation"] = data.validation_size
    if set(delivered) == {"train"}:
        shares["test"] = data.test_size
    splits = dict(delivered)
    if shares:
        train = delivered["train"]
        parts = cut(train.cleaned, train.examples.labels, shares, settings.run.seed)
        splits |= {split: train.take(numbers) for split, numbers in parts.items()}
        sizes = ", ".join(f"{split} {len(numbers)}" for split, numbers in parts.items())
        log.info("cut train into %s (stratified, seed %d, equal texts on one side)", sizes, settings.run.seed)
    if data.drop_leaks:
        splits["train"] = _without_leaks(splits)
    return {split: splits[split] for split in SPLITS if split in splits and splits[split].cleaned}


def _without_leaks(splits: dict[str, _Rows]) -> _Rows:
    held_out = {text for split, rows in splits.items() if split != "train" for text in rows.cleaned}
    train = splits["train"]
    kept = [number for number, text in enumerate(train.cleaned) if text not in held_out]
    log.info("dropped %d training texts that stand in validation or test too", len(train.cleaned) - len(kept))
    return train.take(kept)


def _subsets(splits: dict[str, _Rows], names: list[str], settings: Settings) -> dict[str, _Rows]:
    """Take of each split the stratified part that was asked for."""
    for split, rows in splits.items():
        most = settings.data.max_train_samples if split == "train" else settings.data.max_eval_samples
        if most:
            ids = np.array([names.index(label) for label in rows.examples.labels])
            splits = splits | {split: rows.take(stratified_subset(ids, most, settings.run.seed).tolist())}
    return splits


def _as_test(delivered: dict[str, _Rows], settings: Settings) -> dict[str, _Rows]:
    wanted = settings.data.split
    if wanted in delivered:
        return {wanted: delivered[wanted]}
    if set(delivered) == {"train"}:
        log.info("measuring on all %d rows", len(delivered["train"].cleaned))
        return {wanted: delivered["train"]}
    raise DataError(
        f"the dataset has no {wanted} split; it has {', '.join(delivered)}", "pass --split with one of them"
    )


def _labelled(rows: _Rows, ids: dict[str, int]) -> LabelledTexts:
    labels = np.array([ids[label] for label in rows.examples.labels], dtype=np.int64)
    return LabelledTexts(rows.cleaned, rows.examples.texts, labels)


# --- telling ------------------------------------------------------------------------------------------------


def _audit(delivered: dict[str, _Rows], names: list[str], settings: Settings) -> dict[str, Any]:
    """Audit the splits as delivered: on the raw texts, and under their own keys after cleaning."""
    labels = {split: rows.examples.labels for split, rows in delivered.items()}
    raw = audit_texts({split: rows.examples.texts for split, rows in delivered.items()}, labels)
    cleaned = audit_texts({split: rows.cleaned for split, rows in delivered.items()}, labels)
    dropped: dict[str, int] = {}
    for rows in delivered.values():
        for reason, count in rows.examples.dropped.items():
            dropped[reason] = dropped.get(reason, 0) + count
    return {
        "rows": {},
        "rows_read": {split: rows.examples.read for split, rows in delivered.items()},
        "labels": names,
        **raw,
        **{f"{key}_after_cleaning": value for key, value in cleaned.items()},
        "dropped": dropped,
    }


def _lengths(splits: dict[str, _Rows], settings: Settings) -> dict[str, Any] | None:
    """Measure lengths where the model's tokenizer is on this machine; preparing never asks the network for it."""
    model = settings.train.model
    tokenizer = local_tokenizer(model, settings.train.revision)
    if tokenizer is None and "model" not in settings.train.model_fields_set:
        model, tokenizer = EMBEDDED_ID, local_tokenizer(EMBEDDED_ID)  # another may do where none was asked for
    if tokenizer is None:
        log.info("no tokenizer of %s on this machine, so lengths in tokens are not measured", settings.train.model)
        return None
    texts = next(iter(splits.values())).cleaned
    return {
        "model": model,
        **audit_lengths(texts, tokenizer, settings.data.max_length or DEFAULT_MAX_LENGTH, settings.run.seed),
    }


def _manifest(source: Source, settings: Settings, delivered: dict[str, _Rows]) -> dict[str, Any]:
    return {
        "name": source.name,
        "origin": source.origin,
        "fingerprint": source.fingerprint,
        "dataset": settings.data.dataset,
        "cleaning": settings.cleaning.model_dump(),
        "data": settings.data.model_dump(mode="json") | _absolute(settings.data),
        "seed": settings.run.seed,
        "text_columns": next(iter(delivered.values())).examples.text_columns,
        "rows_generated": settings.demo.rows if source.name == SYNTHETIC else None,
    }


def _absolute(data: DataSettings) -> dict[str, str]:
    """Write the paths of further files so that they hold in any folder."""
    files = {name: getattr(data, name) for name in ("validation", "test")}
    return {name: str(Path(file).expanduser().resolve()) for name, file in files.items() if file}
