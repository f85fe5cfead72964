"""What one process trains on what: the encoder with its head, the splits as texts and tokens, and the run of both."""

import logging
import os
from dataclasses import dataclass, replace
from typing import Any

from clf import processes
from clf.data.labels import align_labels
from clf.data.prepared import LabelledTexts, PreparedDataset
from clf.data.tokens import cached_tokens
from clf.errors import DataError
from clf.models.attention import attend_text_by_text, keep_activations_in_bf16
from clf.models.classifier import Classifier, choose_max_length, load_for_training
from clf.models.compute import Compute, choose_compute, keep_freed_memory
from clf.models.dropout import draw_masks_fast
from clf.models.store import ModelFiles
from clf.processes import World
from clf.runs import Run
from clf.settings import AUTO, Settings, TrainSettings
from clf.training.arguments import (
    class_weights,
    keeps_attention_dropout,
    part_of_batch,
    set_determinism,
    training_arguments,
)
from clf.training.batching import Encoded
from clf.training.checkpoints import Checkpoints
from clf.training.head import can_be_fitted
from clf.training.outcome import Trained
from clf.training.recipe import Loss, Recipe
from clf.training.record import fingerprint
from clf.training.schedule import Schedule, Sizes, choose_schedule, suggested_rate
from clf.training.trainer import fine_tune

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Work:
    """What is trained on what: the model, and the splits as texts and as tokens."""

    files: ModelFiles
    prepared: PreparedDataset
    classifier: Classifier
    compute: Compute
    train: LabelledTexts
    validation: LabelledTexts
    test: LabelledTexts | None
    choices: dict[str, Any]
    """What was chosen for this machine, for the record."""
    sizes: Sizes
    schedule: Schedule


def load_work(settings: Settings, files: ModelFiles, prepared: PreparedDataset, world: World) -> Work:
    """Load the encoder and the texts, and choose device, precision and what else suits this machine.

    Raises UsageError, ModelError or DataError for what does not fit together.
    """
    part_of_batch(settings.train, world)
    compute = choose_compute(settings.compute, world)
    keep = keeps_attention_dropout(settings.train, compute)
    classifier = load_for_training(files, prepared.labels, seed=settings.run.seed, keep_attention_dropout=keep)
    classifier.max_length = choose_max_length(settings.data.max_length, classifier.max_length, files.name)
    classifier.cleaning, classifier.truncation = prepared.cleaning, settings.train.truncation
    choices = _suit_machine(settings.train, classifier, compute, keep)
    log.info(
        "%s: %.1f M parameters, %s head, %s on %s, texts cut at %d tokens",
        files.name,
        classifier.parameters / 1e6,
        classifier.head,
        compute.precision,
        compute.device,
        classifier.max_length,
    )
    train, validation, test = _texts(settings, prepared, classifier.labels)
    width = getattr(classifier.model.config, "hidden_size", None)
    classes = len(classifier.labels)
    sizes = Sizes(settings.train.model, width, len(train), len(validation), classes, can_be_fitted(classifier))
    schedule = choose_schedule(settings.train, sizes)
    return Work(files, prepared, classifier, compute, train, validation, test, choices, sizes, schedule)


def _suit_machine(recipe: TrainSettings, classifier: Classifier, compute: Compute, keep: bool) -> dict[str, Any]:
    """Choose what makes training fast here, and return what was chosen; `keep` is of dropout on attention weights."""
    model, on_cpu = classifier.model, compute.device.type == "cpu"
    if on_cpu and recipe.fast_dropout:
        draw_masks_fast(model)
    by_text = on_cpu and recipe.fast_attention and not keep and attend_text_by_text(model)
    in_bf16 = on_cpu and compute.precision == "bf16" and keep_activations_in_bf16(model)
    return {
        "dropout": "masks drawn many at a time" if on_cpu and recipe.fast_dropout else "PyTorch's",
        "attention": "text by text" if by_text else model.config._attn_implementation,
        "activations": "bf16" if in_bf16 else "autocast" if compute.precision != "fp32" else "fp32",
        "freed_memory": "kept" if on_cpu and keep_freed_memory() else "given back",
    }


