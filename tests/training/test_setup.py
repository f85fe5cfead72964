"""What a run trains with: the encoder, its texts and labels, the optimisations and the schedule that suit them."""

import logging
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import EarlyStoppingCallback

from clf.data.prepared import PreparedDataset
from clf.errors import UsageError
from clf.models.cpu.dropout import FastDropout
from clf.models.files import ModelFiles
from clf.processes import ALONE, World
from clf.settings import ComputeSettings, DataSettings, TrainSettings
from clf.storage.run_folder import Run
from clf.training.checkpoint_files import RunPosition
from clf.training.schedule import choose_schedule
from clf.training.setup import Work, as_begun, checkpoints_of, fine_tune_work, load_work, of_part
from clf.training.trainer import ClassifierTrainer
from support.classifiers import write_tiny_classifier
from support.training import MakeWork, at_first_step


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = Run(tmp_path / "m")
    made.folder.mkdir()
    return made


@pytest.fixture(scope="module")
def usual(make_work: MakeWork) -> Work:
    """Give the work of a run with the defaults, but for the head, which is not fitted."""
    return make_work(head_init="random")


def with_recipe(work: Work, **train: object) -> Work:
    """Return the work with other settings of [train] that matter only after loading."""
    recipe = TrainSettings(**{**work.recipe.model_dump(exclude_unset=True), **train})
    return replace(work, recipe=recipe, schedule=choose_schedule(recipe, work.sizes))


def begun(work: Work, run: Run) -> ClassifierTrainer:
    """Begin the run of this work up to its first step, and return its Trainer."""
    return at_first_step(lambda: fine_tune_work(work, run, ALONE, False))


# --- loading ------------------------------------------------------------------------------------------------


def test_encoder_and_texts_are_loaded_and_measured(make_work: MakeWork, tiny_encoder: Path) -> None:
    work = make_work(truncation="tail")
    assert [len(rows) for rows in (work.train, work.validation, work.test or [])] == [32, 4, 4]
    assert (work.classifier.labels, work.classifier.head) == (["bad", "good"], "fresh")
    assert (work.classifier.max_length, work.classifier.truncation) == (128, "tail")
    assert work.classifier.cleaning == work.prepared.cleaning
    sizes = work.sizes
    assert (sizes.encoder, sizes.width, sizes.texts, sizes.validation_texts) == (str(tiny_encoder), 32, 32, 4)
    assert (sizes.classes, sizes.head_can_be_fitted) == (2, True)
    assert work.schedule == choose_schedule(work.recipe, sizes)
    assert work.precision == "fp32"


def test_samples_are_for_training_and_for_both_evaluations(make_work: MakeWork) -> None:
    work = make_work(data=DataSettings(max_train_samples=10, max_eval_samples=2, max_length=16))
    assert [len(rows) for rows in (work.train, work.validation, work.test or [])] == [10, 2, 2]
    assert work.classifier.max_length == 16
    other = make_work(data=DataSettings(max_train_samples=10), seed=43)
    assert work.train.rows.tolist() != other.train.rows.tolist()


def test_the_test_split_is_not_read_where_it_is_not_wanted(make_work: MakeWork) -> None:
    assert make_work(no_final_test=True).test is None


def test_a_batch_that_does_not_divide_is_refused_before_anything_is_loaded(prepared: PreparedDataset) -> None:
    nowhere = ModelFiles(Path("nowhere"), "nowhere", "path")
    with pytest.raises(UsageError, match="--batch-size 16 cannot be divided into 3 equal parts"):
        load_work(DataSettings(), TrainSettings(), ComputeSettings(), 1, nowhere, prepared, World(0, 3, 0, 3))


def test_a_length_that_the_encoder_cannot_read_is_refused(make_work: MakeWork) -> None:
    with pytest.raises(UsageError, match="--max-length 129 is more than"):
        make_work(data=DataSettings(max_length=129))


def test_label_ids_are_those_of_a_head_that_is_kept(make_work: MakeWork, tmp_path: Path) -> None:
    model = write_tiny_classifier(tmp_path / "model", ["good", "bad"])
    work = make_work(encoder=model)
    assert (work.classifier.labels, work.classifier.head) == (["good", "bad"], "its own")
    assert work.test
    for rows in (work.train, work.validation, work.test):
        good = [any(word in text for word in ("wonderful", "great", "lovely", "perfect")) for text in rows.texts]
        assert rows.labels.tolist() == [0 if each else 1 for each in good]
    assert not work.sizes.head_can_be_fitted


# --- this machine -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("train", "dropout", "attention"),
    [
        ({"fast_dropout": False}, "PyTorch's", "text by text"),
        ({"fast_attention": False}, "masks drawn many at a time", "sdpa"),
        ({"attention_dropout": "keep"}, "masks drawn many at a time", "sdpa"),
    ],
)
def test_the_optimisations_are_those_that_were_allowed_and_are_recorded(
    make_work: MakeWork, train: dict[str, object], dropout: str, attention: str
) -> None:
    work = make_work(**train)
    model = work.classifier.model
    assert {key: work.choices[key] for key in ("dropout", "attention", "activations")} == {
        "dropout": dropout, "attention": attention, "activations": "fp32",
    }  # fmt: skip
    assert any(isinstance(each, FastDropout) for each in model.modules()) is (dropout != "PyTorch's")
    assert model.config._attn_implementation == ("sdpa" if attention == "sdpa" else "clf_text_by_text")
    assert model.config.attention_dropout == (0.1 if train.get("attention_dropout") else 0.0)


