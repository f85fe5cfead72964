"""The rows that a model is measured on: those of its training, split as then, or another dataset."""

import logging
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from clf.data.prepared import PreparedDataset
from clf.data.preparing import ingest
from clf.data.reading.label_form import LabelForm
from clf.data.sources.find import PIPE, SourceFinder
from clf.errors import DataError, ModelError, UsageError
from clf.measuring.provenance import (
    base_files,
    dataset_for_measuring,
    measured_texts,
    measurement_inputs,
    recorded_dataset,
    recorded_part,
)
from clf.models.record import BaseModelRecord, ModelRecord
from clf.outcomes.preparation import Audit
from clf.settings import CleaningSettings, DataSettings
from conftest import review_rows, write_csv
from support.prepared import letters, table
from support.recorded import bare_classifier, recorded

FINDER = SourceFinder(seed=7)
CLEANING = CleaningSettings()


def changed(record: ModelRecord, **values: object) -> ModelRecord:
    return record.model_copy(update={"dataset": recorded_part(record).model_copy(update=values)})


@pytest.fixture
def record(reviews: Path, tmp_path: Path) -> ModelRecord:
    """Give the record of a model trained with the reviews, whose prepared copy is kept."""
    return recorded(DataSettings(dataset="reviews.csv"), tmp_path / "kept", FINDER)


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


# --- the dataset of the training ----------------------------------------------------------------------------


@pytest.mark.parametrize("data", [DataSettings(), DataSettings(split="train", max_eval_samples=3, allow_leak=True)])
def test_the_kept_copy_is_used_whatever_is_measured_of_it(
    record: ModelRecord, tmp_path: Path, scratch: Path, data: DataSettings
) -> None:
    assert recorded_dataset(record, data, FINDER, scratch).folder == tmp_path / "kept"
    assert dataset_for_measuring(record, data, CLEANING, FINDER, scratch).folder == tmp_path / "kept"


@pytest.mark.parametrize("why", ["gone", "replaced"])
def test_without_its_copy_the_dataset_is_split_again_as_it_was(
    record: ModelRecord, tmp_path: Path, scratch: Path, why: str
) -> None:
    before = PreparedDataset(tmp_path / "kept").read("test").texts
    shutil.rmtree(tmp_path / "kept")
    if why == "replaced":
        write_csv(Path("others.csv"), review_rows(20))
        recorded(DataSettings(dataset="others.csv"), tmp_path / "kept", FINDER)
    again = recorded_dataset(record, DataSettings(), SourceFinder(seed=99), scratch)
    assert again.folder.parent == scratch
    assert again.read("test").texts == before
    assert again.manifest.files == recorded_part(record).files


def test_generated_reviews_are_generated_again_as_they_were(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "INLINE_BATCHES", 9)  # so that no process starts
    finder = SourceFinder(seed=3, generated=40)
    record = recorded(DataSettings(dataset="synthetic"), tmp_path / "kept", finder)
    shutil.rmtree(tmp_path / "kept")
    again = recorded_dataset(record, DataSettings(), SourceFinder(seed=4, generated=60), scratch)
    assert again.manifest.files == recorded_part(record).files


def test_settings_that_change_the_splits_are_honoured(record: ModelRecord, tmp_path: Path, scratch: Path) -> None:
    found = recorded_dataset(record, DataSettings(test_size=0.5), FINDER, scratch)
    assert found.folder != tmp_path / "kept"
    assert len(found.read("test")) == 20


def test_a_source_that_changed_cannot_replace_the_copy(record: ModelRecord, tmp_path: Path, scratch: Path) -> None:
    shutil.rmtree(tmp_path / "kept")
    write_csv(Path("reviews.csv"), review_rows(42))
    with pytest.raises(DataError) as refused:
        recorded_dataset(record, DataSettings(), FINDER, scratch)
    path, kept = Path("reviews.csv").resolve(), tmp_path / "kept"
    assert refused.value.message == (
        f"{path} has changed since the model was trained, and the prepared copy in {kept} is gone"
    )
    assert refused.value.hint == "pass --dataset with the texts to evaluate on"


