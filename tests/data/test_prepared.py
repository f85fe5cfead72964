"""A prepared dataset is read back as it was written, and what is missing or was changed is named."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from clf.data.prepared import LabelledTexts, Manifest, PreparedDataset, read_manifest
from clf.errors import DataError
from clf.outcomes.preparation import Audit
from clf.settings import CleaningSettings, DataSettings
from clf.storage.disk import sha256

TEXTS = [f"text {number}" for number in range(6)]
AGAIN = "prepare the dataset again with clf prepare --overwrite"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a prepared dataset with six training texts and one test text."""
    folder = tmp_path / "prepared"
    folder.mkdir()
    for split, texts in {"train": TEXTS, "test": ["other"]}.items():
        columns = {"text": texts, "label": [number % 2 for number in range(len(texts))],
                   "raw_text": [f"<b>{text}" for text in texts]}  # fmt: skip
        pyarrow.parquet.write_table(pyarrow.table(columns), folder / f"{split}.parquet")
    manifest = Manifest(
        clf_version="1.2.3",
        labels=["bad", "good"],
        files={f"{split}.parquet": sha256(folder / f"{split}.parquet") for split in ("train", "test")},
        name="reviews",
        key="a key",
        cleaning=CleaningSettings(remove_urls=False),
        data=DataSettings(dataset="reviews.csv", text_column=["body"]),
        seed=7,
    )
    (folder / "manifest.json").write_text(json.dumps(manifest.model_dump(mode="json")), encoding="utf-8")
    (folder / "labels.json").write_text('{"labels": ["bad", "good"]}')
    (folder / "audit.json").write_text('{"rows": {"train": 6, "test": 1}, "classes": {}}')
    return folder


