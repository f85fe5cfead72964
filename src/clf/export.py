"""`clf export`: export a model to ONNX, check it on real texts, and reject it if int8 costs too much quality."""

import logging
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from clf import __version__
from clf.data.sources.find import SourceFinder
from clf.errors import ModelError
from clf.measuring.measured_model import MeasuredModel, measure
from clf.measuring.paired import FEW, check_metric, compare_measured
from clf.measuring.provenance import measured_texts, measurement_inputs
from clf.measuring.rows import MeasuredTexts, find_leaks
from clf.models.configs import ONNX_FILE
from clf.models.files import ModelFiles
from clf.models.find_and_load import load_model
from clf.models.record import ExportRecord, ModelRecord, write_model_record
from clf.outcomes.base import GateAnswer
from clf.outcomes.exporting import ExportResult
from clf.reports.model_card import export_card
from clf.scoring.gate import FAILED, PASSED, UNDECIDED, within_margin
from clf.settings import CompareSettings, ComputeSettings, Settings
from clf.storage.disk import sha256
from clf.storage.documents import SCHEMA_VERSION
from clf.storage.names import place_in
from clf.storage.output import claimed, save_settings
from clf.storage.publish import staged
from clf.storage.result_folders import EXPORTS, MODEL_FILE, README_FILE, TRAIN_ROWS_FILE, shown
from clf.storage.run_folder import now

if TYPE_CHECKING:
    from clf.models.classifier import Classifier

MARGIN = 0.01
ROWS = 2_000
"""The default number of texts to measure on: enough to tell a loss of MARGIN from chance."""
PARITY = 1e-3
"""The largest allowed difference of a probability from the original's when only rounding differs."""

log = logging.getLogger(__name__)


def export(model: str | None, settings: Settings) -> ExportResult:
    """Export a model to ONNX, run both models on the same texts, and publish the export if it is as good.

    Raises ModelError when the model cannot be exported or the export predicts differently, DataError when the texts do
    not suit the model, UsageError when the metric does not. The gate's verdict on int8 is in the result, and an export
    that did not pass is not published.
    """
    from clf.models.onnx_export import check_onnx

    check_onnx()
    data = settings.data.model_copy(update={"max_eval_samples": settings.data.max_eval_samples or ROWS})
    run, timeout = settings.run, settings.download.download_timeout
    original = _loaded(model, data.max_length, run.offline, timeout)
    check_metric(settings.compare.metric, several=original.multi_label)
    finder = SourceFinder.of(settings.run, settings.download, settings.demo)
    measured = measured_texts(original, data, settings.cleaning, finder)
    int8 = settings.export.int8
    default = place_in(EXPORTS, f"{original.name}_{'int8' if int8 else settings.export.format}")
    choice = settings.compare.model_copy(update={"margin": settings.compare.margin or MARGIN})
    with claimed(settings.run, default, measurement_inputs(original, data)) as folder:
        find_leaks(original, measured, allowed=data.allow_leak)
        if len(measured) < FEW:
            log.warning("only %d texts to measure on: chance can hide a loss from int8", len(measured))
        with suppress(_Refused), staged(folder) as stage:
            _write(original, stage, int8)
            result = _judge(original, stage, measured, settings.compute, choice, int8)
            if not _is_passing(result.gate, choice):
                raise _Refused  # leaves the block without publishing
            result = result.model_copy(update={"output_dir": shown(folder)})
            _complete(original, stage, result)
            save_settings(stage, "export", settings.model_copy(update={"compare": choice, "data": data}))
    return result


def _loaded(model: str | None, max_length: int | None, offline: bool, timeout: float) -> "Classifier":
    """Load the model to export; raise ModelError if it is an export already."""
    from clf.models.onnx import OnnxModel

    original = load_model(model, max_length=max_length, offline=offline, timeout=timeout)
    if isinstance(original.model, OnnxModel):
        raise ModelError(f"{original.name} is an ONNX export already", "export the model that it was exported from")
    return original


class _Refused(Exception):
    """The export did not pass the gate."""


def exit_code(result: ExportResult) -> int:
    """Return the exit code: 0 published, 3 rejected, 4 inconclusive (0 if the settings let that pass)."""
    return 0 if result.output_dir else {PASSED: 0, FAILED: 3, UNDECIDED: 4}[result.gate]


def _is_passing(gate: GateAnswer, choice: CompareSettings) -> bool:
    return gate == PASSED or (gate == UNDECIDED and choice.on_inconclusive == "pass")


