"""Out-of-fold probabilities of the training texts: each fold is predicted by a model trained on the other folds."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from clf.data.sources.find import SourceFinder
from clf.errors import INTERRUPTED, Interrupted, ModelError, Terminated
from clf.measuring.folds import fold_numbers, labels_to_judge
from clf.measuring.provenance import base_files, recorded_dataset
from clf.measuring.rows import MeasuredTexts
from clf.models.record import VERSION_0_1, ModelRecord
from clf.processes import ALONE
from clf.scoring.multi_label import AnyAnswers, answers_with
from clf.scoring.pair_issues import Judged
from clf.settings import ComputeSettings, DataSettings, Settings
from clf.settings_types import AUTO
from clf.storage.run_folder import Run
from clf.storage.scratch import scratch_folder

if TYPE_CHECKING:
    from clf.models.classifier import Classifier

log = logging.getLogger(__name__)


def out_of_fold(
    model: "Classifier", folds: int, compute: ComputeSettings, finder: SourceFinder
) -> tuple[MeasuredTexts, AnyAnswers, Judged]:
    """Train `folds` times with the recipe of `model`, and return its training texts with out-of-fold predictions.

    The folds are stratified and drawn with the seed of the training run. With several labels per text, labels of few
    texts are not judged. Raises ModelError if the model does not record its training, and DataError if a class, or
    each of several labels, has fewer texts than folds.
    """
    from clf.models.inference import probabilities_of
    from clf.training.setup import fine_tune_work, load_work, of_part

    if model.record is None or model.record.settings is None:
        raise ModelError(f"{model.name} does not record its training", "train it with clf first")
    then = _recipe(model.record, model.record.settings, compute)
    files = base_files(model.record, offline=finder.offline, timeout=finder.timeout)
    with scratch_folder() as scratch:
        prepared = recorded_dataset(model.record, DataSettings(), finder, scratch)
        load = partial(load_work, then.data, then.train, compute, then.run.seed, files, prepared, ALONE)
        work = load()
        rows, labels = work.train, work.classifier.labels
        parts = fold_numbers(rows.texts, rows.labels, folds, then.run.seed, labels)
        judged = Judged(np.ones(len(rows), dtype=bool), labels_to_judge(rows.labels, parts, labels))
        probabilities = np.zeros((len(rows), len(labels)), dtype=np.float32)
        for number in range(folds):
            log.info("fold %d of %d", number + 1, folds)
            work = load()  # reload the encoder
            run = Run(scratch / f"part-{number}")
            with _nothing_kept(), run.open(then, "train"):
                fine_tune_work(of_part(work, rows.take(np.flatnonzero(parts != number))), run, ALONE, resume=False)
            shutil.rmtree(run.folder)
            held_out = np.flatnonzero(parts == number)
            texts = rows.take(held_out).texts
            probabilities[held_out] = probabilities_of(work.classifier, texts, work.compute)
    measured = MeasuredTexts(prepared.name, "train", rows.raw_texts, rows.labels, labels)
    return measured, answers_with(probabilities, rows.labels, work.classifier.thresholds), judged


@contextmanager
def _nothing_kept() -> Iterator[None]:
    """End the whole command on a signal, without offering to resume: the run of a fold is discarded."""
    try:
        yield
    except Interrupted as ended:
        raise (KeyboardInterrupt if ended.exit_code == INTERRUPTED else Terminated) from ended


def _recipe(record: ModelRecord, recorded: Settings, compute: ComputeSettings) -> Settings:
    """Return the settings of the recorded training, adapted to training on all folds but one."""
    # Recompute settings counted in steps that were not set explicitly: without one fold, an epoch has fewer steps.
    old = {"warmup_steps"} if recorded.train.warmup_steps == VERSION_0_1["warmup_steps"] else set()
    set_then = recorded.train.model_dump(include={"warmup_steps", "eval_steps"}, exclude_unset=True)
    counted = {name for name, value in set_then.items() if value == AUTO} | old
    alone = {"report_to": [], "keep_checkpoints": False, "no_final_test": True}
    return recorded.model_copy(
        update={
            "run": recorded.run.model_copy(update={"resume": False}),
            "train": record.train.model_copy(update=alone | dict.fromkeys(counted, AUTO)),
            "compute": compute,
        }
    )
