"""Folders give splits by the names of their files, or texts with the names of class folders as labels."""

import os
import sys
from pathlib import Path
from time import process_time

import pytest

from clf.data.sources.folders import (
    class_names,
    class_tree,
    data_files,
    say_ignored,
    split_files,
    tree_fingerprint,
)
from clf.errors import DataError, UsageError
from clf.settings import DataSettings
from support.sources import rows, source
from support.tiny import review_rows, write_csv


def texts(folder: Path, tree: dict[str, str | bytes]) -> Path:
    """Write texts into a folder, by their paths inside it."""
    for name, content in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


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


def test_one_split_in_two_formats_is_refused(own_folder: Path) -> None:
    for name in ("train.csv", "train.tsv"):
        write_csv(own_folder / name, review_rows(4))
    with pytest.raises(DataError, match=r"holds both train\.csv and train\.tsv"):
        source("./")


def test_only_files_with_known_endings_are_taken_in_the_order_of_their_names(tmp_path: Path) -> None:
    names = ("train-b.CSV", "train-a.csv.gz", "train.md", "test.jsonl", "classes.txt", "train-c.csv")
    texts(tmp_path, dict.fromkeys(names, "x") | {"train-folder.csv/inside.csv": "x"})
    found = split_files(tmp_path, data_files(tmp_path, {".csv", ".gz", ".jsonl", ".txt"}))
    assert found == {
        "test": [tmp_path / "test.jsonl"],
        "train": [tmp_path / "train-a.csv.gz", tmp_path / "train-b.CSV", tmp_path / "train-c.csv"],
    }


def test_class_folders_without_split_folders_are_all_for_training(tmp_path: Path) -> None:
    texts(tmp_path, {"pos/2.txt": "two", "pos/10.txt": "ten", "neg/1.txt": "one", "empty/x.md": "no", "4.txt": "no"})
    tree = class_tree(tmp_path, DataSettings())
    assert list(tree) == ["train"]
    (batch,) = tree["train"].rows()
    assert batch.columns == {"text": ["one", "ten", "two"], "label": ["neg", "pos", "pos"]}
    assert (batch.lines, tree["train"].lines(), tree["train"].shown) == ([1, 2, 3], 3, str(tmp_path))


def test_split_folders_of_one_split_are_joined(tmp_path: Path) -> None:
    texts(tmp_path, {"train-1/a/1.txt": "one", "train-2/a/1.txt": "two", "dev/b/1.txt": "three", "other/c/1.txt": "no"})
    tree = class_tree(tmp_path, DataSettings())
    found = {split: [text for batch in part.rows() for text in batch.columns["text"]] for split, part in tree.items()}
    assert found == {"train": ["one", "two"], "validation": ["three"]}


def test_a_folder_without_class_folders_is_no_tree(tmp_path: Path) -> None:
    assert class_tree(texts(tmp_path, {"train.txt": "x", "notes/a.md": "y"}), DataSettings()) == {}
    assert class_tree(texts(tmp_path, {"unlabeled/1.txt": "x"}), DataSettings()) == {}


def test_texts_of_a_tree_are_decoded_as_asked_and_a_bad_byte_is_named(tmp_path: Path) -> None:
    texts(tmp_path, {"a/1.txt": b"\xef\xbb\xbfone", "a/2.txt": b"caf\xe9 \n"})
    with pytest.raises(DataError) as refused:
        list(class_tree(tmp_path, DataSettings(encoding="ascii"))["train"].rows())
    assert refused.value.message == f"{tmp_path / 'a' / '1.txt'}: byte 0xef is not ascii"
    assert refused.value.hint == "pass the correct --encoding, such as cp1252"
    (batch,) = class_tree(tmp_path, DataSettings(encoding="cp1252"))["train"].rows()
    assert batch.columns["text"][1] == "café \n"
    with pytest.raises(UsageError, match="no encoding is called 'nonsense'"):
        list(class_tree(tmp_path, DataSettings(encoding="nonsense"))["train"].rows())