def test_the_freed_memory_is_kept_where_the_c_library_can(make_work: MakeWork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.libc_ver", lambda: ("musl", "1"))
    assert make_work().choices["freed_memory"] == "given back"


def test_activations_are_recorded_as_they_are_computed(prepared: PreparedDataset, tiny_encoder: Path) -> None:
    files, recipe = ModelFiles(tiny_encoder, "tiny", "path"), TrainSettings(model="tiny")
    asked = ComputeSettings(device="cpu", precision="bf16")
    work = load_work(DataSettings(), recipe, asked, 1, files, prepared, ALONE)
    assert work.choices["activations"] == "bf16"
    with torch.autocast("cpu", dtype=torch.bfloat16):
        hidden = work.classifier.model.distilbert.embeddings(torch.tensor([[1, 2]]))
    assert hidden.dtype == torch.bfloat16


# --- the run ------------------------------------------------------------------------------------------------


def test_the_plan_of_a_run_is_that_of_its_recipe(usual: Work, run: Run) -> None:
    work = with_recipe(
        usual,
        batch_size=4, early_stopping_patience=7, label_smoothing=0.25, class_weights="balanced", save_steps=5,
        keep_checkpoints=True,
    )  # fmt: skip
    trainer = begun(work, run)
    plan = trainer.plan
    assert (plan.schedule, plan.patience, plan.save_steps, plan.keep_checkpoints) == (work.schedule, 7, 5, True)
    assert (plan.loss.weights, plan.loss.smoothing, plan.batch_size) == ([1.0, 1.0], 0.25, 4)
    [patience] = [each for each in trainer.callback_handler.callbacks if isinstance(each, EarlyStoppingCallback)]
    assert patience.early_stopping_patience == 7
    assert trainer.args.seed == work.seed
    assert trainer.checkpoints.fingerprint == checkpoints_of(work, run, ALONE).fingerprint


def test_texts_are_tokenized_once_and_known_by_their_rows(make_work: MakeWork, run: Run) -> None:
    work = make_work(data=DataSettings(max_train_samples=10, max_length=6))
    trainer = begun(work, run)
    made = {path: path.stat().st_mtime_ns for path in (run.folder / "tokens").iterdir()}
    assert len(made) == 4
    assert trainer.order.rows.tolist() == work.train.rows.tolist()
    assert max(map(len, trainer.train_dataset.token_ids)) == 6
    assert trainer.train_dataset.labels.tolist() == work.train.labels.tolist()
    assert trainer.validation.labels.tolist() == work.validation.labels.tolist()
    again = begun(work, run)
    assert {path: path.stat().st_mtime_ns for path in (run.folder / "tokens").iterdir()} == made
    for one, other in zip(trainer.train_dataset.token_ids, again.train_dataset.token_ids, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize(("rate", "told"), [(4.9e-5, True), (5e-5, False), ("auto", False)])
def test_a_rate_below_half_of_what_suits_the_encoder_is_told(
    usual: Work, run: Run, caplog: pytest.LogCaptureFixture, rate: object, told: bool
) -> None:
    caplog.set_level(logging.INFO)
    begun(with_recipe(usual, learning_rate=rate), run)
    said = f"a learning rate of {rate} is known to underfit this encoder; without --learning-rate clf uses 0.0001"
    assert (said in caplog.messages) is told


def test_tensorboard_writes_outside_the_checkpoints_which_are_deleted(
    usual: Work, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", "")
    monkeypatch.delenv("TENSORBOARD_LOGGING_DIR")
    with suppress(Exception):  # the package may be absent
        begun(with_recipe(usual, report_to=["tensorboard"]), run)
    assert os.environ["TENSORBOARD_LOGGING_DIR"] == str(run.folder / "tensorboard")


# --- parts and resumed runs ---------------------------------------------------------------------------------


def test_a_part_of_the_texts_has_the_schedule_for_its_number_and_no_test(usual: Work) -> None:
    work = with_recipe(usual, batch_size=4)
    part = of_part(work, work.train.take(np.arange(9)))
    assert (part.test, len(part.train), len(part.validation)) == (None, 9, 4)
    assert (work.schedule.steps_per_epoch, part.schedule.steps_per_epoch) == (8, 3)
    assert part.schedule.epochs > work.schedule.epochs
    assert part.classifier is work.classifier


def test_a_resumed_run_keeps_what_was_chosen_for_it(usual: Work, run: Run) -> None:
    begun_with = with_recipe(usual, epochs=9, select_by="log_loss")
    checkpoints = checkpoints_of(begun_with, run, ALONE)
    checkpoints.begin()
    (checkpoints.stage / "checkpoint-2").mkdir()
    checkpoints.commit("checkpoint-2", 2, None, RunPosition(True, 0.0, 0))
    assert usual.schedule.epochs != 9
    again = as_begun(usual, run, ALONE)
    assert again.schedule == begun_with.schedule
    with pytest.raises(UsageError, match="--epochs was 9, is now 8"):
        as_begun(with_recipe(usual, epochs=8), run, ALONE)
    with pytest.raises(UsageError, match="--seed was 42, is now 7"):
        as_begun(replace(usual, seed=7), run, ALONE)


def test_checkpoints_belong_to_a_run_of_these_texts(usual: Work, run: Run) -> None:
    work = usual
    assert checkpoints_of(work, run, ALONE).folder == run.checkpoints
    assert checkpoints_of(work, run, ALONE).steps_per_epoch == work.schedule.steps_per_epoch == 2
    same = checkpoints_of(work, run, ALONE).fingerprint.same
    for split in ("train", "validation"):
        fewer = replace(work, **{split: getattr(work, split).take(np.arange(2))})
        other = checkpoints_of(fewer, run, ALONE).fingerprint.same
        changed = [name for name in same if same[name] != other[name]]
        assert changed == [f"the {'training' if split == 'train' else split} texts"]
    assert checkpoints_of(replace(work, test=None), run, ALONE).fingerprint.same == same
