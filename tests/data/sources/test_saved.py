"""Folders of the datasets library and of the Hub give their splits with the names of their classes."""

import json
import os
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from clf.errors import DataError
from support.data_files import written
from support.sources import rows, source

LABELS = {"_type": "ClassLabel", "names": ["neg", "pos"]}
INFO = {"features": {"text": {"dtype": "string", "_type": "Value"}, "label": LABELS}}
README = """---
dataset_info:
- config_name: other
  features:
  - name: label
    dtype:
      class_label:
        names:
          '0': wrong
- config_name: default
  features:
  - name: text
    dtype: string
  - name: label
    dtype:
      class_label:
        names:
          '1': pos
          '0': neg
---
# Reviews
"""


def table(labels: list[int], **schema: Any) -> pyarrow.Table:
    found = pyarrow.table({"text": [f"text {label}" for label in labels], "label": labels})
    return found.replace_schema_metadata({key: json.dumps(value) for key, value in schema.items()})


def arrow(path: Path, labels: list[int], **schema: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = table(labels, **schema)
    with pyarrow.OSFile(str(path), "wb") as file, pyarrow.ipc.new_stream(file, rows.schema) as writer:
        writer.write_table(rows)


def save(folder: Path, labels: list[int], *, info: object = INFO, **state: Any) -> None:
    """Write what `save_to_disk` writes for one split."""
    arrow(folder / "data-00000-of-00001.arrow", labels)
    arrow(folder / "data-00000-of-00009.arrow", [0, 1])  # left by an earlier save
    files = [{"filename": "data-00000-of-00001.arrow"}]
    written(folder / "state.json", json.dumps({"_data_files": files, "_split": None, **state}))
    written(folder / "dataset_info.json", json.dumps(info))


@pytest.fixture
def saved(own_folder: Path) -> Path:
    save(own_folder / "saved" / "train", [1, 0, -1])
    save(own_folder / "saved" / "test", [1])
    written(own_folder / "saved" / "dataset_dict.json", json.dumps({"splits": ["train", "test", "extra"]}))
    return own_folder / "saved"


def test_a_saved_dataset_has_its_splits_and_the_names_of_its_classes(saved: Path) -> None:
    found = source(saved)
    assert [*found.splits] == ["train", "test"]
    assert rows(found, "train") == {"text": ["text 1", "text 0", "text -1"], "label": ["pos", "neg", None]}
    assert rows(found, "test")["label"] == ["pos"]
    assert found.label_order == ["neg", "pos"]
    one = source(saved / "train")
    assert rows(one, "train") == rows(found, "train")


def test_other_names_are_another_dataset(saved: Path) -> None:
    before = source(saved).fingerprint
    info = {"features": {"label": {"_type": "ClassLabel", "names": ["bad", "good"]}}}
    written(saved / "train" / "dataset_info.json", json.dumps(info))
    assert source(saved).fingerprint != before


def test_the_layout_of_the_hub_is_read_with_the_names_in_its_readme(own_folder: Path) -> None:
    for split, labels in (("train", [1, 0]), ("test", [0])):
        path = own_folder / "reviews" / "data" / f"{split}-00000-of-00001.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pyarrow.parquet.write_table(table(labels), path)
    written(own_folder / "reviews" / "README.md", README)
    found = source(own_folder / "reviews")
    assert (rows(found, "train")["label"], rows(found, "test")["label"]) == (["pos", "neg"], ["neg"])


def test_shards_in_folders_of_splits_are_read_with_the_names_in_their_schema(own_folder: Path) -> None:
    for split in ("train", "validation"):
        arrow(own_folder / "plain" / split / "shard-0.arrow", [1, 0], huggingface={"info": INFO})
    found = source(own_folder / "plain")
    assert {split: rows(found, split)["label"] for split in found.splits} == {
        "train": ["pos", "neg"],
        "validation": ["pos", "neg"],
    }
    arrow(own_folder / "numbers" / "train" / "shard-0.arrow", [1, 0], huggingface={"info": 3})
    assert rows(source(own_folder / "numbers"), "train")["label"] == [1, 0]


def test_shards_alone_are_train(own_folder: Path) -> None:
    for part in range(2):
        arrow(own_folder / "shards" / f"data-0000{part}-of-00002.arrow", [part])
    assert rows(source(own_folder / "shards"), "train")["label"] == [0, 1]


def test_several_folders_with_splits_are_named(own_folder: Path) -> None:
    for config in ("en", "de"):
        arrow(own_folder / "both" / config / "train-0.arrow", [1, 0])
    with pytest.raises(DataError, match="both has several folders with splits") as refused:
        source(own_folder / "both")
    assert "both/de or " in refused.value.hint


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("dataset_dict.json", {"splits": ["../train"]}, "names a file elsewhere: '../train'"),
        ("dataset_dict.json", {"splits": 3}, "is damaged: its splits is 3"),
        ("train/state.json", {"_data_files": [{"filename": "../../x.arrow"}]}, "names a file elsewhere"),
        ("train/state.json", {"_data_files": []}, "is damaged: its _data_files"),
        (
            "train/state.json",
            {"_data_files": [{"filename": "a"}], "_indices_data_files": [{"filename": "b"}]},
            "holds a selection of rows",
        ),
        ("train/dataset_info.json", [1], "is damaged: it is not a JSON object"),
        ("train/dataset_info.json", {"features": {"label": {**LABELS, "names": [1]}}}, "its names.0 is 1"),
        ("train/dataset_info.json", {"features": {"label": {**LABELS, "names": ["a", "a"]}}}, "a name appears twice"),
    ],
)
def test_what_a_saved_dataset_says_is_checked(saved: Path, name: str, content: object, message: str) -> None:
    if "dict" in name:
        save(saved.parent / "train", [0, 1])
    written(saved / name, json.dumps(content))
    if content == {"splits": ["../train"]}:
        written(saved / name, json.dumps({"splits": ["train/../../train"]}))
        message = "names a file elsewhere: 'train/../../train'"
    with pytest.raises(DataError) as refused:
        source(saved)
    assert message in refused.value.message


