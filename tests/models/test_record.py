"""The record of a model, `clf.json`: what is read, refused, kept and written, and which model is the newest."""

import json
import os
from pathlib import Path

import pytest

from clf.errors import ModelError
from clf.models.record import (
    VERSION_0_1,
    ExportRecord,
    ModelRecord,
    newest_model,
    read_model_record,
    write_model_record,
)
from clf.settings import Settings


def result(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "clf.json").write_text('{"clf_version": "0.1.0", "schema_version": 1}')
    return folder


def test_the_newest_model_is_found_and_none_is_said(own_folder: Path) -> None:
    with pytest.raises(ModelError, match="no model given, and none under trained_models"):
        newest_model()
    older, newer = result(own_folder / "trained_models" / "a"), result(own_folder / "trained_models" / "b")
    os.utime(newer / "clf.json", ns=(2, 2))
    os.utime(older / "clf.json", ns=(1, 1))
    assert newest_model() == Path("trained_models/b")


def test_a_record_of_a_later_schema_is_refused(tmp_path: Path) -> None:
    (tmp_path / "clf.json").write_text('{"schema_version": 99}')
    with pytest.raises(ModelError, match="schema 99"):
        read_model_record(tmp_path)
    assert read_model_record(tmp_path / "none") is None


def test_a_record_says_by_what_recipe_a_model_was_made() -> None:
    settings = Settings().model_dump(mode="json")
    recipe = {"learning_rate": 1e-4, "epochs": 9, "steps": 99}
    today = ModelRecord.model_validate({"schema_version": 1, "settings": settings, "recipe": recipe})
    assert (today.train.epochs, today.train.learning_rate) == (9, 1e-4)
    train = {"epochs": 3, "learning_rate": 2e-5, "resume": True}  # which stood there then
    old = ModelRecord.model_validate({"schema_version": 1, "settings": {"train": train}}).train
    assert (old.epochs, old.eval_steps, old.head_init) == (3, "epoch", "random")


def test_a_damaged_record_says_where(tmp_path: Path) -> None:
    (tmp_path / "clf.json").write_text('{"schema_version": 1, "temperature": -2}')
    with pytest.raises(ModelError, match="is damaged: its temperature is -2"):
        read_model_record(tmp_path)


def test_what_a_later_version_recorded_is_kept(tmp_path: Path) -> None:
    (tmp_path / "clf.json").write_text('{"schema_version": 1, "news": [1], "settings": {"train": {"new": 1}, "x": {}}}')
    record = read_model_record(tmp_path)
    assert record
    assert record.as_json()["news"] == [1]
    assert record.settings == Settings()


def test_a_record_keeps_what_it_does_not_look_at_when_a_value_changes(tmp_path: Path) -> None:
    (tmp_path / "clf.json").write_text('{"schema_version": 1, "news": [1], "threshold": null, "steps": 7}')
    record = read_model_record(tmp_path)
    assert record
    write_model_record(tmp_path, record.with_values(threshold=0.5))
    written = json.loads((tmp_path / "clf.json").read_text())
    assert written == {"schema_version": 1, "news": [1], "threshold": 0.5, "steps": 7}


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ('{"schema_version": 1, "dataset": {"name": "a"}}', "its dataset.origin is missing"),
        ('{"schema_version": 1, "settings": {"train": {"epochs": "many"}}}', "its settings.train.epochs is 'many'"),
        ('{"schema_version": 1, "labels": 3}', "its labels is 3"),
        ("[]", "it is not a JSON object"),
        ("[" * 100_000, "it is nested too deeply"),
    ],
)
def test_what_is_wrong_with_a_record_is_one_line(tmp_path: Path, damage: str, said: str) -> None:
    (tmp_path / "clf.json").write_text(damage)
    with pytest.raises(ModelError) as refused:
        read_model_record(tmp_path)
    assert said in refused.value.message
    assert "\n" not in refused.value.message


@pytest.mark.parametrize(
    "values",
    [
        {"max_length": -1},
        {"max_length": 1},
        {"max_length": "abc"},
        {"max_length": 100_001},
        {"max_length": 32.0},
        {"truncation": "middle"},
        {"temperature": 0},
        {"temperature": "1"},
        {"temperature": 1e9},
        {"threshold": -0.1},
        {"threshold": 1.1},
        {"schema_version": True},
        {"labels": 1},
        {"labels": ["a", "a"]},
        {"files": ["model.safetensors"]},
        {"files": {"../model.safetensors": "0" * 64}},
        {"files": {"model.safetensors": "0"}},
        {"files": {"": "0" * 64}},
        {"cleaning": {"strip_html": "perhaps"}},
        {"cleaning": 1},
        {"rows": {"train": -1}},
        {"epochs": -1},
        {"train_seconds": -1},
        {"steps": 10**30},
        {"recipe": {"epochs": "abc"}},
        {"recipe": {"learning_rate": -1}},
        {"base_model": {"name": "a\0b"}},
        {"dataset": "reviews"},
        {"calibration": {"value": 0}},
        {"abstention": {"threshold": 2}},
        {"compute": {"threads": -1}},
    ],
)
def test_a_value_that_makes_no_sense_is_refused(tmp_path: Path, values: dict[str, object]) -> None:
    (tmp_path / "clf.json").write_text(json.dumps({"schema_version": 1, **values}))
    with pytest.raises(ModelError, match="is damaged: its") as refused:
        read_model_record(tmp_path)
    assert refused.value.hint == "train the model again, or restore the file"


