"""Run folders belong to one process, and models say what they are."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from clf.errors import ModelError, OutputError
from clf.models.record import VERSION_0_1, ModelRecord, newest_model, read_model_record, write_model_record
from clf.settings import Settings
from clf.storage.run_folder import Run
from clf.training.identity import Identity, differences, read_finished, run_identity
from conftest import HANGS


def result(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "clf.json").write_text('{"clf_version": "0.1.0", "schema_version": 1}')
    return folder


def test_a_second_process_on_a_run_folder_is_refused(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from clf.storage.run_folder import Run
from clf.settings import Settings
with Run(Path({str(tmp_path / "model")!r})).open(Settings(), "train"):
    print("held", flush=True)
    input()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        assert other.stdin
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(OutputError, match=f"process {other.pid} on .* is using"),
            Run(tmp_path / "model").open(Settings(), "train"),
        ):
            pass
        other.stdin.write("\n")
        other.stdin.close()
        other.wait(HANGS)
    with Run(tmp_path / "model").open(Settings(), "train") as run:
        assert json.loads((run.folder / "settings.json").read_text())["command"] == "train"


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


def changed(identity: Identity, without: tuple[str, ...] = (), **train: object) -> Identity:
    recipe = {name: value for name, value in (identity.settings["train"] | train).items() if name not in without}
    return Identity.model_validate(identity.model_dump() | {"settings": {**identity.settings, "train": recipe}})


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
        ("[]", "list indices"),
        ("[" * 100_000, "recursion"),
    ],
)
def test_what_is_wrong_with_a_record_is_one_line(tmp_path: Path, damage: str, said: str) -> None:
    (tmp_path / "clf.json").write_text(damage)
    with pytest.raises(ModelError) as refused:
        read_model_record(tmp_path)
    assert said in refused.value.message
    assert "\n" not in refused.value.message


def test_a_result_that_is_damaged_is_as_none(tmp_path: Path) -> None:
    run = Run(tmp_path / "m")
    run.folder.mkdir()
    for content in ("", "[]", '{"of": 1}', "{"):
        run.result.write_text(content)
        assert read_finished(run) is None
    now = run_identity(Settings(), "file", "content")
    assert differences(Identity(settings={}, seed=42, origin="file", content="content"), now) is not None


@pytest.mark.parametrize(
    "value",
    ['"max_length": -1', '"temperature": Infinity', '"threshold": NaN', '"schema_version": true', '"labels": 1'],
)
def test_a_value_that_makes_no_sense_is_refused(tmp_path: Path, value: str) -> None:
    (tmp_path / "clf.json").write_text(f'{{"schema_version": 1, {value}}}')
    with pytest.raises(ModelError, match="is damaged: its"):
        read_model_record(tmp_path)