def changed(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Rewrite a JSON file."""
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def test_a_dataset_tells_what_its_manifest_and_audit_hold(folder: Path) -> None:
    prepared = PreparedDataset(folder)
    assert (prepared.name, prepared.labels, prepared.splits) == ("reviews", ["bad", "good"], ["train", "test"])
    assert prepared.cleaning == CleaningSettings(remove_urls=False)
    assert prepared.manifest.data == DataSettings(dataset="reviews.csv", text_column=["body"])
    assert (prepared.manifest.seed, prepared.audit.rows) == (7, {"train": 6, "test": 1})


def test_a_split_is_read_with_its_raw_texts_and_the_numbers_of_its_rows(folder: Path) -> None:
    train = PreparedDataset(folder).read("train")
    assert (train.texts, train.raw_texts) == (TEXTS, [f"<b>{text}" for text in TEXTS])
    assert (train.labels.tolist(), train.rows.tolist(), len(train)) == ([0, 1] * 3, [0, 1, 2, 3, 4, 5], 6)
    assert train.labels.dtype == np.int64


def test_rows_are_taken_in_the_given_order_and_keep_their_numbers() -> None:
    texts = LabelledTexts(["a", "b", "c"], ["A", "B", "C"], np.array([2, 0, 1]), np.array([10, 11, 12]))
    taken = texts.take(np.array([2, 0, 2]))
    assert (taken.texts, taken.raw_texts) == (["c", "a", "c"], ["C", "A", "C"])
    assert (taken.labels.tolist(), taken.rows.tolist()) == ([1, 2, 1], [12, 10, 12])
    assert len(texts.take(np.array([], dtype=np.int64))) == 0


def test_relabelled_rows_have_the_ids_of_another_model() -> None:
    texts = LabelledTexts(["a", "b", "c"], ["A", "B", "C"], np.array([2, 0, 1]), np.array([0, 1, 2]))
    relabelled = texts.relabel(np.array([30, 10, 20]))
    assert (relabelled.labels.tolist(), relabelled.texts) == ([20, 30, 10], ["a", "b", "c"])
    assert texts.labels.tolist() == [2, 0, 1]


def test_a_subset_has_at_most_the_asked_number_of_rows_of_all_classes(folder: Path) -> None:
    prepared = PreparedDataset(folder)
    assert prepared.subset("train", None, 1).texts == prepared.subset("train", 99, 1).texts == TEXTS
    subset = prepared.subset("train", 2, 1)
    assert sorted(subset.labels.tolist()) == [0, 1]
    assert subset.texts == [TEXTS[row] for row in subset.rows.tolist()]


def test_a_split_that_the_dataset_lacks_is_refused_with_those_it_has(folder: Path) -> None:
    with pytest.raises(DataError) as refused:
        PreparedDataset(folder).read("validation")
    assert refused.value.message == "dataset reviews has no validation split; it has train, test"
    assert refused.value.hint == "pass --split with one of them"


def test_a_split_that_was_changed_or_removed_is_not_read(folder: Path) -> None:
    path = folder / "train.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    for _ in range(2):
        with pytest.raises(DataError) as refused:
            PreparedDataset(folder).read("train")
        assert refused.value.message == f"{path} is missing or was changed since it was prepared"
        assert refused.value.hint == AGAIN
        path.unlink(missing_ok=True)
    assert PreparedDataset(folder).read("test").texts == ["other"]


def test_a_dataset_is_used_again_only_for_the_same_key(folder: Path) -> None:
    assert PreparedDataset(folder).holds("a key")
    assert not PreparedDataset(folder).holds("another key")


@pytest.mark.parametrize("name", ["train.parquet", "test.parquet", "labels.json", "audit.json", "manifest.json"])
def test_a_dataset_that_lacks_a_file_is_not_used_again(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert not PreparedDataset(folder).holds("a key")


def test_a_dataset_with_a_changed_split_or_without_counts_is_not_used_again(folder: Path) -> None:
    whole = (folder / "audit.json").read_text()
    (folder / "audit.json").write_text('{"rows": {}}')
    assert not PreparedDataset(folder).holds("a key")
    (folder / "audit.json").write_text(whole)
    assert PreparedDataset(folder).holds("a key")
    with (folder / "test.parquet").open("ab") as file:
        file.write(b"x")
    assert not PreparedDataset(folder).holds("a key")


def test_a_linked_dataset_is_as_good_as_the_first(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (folder / "notes.txt").write_text("not part of it")
    PreparedDataset(folder).link_into(tmp_path / "run")
    names = {"train.parquet", "test.parquet", "labels.json", "audit.json", "manifest.json"}
    assert {path.name for path in (tmp_path / "run").iterdir()} == names
    assert PreparedDataset(tmp_path / "run").holds("a key")
    assert (tmp_path / "run" / "train.parquet").samefile(folder / "train.parquet")


def test_a_dataset_is_copied_where_no_links_are_possible(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*paths: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refused)
    (tmp_path / "run").mkdir()
    PreparedDataset(folder).link_into(tmp_path / "run")
    assert PreparedDataset(tmp_path / "run").holds("a key")
    assert not (tmp_path / "run" / "train.parquet").samefile(folder / "train.parquet")


def test_an_incomplete_dataset_is_not_linked_and_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (folder / "labels.json").unlink()
    with pytest.raises(DataError, match=rf"{folder / 'labels.json'} is missing") as refused:
        PreparedDataset(folder).link_into(tmp_path / "run")
    assert refused.value.hint == AGAIN
    (folder / "audit.json").write_text("{}")
    with pytest.raises(DataError, match=rf"{folder / 'audit.json'} is damaged: it has no row counts"):
        PreparedDataset(folder).link_into(tmp_path / "run")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda content: content.pop("labels"), "its labels is missing"),
        (lambda content: content.update(seed="many"), "its seed is 'many'"),
        (lambda content: content.update(labels=["a", 1]), "its labels.1 is 1"),
        (lambda content: content["cleaning"].update(strip_html="perhaps"), "its cleaning.strip_html is 'perhaps'"),
    ],
)
def test_a_manifest_with_a_wrong_value_is_damaged_there(
    folder: Path, change: Callable[[dict[str, Any]], object], what: str
) -> None:
    changed(folder / "manifest.json", change)
    with pytest.raises(DataError) as refused:
        read_manifest(folder)
    assert refused.value.message == f"{folder / 'manifest.json'} is damaged: {what}"
    assert refused.value.hint == AGAIN


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000, b"[]", b"null"])
def test_a_manifest_or_audit_that_is_no_object_is_damaged(folder: Path, content: bytes) -> None:
    for name in ("audit.json", "manifest.json"):
        (folder / name).write_bytes(content)
    for read in (lambda: read_manifest(folder), lambda: PreparedDataset(folder).audit):
        with pytest.raises(DataError, match="damaged: ") as refused:
            read()
        assert refused.value.hint == AGAIN


def test_labels_in_another_order_than_the_manifests_are_damage(folder: Path) -> None:
    for file, names in (("manifest.json", ["good", "bad"]), ("labels.json", ["bad", "good", "fair"])):
        changed(folder / file, lambda content, names=names: content.update(labels=names))  # type: ignore[misc]
        with pytest.raises(DataError, match=r"labels\.json is damaged: its labels are not those of manifest\.json"):
            PreparedDataset(folder).read("test")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[" * 5000, "is damaged: it is nested too deeply"),
        ('{"labels": ["bad", "good"], "labels": ["good", "bad"]}', "is damaged: the key 'labels' appears twice"),
        ("{}", "is damaged: its labels is missing"),
        ('{"schema_version": 99, "labels": ["x"]}', "has schema 99"),
    ],
)
def test_a_damaged_or_newer_file_of_labels_is_not_passed_over(folder: Path, content: str, said: str) -> None:
    (folder / "labels.json").write_text(content)
    with pytest.raises(DataError) as refused:
        PreparedDataset(folder).read("test")
    assert said in refused.value.message


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=rf"{tmp_path / 'manifest.json'} is missing"):
        read_manifest(tmp_path)


def test_what_another_version_left_out_or_added_is_no_damage(folder: Path) -> None:
    def of_another_version(content: dict[str, Any]) -> None:
        content.update(added=1, key=None, text_columns=None)
        content["data"].update(no_such_setting=1)
        del content["origin"]

    changed(folder / "manifest.json", of_another_version)
    changed(folder / "audit.json", lambda content: content.update(added=1))
    prepared = PreparedDataset(folder)
    assert (prepared.manifest.key, prepared.manifest.origin, prepared.manifest.text_columns) == (None, "", [])
    assert prepared.manifest.data.text_column == ["body"]
    assert prepared.audit == Audit(rows={"train": 6, "test": 1})


# --- what somebody else may have written --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"files": {"../../.git/hooks/pre-commit": "0" * 64}}, "its files: '../../.git/hooks/pre-commit' is not"),
        ({"files": {"notes.txt": "0" * 64}}, "'notes.txt' is not the file of a split"),
        ({"files": {"train.parquet": "0"}}, "files.train.parquet is '0'"),
        ({"files": ["train.parquet"]}, "files is ['train.parquet']"),
        ({"name": "x/../../../escaped/pwn"}, "'x/../../../escaped/pwn' is not a plain name"),
        ({"name": ".."}, "'..' is not a plain name"),
        ({"name": ".hidden"}, "'.hidden' is not a plain name"),
        ({"name": "a\nb"}, "is not a plain name"),
        ({"name": "a\0b"}, "is not a plain name"),
        ({"name": "é" * 128}, "is not a plain name"),
        ({"labels": 5}, "labels is 5"),
        ({"labels": ["a", "a"]}, "a label appears twice"),
        ({"labels": ["a", ""]}, "labels.1 is ''"),
        ({"labels": ["a", 1]}, "labels.1 is 1"),
        ({"seed": -1}, "seed is -1"),
        ({"origin": "/a\0b"}, "it holds a NUL character"),
        ({"cleaning": {"strip_html": "perhaps"}}, "cleaning.strip_html is 'perhaps'"),
    ],
)
def test_a_manifest_of_somebody_else_is_refused_by_the_name_of_the_field(
    folder: Path, values: dict[str, Any], said: str
) -> None:
    changed(folder / "manifest.json", lambda content: content.update(values))
    with pytest.raises(DataError) as refused:
        read_manifest(folder)
    assert refused.value.message.startswith(f"{folder / 'manifest.json'} is damaged: its ")
    assert said in refused.value.message
    assert refused.value.hint == AGAIN
    assert not PreparedDataset(folder).holds("a key")


def test_nothing_is_linked_that_a_dataset_does_not_have(folder: Path, tmp_path: Path) -> None:
    """A name that leads out of the folder installs nothing there."""
    (tmp_path / "hook").write_text("#!/bin/sh")
    (tmp_path / "work" / "run").mkdir(parents=True)
    changed(folder / "manifest.json", lambda content: content["files"].update({"../hook": "0" * 64}))
    with pytest.raises(DataError):
        PreparedDataset(folder).link_into(tmp_path / "work" / "run")
    assert sorted(path.name for path in (tmp_path / "work").iterdir()) == ["run"]


@pytest.mark.parametrize("name", ["train.parquet", "labels.json"])
def test_a_file_of_a_dataset_that_is_a_link_is_not_linked(folder: Path, tmp_path: Path, name: str) -> None:
    (folder / name).rename(tmp_path / "secret")
    (folder / name).symlink_to(tmp_path / "secret")
    (tmp_path / "run").mkdir()
    with pytest.raises(DataError, match=f"{name} is not a regular file"):
        PreparedDataset(folder).link_into(tmp_path / "run")
    assert not (tmp_path / "run" / name).exists()


@pytest.mark.parametrize(("name", "schema"), [("manifest.json", 2), ("manifest.json", 10**20), ("audit.json", 2)])
def test_a_later_schema_is_no_damage(folder: Path, name: str, schema: int) -> None:
    changed(folder / name, lambda content: content.update(schema_version=schema))
    with pytest.raises(DataError, match=f"{name} has schema {schema}, this clf reads up to 1") as refused:
        PreparedDataset(folder).link_into(folder)
    assert refused.value.hint == "install a newer clf"


def test_a_cleaning_step_of_a_newer_clf_is_refused_only_where_it_is_on(folder: Path) -> None:
    changed(folder / "manifest.json", lambda content: content["cleaning"].update(no_emoji=False))
    assert not PreparedDataset(folder).cleaning.remove_urls
    changed(folder / "manifest.json", lambda content: content["cleaning"].update(no_emoji=True))
    with pytest.raises(DataError, match="was written by a newer clf: this clf has no cleaning step 'no_emoji'"):
        read_manifest(folder)


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("label", [0, 2], "its label ids reach from 0 to 2, expected 0 to 1"),
        ("label", [-1, 0], "its label ids reach from -1 to 0, expected 0 to 1"),
        ("label", [0, None], "its column label has empty cells"),
        ("label", ["bad", "good"], "it has no column label of type int64"),
        ("text", [1, 2], "it has no column text of type string"),
        ("raw_text", ["a", None], "its column raw_text has empty cells"),
        ("raw_text", [["a"], ["b"]], "it has no column raw_text of type string"),
        ("text", None, "it has no column text of type string"),
        ("text", pyarrow.array([b"a", b"\xff"]).view(pyarrow.string()), "ArrowInvalid"),
    ],
)
def test_a_split_with_the_right_hash_and_the_wrong_columns_is_damaged(
    folder: Path, column: str, values: Any, said: str
) -> None:
    path = folder / "test.parquet"
    columns = {"text": ["a", "b"], "raw_text": ["a", "b"], "label": [0, 1], column: values}
    pyarrow.parquet.write_table(
        pyarrow.table({name: cells for name, cells in columns.items() if cells is not None}), path
    )
    changed(folder / "manifest.json", lambda content: content["files"].update({path.name: sha256(path)}))
    with pytest.raises(DataError) as refused:
        PreparedDataset(folder).read("test")
    assert refused.value.message.startswith(f"{path} is damaged: {said}")


def test_a_split_that_is_no_parquet_is_damaged(folder: Path) -> None:
    path = folder / "test.parquet"
    path.write_bytes(b"PAR1 and nothing else PAR1")
    changed(folder / "manifest.json", lambda content: content["files"].update({path.name: sha256(path)}))
    with pytest.raises(DataError, match=r"test\.parquet is damaged: Arrow"):
        PreparedDataset(folder).read("test")


def test_a_small_file_whose_texts_would_fill_the_memory_is_refused_before_they_are_spelled_out(folder: Path) -> None:
    texts = pyarrow.DictionaryArray.from_arrays(np.arange(10_000, dtype=np.int32) % 2, ["a" * 50_000, "b" * 50_000])
    table = pyarrow.table({"text": texts, "raw_text": texts, "label": np.zeros(10_000, dtype=np.int64)})
    pyarrow.parquet.write_table(table, folder / "test.parquet", compression="zstd", store_schema=False)
    told = json.loads((folder / "manifest.json").read_text())
    told["files"]["test.parquet"] = sha256(folder / "test.parquet")
    (folder / "manifest.json").write_text(json.dumps(told))
    before = pyarrow.default_memory_pool().max_memory()
    with pytest.raises(DataError, match=r"its texts take at least 1,000 MB once they are spelled out"):
        PreparedDataset(folder).read("test")
    assert pyarrow.default_memory_pool().max_memory() < before + 100_000_000


# --- several labels per text --------------------------------------------------------------------------------

LISTS = [[0, 2], [], [1], [0, 1, 2], [], [2]]


def with_lists(folder: Path, lists: list[Any], multi_label: bool = True, labels: int = 3) -> PreparedDataset:
    """Make the training texts of a prepared dataset have lists of label ids."""
    ids = pyarrow.array(lists, pyarrow.list_(pyarrow.int64()) if isinstance(lists[0], list) else pyarrow.int64())
    columns = {"text": TEXTS, "label": ids, "raw_text": TEXTS}
    pyarrow.parquet.write_table(pyarrow.table(columns), folder / "train.parquet", row_group_size=4)
    names = ["bad", "good", "long", *map(str, range(labels - 3))]
    found = {"train.parquet": sha256(folder / "train.parquet")}
    changed(
        folder / "manifest.json", lambda content: content.update(files=found, labels=names, multi_label=multi_label)
    )
    changed(folder / "labels.json", lambda content: content.update(labels=names))
    return PreparedDataset(folder)


def test_sets_of_labels_are_read_as_a_table(folder: Path) -> None:
    prepared = with_lists(folder, LISTS)
    train = prepared.read("train")
    assert prepared.multi_label
    assert (train.labels.dtype, train.labels.shape) == (np.bool_, (6, 3))
    assert [np.flatnonzero(row).tolist() for row in train.labels] == LISTS
    taken = train.take(np.array([3, 0])).relabel(np.array([1, 2, 0]))
    assert [np.flatnonzero(row).tolist() for row in taken.labels] == [[0, 1, 2], [0, 1]]
    assert taken.rows.tolist() == [3, 0]


def test_a_subset_of_sets_has_every_label(folder: Path) -> None:
    subset = with_lists(folder, [[0], [], [1], [], [], [2]]).subset("train", 3, 1)
    assert subset.labels.any(axis=0).all()
    assert subset.rows.tolist() == [0, 2, 5]


@pytest.mark.parametrize(
    ("lists", "said"),
    [
        ([[0], [3], [], [], [], []], "its label ids reach from 0 to 3, expected 0 to 2"),
        ([[0], [-1], [], [], [], []], "its label ids reach from -1 to 0, expected 0 to 2"),
        ([[0], [1, None], [], [], [], []], "its column label has empty ids"),
        ([[0], None, [], [], [], []], "its column label has empty cells"),
        ([[2], [], [], [], [], [1, 1]], "the label ids of row 6 are [1, 1], expected ascending ones"),
        ([[2], [], [2, 0], [], [], [1]], "the label ids of row 3 are [2, 0], expected ascending ones"),
        ([0, 1, 0, 1, 0, 1], "it has no column label of type list<element: int64>"),
    ],
)
def test_lists_that_are_no_sets_of_labels_are_damage(folder: Path, lists: list[Any], said: str) -> None:
    with pytest.raises(DataError) as refused:
        with_lists(folder, lists).read("train")
    assert (refused.value.message, refused.value.hint) == (f"{folder / 'train.parquet'} is damaged: {said}", AGAIN)


def test_lists_in_a_dataset_of_single_labels_are_damage(folder: Path) -> None:
    with pytest.raises(DataError, match="is damaged: it has no column label of type int64"):
        with_lists(folder, LISTS, multi_label=False).read("train")


def test_a_table_beyond_the_memory_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clf.data.prepared.MOST_TABLE", 17)
    with pytest.raises(DataError, match=r"6 texts with 3 labels take 0 GB of memory") as refused:
        with_lists(folder, LISTS).read("train")
    assert refused.value.hint == "prepare the dataset without its rare labels, or from fewer texts"


def test_the_share_of_each_label_is_known_only_where_a_text_may_have_several() -> None:
    texts, rows = ["a", "b"], np.arange(2)
    assert LabelledTexts(texts, texts, np.array([[True, False], [True, True]]), rows).shares(["x", "y"]) == {
        "x": 1.0,
        "y": 0.5,
    }
    assert LabelledTexts(texts, texts, np.array([0, 1]), rows).shares(["x", "y"]) == {}
