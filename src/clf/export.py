"""`clf export`: the trained model as ONNX, checked on real texts, and refused when int8 costs too much."""

import logging
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from clf import __version__
from clf.baselines import model_answers
from clf.compare import FEW, compare_answers
from clf.errors import ModelError
from clf.measurement import MeasuredTexts, find_leaks, load_model, measured_texts, measurement_inputs
from clf.models.store import ONNX_FILE, ModelFiles
from clf.reports.model_card import export_card
from clf.results import (
    EXPORTS,
    MODEL_FILE,
    SCHEMA_VERSION,
    TRAIN_ROWS_FILE,
    output_folder,
    save_settings,
    sha256,
    shown,
    staged,
    write_json,
)
from clf.runs import now
from clf.scoring.gate import FAILED, PASSED, UNDECIDED, within_margin
from clf.settings import Settings

if TYPE_CHECKING:
    from clf.models.classifier import Classifier

MARGIN = 0.01
ROWS = 2_000
"""Measured texts where nobody says how many: enough to tell a loss of MARGIN from chance."""
PARITY = 1e-3
"""How far a probability may be from that of the original, where nothing but rounding differs."""

log = logging.getLogger(__name__)


def export(model: str | None, settings: Settings) -> dict[str, Any]:
    """Write a model as ONNX, ask it and the original on the same texts, and publish it if it is as good.

    Raises ModelError for a model that cannot be written so, or whose export answers otherwise, DataError for texts that
    do not fit it; the gate's answer on int8 is in the result, and nothing is written where it did not pass.
    """
    from clf.models.onnx import OnnxModel, check_onnx

    check_onnx()
    settings = _with_defaults(settings)
    original = load_model(model, settings)
    if isinstance(original.model, OnnxModel):
        raise ModelError(f"{original.name} is an ONNX export already", "export the model that it was made from")
    measured = measured_texts(original, settings)
    kind = "int8" if settings.export.int8 else settings.export.format
    default = EXPORTS / f"{original.name}_{kind}"
    folder = output_folder(settings, default, measurement_inputs(original, settings))
    find_leaks(original, measured, settings)
    if len(measured.raw_texts) < FEW:
        log.warning("only %d texts to measure on: what int8 costs can be hidden by chance", len(measured.raw_texts))
    with suppress(_Refused), staged(folder) as stage:
        _write(original, stage, settings)
        result = _judge(original, stage, measured, settings)
        if not _is_passing(result["gate"], settings):
            raise _Refused  # so that nothing is published
        result["output_dir"] = shown(folder)
        _complete(original, stage, result, settings)
    return result


class _Refused(Exception):
    """The gate did not let the export through."""


def exit_code(result: dict[str, Any]) -> int:
    """Return what the gate means: 0 published, 3 refused, 4 the texts cannot tell (0 where that was asked for)."""
    return 0 if result["output_dir"] else {FAILED: 3, UNDECIDED: 4}[result["gate"]]


def _with_defaults(settings: Settings) -> Settings:
    margin, rows = settings.compare.margin or MARGIN, settings.data.max_eval_samples or ROWS
    return settings.model_copy(
        update={
            "compare": settings.compare.model_copy(update={"margin": margin}),
            "data": settings.data.model_copy(update={"max_eval_samples": rows}),
        }
    )


def _is_passing(gate: str, settings: Settings) -> bool:
    return gate == PASSED or (gate == UNDECIDED and settings.compare.on_inconclusive == "pass")


# --- writing ------------------------------------------------------------------------------------------------


def _write(original: "Classifier", stage: Path, settings: Settings) -> None:
    """Write all that is needed to load the exported model."""
    from clf.models.classifier import quiet_transformers
    from clf.models.onnx import quantize, write_onnx

    log.info("writing %s as ONNX", original.name)
    write_onnx(original, stage / ONNX_FILE)
    if settings.export.int8:
        log.info("storing its matrices as int8")
        quantize(stage / ONNX_FILE, original.model.config)
    with quiet_transformers():
        original.model.config.save_pretrained(stage)
        original.tokenizer.save_pretrained(stage)
    write_json(stage / MODEL_FILE, _record(original))


def _record(original: "Classifier") -> dict[str, Any]:
    """Return the record of the original, or for a model that clf did not make, how it reads texts."""
    read = {"max_length": original.max_length, "truncation": original.truncation}
    made = {"schema_version": SCHEMA_VERSION, "clf_version": __version__, "labels": original.labels}
    record = {**made, "cleaning": original.cleaning.model_dump(), **original.record, **read, "created": now()}
    record.pop("files", None)
    return record


def _complete(original: "Classifier", stage: Path, result: dict[str, Any], settings: Settings) -> None:
    """Add what is told of the export, and the hashes of its files."""
    from clf.models.onnx import versions

    seen = Path(original.model.name_or_path) / TRAIN_ROWS_FILE
    if seen.is_file():  # so that leaks are noticed when the export is measured
        shutil.copyfile(seen, stage / TRAIN_ROWS_FILE)
    files = {path.name: sha256(path) for path in sorted(stage.iterdir()) if path.name != MODEL_FILE}
    told = {**result, "versions": versions(), "original_files": original.record.get("files")}
    write_json(stage / MODEL_FILE, {**_record(original), "export": told, "files": files})
    (stage / "README.md").write_text(export_card(told, original.labels, original.max_length), encoding="utf-8")
    save_settings(stage, "export", settings)


# --- judging ------------------------------------------------------------------------------------------------


def _judge(original: "Classifier", written: Path, measured: MeasuredTexts, settings: Settings) -> dict[str, Any]:
    """Ask both models on the same texts: the exported one as it is loaded, the original in fp32 to check for parity."""
    from clf.models.classifier import load_classifier

    int8 = settings.export.int8
    fp32 = settings.model_copy(update={"compute": settings.compute.model_copy(update={"precision": "fp32"})})
    exported = load_classifier(ModelFiles(written, original.name, "path"))
    before = model_answers(original, measured, settings if int8 else fp32)
    after = model_answers(exported, measured, fp32)
    apart = float(np.abs(before.probabilities - after.probabilities).max())
    if not int8 and apart > PARITY:
        raise ModelError(
            f"the export of {original.name} answers otherwise: probabilities differ by up to {apart:.4f}",
            "keep to the original, and report the architecture",
        )
    compared = compare_answers(after, before, measured, settings)
    return {
        "model": original.name,
        "format": settings.export.format,
        "int8": int8,
        "dataset": measured.dataset,
        "split": measured.split,
        "rows": len(measured.raw_texts),
        "same_labels": float((before.probabilities.argmax(axis=1) == after.probabilities.argmax(axis=1)).mean()),
        "largest_difference": apart,
        "metric": compared.metric,
        "difference": compared.difference,
        "interval": compared.interval,
        "margin": settings.compare.margin,
        "gate": within_margin(compared.interval, settings.compare.margin or MARGIN) if int8 else PASSED,
        "original": before.metrics,
        "exported": after.metrics,
        "costs": {"original": before.cost(), "exported": after.cost()},
        "output_dir": None,
    }