def test_a_number_without_a_name_is_named(saved: Path) -> None:
    save(saved / "train", [0, 1, 2])
    with pytest.raises(DataError, match="row 3: the column 'label' says 2, but there are names for only 2 classes"):
        rows(source(saved), "train")


def test_no_link_leads_out_of_the_folder(saved: Path) -> None:
    arrow(saved.parent / "elsewhere.arrow", [1])
    for name in ("train/data-00000-of-00001.arrow", "train/dataset_info.json", "train/state.json"):
        path = saved / name
        content = path.read_bytes()
        path.unlink()
        path.symlink_to(saved.parent / "elsewhere.arrow")
        with pytest.raises(DataError, match="is a link out of the folder"):
            source(saved)
        path.unlink()
        path.write_bytes(content)
    os.rename(saved / "train", saved.parent / "moved")
    (saved / "train").symlink_to(saved.parent / "moved")
    with pytest.raises(DataError, match="is a link out of the folder"):
        source(saved)


def parquet(path: Path, labels: list[int], *names: str) -> Path:
    """Write a file with class names in its schema, if there are some."""
    path.parent.mkdir(parents=True, exist_ok=True)
    schema = {"huggingface": {"info": {"features": {"label": {"_type": "ClassLabel", "names": names}}}}}
    pyarrow.parquet.write_table(table(labels, **(schema if names else {})), path)
    return path


def named(spec: Path, **data: object) -> dict[str, list[object]]:
    found = source(spec, **data)
    return {split: rows(found, split)["label"] for split in found.splits}


def test_each_split_has_its_own_names(saved: Path) -> None:
    save(saved / "train", [0, 1, 2], info={"features": {"label": {**LABELS, "names": ["mid", "neg", "pos"]}}})
    save(saved / "test", [0, 1, -1])
    assert named(saved) == {"train": ["mid", "neg", "pos"], "test": ["neg", "pos", None]}
    before = source(saved).fingerprint
    save(saved / "test", [0, 1, -1], info={"features": {"label": {**LABELS, "names": ["pos", "neg"]}}})
    assert named(saved)["test"] == ["pos", "neg", None]
    assert source(saved).fingerprint != before


def test_a_saved_dataset_with_only_a_test_split_has_its_names(saved: Path) -> None:
    written(saved / "dataset_dict.json", json.dumps({"splits": ["test"]}))
    assert named(saved) == {"test": ["pos"]}


def test_files_of_one_split_have_their_own_names_and_else_those_of_the_others(own_folder: Path) -> None:
    folder = own_folder / "top"
    parquet(folder / "train-0.parquet", [0, 1], "neg", "pos")
    parquet(folder / "train-1.parquet", [0, 1], "pos", "neg")
    parquet(folder / "test-0.parquet", [0, 1])
    assert named(folder) == {"train": ["neg", "pos", "pos", "neg"], "test": ["neg", "pos"]}


