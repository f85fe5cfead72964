"""The rows a model is measured on, found again from its training or read anew, and what it answers on them."""

import logging
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clf.data.cleaning import clean_text
from clf.data.fingerprints import seen_in
from clf.data.labels import align_labels
from clf.data.prepared import PreparedDataset
from clf.data.sources import PIPE, find_source, input_paths, same_dataset
from clf.errors import DataError, NetworkError, UsageError
from clf.models.store import ModelFiles, check_files, find_model
from clf.prepare import LATER, check_prepared, prepare_into
from clf.results import MANIFEST_FILE, TRAIN_ROWS_FILE
from clf.runs import newest_model
from clf.settings import CleaningSettings, DataSettings, Settings

if TYPE_CHECKING:
    from clf.models.classifier import Classifier
    from clf.models.compute import Compute

LEAK_LIMIT = 0.01

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MeasuredTexts:
    """The rows a measurement is made on; `labels` are ids in the order of `names`."""

    dataset: str
    split: str
    raw_texts: list[str]
    labels: NDArray[np.int64]
    names: list[str]
    audit: dict[str, Any] = field(default_factory=dict)

    def cleaned(self, cleaning: CleaningSettings) -> list[str]:
        """Return the texts as a model with these cleaning steps reads them."""
        return [clean_text(text, cleaning) for text in self.raw_texts]


# --- the model and the rows -------------------------------------------------------------------------------------


def load_model(model: str | None, settings: Settings) -> "Classifier":
    """Load the classifier that is named by folder or Hub id; the newest of this folder when none is."""
    if model is None:
        model = str(newest_model())
        log.info("no model given: taking the newest, %s", model)
    timeout = settings.download.download_timeout
    try:
        files = find_model(model, offline=settings.run.offline, timeout=timeout, encoder=False)
    except NetworkError as error:  # a mistyped folder reads like the id of a model
        raise NetworkError(f"there is no folder {model} here, and {error.message}", error.hint) from error
    from clf.models.classifier import (
        choose_max_length,
        load_classifier,
        position_limit,
    )  # seconds, once there is a model

    classifier = load_classifier(files)
    if settings.data.max_length:
        limit = position_limit(classifier.model, classifier.tokenizer)
        classifier.max_length = choose_max_length(settings.data.max_length, limit, model)
    return classifier


def measured_texts(classifier: "Classifier", settings: Settings) -> MeasuredTexts:
    """Read the rows to measure on, with labels matched to the model's by name.

    Raises DataError when the labels do not match, or more than 1 % of the rows were in the training data.
    """
    wanted = settings.data.split
    with tempfile.TemporaryDirectory(prefix="clf-") as scratch:
        prepared = dataset_for_measuring(classifier.record, settings, Path(scratch))
        rows = prepared.subset(wanted, settings.data.max_eval_samples, settings.run.seed)
        names, name = prepared.labels, prepared.name
        audit = prepared.audit if settings.report.report else {}
    if not len(rows):
        raise DataError(
            f"the {wanted} split of {name} has no row with both a text and a label",
            "check --text-column and --label-column",
        )
    ids = align_labels(names, classifier.labels, name)
    return MeasuredTexts(name, wanted, rows.raw_texts, ids[rows.labels], classifier.labels, audit)


def dataset_for_measuring(record: dict[str, Any], settings: Settings, scratch: Path) -> PreparedDataset:
    """Return the dataset the model was trained with, as it was split then, or another one prepared in `scratch`."""
    recorded = record.get("dataset") or {}
    spec = settings.data.dataset
    if spec is None:
        if not recorded:
            raise UsageError("the model does not record a dataset", "pass --dataset")
        return recorded_dataset(record, settings, scratch)
    if same_dataset(spec, recorded) and _unchanged(record, settings):
        log.info("%s is what the model was trained with: measuring its %s split", spec, settings.data.split)
        return recorded_dataset(record, settings, scratch)
    source = find_source(settings)
    if source.prepared:
        check_prepared(PreparedDataset(source.prepared), settings)
        return PreparedDataset(source.prepared)
    cleaning = CleaningSettings(**record.get("cleaning", {}))
    settings = settings.model_copy(update={"cleaning": cleaning})
    return prepare_into(_made(scratch / "dataset"), source, settings, measure_only=True)


