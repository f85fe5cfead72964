"""Build the `clf.json` of a trained model: its data, recipe, machine, versions and metrics."""

# ruff: noqa: TID253 - this module computes
from dataclasses import asdict
from typing import TYPE_CHECKING

import torch

from clf import __version__
from clf.models.record import (
    BaseModelRecord,
    CalibrationRecord,
    ComputeRecord,
    DatasetRecord,
    LabelCalibrationRecord,
    MetricsRecord,
    ModelRecord,
)
from clf.outcomes.base import Metrics
from clf.settings import Settings
from clf.storage.documents import SCHEMA_VERSION
from clf.storage.run_folder import now
from clf.training.arguments import keeps_attention_dropout, optimizer
from clf.training.confidence import Calibrated, abstention_record
from clf.training.ingredients import versions
from clf.training.label_confidence import FittedLabels

if TYPE_CHECKING:
    from clf.training.setup import Work
    from clf.training.trained import Trained


def model_record(
    settings: Settings, work: "Work", trained: "Trained", calibrated: Calibrated, test: Metrics | None
) -> ModelRecord:
    """Return the record of the model, without the hashes of its files."""
    files, classifier, schedule, choice = work.files, work.classifier, work.schedule, calibrated.choice
    temperature, fitted = calibrated.temperature, calibrated.labels
    return ModelRecord(
        schema_version=SCHEMA_VERSION,
        clf_version=__version__,
        created=now(),
        base_model=BaseModelRecord(
            name=files.name,
            revision=files.revision,
            origin=files.origin,
            folder=str(files.folder.resolve()) if files.origin == "path" else None,
        ),
        labels=classifier.labels,
        max_length=classifier.max_length,
        truncation=classifier.truncation,
        cleaning=classifier.cleaning,
        dataset=_dataset(work, settings.data.dataset),
        rows={"train": len(work.train), "validation": len(work.validation), "test": len(work.test or [])},
        recipe={**schedule.as_settings(), "steps": schedule.steps},
        compute=_compute(work),
        versions=versions(),
        settings=settings,
        temperature=temperature.value if temperature else 1.0,
        calibration=CalibrationRecord(**asdict(temperature)) if temperature else None,
        thresholds=dict(zip(classifier.labels, fitted.thresholds.tolist(), strict=True)) if fitted else None,
        label_calibration=_label_calibration(fitted, classifier.labels),
        threshold=choice.threshold if choice else None,
        abstention=abstention_record(choice) if choice else None,
        metrics=MetricsRecord(validation=calibrated.metrics, test=test),
        train_seconds=round(trained.seconds_in_all, 2),
        epochs=trained.epochs,
        steps=trained.steps,
    )


def _label_calibration(fitted: FittedLabels | None, names: list[str]) -> LabelCalibrationRecord | None:
    if fitted is None:
        return None
    found = fitted.calibration
    return LabelCalibrationRecord(
        scales=dict(zip(names, found.scales.tolist(), strict=True)),
        biases=dict(zip(names, found.biases.tolist(), strict=True)),
        shared=[name for name, own in zip(names, found.own.tolist(), strict=True) if not own],
        rows=found.rows,
        before=found.before,
        after=found.after,
        reason=found.reason,
    )


def _dataset(work: "Work", typed: str | None) -> DatasetRecord:
    manifest = work.prepared.manifest
    return DatasetRecord(
        name=manifest.name,
        origin=manifest.origin,
        fingerprint=manifest.fingerprint,
        files=manifest.files,
        data=manifest.data,
        seed=manifest.seed,
        text_columns=manifest.text_columns,
        label_column=manifest.label_column,
        rows_generated=manifest.rows_generated,
        label_form=manifest.label_form,
        dataset=typed,
        prepared=str(work.prepared.folder.resolve()),
    )


def _compute(work: "Work") -> ComputeRecord:
    compute = work.compute
    return ComputeRecord(
        device=str(compute.device),
        precision=compute.precision,
        attention_dropout=keeps_attention_dropout(work.recipe, compute),
        threads=torch.get_num_threads(),
        optimizer="fused AdamW" if optimizer(compute).endswith("_fused") else "AdamW",
        batches="by length",
        **work.choices,
    )