# --- writing ------------------------------------------------------------------------------------------------


def _write(original: "Classifier", stage: Path, int8: bool) -> None:
    """Write everything needed to load the exported model."""
    from clf.models.classifier import quiet_transformers
    from clf.models.onnx_export import quantize, write_onnx

    log.info("exporting %s to ONNX", original.name)
    write_onnx(original, stage / ONNX_FILE)
    if int8:
        log.info("quantizing its matrices to int8")
        quantize(stage / ONNX_FILE, original.model.config)
    with quiet_transformers():
        original.model.config.save_pretrained(stage)
        original.tokenizer.save_pretrained(stage)
    write_model_record(stage, _record(original))


def _record(original: "Classifier") -> ModelRecord:
    """Return the record of the original; for a model made by another tool, only its labels and how it reads texts."""
    made = original.record or _unrecorded(original)
    return made.with_values(
        max_length=original.max_length, truncation=original.truncation, created=now(), files={}, export=None
    )


def _unrecorded(original: "Classifier") -> ModelRecord:
    """Return what is known of a model made by another tool; several labels per text have the thresholds clf uses."""
    thresholds = original.thresholds
    return ModelRecord(
        schema_version=SCHEMA_VERSION,
        clf_version=__version__,
        labels=original.labels,
        cleaning=original.cleaning,
        thresholds=None if thresholds is None else dict(zip(original.labels, thresholds.tolist(), strict=True)),
    )


def _complete(original: "Classifier", stage: Path, result: ExportResult) -> None:
    """Add the results of the export, the hashes of its files and a model card."""
    from clf.models.onnx_export import versions

    seen = Path(original.model.name_or_path) / TRAIN_ROWS_FILE
    if seen.is_file():  # to detect leaks when the export is evaluated
        shutil.copyfile(seen, stage / TRAIN_ROWS_FILE)
    files = {path.name: sha256(path) for path in sorted(stage.iterdir()) if path.name != MODEL_FILE}
    then = (original.record.files if original.record else None) or None
    told = ExportRecord.model_validate({**result.as_json(), "versions": versions(), "original_files": then})
    readme = stage / README_FILE
    thresholds = _record(original).thresholds
    readme.write_text(export_card(result, original.labels, original.max_length, thresholds), encoding="utf-8")
    write_model_record(stage, _record(original).with_values(export=told, files=files, readme=sha256(readme)))


# --- judging ------------------------------------------------------------------------------------------------


def _judge(
    original: "Classifier",
    written: Path,
    measured: MeasuredTexts,
    compute: ComputeSettings,
    choice: CompareSettings,
    int8: bool,
) -> ExportResult:
    """Measure both models on the same texts; without int8, the original runs in fp32 so that parity can be checked."""
    from clf.models.from_files import load_classifier

    fp32 = compute.model_copy(update={"precision": "fp32"})
    exported = load_classifier(ModelFiles(written, original.name, "path"))
    before = measure(original, measured, compute if int8 else fp32)
    after = measure(exported, measured, fp32)
    apart = _largest_difference(before, after)
    if not int8 and apart > PARITY:
        raise ModelError(
            f"the export of {original.name} predicts differently: probabilities differ by up to {apart:.4f}",
            "keep using the original, and report the architecture",
        )
    compared = compare_measured(after, before, choice)
    margin = choice.margin or MARGIN  # the default
    return ExportResult(
        model=original.name,
        format="onnx",
        int8=int8,
        dataset=measured.dataset,
        split=measured.split,
        rows=len(measured),
        same_labels=_same_labels(before, after),
        largest_difference=apart,
        metric=compared.metric,
        difference=compared.difference,
        interval=compared.interval,
        margin=margin,
        gate=within_margin(compared.interval, margin) if int8 else PASSED,
        original=before.metrics,
        exported=after.metrics,
        costs={"original": before.cost(), "exported": after.cost()},
        output_dir=None,
    )


def _largest_difference(before: MeasuredModel, after: MeasuredModel) -> float:
    return float(np.abs(before.answers.probabilities - after.answers.probabilities).max())


def _same_labels(before: MeasuredModel, after: MeasuredModel) -> float:
    """Return the share of the texts for which both models predict the same: one label, or all of several."""
    same = before.answers.predictions == after.answers.predictions
    return float(same.reshape(len(same), -1).all(axis=1).mean())
