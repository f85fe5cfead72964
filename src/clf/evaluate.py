"""`clf evaluate`: measure one model on one split of a dataset."""

import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clf.data.cleaning import clean_text
from clf.data.fingerprints import seen_in
from clf.data.prepared import PreparedDataset
from clf.data.sources import find_source, same_dataset
from clf.errors import DataError, UsageError
from clf.models.store import find_model
from clf.prepare import prepare_into
from clf.reports.markdown import evaluation_report
from clf.runs import (
    EVALUATIONS,
    MANIFEST_FILE,
    TRAIN_ROWS_FILE,
    newest_model,
    output_folder,
    save_settings,
    shown,
    staged,
    write_json,
)
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

    def cleaned(self, cleaning: CleaningSettings) -> list[str]:
        """Return the texts as a model with these cleaning steps reads them."""
        return [clean_text(text, cleaning) for text in self.raw_texts]


def evaluate(model: str | None, settings: Settings) -> dict[str, Any]:
    """Measure a model, write metrics, predictions and a report, and return the result.

    Raises ModelError for a model that is no whole classifier, DataError for data that does not fit it.
    """
    candidate = load_model(model, settings)
    measured = measured_texts(candidate, settings)
    folder = output_folder(settings, EVALUATIONS / f"{candidate.name}_{measured.dataset}_{measured.split}")
    probabilities = predict_measured(candidate, measured, settings)
    result = _result(candidate, measured, probabilities, settings)
    with staged(folder) as stage:
        write_json(stage / "metrics.json", result)
        _write_predictions(stage / "predictions.parquet", measured, probabilities)
        (stage / "report.md").write_text(evaluation_report(result), encoding="utf-8")
        save_settings(stage, "evaluate", settings)
    return {**result, "output_dir": shown(folder)}


# --- the model and the rows -------------------------------------------------------------------------------------


def load_model(model: str | None, settings: Settings) -> "Classifier":
    """Load the classifier that is named by folder or Hub id; the newest of this folder when none is."""
    from clf.models.classifier import choose_max_length, load_classifier

    if model is None:
        model = str(newest_model())
        log.info("no model given: taking the newest, %s", model)
    folder = find_model(model, offline=settings.run.offline, timeout=settings.download.download_timeout).folder
    classifier = load_classifier(folder)
    if settings.data.max_length:
        from clf.models.classifier import position_limit

        classifier.max_length = choose_max_length(
            settings.data.max_length, position_limit(classifier.model, classifier.tokenizer), model
        )
    return classifier


def measured_texts(classifier: "Classifier", settings: Settings) -> MeasuredTexts:
    """Read the rows to measure on, with labels matched to the model's by name.

    Raises DataError when the labels do not match, or more than 1 % of the rows were in the training data.
    """
    wanted = settings.data.split
    with tempfile.TemporaryDirectory(prefix="clf-") as scratch:
        prepared = dataset_for_measuring(classifier.record, settings, Path(scratch))
        rows = prepared.sample(wanted, settings.data.max_eval_samples, settings.run.seed)
        names, name = prepared.labels, prepared.name
    ids = align_labels(names, classifier.labels, name)
    return MeasuredTexts(name, wanted, rows.raw_texts, ids[rows.labels], classifier.labels)


def dataset_for_measuring(record: dict[str, Any], settings: Settings, scratch: Path) -> PreparedDataset:
    """Return the dataset the model was trained with, as it was split then, or another one prepared in `scratch`."""
    recorded = record.get("dataset") or {}
    spec = settings.data.dataset
    if spec is None and not recorded:
        raise UsageError("the model does not record a dataset", "pass --dataset")
    if spec is None or same_dataset(spec, recorded):
        return recorded_dataset(record, settings, scratch)
    source = find_source(settings)
    if source.prepared:
        return PreparedDataset(source.prepared)
    cleaning = CleaningSettings(**record.get("cleaning", {}))
    return prepare_into(
        _made(scratch / "dataset"),
        source,
        settings.model_copy(update={"cleaning": cleaning}),
        measure_only=True,
    )


def recorded_dataset(record: dict[str, Any], settings: Settings, scratch: Path) -> PreparedDataset:
    """Find the dataset of a model's training again: as it was prepared, else from its source, split the same way.

    Data settings given explicitly win over the recorded ones.
    """
    then = record["settings"]
    data = DataSettings(**settings.data.overlaid_on(then["data"]))
    kept = PreparedDataset(Path(record["dataset"]["prepared"]))
    same_settings = all(
        getattr(data, name) == getattr(DataSettings(**then["data"]), name) for name in _shaping(settings.data)
    )
    if same_settings and _still_there(kept, record) and _unchanged(record, data, settings):
        return kept
    recorded = record["dataset"]
    spec = recorded["origin"] if Path(recorded["origin"]).exists() else recorded["dataset"]
    again = settings.model_copy(
        update={
            "data": data.model_copy(update={"dataset": spec}),
            "cleaning": CleaningSettings(**record["cleaning"]),
            "run": settings.run.model_copy(update={"seed": then["run"]["seed"]}),
            "demo": type(settings.demo)(**then["demo"]),
        }
    )
    log.info("preparing %s as the model's training did", spec)
    source = find_source(again)
    return (
        PreparedDataset(source.prepared)
        if source.prepared
        else prepare_into(_made(scratch / "recorded"), source, again)
    )