def test_what_came_from_a_pipe_is_gone_with_its_copy(record: ModelRecord, tmp_path: Path, scratch: Path) -> None:
    piped = changed(record, origin=f"{PIPE}0123456789abcdef")
    assert recorded_dataset(piped, DataSettings(), FINDER, scratch).folder == tmp_path / "kept"
    shutil.rmtree(tmp_path / "kept")
    with pytest.raises(
        DataError, match=r"trained on data from a pipe, and the prepared copy in .*kept is gone"
    ) as gone:
        recorded_dataset(piped, DataSettings(), FINDER, scratch)
    assert gone.value.hint == "pass --dataset with the texts to evaluate on"


@pytest.mark.parametrize("where", ["origin", "validation", "stdin"])
def test_a_pipe_that_a_record_names_is_not_waited_for(
    record: ModelRecord, tmp_path: Path, scratch: Path, where: str
) -> None:
    shutil.rmtree(tmp_path / "kept")
    os.mkfifo(pipe := tmp_path / "pipe.csv")
    data = recorded_part(record).data
    values = {
        "origin": {"origin": str(pipe)},
        "validation": {"data": data.model_copy(update={"validation": pipe})},
        "stdin": {"origin": "-", "data": data.model_copy(update={"dataset": "-"})},
    }[where]
    with pytest.raises(DataError, match="as its training data, which is not a file"):
        recorded_dataset(changed(record, **values), DataSettings(), FINDER, scratch)


def test_a_record_does_not_lift_the_limit_on_what_a_small_file_becomes(
    record: ModelRecord, tmp_path: Path, scratch: Path
) -> None:
    shutil.rmtree(tmp_path / "kept")
    data = recorded_part(record).data.model_copy(update={"max_inflation": 10**9})
    again = recorded_dataset(changed(record, data=data), DataSettings(), FINDER, scratch)
    assert again.manifest.data.max_inflation == 1000


def test_a_model_without_a_recorded_dataset_needs_one(scratch: Path) -> None:
    nothing = ModelRecord(schema_version=1)
    with pytest.raises(ModelError, match="does not record its training data") as refused:
        recorded_part(nothing)
    assert refused.value.hint == "pass --dataset"
    for record in (None, nothing):
        with pytest.raises(UsageError, match="the model does not record a dataset") as unknown:
            dataset_for_measuring(record, DataSettings(), CLEANING, FINDER, scratch)
        assert unknown.value.hint == "pass --dataset"


# --- another dataset, or the same one by name ---------------------------------------------------------------


@pytest.mark.parametrize("elsewhere", [False, True])
def test_the_file_of_the_training_is_split_as_in_training(
    record: ModelRecord, tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch, elsewhere: bool
) -> None:
    path = Path("reviews.csv").resolve()
    if elsewhere:
        monkeypatch.chdir(tmp_path)
    data = DataSettings(dataset=str(path) if elsewhere else "reviews.csv")
    assert dataset_for_measuring(record, data, CLEANING, FINDER, scratch).folder == tmp_path / "kept"
    path.unlink()  # its copy is enough
    assert dataset_for_measuring(record, data, CLEANING, FINDER, scratch).folder == tmp_path / "kept"