def test_class_names_are_the_lines_of_a_file_beside_the_data(tmp_path: Path) -> None:
    texts(tmp_path, {"classes.txt": b"\xef\xbb\xbf bad \r\n\nSci/Tech\n", "train.csv": "x", "sub/train.csv": "x"})
    data = DataSettings()
    assert class_names(tmp_path, data) == class_names(tmp_path / "train.csv", data) == ["bad", "Sci/Tech"]
    assert class_names(tmp_path / "sub", data) == class_names(tmp_path / "classes.txt", data) == []


def test_the_fingerprint_of_a_tree_follows_the_texts_and_their_folders(tmp_path: Path) -> None:
    given = {"pos/1.txt": "good", "neg/1.txt": "bad"}
    first = tree_fingerprint(texts(tmp_path / "first", given))
    assert tree_fingerprint(texts(tmp_path / "copy", given | {"notes.md": "not a text"})) == first
    others = [{"pos/1.txt": "good!", "neg/1.txt": "bad"}, {"pos/2.txt": "good", "neg/1.txt": "bad"},
              {"neg/1.txt": "good", "pos/1.txt": "bad"}, given | {"pos/2.txt": ""}]  # fmt: skip
    found = {tree_fingerprint(texts(tmp_path / f"other {number}", other)) for number, other in enumerate(others)}
    assert len(found | {first}) == 5


@pytest.mark.skipif(sys.platform == "darwin", reason="its file system takes only names that are text")
def test_a_file_may_have_a_name_that_is_no_text_but_a_class_may_not(tmp_path: Path) -> None:
    texts(tmp_path, {"good/1.txt": "a", "bad/1.txt": "b", os.fsdecode(b"good/caf\xe9.txt"): "c"})
    assert rows(source(tmp_path), "train")["text"] == ["b", "a", "c"]
    texts(tmp_path, {os.fsdecode(b"caf\xe9/1.txt"): "d"})
    with pytest.raises(DataError) as refused:
        source(tmp_path)
    assert refused.value.message == f"{tmp_path}/caf\ufffd: byte 0xe9 cannot be decoded in the name of this folder"
    assert refused.value.hint == "rename the folder; its name is the label"


