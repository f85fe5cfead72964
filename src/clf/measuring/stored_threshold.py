"""The confidence threshold of a model that is already published: chosen on its validation split, stored, removed."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from clf.data.preparing.labels import ABSTAIN
from clf.data.reading.paths import expanded
from clf.data.sources.find import SourceFinder
from clf.errors import UsageError
from clf.measuring.provenance import measured_texts
from clf.measuring.rows import answers_of
from clf.models.record import ModelRecord
from clf.models.replacing import replace_model_record
from clf.safety import shell_line
from clf.scoring.multi_label import AnyAnswers
from clf.scoring.thresholds import decided_apart
from clf.settings import ConfidenceSettings, DataSettings, Settings
from clf.storage.result_folders import MODEL_FILE, shown

if TYPE_CHECKING:
    from clf.models.classifier import Classifier

log = logging.getLogger(__name__)


def store_threshold(name: str | None, model: "Classifier", settings: Settings, finder: SourceFinder) -> None:
    """Choose the requested threshold on the validation split from the model's training, and store it in `clf.json`.

    With a coverage of 1, remove the stored one. Raises UsageError if the model has no validation split or no folder of
    the user's.
    """
    if model.record is None:
        raise UsageError(
            f"{model.name} does not record its validation split, so no threshold can be chosen",
            "train a model with clf" if model.multi_label else "pass --threshold to clf predict instead",
        )
    if name is not None and not expanded(name).is_dir():
        raise UsageError(
            f"a threshold is stored in the model folder, but {name} is a model on the Hub", "copy it to a local folder"
        )
    if settings.confidence.target_coverage == 1:
        return _remove_threshold(model, model.record)
    # Always the validation split from training, whatever dataset the model is measured on.
    data = DataSettings(split="validation", allow_leak=True, max_length=settings.data.max_length)
    validation = measured_texts(model, data, settings.cleaning, finder)
    log.info("choosing the threshold on the %d validation texts from training", len(validation))
    answers = decided_apart(answers_of(model, validation, settings.compute))
    _store_threshold(model, model.record, answers, settings.confidence)


def _store_threshold(
    model: "Classifier", record: ModelRecord, answers: AnyAnswers, confidence: ConfidenceSettings
) -> None:
    from clf.training.confidence import abstention_record, choose

    choice = choose(answers, confidence)
    if choice is None or choice.threshold is None:
        kept = record.threshold
        log.info("no threshold is stored" if kept is None else f"the stored threshold, {kept:.4f}, is kept")
        return
    folder = _replace_record(model, record, threshold=choice.threshold, abstention=abstention_record(choice))
    log.info(
        "stored in %s: from now on clf predict answers %r below this confidence; to remove it again: clf evaluate %s",
        shown(folder / MODEL_FILE),
        ABSTAIN,
        shell_line([shown(folder), "--target-coverage", "1"]),
    )


def _remove_threshold(model: "Classifier", record: ModelRecord) -> None:
    """Remove the stored threshold, if there is one."""
    if record.threshold is None:
        return log.info("no threshold is stored: the model answers every text")
    folder = _replace_record(model, record, threshold=None, abstention=None)
    log.info(
        "removed the threshold %.4f from %s: the model answers every text", record.threshold, shown(folder / MODEL_FILE)
    )


def _replace_record(model: "Classifier", record: ModelRecord, **changes: object) -> Path:
    """Replace values in the record of a model, and return its folder."""
    changed, folder = record.with_values(**changes), Path(model.model.name_or_path)
    replace_model_record(folder, record, changed)
    model.record = changed
    return folder
