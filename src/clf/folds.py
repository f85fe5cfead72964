"""Probabilities of the training texts from models that did not see them: each part by a model trained on the others."""

import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clf.errors import INTERRUPTED, DataError, Interrupted, ModelError, Terminated
from clf.measurement import MeasuredTexts, base_files, recorded_dataset
from clf.processes import ALONE
from clf.runs import VERSION_0_1, Run, recipe_of
from clf.settings import AUTO, DataSettings, Settings

if TYPE_CHECKING:
    from clf.models.classifier import Classifier

log = logging.getLogger(__name__)


def out_of_fold(model: "Classifier", settings: Settings, folds: int) -> tuple[MeasuredTexts, NDArray[np.float32]]:
    """Train `folds` times with the recipe of `model`, and return its training texts with their probabilities.

    The parts are stratified and drawn by the seed of the training. Raises ModelError for a model that does not record
    its training, DataError for a class of fewer texts than folds.
    """
    from clf.scoring.inference import predict_texts
    from clf.training.work import fine_tune_work, load_work, of_part

    if not model.record:
        raise ModelError(f"{model.name} does not record its training", "train it with clf first")
    then = _recipe(model.record, settings)
    files = base_files(model.record, settings)
    with tempfile.TemporaryDirectory(prefix="clf-") as scratch:
        plain = settings.model_copy(update={"data": DataSettings()})
        prepared = recorded_dataset(model.record, plain, Path(scratch))
        work = load_work(then, files, prepared, ALONE)
        rows, labels = work.train, work.classifier.labels
        parts = _parts(rows.texts, rows.labels, folds, then.run.seed, labels)
        probabilities = np.zeros((len(rows), len(labels)), dtype=np.float32)
        for number in range(folds):
            log.info("part %d of %d", number + 1, folds)
            work = load_work(then, files, prepared, ALONE)  # the encoder anew
            run = Run(Path(scratch) / f"part-{number}")
            with _nothing_kept(), run.open(then, "train"):
                seen = of_part(then, work, rows.take(np.flatnonzero(parts != number)))
                fine_tune_work(then, seen, run, ALONE, resume=False)
            shutil.rmtree(run.folder)
            held_out = np.flatnonzero(parts == number)
            texts = rows.take(held_out).texts
            probabilities[held_out] = predict_texts(work.classifier, texts, work.compute)
    return MeasuredTexts(prepared.name, "train", rows.raw_texts, rows.labels, labels), probabilities


@contextmanager
def _nothing_kept() -> Iterator[None]:
    """Let a signal end the whole: what is made here is thrown away, and there is nothing to go on with."""
    try:
        yield
    except Interrupted as ended:
        raise (KeyboardInterrupt if ended.exit_code == INTERRUPTED else Terminated) from ended


def _recipe(record: dict[str, Any], settings: Settings) -> Settings:
    """Return the settings of the training, to be followed here."""
    recorded: Any = record["settings"]
    train = {name: value for name, value in recipe_of(record).items() if name != "resume"}  # it is in [run] now
    # What is counted in steps and was not set is counted anew: a part has fewer of them.
    old = {"warmup_steps"} if recorded["train"].get("warmup_steps") == VERSION_0_1["warmup_steps"] else set()
    train |= dict.fromkeys(
        [name for name in ("warmup_steps", "eval_steps") if recorded["train"].get(name) == AUTO or name in old], AUTO
    )
    then = Settings.model_validate({**recorded, "train": train})
    alone = {"report_to": [], "keep_checkpoints": False, "no_final_test": True}
    return then.model_copy(
        update={
            "run": then.run.model_copy(update={"resume": False}),
            "train": then.train.model_copy(update=alone),
            "compute": settings.compute,
            "confidence": settings.confidence,
        }
    )


def _parts(texts: list[str], labels: NDArray[np.int64], folds: int, seed: int, names: list[str]) -> NDArray[np.int64]:
    """Return the number of the part of each row, shape (rows,): classes are spread evenly, equal texts go together."""
    counts = np.bincount(labels, minlength=len(names))
    if counts.min() < folds:
        rare = names[int(counts.argmin())]
        raise DataError(
            f"{rare} labels only {counts.min()} training texts, fewer than {folds} folds", "pass fewer --folds"
        )
    generator = np.random.default_rng(seed)
    parts = np.empty(len(labels), dtype=np.int64)
    for number in range(len(names)):
        rows = generator.permutation(np.flatnonzero(labels == number))
        parts[rows] = np.arange(len(rows)) % folds
    _, first, group = np.unique(np.array(texts, dtype=object), return_index=True, return_inverse=True)
    together: NDArray[np.int64] = parts[first[group]]
    return together