def _still_there(kept: PreparedDataset, record: dict[str, Any]) -> bool:
    """Tell whether the dataset in the run folder is the very one the model was trained with."""
    return (kept.folder / MANIFEST_FILE).exists() and kept.manifest["files"] == record["dataset"].get("files")


def _shaping(data: DataSettings) -> list[str]:
    """Name the settings that shape the splits; the rest only choose what of them is measured."""
    return sorted(
        data.model_fields_set
        - {
            "dataset",
            "split",
            "allow_leak",
            "max_length",
            "max_train_samples",
            "max_eval_samples",
            "drop_leaks",
        }
    )


def _unchanged(record: dict[str, Any], data: DataSettings, settings: Settings) -> bool:
    """Tell whether the source still is what was prepared then; a source that is gone counts as unchanged."""
    origin = Path(record["dataset"]["origin"])
    if not origin.exists() or origin.resolve() == Path(record["dataset"]["prepared"]):
        return True
    try:
        source = find_source(settings.model_copy(update={"data": data.model_copy(update={"dataset": str(origin)})}))
    except DataError:  # a further file is gone
        return True
    if source.fingerprint == record["dataset"]["fingerprint"]:
        return True
    log.warning("%s has changed since the model was trained on it: it is prepared again", origin)
    return False


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def align_labels(names: list[str], model_names: list[str], shown: str) -> NDArray[np.int64]:
    """Return the model's id of each label name of the dataset, shape (labels of the dataset,).

    Raises DataError when the model does not know one of them.
    """
    unknown = [name for name in names if name not in model_names]
    if unknown:
        raise DataError(
            f"the labels of {shown} are {', '.join(map(repr, names[:10]))}, "
            f"those of the model {', '.join(map(repr, model_names[:10]))}",
            f"rename them: --label-map {unknown[0]}={model_names[0]},…",
        )
    return np.array([model_names.index(name) for name in names], dtype=np.int64)


# --- measuring ----------------------------------------------------------------------------------------------


def predict_measured(
    classifier: "Classifier", measured: MeasuredTexts, settings: Settings, compute: "Compute | None" = None
) -> NDArray[np.float32]:
    """Return the model's probabilities for the measured texts, in the label order of `measured.names`."""
    from clf.models.compute import choose_compute
    from clf.progress import track
    from clf.scoring.inference import predict_texts

    with track(f"measuring {classifier.name}", len(measured.raw_texts)) as advance:
        probabilities = predict_texts(
            classifier,
            measured.cleaned(classifier.cleaning),
            compute or choose_compute(settings.compute),
            advance,
        )
    order = [classifier.labels.index(name) for name in measured.names]
    return probabilities[:, order]


def find_leaks(
    classifier: "Classifier", model_folder: Path | None, measured: MeasuredTexts, settings: Settings
) -> NDArray[np.bool_] | None:
    """Tell which rows stood in the model's training data; None when the model does not record it."""
    file = (model_folder / TRAIN_ROWS_FILE) if model_folder else None
    if file is None or not file.is_file():
        log.warning("%s does not record its training texts, so leaks cannot be told", classifier.name)
        return None
    leaked = seen_in(measured.cleaned(classifier.cleaning), file)
    if leaked.mean() > LEAK_LIMIT and not settings.data.allow_leak:
        raise DataError(
            f"{int(leaked.sum())} of {len(leaked)} texts to measure on were in the training data of {classifier.name}",
            "measure on texts it has not seen, or pass --allow-leak",
        )
    return leaked


def _result(
    classifier: "Classifier", measured: MeasuredTexts, probabilities: NDArray[np.float32], settings: Settings
) -> dict[str, Any]:
    from clf.scoring.metrics import confusion, score, score_classes

    folder = Path(classifier.model.name_or_path)
    leaked = find_leaks(classifier, folder, measured, settings)
    per_class = score_classes(probabilities, measured.labels, measured.names)
    positive = settings.evaluate.positive_label
    if positive is not None and positive not in per_class:
        raise UsageError(
            f"--positive-label {positive!r} is no class of the model",
            f"its classes are {', '.join(measured.names)}",
        )
    absent = [name for name, row in per_class.items() if not row["rows"]]
    if absent:
        log.warning(
            "no text to measure on has the label %s; the macro averages are over the others",
            ", ".join(absent[:10]),
        )
    return {
        "model": classifier.name,
        "dataset": measured.dataset,
        "split": measured.split,
        "rows": len(measured.raw_texts),
        "metrics": score(probabilities, measured.labels),
        "per_class": per_class,
        "positive_class": per_class[positive] if positive is not None else None,
        "confusion_matrix": confusion(probabilities, measured.labels),
        "leaked_rows": None if leaked is None else int(leaked.sum()),
        "without_leaks": None
        if leaked is None or not leaked.any() or leaked.all()
        else score(probabilities[~leaked], measured.labels[~leaked]),
    }


def _write_predictions(path: Path, measured: MeasuredTexts, probabilities: NDArray[np.float32]) -> None:
    import pyarrow
    import pyarrow.parquet

    columns = {
        "text": pyarrow.array(measured.raw_texts, pyarrow.large_string()),
        "label": [measured.names[label] for label in measured.labels.tolist()],
        "predicted_label": [measured.names[label] for label in probabilities.argmax(axis=1).tolist()],
        "predicted_confidence": probabilities.max(axis=1),
        **{f"score_{name}": probabilities[:, number] for number, name in enumerate(measured.names)},
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), path, compression="zstd")
