"""`clf train`: fine-tune a pre-trained encoder on a dataset, and publish the model."""

import json
import logging
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from clf import processes
from clf.data.fingerprints import text_hashes
from clf.data.prepared import LabelledTexts, PreparedDataset
from clf.data.sources import Source, find_source, input_paths
from clf.errors import DataError, ModelError
from clf.models.store import ModelFiles, find_model
from clf.prepare import check_prepared, preparation_key, prepare_into
from clf.processes import World
from clf.reports.html import training_page
from clf.reports.model_card import model_card
from clf.results import (
    MODEL_FILE,
    MODELS,
    PREPARED,
    TRAIN_ROWS_FILE,
    check_reports,
    output_folder,
    sha256,
    shown,
    staged,
    write_json,
    write_report,
)
from clf.runs import Clock, Run, differences, read_model_record, run_identity
from clf.settings import Settings
from clf.training.result import Example, TrainResult
from clf.training.trackers import check_trackers

if TYPE_CHECKING:
    from clf.models.classifier import Classifier
    from clf.models.compute import Compute
    from clf.training.outcome import Trained
    from clf.training.work import Work

EXAMPLES_SHOWN = 3
TEST_RUN = {"max_train_samples": 64, "max_eval_samples": 32}

log = logging.getLogger(__name__)


def train(settings: Settings, *, told: bool = True) -> TrainResult | None:
    """Fine-tune and publish; prepare the dataset first when it is raw.

    `told` is whether the recipe is the user's, who is then told what became of it.

    Under torchrun or accelerate launch, every process comes here; the main one returns the result, the others None.

    Raises DataError, ModelError, NetworkError, OutputError or TrainingError, each before anything is published;
    Interrupted when a signal ended the run and a checkpoint was saved.
    """
    world = processes.current_world()
    settings = _resolved(settings)
    check_trackers(settings.train.report_to)
    check_reports(settings.report.report)
    cuda = False
    if world.size > 1 or settings.compute.device != "auto":  # one that is not there is found before anything is made
        from clf.models.compute import choose_compute

        cuda = choose_compute(settings.compute, world).device.type == "cuda"
    if world.size == 1:
        if processes.was_left_alone():
            log.warning("the launcher started one process only; without GPUs, start several with torchrun")
        return _lead(settings, world, told)
    processes.join(world, cuda)
    try:
        if world.is_main:
            return _lead(settings, world, told)
        _follow(settings, world)
        return None
    finally:
        processes.leave(world)


def _lead(settings: Settings, world: World, told: bool) -> TrainResult:
    with processes.ending_others(world):
        source = find_source(settings)
        files = find_model(
            settings.train.model,
            settings.train.revision,
            offline=settings.run.offline,
            timeout=settings.download.download_timeout,
        )
        default = MODELS / default_name(settings, source)
        if settings.run.resume and (finished := _finished(settings, default, source)):
            processes.from_main(world, None)
            return finished
        inputs = [files.folder, *input_paths(settings.data)]
        folder = output_folder(settings, default, inputs)
        with Run(folder).open(settings, "train") as run, run.told():
            return _train(settings, source, files, folder, run, world, told)


def _follow(settings: Settings, world: World) -> None:
    """Train beside the main process, on what it prepared."""
    from clf.training.work import fine_tune_work, load_work

    plan = processes.from_main(world)
    if plan is None:  # it ended before, and says why
        return
    files, folder, resume, schedule = plan
    run = Run(folder)
    work = load_work(settings, files, PreparedDataset(run.folder / "dataset"), world)
    fine_tune_work(settings, replace(work, schedule=schedule), run, world, resume)


def default_name(settings: Settings, source: Source) -> str:
    """Return the name of the model folder: model, dataset, and whether it is final."""
    encoder = Path(settings.train.model.rstrip("/")).name
    dataset = PreparedDataset(source.prepared).name if source.prepared else source.name
    return f"{encoder}_{dataset}_{'test_run' if settings.train.test_run else 'final'}"


