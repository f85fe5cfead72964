"""`clf train`: fine-tune a pre-trained encoder on a dataset, and publish the model."""

import json
import logging
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from clf import processes
from clf.data.prepared import LabelledTexts, PreparedDataset
from clf.data.preparing.dataset import check_prepared, preparation_key, prepare_into
from clf.data.sources.find import SourceFinder, input_paths
from clf.data.sources.source import Source
from clf.data.text_hashes import text_hashes
from clf.errors import DataError, UsageError
from clf.measuring.final_test import final_test
from clf.models.counting import token_counter
from clf.models.files import ModelFiles
from clf.models.record import write_model_record
from clf.models.store import find_model
from clf.outcomes.base import LabelMetrics
from clf.outcomes.training import TrainResult
from clf.processes import World
from clf.reports.model_card import model_card
from clf.reports.page.training import training_page
from clf.settings import Settings
from clf.storage.disk import sha256
from clf.storage.names import place_in
from clf.storage.output import claimed, place_of_result
from clf.storage.publish import staged
from clf.storage.report_files import check_reports, check_reports_apart, write_report
from clf.storage.result_folders import MODELS, PREPARED, README_FILE, TRAIN_ROWS_FILE, shown
from clf.storage.run_folder import Clock, Run
from clf.storage.writing import write_json
from clf.training.identity import FinishedRun, Identity, differences, read_finished, run_identity, stands
from clf.training.trackers import check_trackers

if TYPE_CHECKING:
    from clf.models.classifier import Classifier
    from clf.models.record import ModelRecord
    from clf.training.setup import Work
    from clf.training.trained import Trained

TEST_RUN = {"max_train_samples": 64, "max_eval_samples": 32}

log = logging.getLogger(__name__)


def train(settings: Settings, *, told: bool = True, held: Path | None = None) -> TrainResult | None:
    """Fine-tune and publish a model; prepare the dataset first when it is raw.

    `told` logs the schedule; `clf demo`, which has its own recipe, passes False. `held` is the model folder if the
    caller holds the lock of its place.

    Under torchrun or accelerate launch, every process calls this; the main process returns the result, the others None.

    Raises DataError, ModelError, NetworkError, OutputError or TrainingError, each before anything is published;
    Interrupted when a signal stopped the run and a checkpoint was saved.
    """
    world = processes.current_world()
    settings = _resolved(settings)
    check_trackers(settings.train.report_to)
    check_reports(settings.report, settings.run, input_paths(settings.data))
    cuda = False
    if world.size > 1 or settings.compute.device != "auto":  # report a missing device before anything is created
        from clf.models.compute import choose_compute

        cuda = choose_compute(settings.compute, world).device.type == "cuda"
    if world.size == 1:
        if processes.was_left_alone():
            log.warning("the launcher started only one process; without GPUs, start several with torchrun")
        return _lead(settings, world, told, held)
    processes.join(world, cuda)
    try:
        if world.is_main:
            return _lead(settings, world, told, held)
        _follow(settings, world)
        return None
    finally:
        processes.leave(world)


def _lead(settings: Settings, world: World, told: bool, held: Path | None) -> TrainResult:
    with processes.ending_others(world):
        source = SourceFinder.of(settings.run, settings.download, settings.demo).find(settings.data)
        offline, timeout = settings.run.offline, settings.download.download_timeout
        files = find_model(settings.train.model, settings.train.revision, offline=offline, timeout=timeout)
        default = place_in(MODELS, default_name(settings, source))
        if settings.run.resume and (finished := _finished(settings, default, source)):
            processes.from_main(world, None)
            return finished
        inputs = [files.folder, *input_paths(settings.data)]
        with nullcontext(held) if held else claimed(settings.run, default, inputs) as folder:
            check_reports_apart(settings.report, folder, [*inputs, Run(folder).folder])
            with Run(folder).open(settings, "train") as run, run.told():
                return _train(settings, source, files, folder, run, world, told)


def _follow(settings: Settings, world: World) -> None:
    """Train in a worker process, on the dataset that the main process prepared."""
    from clf.training.setup import fine_tune_work

    plan = processes.from_main(world)
    if plan is None:  # the main process ended early, and reports why
        return
    files, folder, resume, schedule = plan
    run = Run(folder)
    work = _load(settings, files, PreparedDataset(run.folder / "dataset"), world)
    fine_tune_work(replace(work, schedule=schedule), run, world, resume)


def default_name(settings: Settings, source: Source) -> str:
    """Return the default name of the model folder: encoder, dataset, and `final` or `test_run`."""
    encoder = Path(settings.train.model.rstrip("/")).name
    dataset = PreparedDataset(source.prepared).name if source.prepared else source.name
    return f"{encoder}_{dataset}_{'test_run' if settings.train.test_run else 'final'}"


