"""The record of a model says what made it, and is read back as it was written."""

from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
import torch

from clf import __version__
from clf.models.record import ModelRecord, read_model_record, write_model_record
from clf.outcomes.evaluation import Answered
from clf.scoring.calibration import Temperature
from clf.scoring.selective import Choice
from clf.settings import DataSettings, Settings, TrainSettings
from clf.training.confidence import Calibrated
from clf.training.record import model_record
from clf.training.setup import Work
from clf.training.trained import Trained
from support.training import MakeWork

TRAINED = Trained(2.5, 11, 4.0, 88, 100.0, {"accuracy": 0.1}, 6, 9.876)
TEMPERATURE = Temperature(1.5, 200, 20, {"log_loss": 0.5}, {"log_loss": 0.4})
CALIBRATED = Calibrated(TEMPERATURE, None, {"accuracy": 0.75})
SETTINGS = Settings(data=DataSettings(dataset="typed.csv"), train=TrainSettings(label_smoothing=0.1))


@pytest.fixture(scope="module")
def work(make_work: MakeWork) -> Work:
    return make_work(data=DataSettings(max_length=32), truncation="tail", epochs=2)


def record(work: Work, calibrated: Calibrated = CALIBRATED) -> ModelRecord:
    return model_record(SETTINGS, work, TRAINED, calibrated, {"accuracy": 0.5})


def test_it_has_the_encoder_the_texts_and_the_labels(work: Work) -> None:
    made = record(work)
    assert made.base_model
    assert (made.base_model.name, made.base_model.origin) == (work.files.name, "path")
    assert made.base_model.folder == str(work.files.folder.resolve())
    assert (made.labels, made.max_length, made.truncation) == (["bad", "good"], 32, "tail")
    assert made.cleaning == work.prepared.cleaning
    assert made.rows == {"train": 32, "validation": 4, "test": 4}
    assert made.dataset
    assert (made.dataset.name, made.dataset.dataset) == ("reviews", "typed.csv")
    assert made.dataset.fingerprint == work.prepared.manifest.fingerprint != ""
    assert made.dataset.files == work.prepared.manifest.files
    assert made.dataset.prepared == str(work.prepared.folder.resolve())


def test_a_model_from_elsewhere_has_no_folder_and_a_run_without_a_test_no_rows_of_one(work: Work) -> None:
    files = replace(work.files, origin="hub", revision="abc", name="owner/tiny")
    made = record(replace(work, files=files, test=None))
    assert made.base_model
    assert (made.base_model.name, made.base_model.revision, made.base_model.folder) == ("owner/tiny", "abc", None)
    assert made.rows["test"] == 0


def test_it_has_what_was_chosen_for_auto_and_what_was_set(work: Work) -> None:
    made = record(work)
    assert made.recipe == {
        "learning_rate": 1e-4, "epochs": 2, "warmup_steps": 0, "head_init": "probe", "eval_steps": 2, "select_by": "last",
        "steps": 4,
    }  # fmt: skip
    assert made.settings == SETTINGS


def test_it_has_the_figures_of_the_run(work: Work) -> None:
    made = record(work)
    assert (made.epochs, made.steps, made.train_seconds) == (2.5, 11, 9.88)  # with the time before it was resumed
    assert made.metrics.validation == {"accuracy": 0.75}
    assert made.metrics.test == {"accuracy": 0.5}
    assert (made.schema_version, made.clf_version) == (1, __version__)
    assert made.versions["torch"] == version("torch")


@pytest.mark.parametrize(("dropout", "kept"), [("auto", False), ("keep", True)])
def test_it_has_the_machine_and_what_was_chosen_for_it(make_work: MakeWork, dropout: str, kept: bool) -> None:
    made = record(make_work(attention_dropout=dropout)).compute
    assert (made.device, made.precision, made.attention_dropout) == ("cpu", "fp32", kept)
    assert made.threads == torch.get_num_threads()
    assert made.model_dump()["dropout"] == "masks drawn many at a time"
    assert made.model_dump()["attention"] == ("sdpa" if kept else "text by text")


def test_without_a_threshold_it_has_the_temperature_alone(work: Work) -> None:
    made = record(work)
    assert (made.temperature, made.threshold, made.abstention) == (1.5, None, None)
    assert made.calibration
    assert (made.calibration.value, made.calibration.rows, made.calibration.errors) == (1.5, 200, 20)
    assert (made.calibration.before, made.calibration.after) == ({"log_loss": 0.5}, {"log_loss": 0.4})


def test_a_threshold_is_there_for_use_and_with_how_it_was_chosen(work: Work) -> None:
    answered = Answered(
        threshold=0.6, rows=4, answered=2, coverage=0.5, coverage_interval=(0.1, 0.9), accuracy=None,
        accuracy_interval=None,
    )  # fmt: skip
    made = record(work, Calibrated(TEMPERATURE, Choice({"coverage": 0.5}, 0.6, answered), {}))
    assert made.threshold == 0.6
    assert made.abstention
    assert (made.abstention.aim, made.abstention.threshold) == ({"coverage": 0.5}, 0.6)
    assert made.abstention.validation
    assert made.abstention.validation["coverage"] == 0.5


def test_it_is_read_back_as_it_was_written(work: Work, tmp_path: Path) -> None:
    made = record(work)
    write_model_record(tmp_path, made)
    again = read_model_record(tmp_path)
    assert again
    assert again.model_dump(exclude={"settings"}) == made.model_dump(exclude={"settings"})
    assert again.train.epochs == 2
    assert again.train.label_smoothing == 0.1
