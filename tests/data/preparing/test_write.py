"""What a preparation leaves on disk is what was prepared, with the manifest last."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from clf.data.prepared import Manifest, PreparedDataset
from clf.data.preparing.write import write_prepared
from clf.outcomes.preparation import Audit
from clf.settings import CleaningSettings, DataSettings
from clf.storage.disk import sha256
from support.prepared import Table, delivered, table

LABELS = ['naïve, "x"', "b"]
MANIFEST = Manifest(
    clf_version="1", labels=LABELS, files={}, name="d", cleaning=CleaningSettings(), data=DataSettings(), seed=3
)
AUDIT = Audit(rows={"train": 2, "test": 1}, labels=LABELS)


def write(folder: Path, scratch: Path, splits: dict[str, Table], chosen: dict[str, list[int]]) -> None:
    given = delivered(scratch, splits)
    rows = {split: given.of(split).take(np.array(numbers, dtype=np.int64)) for split, numbers in chosen.items()}
    write_prepared(folder, rows, given.store, AUDIT, MANIFEST)


@pytest.fixture
def folder(tmp_path: Path, own_folder: Path) -> Path:
    """Give a folder with a prepared dataset: two of three training rows, and one test row."""
    train = [("<b>é\U0001f600</b>\nline", LABELS[0]), ("left out", "b"), ("plain", "b")]
    write(own_folder, tmp_path, {"train": train, "test": [("other", LABELS[0])]}, {"train": [0, 2], "test": [0]})
    return own_folder


def test_each_split_has_its_rows_with_label_names_and_raw_texts(folder: Path) -> None:
    assert table(folder, "train") == {
        "text": ["é\U0001f600 line", "plain"],
        "label": [0, 1],
        "label_name": LABELS,
        "raw_text": ["<b>é\U0001f600</b>\nline", "plain"],
    }
    assert table(folder, "test")["text"] == ["other"]


def test_the_manifest_holds_the_hash_of_each_file(folder: Path) -> None:
    manifest = PreparedDataset(folder).manifest
    assert manifest == MANIFEST.model_copy(update={"files": manifest.files})
    assert manifest.files == {name: sha256(folder / name) for name in ("train.parquet", "test.parquet")}


def test_labels_and_audit_are_written_beside_the_splits(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {
        "train.parquet", "test.parquet", "labels.json", "audit.json", "manifest.json",
    }  # fmt: skip
    assert json.loads((folder / "labels.json").read_text(encoding="utf-8")) == {"labels": LABELS}
    assert PreparedDataset(folder).audit == AUDIT


def test_what_was_written_can_be_read_as_a_prepared_dataset(folder: Path) -> None:
    rows = PreparedDataset(folder).read("train")
    assert (rows.texts, rows.labels.tolist()) == (["é\U0001f600 line", "plain"], [0, 1])


def test_rows_of_several_chunks_stay_in_order(tmp_path: Path, own_folder: Path) -> None:
    splits = {split: [(f"{split} {row}", LABELS[row % 2]) for row in range(4)] for split in ("train", "test")}
    given = delivered(tmp_path, splits)
    every = given.rows.take(np.array([1, 3, 4, 7]))
    write_prepared(own_folder, {"train": every}, given.store, AUDIT, MANIFEST)
    found = table(own_folder, "train")
    assert found["text"] == ["train 1", "train 3", "test 0", "test 3"]
    assert found["label"] == [1, 1, 0, 1]


def test_a_split_without_rows_has_the_same_columns(tmp_path: Path, own_folder: Path) -> None:
    write(own_folder, tmp_path, {"train": [("a", "b")], "test": [("c", "b")]}, {"train": [0], "test": []})
    schemas = [pyarrow.parquet.read_schema(own_folder / f"{split}.parquet") for split in ("train", "test")]
    assert schemas[0].equals(schemas[1])
    assert table(own_folder, "test")["text"] == []


def test_without_a_manifest_a_failed_writing_is_no_dataset(tmp_path: Path, own_folder: Path) -> None:
    (own_folder / "audit.json").mkdir()
    with pytest.raises(OSError, match=r"audit\.json"):
        write(own_folder, tmp_path, {"train": [("a", "b")]}, {"train": [0]})
    assert not (own_folder / "manifest.json").exists()
