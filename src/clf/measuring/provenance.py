"""Finds the rows to evaluate a model on, its training dataset (split as in training) and its encoder."""

import logging
from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from clf.data.label_sets import renumbered
from clf.data.prepared import PreparedDataset
from clf.data.preparing.dataset import LATER, check_prepared, prepare_into
from clf.data.preparing.labels import align_labels
from clf.data.reading.joined_labels import SEPARATORS, made_of
from clf.data.reading.label_form import TrainedLabels
from clf.data.sources.find import PIPE, SourceFinder, input_paths, is_local, origin_path, same_dataset
from clf.errors import DataError, ModelError, UsageError
from clf.measuring.rows import MeasuredTexts
from clf.measuring.trained_columns import asked_as_trained, chosen_as_trained, telling_the_trained_label
from clf.models.cpu.memory import return_freed_memory
from clf.models.files import ModelFiles, check_files
from clf.models.record import DatasetRecord, ModelRecord
from clf.models.store import find_model
from clf.outcomes.preparation import Audit
from clf.settings import CleaningSettings, DataSettings
from clf.storage.result_folders import MANIFEST_FILE
from clf.storage.scratch import scratch_folder

if TYPE_CHECKING:
    from clf.models.classifier import Classifier

log = logging.getLogger(__name__)

MOST_INFLATION = 1000
"""The most that the record of a model may allow, since anybody may have written it."""


def measured_texts(
    classifier: "Classifier",
    data: DataSettings,
    cleaning: CleaningSettings,
    finder: SourceFinder,
    *,
    audited: bool = False,
) -> MeasuredTexts:
    """Read the rows to evaluate on, with labels matched to the model's by name, and their audit if `audited`.

    Raises DataError if the labels do not match, or if no row has both a text and a label.
    """
    with scratch_folder() as scratch:
        prepared = dataset_for_measuring(classifier.record, data, cleaning, finder, scratch)
        return_freed_memory()  # by preparing
        rows = prepared.subset(data.split, data.max_eval_samples, finder.seed, raw_only=True)
        names, name = prepared.labels, prepared.name
        _check_kind(classifier, name, prepared.multi_label)
        _say_all_rows(prepared, data.split)
        audit = prepared.audit if audited else Audit()
    if not len(rows):
        raise DataError(
            f"the {data.split} split of {name} has no row with both a text and a label",
            "check --text-column and --label-column",
        )
    _refuse_joined(classifier, name, names)
    ids = align_labels(names, classifier.labels, name)
    labels = renumbered(rows.labels, ids, len(classifier.labels))
    if classifier.multi_label and data.multi_label is None and labels.sum(axis=1).max() == 1:
        log.warning("%s has one label per text at most; each is read as a set, as the model predicts sets", name)
    return MeasuredTexts(name, data.split, rows.raw_texts, labels, classifier.labels, audit)


def _say_all_rows(prepared: PreparedDataset, split: str) -> None:
    """Say that the split is the whole dataset, where it has none of that name but only train."""
    if split != "train" and prepared.splits == [split] and [*prepared.audit.rows_read] == ["train"]:
        log.info("evaluating on all %d rows", prepared.audit.rows[split])


def _check_kind(classifier: "Classifier", dataset: str, several: bool) -> None:
    """Raise DataError if a text may have several labels in the data but not in the model, or the other way round."""
    if classifier.multi_label and not several:
        raise DataError(
            f"{dataset} has one label per text, but {classifier.name} predicts several labels per text",
            "use a dataset with several labels per text, or pass --multi-label to read each label as a set of one",
        )
    if several and not classifier.multi_label:
        raise DataError(
            f"{dataset} has several labels per text, but {classifier.name} predicts one label per text",
            "use a dataset with one label per text, or pass --no-multi-label to leave out texts with several, if few",
        )


def _refuse_joined(classifier: "Classifier", dataset: str, names: Sequence[str]) -> None:
    """Raise DataError if a label that the model does not have consists of several that it has."""
    unknown = (name for name in names if name not in classifier.labels)
    joined = next((name for name in unknown if made_of(name, classifier.labels, SEPARATORS)), None)
    if joined is None:
        return
    if classifier.multi_label:
        raise DataError(
            f"{dataset} has the label {joined!r}, which {classifier.name} does not have; it may mean several labels",
            "write several labels as they were written in training, or with | between them",
        )
    raise DataError(
        f"{dataset} seems to have several labels per text, such as {joined!r}, but {classifier.name} predicts one",
        f"use a dataset with one label per text; --unlabelled={quote(joined)} leaves these texts out, and "
        f"--label-map {quote(f'{joined}=NAME')} reads them as one of the model's labels",
    )