@pytest.mark.parametrize("values", ['"temperature": Infinity', '"threshold": NaN', '"temperature": 1e400'])
def test_a_number_that_is_none_is_refused(tmp_path: Path, values: str) -> None:
    (tmp_path / "clf.json").write_text(f'{{"schema_version": 1, {values}}}')
    with pytest.raises(ModelError, match="is damaged: it holds"):
        read_model_record(tmp_path)


def test_a_cleaning_step_of_a_newer_clf_is_refused_where_it_is_on(tmp_path: Path) -> None:
    (tmp_path / "clf.json").write_text('{"schema_version": 1, "cleaning": {"no_emoji": false, "strip_html": false}}')
    record = read_model_record(tmp_path)
    assert record
    assert not record.cleaning.strip_html
    (tmp_path / "clf.json").write_text('{"schema_version": 1, "cleaning": {"no_emoji": true}}')
    with pytest.raises(ModelError, match="was written by a newer clf: this clf has no cleaning step 'no_emoji'") as no:
        read_model_record(tmp_path)
    assert no.value.hint == "install a newer clf"


def test_an_empty_run_or_a_test_run_is_not_taken_for_the_newest_model(own_folder: Path) -> None:
    models = own_folder / "trained_models"
    for number, name in enumerate(("reviews_test_run", "reviews", ".reviews.part", "later_test_run"), 1):
        os.utime(result(models / name) / "clf.json", ns=(number, number))
    (models / "empty").mkdir()
    assert newest_model() == Path("trained_models/reviews")
    (models / "reviews" / "clf.json").unlink()
    assert newest_model() == Path("trained_models/later_test_run")
    (models / "later_test_run" / "clf.json").unlink()
    assert newest_model() == Path("trained_models/reviews_test_run")
    (models / "reviews_test_run" / "clf.json").unlink()
    with pytest.raises(ModelError) as refused:
        newest_model()
    assert refused.value.hint == "train one first: clf train --dataset FILE"


@pytest.mark.parametrize(
    ("written", "message", "hint"),
    [
        ('{"schema_version": 2}', "has schema 2, this clf reads up to 1", "install a newer clf"),
        ("{}", "is damaged: its schema_version is missing", "train the model again, or restore the file"),
        ('{"schema_version": "1"}', "is damaged: ", "train the model again, or restore the file"),
        ('{"schema_version": 0}', "is damaged: its schema_version is 0", "train the model again, or restore the file"),
    ],
)
def test_a_schema_that_is_later_or_none_is_refused_with_what_to_do(
    tmp_path: Path, written: str, message: str, hint: str
) -> None:
    (tmp_path / "clf.json").write_text(written)
    with pytest.raises(ModelError) as refused:
        read_model_record(tmp_path)
    assert refused.value.message.startswith(f"{tmp_path / 'clf.json'} {message}")
    assert refused.value.hint == hint


def test_a_record_that_was_written_is_read_as_it_was(tmp_path: Path) -> None:
    record = ModelRecord(
        schema_version=1, labels=["schön", "\u2028 x"], max_length=64, truncation="tail", temperature=1.5,
        settings=Settings(), rows={"train": 3},
    )  # fmt: skip
    write_model_record(tmp_path, record)
    assert "schön" in (tmp_path / "clf.json").read_text(encoding="utf-8")
    read = read_model_record(tmp_path)
    assert read is not None
    for name in ModelRecord.model_fields:
        assert getattr(read, name) == getattr(record, name), name


def test_a_record_after_training_has_every_field_and_another_only_what_is_set() -> None:
    trained = ModelRecord(schema_version=1, settings=Settings())
    of_labels = {"thresholds", "label_calibration"}
    assert set(trained.as_json()) == set(ModelRecord.model_fields) - {"export"} - of_labels
    several = ModelRecord(schema_version=1, settings=Settings(), thresholds={"a": 0.4})
    assert set(several.as_json()) == set(ModelRecord.model_fields) - {"export", "temperature", "calibration"}
    assert ModelRecord(schema_version=1, labels=["a"]).as_json() == {"schema_version": 1, "labels": ["a"]}
    exported = trained.with_values(export=ExportRecord(versions={"onnx": "1"}))
    assert exported.as_json()["export"] == {"versions": {"onnx": "1"}, "original_files": None}


def test_nothing_in_a_record_means_the_default(tmp_path: Path) -> None:
    names = ("labels", "truncation", "temperature", "metrics", "compute", "rows", "cleaning")
    (tmp_path / "clf.json").write_text(json.dumps({"schema_version": 1} | dict.fromkeys(names)))
    record = read_model_record(tmp_path)
    assert record is not None
    for name in names:
        assert getattr(record, name) == getattr(ModelRecord(schema_version=1), name), name


def test_what_was_chosen_for_auto_is_told_by_the_recipe_and_before_it_by_the_defaults_of_version_0_1() -> None:
    settings = {"train": {"epochs": 7}}
    now = ModelRecord.model_validate({"schema_version": 1, "settings": settings, "recipe": {"warmup_steps": 4}}).train
    assert (now.epochs, now.warmup_steps, now.learning_rate) == (7, 4, "auto")
    then = ModelRecord.model_validate({"schema_version": 1, "settings": settings}).train
    assert then.epochs == 7
    assert {name: getattr(then, name) for name in VERSION_0_1} == VERSION_0_1 | {"epochs": 7}