def _train(
    settings: Settings, source: Source, files: ModelFiles, folder: Path, run: Run, world: World, told: bool
) -> TrainResult:
    clock = Clock()
    # Nothing of an earlier run is replaced before data and model are known to be good.
    with staged(run.folder / "dataset") as stage:
        prepared = dataset_for_training(settings, source, stage, run.folder / "dataset")
        clock.lap("prepare")
        from clf.training.schedule import tell
        from clf.training.work import as_begun, fine_tune_work, load_work  # seconds, which a bad file should not cost

        clock.lap("import")
        work = load_work(settings, files, prepared, world)
        resume = _is_resumed(settings, run)
        if resume:
            work = as_begun(settings, work, run, world)
    work = replace(work, prepared=PreparedDataset(run.folder / "dataset"))
    run.begin(settings, "train", resume=resume)
    clock.lap("load")
    processes.from_main(world, (files, folder, resume, work.schedule))
    if told:
        tell(settings.train, work.schedule, work.sizes)
    trained = fine_tune_work(settings, work, run, world, resume)
    processes.leave(world)
    clock.lap("train")
    result, record = _measure(settings, work, trained, folder, run, clock)
    # Before the model stands: whatever then ends the run, the same command finds both, or goes on from a checkpoint.
    kept = {"of": _identity(settings, source), "created": record["created"], "result": result.as_dict()}
    write_json(run.result, kept | {"recipe": work.schedule.as_settings()})
    _publish(folder, work.classifier, record, work.train)
    clock.lap("publish")
    clock.save(run.folder / "timing.json", loop_seconds=trained.seconds, tokens_per_second=trained.tokens_per_second)
    if not settings.train.keep_checkpoints:
        shutil.rmtree(run.checkpoints, ignore_errors=True)
    if settings.report.report:
        page = training_page(result.as_dict(), record, run.read_history(), work.prepared.audit)
        write_report(settings.report.report, page)
    return result


def _measure(
    settings: Settings, work: "Work", trained: "Trained", folder: Path, run: Run, clock: Clock
) -> tuple[TrainResult, dict[str, Any]]:
    """Calibrate on validation and test once; return the result, and the record for the model folder."""
    from clf.training.confidence import calibrate
    from clf.training.record import model_record

    classifier, tested = work.classifier, work.test
    calibrated = calibrate(classifier, work.compute, work.validation, settings.confidence)
    clock.lap("calibrate")
    test_metrics, examples = _final_test(classifier, work.compute, tested)
    clock.lap("test")
    rows = {"train": len(work.train), "validation": len(work.validation), "test": len(tested or [])}
    record = model_record(
        settings, work.files, work.prepared, classifier, work.compute, rows, work.choices, work.schedule
    ) | {
        **calibrated.as_record(),
        "metrics": {"validation": calibrated.metrics, "test": test_metrics},
        "train_seconds": round(trained.seconds_in_all, 2),
        "epochs": trained.epochs,
        "steps": trained.steps,
    }
    result = TrainResult(
        model_dir=shown(folder),
        run_dir=shown(run.folder),
        epochs=trained.epochs,
        steps=trained.steps,
        resumed_from_step=trained.resumed_from_step,
        train_seconds=round(trained.seconds, 2),
        examples_per_second=round(trained.examples / trained.seconds, 2),
        metrics=calibrated.metrics,
        test_metrics=test_metrics,
        examples=examples,
        megabytes=round(4e-6 * classifier.parameters, 1),
    )
    return result, record


def _is_resumed(settings: Settings, run: Run) -> bool:
    """Tell whether there is something to go on with, and say what becomes of it."""
    there = any(run.checkpoints.glob("*checkpoint-*"))  # also one that was being replaced
    if there and not settings.run.resume:
        log.warning("an interrupted run in %s is thrown away; --resume would go on with it", shown(run.folder))
    if settings.run.resume and not there:
        log.info("there is no checkpoint to resume from: starting afresh")
    return there and settings.run.resume


def _finished(settings: Settings, default: Path, source: Source) -> TrainResult | None:
    """Return the result of a run of the same settings and data that is finished, when its model is still there."""
    folder = Path(os.path.realpath(settings.run.output_dir or default))
    try:
        kept = json.loads(Run(folder).result.read_text(encoding="utf-8"))
        if kept["created"] != read_model_record(folder).get("created"):
            return None
        if changed := differences(kept["of"], _identity(settings, source), kept.get("recipe")):
            log.warning("%s is of another run: %s", shown(folder), "; ".join(changed))
            return None
        examples = [Example(**example) for example in kept["result"].pop("examples")]
        log.info("the run is finished: %s", shown(folder))
        if not settings.train.keep_checkpoints:  # it may have been ended before it removed them
            shutil.rmtree(Run(folder).checkpoints, ignore_errors=True)
        return TrainResult(**kept["result"], examples=examples)
    except (ModelError, OSError, ValueError, KeyError, TypeError):
        return None


