"""Names, folders and files become splits; a path never goes to the Hub."""

import os
from pathlib import Path

import pytest

from clf.data.reading.examples import RowTally, read_examples
from clf.data.reading.formats import looks_like_path
from clf.data.sources.find import SourceFinder, same_dataset
from clf.data.sources.source import Source
from clf.errors import DataError
from clf.settings import DataSettings
from conftest import review_rows, write_csv
from support.local_hub import LocalHub


def source(spec: object, offline: bool = False, **data: object) -> Source:
    return SourceFinder(seed=42, offline=offline).find(DataSettings(dataset=str(spec), **data))


def rows(found: Source, split: str) -> dict[str, list[object]]:
    columns: dict[str, list[object]] = {}
    for batch in found.splits[split].rows():
        for name, values in batch.columns.items():
            columns.setdefault(name, []).extend(values)
    return columns


def test_a_folder_gives_its_splits_and_passes_over_other_files(
    own_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = own_folder / "data"
    folder.mkdir()
    for name in ("train_subset.csv", "val.csv", "test-00000-of-00002.csv", "test-00001-of-00002.csv", "noise.csv"):
        write_csv(folder / name, [(name, "a")])
    caplog.set_level("INFO")
    found = source(folder)
    assert {split: rows(found, split)["text"] for split in found.splits} == {
        "train": ["train_subset.csv"],
        "validation": ["val.csv"],
        "test": ["test-00000-of-00002.csv", "test-00001-of-00002.csv"],
    }
    assert "noise.csv: its name does not start with" in caplog.text


def test_a_class_tree_gives_texts_and_labels_without_the_unlabelled(own_folder: Path) -> None:
    for split, label, text in [
        ("train", "pos", "good"),
        ("train", "neg", "bad"),
        ("train", "unsup", "what"),
        ("test", "pos", "fine"),
    ]:
        folder = own_folder / "aclImdb" / split / label
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "0_9.txt").write_text(text)
    found = source("aclImdb")
    assert rows(found, "train") == {"text": ["bad", "good"], "label": ["neg", "pos"]}
    assert rows(found, "test") == {"text": ["fine"], "label": ["pos"]}


def test_further_files_become_validation_and_test(own_folder: Path) -> None:
    for name in ("all.csv", "v.csv", "t.csv"):
        write_csv(own_folder / name, [(name, "a")])
    found = source("all.csv", validation=Path("v.csv"), test=Path("t.csv"))
    assert {split: rows(found, split)["text"] for split in found.splits} == {
        "train": ["all.csv"],
        "validation": ["v.csv"],
        "test": ["t.csv"],
    }


def test_an_edited_file_of_the_same_size_and_time_has_another_fingerprint(own_folder: Path) -> None:
    path = write_csv(own_folder / "a.csv", review_rows(4))
    before, times = source(path).fingerprint, path.stat()
    path.write_bytes(path.read_bytes().replace(b"number", b"nimber"))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert source(path).fingerprint != before


def test_imdb_comes_from_the_hub_once_without_its_unsupervised_split(hub: LocalHub) -> None:
    found = source("imdb")
    assert sorted(found.splits) == ["test", "train"]
    assert found.label_order == ["neg", "pos"]
    assert set(rows(found, "train")["label"]) == {"neg", "pos"}
    hub.requests.clear()
    again = source("stanfordnlp/imdb")
    assert rows(again, "train") == rows(found, "train")
    assert hub.requests == []


def test_ag_news_keeps_its_official_label_order(hub: LocalHub) -> None:
    assert source("ag_news").label_order == ["World", "Sports", "Business", "Sci/Tech"]


def test_synthetic_reviews_need_nothing() -> None:
    found = SourceFinder(seed=42, generated=20).find(DataSettings(dataset="synthetic"))
    assert [len(rows(found, split)["text"]) for split in ("train", "validation", "test")] == [14, 2, 4]


def test_offline_and_not_in_the_cache_says_what_fetches_it(hub: LocalHub) -> None:
    with pytest.raises(DataError) as refused:
        source("imdb", offline=True)
    assert "offline mode is on" in refused.value.message
    assert "clf download-models --dataset stanfordnlp/imdb" in refused.value.hint
    assert hub.requests == []


@pytest.mark.parametrize("spec", ["./owner/name", "missing.csv", "data/sub/folder", "/tmp/none"])
def test_what_looks_like_a_path_never_goes_to_the_hub(spec: str, hub: LocalHub) -> None:
    assert looks_like_path(spec)
    with pytest.raises(DataError, match="does not exist"):
        source(spec)
    assert hub.requests == []


def test_an_unknown_id_on_the_hub_is_named(hub: LocalHub) -> None:
    with pytest.raises(DataError, match="dataset owner/nothing does not exist on the Hub"):
        source("owner/nothing")


def test_a_folder_with_nothing_usable_says_what_it_holds(own_folder: Path) -> None:
    (own_folder / "d").mkdir()
    (own_folder / "d" / "notes.md").write_text("x")
    with pytest.raises(DataError, match=r"it contains notes\.md"):
        source("./d")


def test_a_dataset_is_known_again_by_name_and_by_place(own_folder: Path) -> None:
    path = write_csv(own_folder / "a.csv", review_rows(4))
    assert same_dataset("a.csv", "a.csv", str(path))
    assert same_dataset(str(path), "a.csv", str(path))
    assert not same_dataset("imdb", "a.csv", str(path))


def test_one_split_in_two_formats_is_refused(own_folder: Path) -> None:
    for name in ("train.csv", "train.tsv"):
        write_csv(own_folder / name, review_rows(4))
    with pytest.raises(DataError, match=r"holds both train\.csv and train\.tsv"):
        source("./")


def test_files_of_one_split_may_name_their_columns_otherwise(own_folder: Path) -> None:
    write_csv(own_folder / "train-1.csv", [("a", "x")])
    write_csv(own_folder / "train-2.csv", [("b", "y")], ("review", "sentiment"))
    read = [examples for _, _, examples in read_examples(source("./").splits["train"], DataSettings(), RowTally())]
    assert [(examples.texts, examples.labels) for examples in read] == [(["a"], ["x"]), (["b"], ["y"])]
