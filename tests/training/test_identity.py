"""Two runs are the same when their settings and data are, whichever version recorded them."""

from pathlib import Path

import pytest
from pydantic import JsonValue

from clf.models.record import VERSION_0_1
from clf.outcomes.training import TrainResult
from clf.settings import Settings
from clf.storage.run_folder import Run
from clf.storage.writing import write_json
from clf.training.identity import FinishedRun, Identity, differences, read_finished, run_identity

NOW = run_identity(Settings(), "file", "content")


def changed(identity: Identity, without: tuple[str, ...] = (), **train: object) -> Identity:
    recipe = {name: value for name, value in (identity.settings["train"] | train).items() if name not in without}
    return Identity.model_validate(identity.model_dump() | {"settings": {**identity.settings, "train": recipe}})


def of(**sections: dict[str, object]) -> Identity:
    """Return the identity of a run with other settings on the same data."""
    return run_identity(Settings.model_validate(sections), "file", "content")


# --- differences --------------------------------------------------------------------------------------------


def test_a_run_of_version_0_1_with_its_defaults_is_the_same_with_todays() -> None:
    now = run_identity(Settings(), "file", "content")
    then = changed(now, ("eval_steps", "select_by", "head_init"), **VERSION_0_1)
    assert not differences(then, now)
    assert not differences(now, now)
    other = changed(then, epochs=4)
    assert differences(other, now) == ["--epochs was 4, is now 3"]
    said = changed(now, epochs=3)
    assert not differences(then, said)
    assert differences(said, now)  # of today, auto is not 3


@pytest.mark.parametrize(
    ("section", "name", "value", "said"),
    [
        ("data", "max_length", 64, "--max-length was None, is now 64"),
        ("data", "label_map", "1=a", "--label-map was None, is now 1=a"),
        ("cleaning", "strip_html", False, "--strip-html was True, is now False"),
        ("compute", "precision", "fp32", "--precision was auto, is now fp32"),
        ("train", "batch_size", 4, "--batch-size was 16, is now 4"),
        ("train", "head_init", "probe", "--head-init was auto, is now probe"),
        ("confidence", "target_coverage", 0.5, "--target-coverage was None, is now 0.5"),
        ("run", "seed", 7, "--seed was 42, is now 7"),
    ],
)
def test_a_setting_that_affects_the_result_makes_another_run(section: str, name: str, value: object, said: str) -> None:
    assert differences(NOW, of(**{section: {name: value}})) == [said]


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [
        ("train", "keep_checkpoints", True),
        ("train", "save_steps", 3),
        ("train", "report_to", ["wandb"]),
        ("train", "gradient_accumulation", 2),
        ("run", "resume", True),
        ("run", "output_dir", "m"),
        ("report", "report", "page.html"),
        ("evaluate", "folds", 3),
        ("download", "download_timeout", 9),
    ],
)
def test_a_setting_that_does_not_affect_the_result_makes_no_other_run(section: str, name: str, value: object) -> None:
    assert differences(NOW, of(**{section: {name: value}})) == []


def test_other_data_make_another_run() -> None:
    other = run_identity(Settings(), "elsewhere", "more")
    assert differences(NOW, other) == [
        "the source was file, is now elsewhere",
        "the data was content, is now more",
    ]


def test_a_value_that_the_first_run_chose_for_auto_is_what_auto_means_in_the_second() -> None:
    recipe: dict[str, float | int | str] = {"epochs": 50, "learning_rate": 1e-4, "batch_size": 99}
    assert differences(NOW, NOW, recipe) == []  # what was set, like the batch, is not taken from there
    assert differences(NOW, of(train={"epochs": 50}), recipe) == []
    assert differences(of(train={"epochs": 50}), NOW, recipe) == []
    assert differences(NOW, of(train={"epochs": 51}), recipe) == ["--epochs was 50, is now 51"]
    assert differences(NOW, of(train={"epochs": 50})) == ["--epochs was auto, is now 50"]


def test_a_setting_that_the_older_clf_did_not_have_had_its_default() -> None:
    then = changed(NOW, ("label_smoothing", "truncation"))
    assert differences(then, NOW) == []
    assert differences(then, of(train={"label_smoothing": 0.1})) == ["--label-smoothing was 0.0, is now 0.1"]


def test_a_run_that_recorded_no_settings_had_the_recipe_of_version_0_1() -> None:
    bare = Identity(settings={}, seed=42, origin="file", content="content")
    only_train = Identity.model_validate({**NOW.model_dump(), "settings": {"train": NOW.settings["train"]}})
    assert differences(bare, only_train) == []
    assert differences(bare, changed(only_train, epochs=4)) == ["--epochs was 3, is now 4"]


# --- result.json --------------------------------------------------------------------------------------------


def finished() -> FinishedRun:
    result = TrainResult(
        model_dir="m", run_dir="m.run", epochs=3.0, steps=12, resumed_from_step=None, train_seconds=1.5,
        examples_per_second=8.0, metrics={"accuracy": 0.5}, test_metrics=None, examples=[], megabytes=0.1,
    )  # fmt: skip
    identity = run_identity(Settings(), "größer/数据.csv", "content")
    return FinishedRun(of=identity, created="today", result=result, recipe={"epochs": 3, "select_by": "last"})


def test_a_finished_run_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    run = Run(tmp_path / "m")
    run.folder.mkdir()
    assert read_finished(run) is None
    write_json(run.result, finished().model_dump(mode="json"))
    again = read_finished(run)
    assert again == finished()
    assert again
    assert differences(again.of, finished().of, again.recipe) == []


def test_a_finished_run_of_a_version_that_recorded_no_recipe_is_read(tmp_path: Path) -> None:
    run = Run(tmp_path / "m")
    run.folder.mkdir()
    written: dict[str, JsonValue] = finished().model_dump(mode="json", exclude={"recipe"})
    write_json(run.result, {**written, "of a later version": 1})
    again = read_finished(run)
    assert again
    assert again.recipe == {}


def test_a_result_that_is_damaged_is_as_none(tmp_path: Path) -> None:
    run = Run(tmp_path / "m")
    run.folder.mkdir()
    for content in ("", "[]", '{"of": 1}', "{"):
        run.result.write_text(content)
        assert read_finished(run) is None