def _identity(settings: Settings, source: Source) -> dict[str, Any]:
    return run_identity(settings, source.origin, source.fingerprint)


def dataset_for_training(settings: Settings, source: Source, stage: Path, earlier: Path) -> PreparedDataset:
    """Fill an empty folder with the prepared dataset: as it is given, as it was prepared before, or made now.

    What `clf prepare` or an `earlier` run made is taken when it came of the same content and settings.
    """
    key = preparation_key(source, settings, subset=False)
    made = [PreparedDataset(folder) for folder in (earlier, PREPARED / source.name)]
    if source.prepared:
        check_prepared(PreparedDataset(source.prepared), settings)
        PreparedDataset(source.prepared).link_into(stage)
    elif kept := next((dataset for dataset in made if dataset.holds(key)), None):
        log.info("%s has not changed: taking it as prepared in %s", source.origin, shown(kept.folder.resolve()))
        kept.link_into(stage)
    else:
        log.info("preparing %s", source.origin)
        prepare_into(stage, source, settings)
    prepared = PreparedDataset(stage)
    _say_leaks(prepared)
    for split in ("train", "validation"):
        if split not in prepared.splits:
            raise DataError(
                f"the dataset {prepared.name} has no {split} split",
                "prepare it with --validation-size above 0, or pass --validation FILE",
            )
    return prepared


def _final_test(
    classifier: "Classifier", compute: "Compute", rows: LabelledTexts | None
) -> tuple[dict[str, float] | None, list[Example]]:
    """Measure the kept weights once on the test split, which chose nothing."""
    if rows is None:
        return None, []
    from clf.progress import track
    from clf.scoring.inference import predict_texts
    from clf.scoring.metrics import score

    with track("testing", len(rows)) as advance:
        probabilities = predict_texts(classifier, rows.texts, compute, advance)
    chosen = np.linspace(0, len(rows) - 1, min(EXAMPLES_SHOWN, len(rows))).astype(int)
    examples = [
        Example(
            rows.texts[row],
            classifier.labels[rows.labels[row]],
            classifier.labels[probabilities[row].argmax()],
            round(float(probabilities[row].max()), 4),
        )
        for row in chosen.tolist()
    ]
    return score(probabilities, rows.labels), examples


# --- publishing ---------------------------------------------------------------------------------------------


def _publish(folder: Path, classifier: "Classifier", record: dict[str, Any], train_rows: LabelledTexts) -> None:
    from clf.models.classifier import quiet_transformers

    with staged(folder) as stage, quiet_transformers():
        classifier.model.to("cpu").save_pretrained(stage)
        classifier.tokenizer.save_pretrained(stage)
        np.save(stage / TRAIN_ROWS_FILE, text_hashes(train_rows.texts), allow_pickle=False)
        files = {path.name: sha256(path) for path in sorted(stage.iterdir())}
        (stage / "README.md").write_text(
            model_card({**record, "name": folder.name}, record["metrics"]["validation"], record["metrics"]["test"]),
            encoding="utf-8",
        )
        write_json(stage / MODEL_FILE, {**record, "files": files})


# --- settings -----------------------------------------------------------------------------------------------


def _resolved(settings: Settings) -> Settings:
    """Take what the launcher and `--test-run` say into the settings."""
    if processes.was_restarted():
        settings = settings.model_copy(update={"run": settings.run.model_copy(update={"resume": True})})
    return _test_run(settings) if settings.train.test_run else settings


def _test_run(settings: Settings) -> Settings:
    """Take a small sample of everything, but for what was asked for explicitly."""
    samples = {name: value for name, value in TEST_RUN.items() if getattr(settings.data, name) is None}
    epochs = {} if "epochs" in settings.train.model_fields_set else {"epochs": 1}
    return settings.model_copy(
        update={
            "data": settings.data.model_copy(update=samples),
            "train": settings.train.model_copy(update=epochs),
        }
    )


def _say_leaks(prepared: PreparedDataset) -> None:
    leaks = {pair: count for pair, count in prepared.audit["leaks_after_split"]["exact"].items() if count}
    if leaks:
        log.warning("texts that stand in two splits: %s (--drop-leaks removes them from train)", json.dumps(leaks))