def test_class_names_are_read_in_the_encoding_of_the_data(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_bytes(b"caf\xe9\nth\xe9\n")
    assert class_names(tmp_path, DataSettings(encoding="cp1252")) == ["caf\xe9", "th\xe9"]


def test_texts_that_are_not_utf_8_are_read_as_cp1252_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    texts(tmp_path, {"a/1.txt": "caf\u00e9", "a/2.txt": b"caf\xe9", "b/1.txt": b"a \x9d", "b/2.txt": "no"})
    assert rows(source(tmp_path), "train")["text"] == ["caf\u00e9", "caf\u00e9", "a \x9d", "no"]
    assert f"{tmp_path}: 2 texts are not UTF-8 (a/2.txt …); read as cp1252" in caplog.text


def test_what_systems_and_tools_hide_is_no_data(tmp_path: Path) -> None:
    seen = {"pos/1.txt": "good", "neg/1.txt": "bad"}
    hidden = {".ipynb_checkpoints/1.txt": "x", "__MACOSX/1.txt": "x", "pos/._1.txt": "x", ".git/x.txt": "x"}
    first = tree_fingerprint(texts(tmp_path / "tree", seen))
    found = source(texts(tmp_path / "tree", seen | hidden))
    assert rows(found, "train") == {"text": ["bad", "good"], "label": ["neg", "pos"]}
    assert found.fingerprint == first
    folder = texts(tmp_path / "files", {"train.csv": "x", "._train.csv": "x", ".train.csv": "x"})
    split = split_files(folder, data_files(folder, {".csv"}))
    assert split == {"train": [tmp_path / "files" / "train.csv"]}


def test_class_folders_have_files_of_any_ending(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tree = {
        "news-bydate-train/sci.med/49960": "one",
        "news-bydate-train/rec.autos/7.eml": "two",
        "news-bydate-train/rec.autos/Thumbs.db": "x",
        "news-bydate-test/sci.med/1": "three",
        "news-bydate-test/rec.autos/2": b"\x89PNG\0",
        "README.txt": "about",
    }
    found = source(texts(tmp_path, tree))
    assert rows(found, "train") == {"text": ["two", "one"], "label": ["rec.autos", "sci.med"]}
    assert rows(found, "test") == {"text": ["three"], "label": ["sci.med"]}
    assert found.splits["train"].lines() == 2
    assert "each file in the class folders rec.autos, sci.med … is read as one text" in caplog.text
    assert "left out 1 files that are no text (2 …)" in caplog.text
    texts(tmp_path, {"news-bydate-train/sci.med/49960": "changed"})
    assert source(tmp_path).fingerprint != found.fingerprint


@pytest.mark.parametrize("tree", [{"docs/a": "x"}, {"a/1.csv": "x", "b/2.csv": "x"}, {"a/1": "x", "b/2.parquet": "x"}])
def test_folders_with_tables_or_alone_are_no_class_folders(tmp_path: Path, tree: dict[str, str | bytes]) -> None:
    assert class_tree(texts(tmp_path, tree), DataSettings()) == {}


def test_files_named_for_their_split_at_the_end_are_found_if_there_is_one_of_each(own_folder: Path) -> None:
    folder = own_folder / "data"
    folder.mkdir()
    for name in ("shop_train.csv", "shop_test.csv", "shop.csv"):
        write_csv(folder / name, [(name, "a")])
    found = source(folder)
    assert {split: rows(found, split)["text"] for split in found.splits} == {
        "train": ["shop_train.csv"],
        "test": ["shop_test.csv"],
    }
    write_csv(folder / "old_train.csv", [("x", "a")])
    with pytest.raises(DataError, match=r"has no train\.\*"):
        source(folder)


@pytest.mark.parametrize("other", ["train_original.csv", "train (1).csv", "train-old.csv"])
def test_another_version_beside_train_is_not_read_with_it(
    other: str, own_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("train.csv", "train_2.csv", other):
        write_csv(own_folder / name, [(name, "a")])
    assert rows(source("./"), "train")["text"] == ["train.csv", "train_2.csv"]
    assert f"the train split is read from train.csv, train_2.csv; {other} is not read with it" in caplog.text


def test_files_that_are_read_together_are_named(own_folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("train_a.csv", "train_b.csv"):
        write_csv(own_folder / name, [(name, "a")])
    caplog.set_level("INFO")
    assert rows(source("./"), "train")["text"] == ["train_a.csv", "train_b.csv"]
    assert "the train split is read from 2 together: train_a.csv, train_b.csv" in caplog.text


def test_a_folder_of_another_version_is_not_read_with_train(own_folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    texts(own_folder, {"train/a/1.txt": "one", "train/b/1.txt": "two", "train_old/a/1.txt": "three"})
    assert rows(source("./"), "train")["text"] == ["one", "two"]
    assert caplog.text.count("train_old is not read with it") == 1


def test_a_file_that_is_read_by_a_word_of_its_name_is_not_called_ignored(
    own_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("my_training_set.csv", "my_test_set.csv", "notes.csv"):
        write_csv(own_folder / name, [(name, "a")])
    caplog.set_level("INFO")
    assert list(source("./").splits) == ["train", "test"]
    assert "notes.csv" in caplog.text
    assert "_set.csv: its name" not in caplog.text


@pytest.mark.parametrize("link", ["train/pos/x.txt", "train/mid"])
def test_no_link_leads_from_a_class_folder_out_of_the_dataset(own_folder: Path, link: str) -> None:
    outside = texts(own_folder / "outside", {"a.txt": "secret"})
    folder = texts(own_folder / "data", {"train/pos/a.txt": "good", "train/neg/a.txt": "bad"})
    (folder / "train/neg/inside.txt").symlink_to(folder / "train/pos/a.txt")
    assert rows(source(folder), "train")["text"] == ["bad", "good", "good"]
    (folder / link).symlink_to(outside / "a.txt" if link.endswith("txt") else outside)
    with pytest.raises(DataError, match=f"{link} is a link out of the folder"):
        source(folder)


def test_the_files_of_a_folder_are_told_apart_in_linear_time() -> None:
    files = [Path("data", f"train_{number}.csv") for number in range(20_000)]
    start = process_time()
    assert (
        split_files(Path("data"), [*files, Path("data/train.csv"), Path("data/train_old.csv")])["train"][:-1] == files
    )
    say_ignored(files, files)
    assert process_time() - start < 2