def test_every_way_to_a_clone_of_the_hub_gives_the_same_names(own_folder: Path) -> None:
    for folder, inner in ((own_folder / "hub", "data"), (own_folder / "flat", "")):
        parquet(folder / inner / "train-00000-of-00001.parquet", [1, 0])
        test = parquet(folder / inner / "test-00000-of-00001.parquet", [0, -1])
        written(folder / "README.md", README)
        expected = {"train": ["pos", "neg"], "test": ["neg", None]}
        assert named(folder) == named(folder / inner) == expected
        assert named(test.parent / "train-00000-of-00001.parquet", test=test) == expected
        other = parquet(own_folder / "other" / "test.parquet", [0, 1], "good", "bad")
        assert named(folder, test=other) == {**expected, "test": ["good", "bad"]}


def test_a_file_of_another_tool_beside_the_rows_says_nothing(
    own_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = parquet(own_folder / "one" / "train.parquet", [1, 0])
    written(one.parent / "dataset_info.json", "[1]")
    assert named(one) == {"train": [1, 0]}
    assert "ignoring the class names in" in caplog.text
    caplog.clear()
    written(own_folder / "README.md", README)
    (one.parent / "README.md").symlink_to(own_folder / "README.md")
    (one.parent / "dataset_info.json").unlink()
    assert named(one) == {"train": [1, 0]}
    assert "it is a link out of the folder" in caplog.text


def test_a_shard_that_is_listed_twice_is_read_once(saved: Path, caplog: pytest.LogCaptureFixture) -> None:
    shards = [{"filename": "data-00000-of-00001.arrow"}] * 2
    written(saved / "train" / "state.json", json.dumps({"_data_files": shards}))
    written(saved / "dataset_dict.json", json.dumps({"splits": ["train", "test", "test"]}))
    assert named(saved) == {"train": ["pos", "neg", None], "test": ["pos"]}
    assert "files of the train split that are listed twice are read once" in caplog.text


def test_names_in_a_schema_that_are_no_names_are_passed_over_with_a_warning(
    own_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert named(parquet(own_folder / "x.parquet", [1, 0], "neg", "neg")) == {"train": [1, 0]}
    assert "ignoring the class names in the schema" in caplog.text


def test_the_numbers_in_lists_become_names_and_none_of_them_is_missed(saved: Path) -> None:
    feature = {"feature": LABELS, "_type": "List"}
    written(saved / "train" / "dataset_info.json", json.dumps({"features": {"label": feature}}))
    found = pyarrow.table({"text": ["a", "b", "c"], "label": [[1, 0], [], [-1]]})
    path = str(saved / "train" / "data-00000-of-00001.arrow")
    with pyarrow.OSFile(path, "wb") as file, pyarrow.ipc.new_stream(file, found.schema) as writer:
        writer.write_table(found)
    assert rows(source(saved), "train")["label"] == [["pos", "neg"], [], [None]]


def test_a_clone_of_the_hub_may_have_only_a_test_split(own_folder: Path) -> None:
    parquet(own_folder / "only" / "data" / "test-00000-of-00001.parquet", [1, 0])
    arrow(own_folder / "folders" / "test" / "shard-0.arrow", [1, 0])
    for name in ("only", "folders"):
        written(own_folder / name / "README.md", README)
        assert named(own_folder / name) == {"test": ["pos", "neg"]}


def test_splits_without_train_do_not_hide_those_with_train(own_folder: Path) -> None:
    parquet(own_folder / "top" / "checks" / "test.parquet", [1])
    parquet(own_folder / "top" / "rows" / "train.parquet", [0])
    arrow(own_folder / "top" / "validation" / "part.arrow", [1])
    assert named(own_folder / "top") == {"train": [0]}


def test_numbers_of_a_test_file_without_names_have_those_of_train(
    own_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    train = parquet(own_folder / "train.parquet", [0, 1], "neg", "pos")
    lines = own_folder / "new.csv"
    written(lines, "text,label\nfine,1\nbad,0\nnone,-1\nsure,pos\n")
    for test, expected in ((parquet(own_folder / "new.parquet", [1, 0]), ["pos", "neg"]),
                           (lines, ["pos", "neg", None, "pos"])):  # fmt: skip
        caplog.clear()
        assert named(train, test=test)["test"] == expected
        assert "the numbers in label have the class names of train: 0 is neg, 1 is pos" in caplog.text
    with pytest.raises(DataError, match="says 2, but there are names for only 2 classes"):
        named(train, test=parquet(own_folder / "more.parquet", [1, 2]))


def test_numbers_are_left_where_a_class_of_train_is_called_as_a_number(own_folder: Path) -> None:
    train = parquet(own_folder / "train.parquet", [0, 1], "1", "2")
    assert named(train, test=parquet(own_folder / "new.parquet", [1, 2]))["test"] == [1, 2]