def test_a_file_that_changed_since_is_another_dataset_and_that_is_said(
    record: ModelRecord, scratch: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_csv(Path("reviews.csv"), review_rows(42))
    found = dataset_for_measuring(record, DataSettings(dataset="reviews.csv"), CLEANING, FINDER, scratch)
    assert len(found.read("test")) == 42
    path = Path("reviews.csv").resolve()
    said = f"{path} has changed since the model was trained: treating it as another dataset"
    assert said in [row.getMessage() for row in caplog.records if row.levelno == logging.WARNING]


def test_another_file_is_measured_whole_and_cleaned_as_in_training(record: ModelRecord, scratch: Path) -> None:
    write_csv(Path("new.csv"), [("a &amp; b film", "good"), ("c film", "bad"), ("d film", "bad")])
    plain = record.model_copy(update={"cleaning": CleaningSettings(unescape_entities=False)})
    found = dataset_for_measuring(plain, DataSettings(dataset="new.csv"), CLEANING, FINDER, scratch)
    assert found.read("test").texts == ["a &amp; b film", "c film", "d film"]
    other = scratch / "other"
    other.mkdir()
    unrecorded = dataset_for_measuring(None, DataSettings(dataset="new.csv", split="train"), CLEANING, FINDER, other)
    assert unrecorded.read("train").texts[0] == "a & b film"


def test_a_new_file_of_few_rows_is_read_as_the_training_was_and_by_the_labels_of_the_model(tmp_path: Path) -> None:
    def labels_of(record: ModelRecord, *cells: str) -> list[object]:
        write_csv(Path("new.csv"), [(f"{letters(700 + row)}", cell) for row, cell in enumerate(cells)])
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        found = dataset_for_measuring(record, DataSettings(dataset="new.csv"), CLEANING, FINDER, folder)
        return table(found.folder, "test")["label_name"]

    sets = [[label for place, label in enumerate(("a", "b", "c")) if number & 1 << place] for number in range(1, 8)] * 9
    for name, way in (("joined", ";".join), ("braced", lambda labels: "{" + ",".join(labels) + "}")):
        write_csv(Path(f"{name}.csv"), [(letters(number), way(labels)) for number, labels in enumerate(sets)])
        record = recorded(DataSettings(dataset=f"{name}.csv"), tmp_path / name, FINDER)
        assert recorded_part(record).label_form != LabelForm()
        earlier = changed(record, label_form=None)
        for known in (record, earlier):
            assert labels_of(known, way(["b", "c"])) == [["b", "c"]]
            assert labels_of(known, "a, c") == labels_of(known, "[a, c]") == [["a", "c"]]
        assert labels_of(record, way(["a", "new"])) == [["a", "new"]]
    joined = recorded(DataSettings(dataset="joined.csv"), tmp_path / "again", FINDER)
    assert labels_of(joined, "a", "") == [["a"], []]


def test_a_prepared_folder_is_used_as_it_is_and_settings_against_it_are_refused(
    record: ModelRecord, tmp_path: Path, scratch: Path
) -> None:
    data = DataSettings(dataset=str(tmp_path / "kept"))
    assert dataset_for_measuring(None, data, CLEANING, FINDER, scratch).folder == tmp_path / "kept"
    with pytest.raises(UsageError, match=r"--test-size is 0\.5, but the dataset was prepared with 0\.1"):
        dataset_for_measuring(None, data.model_copy(update={"test_size": 0.5}), CLEANING, FINDER, scratch)


# --- the rows -----------------------------------------------------------------------------------------------


def test_labels_are_matched_by_name_and_texts_stay_raw(tmp_path: Path) -> None:
    write_csv(Path("new.csv"), [("a &amp; b", "bad"), ("c", "good"), ("d", "bad")])
    model = bare_classifier(tmp_path, labels=("neutral", "good", "bad"))
    found = measured_texts(model, DataSettings(dataset="new.csv"), CLEANING, FINDER)
    assert (found.dataset, found.split, found.names) == ("new", "test", ["neutral", "good", "bad"])
    assert found.raw_texts == ["a &amp; b", "c", "d"]
    assert found.labels.tolist() == [2, 1, 2]
    assert found.audit == Audit()
    audited = measured_texts(model, DataSettings(dataset="new.csv"), CLEANING, FINDER, audited=True)
    assert audited.audit.rows == {"test": 3}


def test_a_sample_is_the_one_of_the_seed(tmp_path: Path, reviews: Path) -> None:
    def sample(seed: int) -> list[str]:
        data = DataSettings(dataset="reviews.csv", max_eval_samples=6)
        return measured_texts(bare_classifier(tmp_path), data, CLEANING, SourceFinder(seed=seed)).raw_texts

    assert len(sample(1)) == 6
    assert sample(1) == sample(1) != sample(2)


def test_no_row_with_a_text_and_a_label_is_an_error(tmp_path: Path) -> None:
    write_csv(Path("new.csv"), [("a film", ""), ("b film", "")])
    with pytest.raises(DataError) as refused:
        measured_texts(bare_classifier(tmp_path), DataSettings(dataset="new.csv", split="train"), CLEANING, FINDER)
    assert refused.value.message == "the train split of new has no row with both a text and a label"
    assert refused.value.hint == "check --text-column and --label-column"


def test_a_label_that_the_model_does_not_have_is_an_error(tmp_path: Path, reviews: Path) -> None:
    model = bare_classifier(tmp_path, labels=("good", "poor"))
    with pytest.raises(DataError, match="the labels of reviews are 'bad', 'good', but the model's are 'good', 'poor'"):
        measured_texts(model, DataSettings(dataset="reviews.csv"), CLEANING, FINDER)


# --- what is read, and the encoder --------------------------------------------------------------------------


def test_labels_that_may_be_several_of_the_model_are_told_of(tmp_path: Path) -> None:
    write_csv(Path("both.csv"), [("a film", "good"), ("b film", "bad;good"), ("c film", "bad")])
    classifier = bare_classifier(tmp_path / "model")
    with pytest.raises(DataError, match="seems to have several labels per text, such as 'bad;good', but tiny") as bad:
        measured_texts(classifier, DataSettings(dataset="both.csv"), CLEANING, FINDER)
    assert "--unlabelled='bad;good'" in bad.value.hint
    asked = DataSettings(dataset="both.csv", unlabelled=["bad;good"])
    assert len(measured_texts(classifier, asked, CLEANING, FINDER).raw_texts) == 2
    write_csv(Path("and.csv"), [("b film", "bad & good")])
    record = ModelRecord(schema_version=1, labels=["bad", "good"], thresholds={"bad": 0.5, "good": 0.5})
    several = bare_classifier(tmp_path / "model", record)
    several.model.config.problem_type = "multi_label_classification"
    with pytest.raises(DataError, match="'bad & good', which tiny does not have; it may mean several labels"):
        measured_texts(several, DataSettings(dataset="and.csv"), CLEANING, FINDER)


def test_the_inputs_are_the_model_its_recorded_data_and_what_was_passed(record: ModelRecord, tmp_path: Path) -> None:
    data = DataSettings(dataset="new.csv", test=Path("more.csv"))
    passed = [Path("new.csv"), Path("more.csv")]
    assert measurement_inputs(bare_classifier("m"), data) == [Path("m"), *passed]
    its_own = [tmp_path / "kept", Path("reviews.csv").resolve()]
    assert measurement_inputs(bare_classifier("m", record), data) == [Path("m"), *its_own, *passed]
    no_origin = changed(record, origin="")
    assert measurement_inputs(bare_classifier("m", no_origin), DataSettings()) == [Path("m"), tmp_path / "kept"]


def test_the_encoder_is_found_in_its_folder(tiny_encoder: Path) -> None:
    base = BaseModelRecord(name="acme/tiny", folder=str(tiny_encoder))
    found = base_files(ModelRecord(schema_version=1, base_model=base), offline=True, timeout=1.0)
    assert (found.folder, found.name, found.origin) == (tiny_encoder, "acme/tiny", "path")


def test_an_encoder_that_is_gone_or_unknown_is_said(tmp_path: Path) -> None:
    gone = ModelRecord(schema_version=1, base_model=BaseModelRecord(name="tiny", folder=str(tmp_path / "gone")))
    with pytest.raises(ModelError, match=r"no folder .*gone"):
        base_files(gone, offline=True, timeout=1.0)
    with pytest.raises(ModelError, match="does not record the encoder it was fine-tuned from") as unknown:
        base_files(ModelRecord(schema_version=1), offline=True, timeout=1.0)
    assert unknown.value.hint == "train it with clf first"
