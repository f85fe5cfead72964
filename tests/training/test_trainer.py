"""The best epoch is kept, patience ends the run, and a run whose numbers fail is stopped."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from clf.data.sources.synthetic import synthetic_reviews
from clf.errors import TrainingError
from clf.models.classifier import Classifier
from clf.models.compute import choose_compute
from clf.models.from_files import load_for_training
from clf.models.inference import probabilities_of
from clf.models.store import find_model
from clf.models.tokens import tokenize
from clf.processes import ALONE
from clf.scoring.answers import Answers
from clf.settings import Settings, TrainSettings
from clf.settings_sources import load_settings
from clf.storage.run_folder import Run
from clf.training.arguments import training_arguments
from clf.training.batching import Encoded
from clf.training.checkpoint_files import Fingerprint
from clf.training.checkpoints import Checkpoints
from clf.training.plan import Loss, Plan
from clf.training.schedule import SelectBy, Sizes, choose_schedule
from clf.training.selection import selection
from clf.training.setup import fine_tune_work
from clf.training.trained import Trained
from clf.training.trainer import fine_tune
from support.training import MakeWork, at_first_step

LABELS = ["negative", "positive"]


def tuned(
    encoder: Path,
    folder: Path,
    patience: int = 3,
    save_steps: int | None = None,
    logging_steps: int = 10,
    loss: Loss | None = None,
    **recipe: object,
) -> tuple[Classifier, Trained, Run]:
    classifier = load_for_training(find_model(str(encoder)), LABELS, seed=1)
    compute = choose_compute(load_settings({"compute": {"device": "cpu"}}).compute)
    splits = {}
    for split, reviews in synthetic_reviews(60, 1).items():
        ids = tokenize([review.text for review in reviews], classifier.tokenizer, 64)
        splits[split] = Encoded(ids, np.array([LABELS.index(review.label) for review in reviews]))
    run = Run(folder / "model")
    with run.open(Settings(), "train"):
        train = TrainSettings(**{"eval_steps": "epoch", "select_by": "macro_f1", "head_init": "random"} | recipe)
        sizes = Sizes("tiny", 32, *(len(splits[split].labels) for split in ("train", "validation")), 2)
        schedule = choose_schedule(train, sizes)
        arguments = training_arguments(train, schedule, 42, compute, run.checkpoints)
        arguments.logging_steps = logging_steps
        made = Plan(arguments, schedule, patience, loss or Loss(), save_steps)
        store = Checkpoints(run.checkpoints, Fingerprint({}, {}))
        return (
            classifier,
            fine_tune(classifier, splits["train"], splits["validation"], made, compute, run, store),
            run,
        )


def test_a_run_reports_what_it_did_and_writes_its_history(tiny_encoder: Path, tmp_path: Path) -> None:
    _, trained, run = tuned(tiny_encoder, tmp_path, epochs=2, batch_size=8, learning_rate=3e-3, save_steps=5)
    assert (trained.epochs, trained.steps, trained.examples) == (2.0, 12, 84)
    assert trained.seconds > 0
    history = [json.loads(line) for line in run.history.read_text().splitlines()]
    assert [line["epoch"] for line in history if "eval_macro_f1" in line] == [1.0, 2.0]
    names = sorted(path.name for path in run.checkpoints.rglob("*") if path.is_file())
    assert "model.safetensors" in names
    assert "training_args.bin" not in names


def test_at_most_two_checkpoints_are_kept(tiny_encoder: Path, tmp_path: Path) -> None:
    _, _, run = tuned(tiny_encoder, tmp_path, epochs=4, batch_size=16, learning_rate=1e-3, patience=9, save_steps=2)
    assert len(list(run.checkpoints.glob("checkpoint-*"))) == 2


def test_patience_ends_a_run_that_gains_nothing(tiny_encoder: Path, tmp_path: Path) -> None:
    _, trained, _ = tuned(tiny_encoder, tmp_path, patience=1, epochs=30, batch_size=8, learning_rate=0.2)
    assert trained.epochs < 30


def test_a_loss_that_is_no_number_stops_the_run(tiny_encoder: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"the loss is nan at step 1, .* 0, 1, 2, 3, 4, 5, 6, 7 ") as stopped:
        tune_with_an_infinite_head(tiny_encoder, tmp_path)
    assert "--learning-rate" in stopped.value.hint


class LossWithBadGradient(Loss):
    """A loss that is a number, and whose gradient is none: that of a root at zero."""

    def __call__(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: torch.Tensor) -> torch.Tensor:
        return super().__call__(outputs, labels, num_items_in_batch) + (0 * outputs["logits"]).sum().sqrt()


def test_weights_that_are_no_numbers_are_never_saved(tiny_encoder: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="the gradient is nan at step 1, on rows"):
        tuned(tiny_encoder, tmp_path, save_steps=1, loss=LossWithBadGradient(), epochs=1, batch_size=8)
    assert not list((tmp_path / "model.run" / "checkpoints").glob("checkpoint-*"))


def test_how_often_one_saves_or_writes_history_changes_no_weight(tiny_encoder: Path, tmp_path: Path) -> None:
    weights = []
    for number, (save_steps, logging_steps) in enumerate([(None, 10), (1, 1), (2, 3), (5, 100)]):
        classifier, _, _ = tuned(
            tiny_encoder, tmp_path / str(number), save_steps=save_steps, logging_steps=logging_steps,
            epochs=2, batch_size=8, learning_rate=1e-3,
        )  # fmt: skip
        weights.append({name: weight.clone() for name, weight in classifier.model.state_dict().items()})
    for other in weights[1:]:
        assert all(torch.equal(other[name], weight) for name, weight in weights[0].items())


def test_an_evaluation_is_measured_on_the_whole_split_and_scored_by_what_selects(
    make_work: MakeWork, tmp_path: Path
) -> None:
    work, run = make_work(head_init="random"), Run(tmp_path / "m")
    run.folder.mkdir()
    trainer = at_first_step(lambda: fine_tune_work(work, run, ALONE, False))
    trainer.state.global_step, trainer.state.epoch = 7, 0.5
    answers = Answers(probabilities_of(work.classifier, work.validation.texts, work.compute), work.validation.labels)
    ways: tuple[SelectBy, ...] = ("macro_f1", "log_loss", "last")
    for by in ways:
        trainer.plan = replace(trainer.plan, schedule=replace(work.schedule, select_by=by))
        found = trainer.evaluate()
        assert found["eval_log_loss"] == pytest.approx(answers.log_loss, abs=1e-4)
        metrics = {name: found[f"eval_{name}"] for name in ("macro_f1", "log_loss")}
        assert found["eval_selection"] == selection(metrics, 4, by, 7)
        assert run.read_history()[-1]["eval_selection"] == found["eval_selection"]
    assert trainer.seconds_aside > 0


def tune_with_an_infinite_head(encoder: Path, folder: Path) -> None:
    classifier = load_for_training(find_model(str(encoder)), LABELS, seed=1)
    torch.nn.init.constant_(classifier.model.classifier.weight, float("inf"))
    split = Encoded([np.array([2, 5, 3], np.int32)] * 8, np.array([0, 1] * 4))
    compute = choose_compute(load_settings({"compute": {"device": "cpu"}}).compute)
    run = Run(folder / "model")
    with run.open(Settings(), "train"):
        schedule = choose_schedule(TrainSettings(epochs=1, head_init="random"), Sizes("tiny", 32, 8, 8, 2))
        arguments = training_arguments(TrainSettings(epochs=1), schedule, 42, compute, run.checkpoints)
        recipe = Plan(arguments, schedule, 3, Loss())
        store = Checkpoints(run.checkpoints, Fingerprint({}, {}))
        fine_tune(classifier, split, split, recipe, compute, run, store)