def fine_tune_work(settings: Settings, work: Work, run: Run, world: World, resume: bool) -> Trained:
    """Encode the texts, once for all processes, and fine-tune; the best epoch's weights are left in the model."""
    recipe, classifier = settings.train, work.classifier
    rate = suggested_rate(recipe.model, work.sizes.width)
    if rate and recipe.learning_rate != AUTO and work.schedule.learning_rate < rate / 2:
        log.info(
            "a learning rate of %g is known to underfit this encoder; without --learning-rate clf takes %g",
            work.schedule.learning_rate,
            rate,
        )
    set_determinism(recipe.deterministic)
    if not world.is_main:
        processes.wait_for_all(world)  # the main process encodes, and keeps what it made for the others
    train_split, validation_split = (
        Encoded(
            cached_tokens(run.folder / "tokens", rows.texts, classifier.tokenizer, classifier.max_length,
                          classifier.truncation), rows.labels, rows.rows)
        for rows in (work.train, work.validation)
    )  # fmt: skip
    if world.is_main:
        processes.wait_for_all(world)
    log.info("training on %d texts, validating on %d", len(work.train), len(work.validation))
    arguments = training_arguments(recipe, work.schedule, settings.run, work.compute, run.checkpoints, world)
    weights = class_weights(recipe, work.train.labels, len(classifier.labels))
    if "tensorboard" in recipe.report_to:  # its place would be among the checkpoints, which go
        os.environ.setdefault("TENSORBOARD_LOGGING_DIR", str(run.folder / "tensorboard"))
    return fine_tune(
        classifier,
        train_split,
        validation_split,
        Recipe(
            arguments,
            work.schedule,
            recipe.early_stopping_patience,
            Loss(weights, recipe.label_smoothing),
            recipe.save_steps,
            world,
            recipe.keep_checkpoints,
        ),
        work.compute,
        run,
        checkpoints_of(settings, work, run, world),
        resume,
    )


def of_part(settings: Settings, work: Work, rows: LabelledTexts) -> Work:
    """Return the work on a part of its training texts, with the schedule for so many."""
    schedule = choose_schedule(settings.train, replace(work.sizes, texts=len(rows)))
    return replace(work, train=rows, test=None, schedule=schedule)


def as_begun(settings: Settings, work: Work, run: Run, world: World) -> Work:
    """Return the work of a run that goes on, with the schedule that it was begun with.

    Raises UsageError when it was begun with other settings or data.
    """
    begun = checkpoints_of(settings, work, run, world).begun_with()
    work = replace(work, schedule=work.schedule.as_begun(settings.train, begun))
    checkpoints_of(settings, work, run, world).check()
    return work


def checkpoints_of(settings: Settings, work: Work, run: Run, world: World) -> Checkpoints:
    """Return the checkpoints of a run, which go only with what it is made of."""
    splits = (work.train, work.validation)
    mark = fingerprint(settings, work.schedule, work.files, work.classifier, work.compute, world, splits)
    return Checkpoints(run.checkpoints, mark, work.schedule.steps_per_epoch)


def _texts(
    settings: Settings, prepared: PreparedDataset, labels: list[str]
) -> tuple[LabelledTexts, LabelledTexts, LabelledTexts | None]:
    """Read what is trained on, chosen by and tested on, with label ids in the model's order of `labels`."""
    data, seed = settings.data, settings.run.seed
    tested = "test" in prepared.splits and not settings.train.no_final_test
    train_rows = prepared.subset("train", data.max_train_samples, seed)
    if lost := set(range(len(labels))) - set(train_rows.labels.tolist()):
        names = ", ".join(prepared.labels[label] for label in sorted(lost))
        raise DataError(f"no training text has the label {names}", "raise --max-train-samples, or drop fewer texts")
    validation_rows = prepared.subset("validation", data.max_eval_samples, seed)
    test_rows = prepared.subset("test", data.max_eval_samples, seed) if tested else None
    order = align_labels(prepared.labels, labels, prepared.name)
    return train_rows.relabel(order), validation_rows.relabel(order), test_rows.relabel(order) if test_rows else None
