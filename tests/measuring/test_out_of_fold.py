"""Each fold of the training texts is predicted by a model that was trained by the recipe, without the fold."""

from pathlib import Path

import pytest

from clf.data.sources.find import SourceFinder
from clf.errors import INTERRUPTED, Interrupted, ModelError, Terminated
from clf.measuring.out_of_fold import _nothing_kept, _recipe, out_of_fold
from clf.models.record import ModelRecord
from clf.settings import ComputeSettings, RunSettings, Settings, TrainSettings
from support.recorded import bare_classifier

FP32 = ComputeSettings(device="cpu", precision="fp32")


def test_a_model_that_records_no_training_is_refused(tmp_path: Path) -> None:
    for record in (None, ModelRecord(schema_version=1)):
        with pytest.raises(ModelError, match="tiny does not record its training") as refused:
            out_of_fold(bare_classifier(tmp_path, record), 3, FP32, SourceFinder(seed=1))
        assert refused.value.hint == "train it with clf first"


def recipe_of(train: TrainSettings, recipe: dict[str, str | int | float] | None) -> TrainSettings:
    settings = Settings(train=train, run=RunSettings(resume=True, seed=9))
    made = _recipe(ModelRecord(schema_version=1, settings=settings, recipe=recipe), settings, FP32)
    assert (made.run.resume, made.run.seed, made.compute) == (False, 9, FP32)
    assert (made.train.report_to, made.train.keep_checkpoints, made.train.no_final_test) == ([], False, True)
    return made.train


def test_a_fold_is_trained_with_the_values_that_auto_stood_for_but_those_counted_in_steps() -> None:
    chosen: dict[str, str | int | float] = {
        "learning_rate": 3e-5, "epochs": 4, "warmup_steps": 70, "eval_steps": 50, "select_by": "log_loss",
    }  # fmt: skip
    given = TrainSettings(warmup_steps="auto", eval_steps="auto", keep_checkpoints=True)
    made = recipe_of(given, chosen)
    assert (made.learning_rate, made.epochs, made.select_by) == (3e-5, 4, "log_loss")
    assert (made.warmup_steps, made.eval_steps) == ("auto", "auto")


def test_steps_that_were_chosen_by_hand_stay() -> None:
    made = recipe_of(TrainSettings(warmup_steps=7, eval_steps=11), {"warmup_steps": 7, "eval_steps": 11, "epochs": 2})
    assert (made.warmup_steps, made.eval_steps) == (7, 11)


def test_the_500_steps_of_warm_up_that_version_0_1_always_recorded_are_counted_anew() -> None:
    assert recipe_of(TrainSettings(warmup_steps=500), {"warmup_steps": 500}).warmup_steps == "auto"
    assert recipe_of(TrainSettings(warmup_steps=501), {"warmup_steps": 501}).warmup_steps == 501


def test_a_signal_ends_the_whole_command_without_an_offer_to_resume() -> None:
    with pytest.raises(KeyboardInterrupt), _nothing_kept():
        raise Interrupted("resume with --resume", INTERRUPTED)
    with pytest.raises(Terminated), _nothing_kept():
        raise Interrupted("resume with --resume", INTERRUPTED + 1)
    with pytest.raises(ZeroDivisionError), _nothing_kept():
        raise ZeroDivisionError