def dataset_for_measuring(
    record: ModelRecord | None, data: DataSettings, cleaning: CleaningSettings, finder: SourceFinder, scratch: Path
) -> PreparedDataset:
    """Return the dataset the model was trained with, split as in training, or another one prepared in `scratch`."""
    recorded = record.dataset if record else None
    if data.dataset is None:
        if record is None or recorded is None:
            raise UsageError("the model does not record a dataset", "pass --dataset")
        return recorded_dataset(record, data, finder, scratch)
    same = recorded is not None and same_dataset(data.dataset, recorded.dataset, recorded.origin)
    if record and recorded and same and _is_unchanged(recorded, finder):
        log.info("the model was trained with %s: evaluating on its %s split", data.dataset, data.split)
        return recorded_dataset(record, data, finder, scratch)
    source = finder.find(asked_as_trained(recorded, data))
    if source.prepared:
        prepared = PreparedDataset(source.prepared)
        check_prepared(prepared, data, cleaning)
        return prepared
    steps = record.cleaning if record else CleaningSettings()
    trained = _labels_of(record)
    chosen = chosen_as_trained(recorded, data, source, several=trained is not None)
    with telling_the_trained_label(recorded, chosen):
        return prepare_into(
            _made(scratch / "dataset"),
            source,
            chosen,
            steps,
            finder.seed,
            measure_only=True,
            trained=trained,
        )


def _labels_of(record: ModelRecord | None) -> TrainedLabels | None:
    """Return the labels of a model that predicts several for a text, as they were written in its training."""
    if record is None or record.thresholds is None:
        return None
    return TrainedLabels(record.dataset.label_form if record.dataset else None, record.labels)


def recorded_dataset(record: ModelRecord, data: DataSettings, finder: SourceFinder, scratch: Path) -> PreparedDataset:
    """Return a model's training dataset: the stored copy, otherwise prepared again from its source, split the same way.

    Explicit data settings override the recorded ones.
    """
    recorded = recorded_part(record)
    now = data.overlaid_on(recorded.data)
    # The settings in LATER only choose what is evaluated.
    same = recorded.data.model_dump(exclude=LATER) == now.model_dump(exclude=LATER)
    kept = PreparedDataset(Path(recorded.prepared))
    if same and (kept.folder / MANIFEST_FILE).exists() and kept.manifest.files == recorded.files:
        return kept
    gone = f"the prepared copy in {kept.folder} is gone"
    if recorded.origin.startswith(PIPE):
        hint = "pass --dataset with the texts to evaluate on"
        raise DataError(f"the model was trained on data from a pipe, and {gone}", hint)
    spec = recorded.origin if is_local(recorded.origin) else recorded.data.dataset
    log.info("preparing %s as it was for the model's training", spec)
    then = finder.with_(seed=recorded.seed, generated=recorded.rows_generated or finder.generated)
    inflation = min(now.max_inflation, max(data.max_inflation, MOST_INFLATION))
    now = now.model_copy(update={"dataset": spec, "max_inflation": inflation})
    _refuse_pipes(now)
    source = then.find(now)
    if same and source.fingerprint != recorded.fingerprint:
        raise DataError(
            f"{spec} has changed since the model was trained, and the prepared copy in {kept.folder} is gone",
            "pass --dataset with the texts to evaluate on",
        )
    return prepare_into(_made(scratch / "recorded"), source, now, record.cleaning, recorded.seed)


def _refuse_pipes(data: DataSettings) -> None:
    """Raise DataError if what a model records is no file: it would be waited for, for ever."""
    for path in [Path("/dev/stdin")] if data.dataset == "-" else input_paths(data):
        if data.dataset == "-" or (path.exists() and not (path.is_file() or path.is_dir())):
            hint = "pass --dataset with the texts to evaluate on"
            raise DataError(f"the model records {path} as its training data, which is not a file", hint)


def measurement_inputs(classifier: "Classifier", data: DataSettings) -> list[Path]:
    """Return the local paths that an evaluation reads, where its result must not be written."""
    recorded = classifier.record.dataset if classifier.record else None
    origin = origin_path(recorded.origin) if recorded else None
    known = [Path(recorded.prepared)] if recorded and recorded.prepared else []
    known += [origin] if origin else []
    return [Path(classifier.model.name_or_path), *known, *input_paths(data)]


def recorded_part(record: ModelRecord) -> DatasetRecord:
    """Return the training dataset from a model's record.

    Raises ModelError if the record has none.
    """
    if record.dataset is None:
        raise ModelError("the model does not record its training data", "pass --dataset")
    return record.dataset


def base_files(record: ModelRecord, *, offline: bool, timeout: float) -> ModelFiles:
    """Find the encoder that a model was fine-tuned from.

    Raises ModelError if it is gone from this machine or was not recorded, NetworkError if the Hub does not answer.
    """
    base = record.base_model
    if base is None:
        raise ModelError("the model does not record the encoder it was fine-tuned from", "train it with clf first")
    if base.folder:
        check_files(Path(base.folder), base.folder)
        return ModelFiles(Path(base.folder), base.name, "path")
    return find_model(base.name, base.revision, offline=offline, timeout=timeout)


def _is_unchanged(recorded: DatasetRecord, finder: SourceFinder) -> bool:
    """Return whether the source is unchanged since the model was trained; also if that cannot be checked."""
    origin = recorded.origin
    if not origin_path(origin):
        return True
    try:
        then = recorded.data.model_copy(update={"dataset": origin})
        _refuse_pipes(then)
        source = finder.find(then)
    except DataError:  # another of its files is gone; the prepared copy may still exist
        return True
    if source.fingerprint == recorded.fingerprint:
        return True
    log.warning("%s has changed since the model was trained: treating it as another dataset", origin)
    return False


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