def _train(
    settings: Settings, source: Source, files: ModelFiles, folder: Path, run: Run, world: World, told: bool
) -> TrainResult:
    """Prepare, train, evaluate and publish, in the main process."""
    clock = Clock()
    work, resume = _begin(settings, source, files, run, world, clock)
    processes.from_main(world, (files, folder, resume, work.schedule))
    if told:
        from clf.training.schedule import tell_schedule

        tell_schedule(settings.train, work.schedule, work.sizes)
    from clf.training.setup import fine_tune_work

    trained = fine_tune_work(work, run, world, resume)
    processes.leave(world)
    clock.lap("train")
    result, record, per_label = _measure(settings, work, trained, folder, run, clock)
    # Written before the model: wherever the run ends now, the same command finds both, or resumes from a checkpoint.
    of, recipe = _identity(settings, source), work.schedule.as_settings()
    finished = FinishedRun(of=of, created=record.created, result=result, recipe=recipe)
    write_json(run.result, finished.model_dump(mode="json"))
    _publish(folder, work.classifier, record, work.train, per_label)
    clock.lap("publish")
    clock.save(run.folder / "timing.json", loop_seconds=trained.seconds, tokens_per_second=trained.tokens_per_second)
    if not settings.train.keep_checkpoints:
        run.discard_checkpoints()
    if settings.report.report:
        page = training_page(result, record, run.read_history(), work.prepared.audit)
        write_report(settings.report.report, page, overwrite=settings.run.overwrite)
    return result


def _begin(
    settings: Settings, source: Source, files: ModelFiles, run: Run, world: World, clock: Clock
) -> tuple["Work", bool]:
    """Prepare the dataset and load the model; return the work and whether it resumes an interrupted run."""
    # Nothing of an earlier run is replaced until data and model are known to be valid.
    with staged(run.folder / "dataset") as stage:
        prepared = dataset_for_training(settings, source, stage, run.folder / "dataset")
        clock.lap("prepare")
        from clf.training.setup import as_begun  # takes seconds, which an invalid file should not cost

        clock.lap("import")
        work = _load(settings, files, prepared, world)
        resume = _is_resumed(settings.run.resume, run)
        if resume:
            work = as_begun(work, run, world)
    run.begin(settings, "train", resume=resume)
    clock.lap("load")
    return replace(work, prepared=PreparedDataset(run.folder / "dataset")), resume


def _load(settings: Settings, files: ModelFiles, prepared: PreparedDataset, world: World) -> "Work":
    from clf.training.setup import load_work

    return load_work(settings.data, settings.train, settings.compute, settings.run.seed, files, prepared, world)


def _measure(
    settings: Settings, work: "Work", trained: "Trained", folder: Path, run: Run, clock: Clock
) -> tuple[TrainResult, "ModelRecord", Mapping[str, LabelMetrics]]:
    """Calibrate on validation and evaluate once on test; return the result, and what the model folder records.

    That is the record, and the metrics of each label on test, where a text may have several.
    """
    from clf.training.confidence import calibrate
    from clf.training.record import model_record

    calibrated = calibrate(work.classifier, work.compute, work.validation, settings.confidence)
    clock.lap("calibrate")
    tested = final_test(work.classifier, work.compute, work.test, calibrated.thresholds)
    clock.lap("test")
    record = model_record(settings, work, trained, calibrated, tested.metrics)
    result = TrainResult(
        model_dir=shown(folder),
        run_dir=shown(run.folder),
        epochs=trained.epochs,
        steps=trained.steps,
        resumed_from_step=trained.resumed_from_step,
        train_seconds=round(trained.seconds, 2),
        examples_per_second=round(trained.examples / trained.seconds, 2),
        metrics=calibrated.metrics,
        test_metrics=tested.metrics,
        examples=tested.examples,
        megabytes=round(4e-6 * work.classifier.parameters, 1),
    )
    return result, record, tested.per_label


def _is_resumed(asked: bool, run: Run) -> bool:
    """Return whether the run resumes from a checkpoint, and log it when one is discarded or missing."""
    there = any(run.checkpoints.glob("*checkpoint-*"))  # includes one that was being replaced
    if there and not asked:
        finished = read_finished(run)
        if finished and stands(run.model, finished.created):
            log.warning("discarding the checkpoints of the finished run in %s", shown(run.folder))
        else:
            log.warning("discarding the interrupted run in %s; --resume would continue it", shown(run.folder))
    if asked and not there:
        log.info("there is no checkpoint to resume from: starting from scratch")
    return there and asked


