"""The record of a published model is replaced only if the model is still the same."""

import os
from pathlib import Path

import pytest

from clf.errors import OutputError
from clf.models.record import ModelRecord, read_model_record, write_model_record
from clf.models.replacing import replace_model_record
from clf.storage.locks import locked_place
from support.predicting import names


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Give a folder with nothing but a record."""
    folder = tmp_path.resolve() / "place" / "model"
    folder.mkdir(parents=True)
    write_model_record(folder, ModelRecord(schema_version=1, created="first", files={"config.json": "1" * 64}))
    return folder


def read(folder: Path) -> ModelRecord:
    record = read_model_record(folder)
    assert record
    return record


def test_a_changed_record_keeps_its_time_and_leaves_nothing_else(model: Path) -> None:
    os.utime(model / "clf.json", (1e9, 1e9))
    before = read(model)
    replace_model_record(model, before, before.with_values(threshold=0.5))
    assert read(model).threshold == 0.5
    assert (model / "clf.json").stat().st_mtime == 1e9
    assert (names(model.parent), names(model)) == (["model"], ["clf.json"])


def test_a_model_that_was_replaced_meanwhile_keeps_its_record(model: Path) -> None:
    before = read(model)
    write_model_record(model, before.with_values(files={"config.json": "2" * 64}))
    with pytest.raises(OutputError, match="was replaced meanwhile") as refused:
        replace_model_record(model, before, before.with_values(threshold=0.5))
    assert refused.value.hint == "run the command again, with the model as it is"
    assert (read(model).files, read(model).threshold) == ({"config.json": "2" * 64}, None)
    (model / "clf.json").unlink()
    with pytest.raises(OutputError, match="was replaced meanwhile"):
        replace_model_record(model, before, before.with_values(threshold=0.5))


def test_a_model_that_another_process_is_publishing_is_refused(model: Path) -> None:
    before = read(model)
    with locked_place(model), pytest.raises(OutputError, match="is using"):
        replace_model_record(model, before, before.with_values(threshold=0.5))
    assert read(model).threshold is None


def test_a_record_that_is_a_link_is_not_written_through(model: Path) -> None:
    before = read(model)
    (model / "clf.json").rename(model / "elsewhere")
    (model / "clf.json").symlink_to("elsewhere")
    content = (model / "elsewhere").read_bytes()
    with pytest.raises(OutputError, match="is a symbolic link"):
        replace_model_record(model, before, before.with_values(threshold=0.5))
    assert (model / "elsewhere").read_bytes() == content