def recorded_dataset(record: dict[str, Any], settings: Settings, scratch: Path) -> PreparedDataset:
    """Find the dataset of a model's training again: as it was kept, else from its source, split the same way.

    Data settings given explicitly win over the recorded ones.
    """
    recorded = record["dataset"]
    then = DataSettings(**recorded["data"])
    data = DataSettings(**settings.data.overlaid_on(recorded["data"]))
    kept = PreparedDataset(Path(recorded["prepared"]))
    if (
        _shapes_alike(then, data)
        and (kept.folder / MANIFEST_FILE).exists()
        and kept.manifest["files"] == recorded["files"]
    ):
        return kept
    if recorded["origin"].startswith(PIPE):
        raise DataError(
            f"the model was trained on data from a pipe, and what was kept of it in {kept.folder} is gone",
            "pass --dataset with the texts to measure on",
        )
    spec = recorded["origin"] if Path(recorded["origin"]).is_absolute() else then.dataset
    again = settings.model_copy(
        update={
            "data": data.model_copy(update={"dataset": spec}),
            "cleaning": CleaningSettings(**record["cleaning"]),
            "run": settings.run.model_copy(update={"seed": recorded["seed"]}),
            "demo": settings.demo.model_copy(update={"rows": recorded["rows_generated"] or settings.demo.rows}),
        }
    )
    log.info("preparing %s as for the model's training", spec)
    source = find_source(again)
    if source.fingerprint != recorded["fingerprint"] and _shapes_alike(then, data):
        raise DataError(
            f"{spec} has changed since the model was trained, and the data kept in {kept.folder} is gone",
            "pass --dataset with the texts to measure on",
        )
    return prepare_into(_made(scratch / "recorded"), source, again)


def base_files(record: dict[str, Any], settings: Settings) -> ModelFiles:
    """Find the encoder again that a model was made from.

    Raises ModelError when it is gone from this machine, NetworkError when the Hub does not answer.
    """
    base = record["base_model"]
    if base["folder"]:
        check_files(Path(base["folder"]), base["folder"])
        return ModelFiles(Path(base["folder"]), base["name"], "path")
    offline, timeout = settings.run.offline, settings.download.download_timeout
    return find_model(base["name"], base["revision"], offline=offline, timeout=timeout)


def _shapes_alike(then: DataSettings, now: DataSettings) -> bool:
    """Tell whether two settings give the same splits; those of LATER only choose what of them is measured."""
    return then.model_dump(exclude=LATER) == now.model_dump(exclude=LATER)


def _unchanged(record: dict[str, Any], settings: Settings) -> bool:
    """Tell whether the source still is what the model was trained with."""
    recorded = record["dataset"]
    origin = Path(recorded["origin"])
    if not origin.exists():
        return True
    data = DataSettings(**recorded["data"]).model_copy(update={"dataset": str(origin)})
    try:
        source = find_source(settings.model_copy(update={"data": data}))
    except DataError:  # a further file is gone; what was kept of it is not
        return True
    if source.fingerprint == recorded["fingerprint"]:
        return True
    log.warning("%s has changed since the model was trained: it is measured as another dataset", origin)
    return False


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


# --- measuring ----------------------------------------------------------------------------------------------


def predict_measured(
    classifier: "Classifier", measured: MeasuredTexts, settings: Settings, compute: "Compute | None" = None
) -> NDArray[np.float32]:
    """Return the model's probabilities for the measured texts, in the label order of `measured.names`."""
    from clf.models.compute import choose_compute, keep_freed_memory
    from clf.progress import track
    from clf.scoring.inference import predict_texts

    keep_freed_memory()
    with track(f"measuring {classifier.name}", len(measured.raw_texts)) as advance:
        probabilities = predict_texts(
            classifier,
            [classifier.clean(text) for text in measured.raw_texts],
            compute or choose_compute(settings.compute),
            advance,
        )
    order = [classifier.labels.index(name) for name in measured.names]
    return probabilities[:, order]


def find_leaks(classifier: "Classifier", measured: MeasuredTexts, settings: Settings) -> NDArray[np.bool_] | None:
    """Tell which rows stood in the model's training data; None when the model does not record it."""
    file = Path(classifier.model.name_or_path) / TRAIN_ROWS_FILE
    if not file.is_file():
        log.warning("%s does not record its training texts, so leaks cannot be told", classifier.name)
        return None
    leaked = seen_in(measured.cleaned(classifier.cleaning), file)
    if leaked.mean() > LEAK_LIMIT and not settings.data.allow_leak:
        raise DataError(
            f"{int(leaked.sum())} of {len(leaked)} texts to measure on were in the training data of {classifier.name}",
            "measure on texts it has not seen, or pass --allow-leak",
        )
    return leaked


def measurement_inputs(classifier: "Classifier", settings: Settings) -> list[Path]:
    """Return what a measurement reads from this machine, where its result must not go."""
    recorded = classifier.record.get("dataset") or {}
    known = [Path(recorded[key]) for key in ("prepared", "origin") if recorded.get(key)]
    return [Path(classifier.model.name_or_path), *known, *input_paths(settings.data)]


def without_leaks(
    probabilities: NDArray[np.float32], measured: MeasuredTexts, leaked: NDArray[np.bool_] | None
) -> dict[str, float] | None:
    """Return the metrics on the rows the model has not seen; None where that is all of them, none, or unknown."""
    from clf.scoring.metrics import score

    if leaked is None or not leaked.any() or leaked.all():
        return None
    return score(probabilities[~leaked], measured.labels[~leaked])
