"""Set up and run training in one process: load the encoder, its head and the splits, tokenize, and fine-tune."""

import logging
import os
from dataclasses import dataclass, replace

from clf import processes
from clf.data.label_sets import labels_present
from clf.data.prepared import LabelledTexts, PreparedDataset
from clf.data.preparing.labels import align_labels
from clf.errors import DataError
from clf.models.classifier import Classifier, choose_max_length
from clf.models.compute import Compute, choose_compute
from clf.models.cpu.attention import attend_text_by_text, keep_activations_in_bf16
from clf.models.cpu.dropout import draw_masks_fast
from clf.models.cpu.memory import keep_freed_memory
from clf.models.families import suggested_rate
from clf.models.files import ModelFiles
from clf.models.from_files import load_for_training
from clf.models.token_cache import cached_tokens
from clf.processes import World
from clf.settings import ComputeSettings, DataSettings, TrainSettings
from clf.settings_types import AUTO
from clf.storage.run_folder import Run
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
from clf.training.ingredients import Ingredients
from clf.training.plan import LabelsLoss, Loss, Plan
from clf.training.schedule import Schedule, Sizes, choose_schedule
from clf.training.trained import Trained
from clf.training.trainer import fine_tune

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Work:
    """Everything that a training run needs: the model, the splits as texts, the recipe and its schedule."""

    files: ModelFiles
    prepared: PreparedDataset
    classifier: Classifier
    compute: Compute
    precision: str
    """The precision that was requested."""
    train: LabelledTexts
    validation: LabelledTexts
    test: LabelledTexts | None
    recipe: TrainSettings
    seed: int
    choices: dict[str, str]
    """The optimisations chosen for this machine, for `clf.json`."""
    sizes: Sizes
    schedule: Schedule


def load_work(
    data: DataSettings,
    recipe: TrainSettings,
    asked: ComputeSettings,
    seed: int,
    files: ModelFiles,
    prepared: PreparedDataset,
    world: World,
) -> Work:
    """Load the encoder and the texts, and choose the device, precision and optimisations for this machine.

    Raises UsageError, ModelError or DataError when settings, model and data do not fit together.
    """
    part_of_batch(recipe, world)
    compute = choose_compute(asked, world)
    keep = keeps_attention_dropout(recipe, compute)
    classifier = load_for_training(
        files, prepared.labels, seed=seed, keep_attention_dropout=keep, multi_label=prepared.multi_label
    )
    classifier.max_length = choose_max_length(data.max_length, classifier.max_length, files.name)
    classifier.cleaning, classifier.truncation = prepared.cleaning, recipe.truncation
    choices = _suit_machine(recipe, classifier, compute, keep)
    log.info(
        "%s: %.1f M parameters, %s head, %s on %s, texts truncated to %d tokens",
        files.name,
        classifier.parameters / 1e6,
        classifier.head,
        compute.precision,
        compute.device,
        classifier.max_length,
    )
    train, validation, test = _texts(data, seed, not recipe.no_final_test, prepared, classifier.labels)
    sizes = _sizes(recipe.model, classifier, len(train), len(validation))
    return Work(
        files=files, prepared=prepared, classifier=classifier, compute=compute, precision=asked.precision,
        train=train, validation=validation, test=test, recipe=recipe, seed=seed, choices=choices, sizes=sizes,
        schedule=choose_schedule(recipe, sizes),
    )  # fmt: skip


def _sizes(encoder: str, classifier: Classifier, texts: int, validation: int) -> Sizes:
    width = getattr(classifier.model.config, "hidden_size", None)
    can_be, labels = can_be_fitted(classifier), len(classifier.labels)
    return Sizes(encoder, width, texts, validation, labels, can_be, classifier.multi_label)


def _suit_machine(recipe: TrainSettings, classifier: Classifier, compute: Compute, keep: bool) -> dict[str, str]:
    """Choose the optimisations for this machine and return them; `keep`: dropout is applied to attention weights."""
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


