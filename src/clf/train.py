"""`clf train`: fine-tune a pre-trained encoder on a dataset, and publish the model."""

import json
import logging
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from clf.data.fingerprints import text_hashes
from clf.data.labels import align_labels
from clf.data.prepared import LabelledTexts, PreparedDataset
from clf.data.sources import Source, find_source, input_paths
from clf.data.tokens import tokenize
from clf.errors import DataError
from clf.models.store import ModelFiles, find_model
from clf.prepare import check_prepared, preparation_key, prepare_into
from clf.reports.model_card import model_card
from clf.results import MODEL_FILE, MODELS, PREPARED, TRAIN_ROWS_FILE, output_folder, sha256, shown, staged, write_json
from clf.runs import Clock, Run
from clf.settings import Settings

if TYPE_CHECKING:
    from clf.models.classifier import Classifier
    from clf.models.compute import Compute
    from clf.training.trainer import Trained

EXAMPLES_SHOWN = 3
TEST_RUN = {"max_train_samples": 64, "max_eval_samples": 32}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Example:
    """One text of the test split with the model's answer."""

    text: str
    label: str
    predicted: str
    confidence: float


@dataclass(frozen=True)
class TrainResult:
    """What `clf train` reports; `metrics` are on validation, at the epoch that was kept."""

    model_dir: str
    run_dir: str
    epochs: float
    steps: int
    resumed_from_step: int | None
    train_seconds: float
    examples_per_second: float
    metrics: dict[str, float]
    test_metrics: dict[str, float] | None
    examples: list[Example]
    megabytes: float

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON has it."""
        return asdict(self)


def train(settings: Settings) -> TrainResult:
    """Fine-tune and publish; prepare the dataset first when it is raw.

    Raises DataError, ModelError, NetworkError, OutputError or TrainingError, each before anything is published.
    """
    settings = _test_run(settings) if settings.train.test_run else settings
    source = find_source(settings)
    files = find_model(
        settings.train.model,
        settings.train.revision,
        offline=settings.run.offline,
        timeout=settings.download.download_timeout,
    )
    inputs = [files.folder, *input_paths(settings.data)]
    folder = output_folder(settings, MODELS / default_name(settings, source), inputs)
    with Run(folder).open(settings, "train") as run:
        return _train(settings, source, files, folder, run)


def default_name(settings: Settings, source: Source) -> str:
    """Return the name of the model folder: model, dataset, and whether it is final."""
    encoder = Path(settings.train.model.rstrip("/")).name
    dataset = PreparedDataset(source.prepared).name if source.prepared else source.name
    return f"{encoder}_{dataset}_{'test_run' if settings.train.test_run else 'final'}"


# --- the run ------------------------------------------------------------------------------------------------


def _train(settings: Settings, source: Source, files: ModelFiles, folder: Path, run: Run) -> TrainResult:
    from clf.models.compute import choose_compute
    from clf.training.record import model_record

    clock = Clock()
    compute = choose_compute(settings.compute)
    # Nothing of an earlier run is replaced before data and model are known to be good.
    with staged(run.folder / "dataset") as stage:
        prepared = dataset_for_training(settings, source, stage, run.folder / "dataset")
        clock.lap("prepare")
        classifier = _load(settings, files, prepared, compute)
        train_rows, validation_rows, test_rows = _texts(settings, prepared, classifier.labels)
    prepared = PreparedDataset(run.folder / "dataset")
    run.begin(settings, "train")
    clock.lap("load")
    trained = _fine_tune(settings, classifier, compute, run, train_rows, validation_rows)
    clock.lap("train")
    test_metrics, examples = _final_test(classifier, compute, test_rows)
    clock.lap("test")

    record = model_record(
        settings,
        files,
        prepared,
        classifier,
        compute,
        {"train": len(train_rows), "validation": len(validation_rows), "test": len(test_rows or [])},
    )
    record |= {
        "metrics": {"validation": trained.metrics, "test": test_metrics},
        "epochs": trained.epochs,
        "steps": trained.steps,
    }
    _publish(folder, classifier, record, train_rows)
    if not settings.train.keep_checkpoints:
        shutil.rmtree(run.checkpoints, ignore_errors=True)
    clock.lap("publish")
    clock.save(run.folder / "timing.json", loop_seconds=trained.seconds)
    return TrainResult(
        model_dir=shown(folder),
        run_dir=shown(run.folder),
        epochs=trained.epochs,
        steps=trained.steps,
        resumed_from_step=None,
        train_seconds=round(trained.seconds, 2),
        examples_per_second=round(trained.examples / trained.seconds, 2),
        metrics=trained.metrics,
        test_metrics=test_metrics,
        examples=examples,
        megabytes=round(sum(path.stat().st_size for path in folder.rglob("*")) / 1e6, 1),
    )


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


def _load(settings: Settings, files: ModelFiles, prepared: PreparedDataset, compute: "Compute") -> "Classifier":
    from clf.models.classifier import choose_max_length, load_for_training
    from clf.training.arguments import keeps_attention_dropout

    keep = keeps_attention_dropout(settings.train, compute)
    classifier = load_for_training(files, prepared.labels, seed=settings.run.seed, keep_attention_dropout=keep)
    classifier.max_length = choose_max_length(settings.data.max_length, classifier.max_length, files.name)
    classifier.cleaning = prepared.cleaning
    log.info(
        "%s: %.1f M parameters, %s head, %s on %s, texts cut at %d tokens",
        files.name,
        classifier.parameters / 1e6,
        classifier.head,
        compute.precision,
        compute.device,
        classifier.max_length,
    )
    return classifier


def _fine_tune(
    settings: Settings,
    classifier: "Classifier",
    compute: "Compute",
    run: Run,
    train_rows: LabelledTexts,
    validation_rows: LabelledTexts,
) -> "Trained":
    from clf.training.arguments import suggested_rate, training_arguments
    from clf.training.trainer import Encoded, fine_tune

    rate = suggested_rate(settings.train.model)
    if rate and settings.train.learning_rate < rate / 2:
        log.info(
            "a learning rate of %g is known to underfit this encoder; try --learning-rate %g",
            settings.train.learning_rate,
            rate,
        )
    train_split, validation_split = (
        Encoded(tokenize(rows.texts, classifier.tokenizer, classifier.max_length), rows.labels)
        for rows in (train_rows, validation_rows)
    )
    log.info("training on %d texts, validating on %d", len(train_rows), len(validation_rows))
    arguments = training_arguments(settings.train, settings.run, compute, run.checkpoints, len(train_rows))
    return fine_tune(
        classifier,
        train_split,
        validation_split,
        arguments,
        compute,
        run,
        settings.train.early_stopping_patience,
    )


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