def _finished(settings: Settings, default: Path, source: Source) -> TrainResult | None:
    """Return the result of a finished run with the same settings and data, if its model still exists.

    Raises UsageError when the folder holds the model of another run.
    """
    folder = place_of_result(settings.run, default)
    run = Run(folder)
    finished = read_finished(run)
    if finished is None and run.result.exists():
        log.warning("%s is damaged, so whether the run is finished is not known", shown(run.result))
    if finished is None or not stands(folder, finished.created):
        return None
    if changed := differences(finished.of, _identity(settings, source), finished.recipe):
        if not settings.run.overwrite and not processes.was_restarted():  # torchrun's restarts always resume
            raise UsageError(
                f"{shown(folder)} is the finished model of another run: {'; '.join(changed)}",
                "pass the same settings and data, choose another --output-dir, or pass --overwrite to replace it",
            )
        return None
    log.info("the run is already finished: %s", shown(folder))
    if not settings.train.keep_checkpoints:  # the run may have ended before it deleted them
        run.discard_left_checkpoints()
    return finished.result


def _identity(settings: Settings, source: Source) -> Identity:
    return run_identity(settings, source.origin, source.fingerprint)


def dataset_for_training(settings: Settings, source: Source, stage: Path, earlier: Path) -> PreparedDataset:
    """Fill an empty folder with the prepared dataset: the one passed, an existing one, or a newly prepared one.

    A dataset prepared by `clf prepare` or an `earlier` run is reused if it has the same content and settings.
    """
    key = preparation_key(source, settings.data, settings.cleaning, settings.run.seed, subset=False)
    made = [PreparedDataset(folder) for folder in (earlier, place_in(PREPARED, source.name))]
    if source.prepared:
        check_prepared(PreparedDataset(source.prepared), settings.data, settings.cleaning)
        PreparedDataset(source.prepared).link_into(stage)
    elif kept := next((dataset for dataset in made if dataset.holds(key)), None):
        log.info("%s has not changed: using the prepared dataset in %s", source.origin, shown(kept.folder.resolve()))
        kept.link_into(stage)
    else:
        log.info("preparing %s", source.origin)
        counter = token_counter(settings.train)
        prepare_into(stage, source, settings.data, settings.cleaning, settings.run.seed, counter=counter)
    prepared = PreparedDataset(stage)
    _say_leaks(prepared)
    for split in ("train", "validation"):
        if split not in prepared.splits:
            raise DataError(
                f"the dataset {prepared.name} has no {split} split",
                "prepare it with --validation-size above 0, or pass --validation FILE",
            )
    return prepared


# --- publishing ---------------------------------------------------------------------------------------------


def _publish(
    folder: Path,
    classifier: "Classifier",
    record: "ModelRecord",
    train_rows: LabelledTexts,
    per_label: Mapping[str, LabelMetrics],
) -> None:
    from clf.models.classifier import quiet_transformers

    with staged(folder) as stage, quiet_transformers():
        classifier.model.to("cpu").save_pretrained(stage)
        classifier.tokenizer.save_pretrained(stage)
        np.save(stage / TRAIN_ROWS_FILE, text_hashes(train_rows.texts), allow_pickle=False)
        files = {path.name: sha256(path) for path in sorted(stage.iterdir())}
        card = model_card(folder.name, record, train_rows.shares(record.labels), per_label)
        (readme := stage / README_FILE).write_text(card, encoding="utf-8")
        write_model_record(stage, record.with_values(files=files, readme=sha256(readme)))


# --- settings -----------------------------------------------------------------------------------------------


def _resolved(settings: Settings) -> Settings:
    """Return the settings, adjusted for a restart by the launcher and for `--test-run`."""
    if processes.was_restarted():
        settings = settings.model_copy(update={"run": settings.run.model_copy(update={"resume": True})})
    return _test_run(settings) if settings.train.test_run else settings


def _test_run(settings: Settings) -> Settings:
    """Return settings for a small sample of everything, leaving explicit settings as they are."""
    samples = {name: value for name, value in TEST_RUN.items() if getattr(settings.data, name) is None}
    epochs = {} if "epochs" in settings.train.model_fields_set else {"epochs": 1}
    return settings.model_copy(
        update={
            "data": settings.data.model_copy(update=samples),
            "train": settings.train.model_copy(update=epochs),
        }
    )


def _say_leaks(prepared: PreparedDataset) -> None:
    after = prepared.audit.leaks_after_split
    if leaks := {pair: count for pair, count in (after.exact if after else {}).items() if count}:
        log.warning("texts that appear in two splits: %s (--drop-leaks removes them from train)", json.dumps(leaks))