def fine_tune_work(work: Work, run: Run, world: World, resume: bool) -> Trained:
    """Tokenize the texts, once for all processes, and fine-tune; leave the best evaluation's weights in the model."""
    recipe, classifier = work.recipe, work.classifier
    _tell_rate(work)
    set_determinism(recipe.deterministic)
    train, validation = _encoded(work, run, world)
    log.info("training on %d texts, validating on %d", len(work.train), len(work.validation))
    if "tensorboard" in recipe.report_to:  # its default folder is inside the checkpoints, which are deleted
        os.environ.setdefault("TENSORBOARD_LOGGING_DIR", str(run.folder / "tensorboard"))
    plan = Plan(
        training_arguments(recipe, work.schedule, work.seed, work.compute, run.checkpoints, world),
        work.schedule,
        recipe.early_stopping_patience,
        (LabelsLoss if classifier.multi_label else Loss)(
            class_weights(recipe, work.train.labels, len(classifier.labels)), recipe.label_smoothing
        ),
        recipe.save_steps,
        world,
        recipe.keep_checkpoints,
    )
    checkpoints = checkpoints_of(work, run, world)
    return fine_tune(classifier, train, validation, plan, work.compute, run, checkpoints, resume)


def _tell_rate(work: Work) -> None:
    """Log a note when an explicit learning rate is known to be too small for this encoder."""
    rate, suggested = work.schedule.learning_rate, suggested_rate(work.recipe.model, work.sizes.width)
    if suggested and work.recipe.learning_rate != AUTO and rate < suggested / 2:
        log.info(
            "a learning rate of %g is known to underfit this encoder; without --learning-rate clf uses %g",
            rate,
            suggested,
        )


def _encoded(work: Work, run: Run, world: World) -> tuple[Encoded, Encoded]:
    """Tokenize training and validation texts; the main process does it first, and the others read its cache."""
    one = work.classifier
    if not world.is_main:
        processes.wait_for_all(world)
    train, validation = (
        Encoded(
            cached_tokens(run.folder / "tokens", rows.texts, one.tokenizer, one.max_length, one.truncation),
            rows.labels,
            rows.rows,
        )
        for rows in (work.train, work.validation)
    )
    if world.is_main:
        processes.wait_for_all(world)
    return train, validation


def of_part(work: Work, rows: LabelledTexts) -> Work:
    """Return the work on some of its training texts, with the schedule for their number."""
    schedule = choose_schedule(work.recipe, replace(work.sizes, texts=len(rows)))
    return replace(work, train=rows, test=None, schedule=schedule)


def as_begun(work: Work, run: Run, world: World) -> Work:
    """Return the work of a resumed run, with the schedule that the run was started with.

    Raises UsageError when it was started with other settings or data.
    """
    begun = checkpoints_of(work, run, world).begun_with()
    work = replace(work, schedule=work.schedule.as_begun(work.recipe, begun))
    checkpoints_of(work, run, world).check()
    return work


def checkpoints_of(work: Work, run: Run, world: World) -> Checkpoints:
    """Return the checkpoints of a run, with the fingerprint that they must match."""
    parts = Ingredients(
        work.recipe, work.schedule, work.seed, work.precision, work.files, work.classifier, work.compute, world
    )
    mark = parts.fingerprint({"training": work.train, "validation": work.validation})
    return Checkpoints(run.checkpoints, mark, work.schedule.steps_per_epoch)


def _texts(
    data: DataSettings, seed: int, tested: bool, prepared: PreparedDataset, labels: list[str]
) -> tuple[LabelledTexts, LabelledTexts, LabelledTexts | None]:
    """Read the train, validation and test texts, with label ids in the order of the model's `labels`."""
    train_rows = prepared.subset("train", data.max_train_samples, seed)
    if lost := set(range(len(labels))) - set(labels_present(train_rows.labels).tolist()):
        names = ", ".join(prepared.labels[label] for label in sorted(lost))
        raise DataError(f"no training text has the label {names}", "raise --max-train-samples, or drop fewer texts")
    validation_rows = prepared.subset("validation", data.max_eval_samples, seed)
    has_test = tested and "test" in prepared.splits
    test_rows = prepared.subset("test", data.max_eval_samples, seed) if has_test else None
    order = align_labels(prepared.labels, labels, prepared.name)
    return train_rows.relabel(order), validation_rows.relabel(order), test_rows.relabel(order) if test_rows else None
