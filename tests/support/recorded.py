"""Models that were never trained: a record as training writes it, and a classifier without weights that has one."""

from pathlib import Path
from types import SimpleNamespace

from clf.data.preparing.dataset import prepare_into
from clf.data.sources.find import SourceFinder
from clf.models.classifier import Classifier
from clf.models.record import DatasetRecord, ModelRecord
from clf.settings import CleaningSettings, DataSettings


def recorded(data: DataSettings, folder: Path, finder: SourceFinder) -> ModelRecord:
    """Prepare a dataset into a new folder, and return the record of a model trained with it."""
    folder.mkdir()
    manifest = prepare_into(folder, finder.find(data), data, CleaningSettings(), finder.seed).manifest
    part = DatasetRecord(
        name=manifest.name, origin=manifest.origin, fingerprint=manifest.fingerprint, files=manifest.files,
        data=manifest.data, seed=manifest.seed, dataset=data.dataset, prepared=str(folder.resolve()),
        text_columns=manifest.text_columns, label_column=manifest.label_column, rows_generated=manifest.rows_generated,
        label_form=manifest.label_form,
    )  # fmt: skip
    thresholds = dict.fromkeys(manifest.labels, 0.5) if manifest.multi_label else None
    return ModelRecord(schema_version=1, labels=manifest.labels, dataset=part, thresholds=thresholds)


def bare_classifier(
    folder: Path | str, record: ModelRecord | None = None, labels: tuple[str, ...] = ("bad", "good")
) -> Classifier:
    """Return a classifier for what needs only its folder, its labels and its record."""
    model = SimpleNamespace(name_or_path=str(folder), config=SimpleNamespace(hidden_size=32))
    return Classifier("tiny", model, None, list(labels), 64, CleaningSettings(), record)
