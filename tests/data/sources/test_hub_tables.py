"""The files of a dataset on the Hub become one table for each split."""

from itertools import pairwise
from pathlib import Path

import pytest

from clf.data.sources.hub_tables import load_snapshot
from clf.errors import DataError


def test_each_split_is_a_table_with_the_names_of_its_classes(tmp_path: Path) -> None:
    features = "[{name: text, dtype: string}, {name: label, dtype: {class_label: {names: {'0': neg, '1': pos}}}}]"
    (tmp_path / "README.md").write_text(f"---\ndataset_info:\n  features: {features}\n---\n")
    (tmp_path / "train.csv").write_text("text,label\na,0\nb,1\nc,-1\n")
    tables, names = load_snapshot(tmp_path, "owner/data")
    assert names == {"label": ["neg", "pos"]}
    assert {split: table.to_pydict() for split, table in tables.items()} == {
        "train": {"text": ["a", "b", "c"], "label": ["neg", "pos", None]}
    }


def test_a_file_outside_the_repository_is_refused(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("---\nconfigs: [{config_name: default, data_files: ../x.csv}]\n---\n")
    with pytest.raises(DataError, match=r"names a file outside its repository: \.\./x\.csv"):
        load_snapshot(tmp_path, "owner/data")


BOMB = "a: &a [x]\n" + "".join(f"{b}: &{b} [{', '.join(['*' + a] * 9)}]\n" for a, b in pairwise("abcdefghij"))


@pytest.mark.parametrize("metadata", [BOMB, "a: &a [*a]\n", "a: " + "[" * 60 + "]" * 60 + "\n"])
def test_metadata_that_grows_or_refers_to_itself_is_refused(tmp_path: Path, metadata: str) -> None:
    for start in ("---\n", "---\n---\n", "---\r", "\u00a0---\n"):  # each is one for the library
        (tmp_path / "README.md").write_text(f"{start}{metadata}---\n".replace("\n", start[-1]), newline="")
        (tmp_path / "train.csv").write_text("text,label\na,x\nb,y\n")
        with pytest.raises(DataError, match="the metadata in its README refers to itself too often"):
            load_snapshot(tmp_path, "owner/data")


def test_a_list_that_the_metadata_refers_to_again_is_read(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("---\ntags: &t [a, b]\nlanguage_details: *t\n---\n")
    (tmp_path / "train.csv").write_text("text,label\na,x\nb,y\n")
    assert load_snapshot(tmp_path, "owner/data")[0]["train"].num_rows == 2
