"""A file of texts and a file of labels are read as pairs of lines."""

import gzip
import logging
from pathlib import Path
from typing import Any

import pytest

from clf.errors import DataError
from support.sources import rows, source

TEXTS, LABELS = "one cat\n\nthree cats\n", "0\n1\n\n"


@pytest.fixture
def folder(own_folder: Path) -> Path:
    """Return a folder with the pair of train and the names of its labels."""
    inside = own_folder / "pairs"
    inside.mkdir()
    (inside / "train_text.txt").write_text(TEXTS)
    (inside / "train_labels.txt").write_text(LABELS)
    return inside


def columns(texts: list[str], labels: list[str], **names: Any) -> dict[str, Any]:
    return {"text": texts, "label": labels, **names}


def test_lines_belong_together_and_empty_lines_are_rows(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        found = source(folder)
    read = columns(["one cat", "", "three cats"], ["0", "1", ""])
    assert rows(found, "train") == rows(found, "train") == read
    assert [line for batch in found.splits["train"].rows() for line in batch.lines] == [1, 2, 3]
    assert found.splits["train"].lines() == 3
    assert "train_text.txt and train_labels.txt are read as pairs of lines" in caplog.text


@pytest.mark.parametrize(
    ("texts", "labels"),
    [
        ("X_train.txt", "y_train.txt"),
        ("train.text", "train.labels"),
        ("us_train.text", "us_train.label"),
        ("train-sentences.txt.gz", "train-labels.txt"),
    ],
)
def test_other_names_of_pairs(own_folder: Path, texts: str, labels: str) -> None:
    content = TEXTS.encode()
    (own_folder / texts).write_bytes(gzip.compress(content) if texts.endswith(".gz") else content)
    (own_folder / labels).write_text(LABELS)
    read = columns(["one cat", "", "three cats"], ["0", "1", ""])
    assert rows(source("./"), "train") == read
    assert rows(source(f"./{texts}"), "train") == read
    assert rows(source(f"./{labels}"), "train") == read


def test_mapping_names_the_numbers(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "mapping.txt").write_text("0\tcalm\t_calm_\n2\tangry\n")
    read = rows(source(folder / "train_labels.txt"), "train")
    assert read["label_name"] == ["calm", "1", ""]
    assert "mapping.txt has no name for '1' (line 2) of train_labels.txt" in caplog.text


@pytest.mark.parametrize("mapping", ["0 calm\n1 angry\n", "0\tcalm\n0\tangry\n"])
def test_a_mapping_that_is_something_else_is_ignored(
    folder: Path, mapping: str, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "mapping.txt").write_text(mapping)
    assert "label_name" not in rows(source(folder), "train")
    assert "is not a label, a tab and its name" in caplog.text


def test_every_file_is_part_of_the_fingerprint(folder: Path) -> None:
    (folder / "mapping.txt").write_text("0\tcalm\n1\tangry\n")
    made = [source(folder).fingerprint, source("synthetic", test=folder / "train_text.txt").fingerprint]
    for name in ("mapping.txt", "train_labels.txt", "train_text.txt"):
        file = folder / name
        file.write_text(file.read_text().replace("c", "d").replace("0", "2"))
        made += [source(folder).fingerprint, source("synthetic", test=folder / "train_text.txt").fingerprint]
    assert len(set(made)) == len(made)


@pytest.mark.parametrize(
    ("labels", "counts", "mend"),
    [
        ("0\n1\n", "has 3 lines, but train_labels.txt has 2", "add the missing labels to train_labels.txt"),
        ("0\n1\n1\n0\n", "has 3 lines, but train_labels.txt has 4", "add the missing texts to train_text.txt"),
    ],
)
def test_different_numbers_of_lines_are_refused(folder: Path, labels: str, counts: str, mend: str) -> None:
    (folder / "train_labels.txt").write_text(labels)
    with pytest.raises(DataError, match=counts) as refused:
        source(folder)
    assert refused.value.hint.startswith(mend)


def test_more_empty_lines_at_the_end_do_not_matter(folder: Path) -> None:
    (folder / "train_text.txt").write_text(TEXTS + "\n \n")
    assert rows(source(folder), "train")["label"] == ["0", "1", ""]


def test_names_of_columns_are_no_row(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "train_text.txt").write_text("text\n" + TEXTS)
    (folder / "train_labels.txt").write_text("label\n" + LABELS)
    assert rows(source(folder), "train")["label"] == ["0", "1", ""]
    assert "skipped line 1" in caplog.text


def test_texts_without_labels_are_a_split_without_them(folder: Path) -> None:
    (folder / "test_text.txt").write_text(TEXTS)
    assert rows(source(folder), "test") == {"text": ["one cat", "", "three cats"]}


def test_files_that_are_no_pair(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "test.csv").write_text("text,label\na,0\n")
    assert [*source(folder).splits] == ["train"]
    assert "test.csv: it is not one of the pairs" in caplog.text
    (folder / "train_labels.txt").unlink()
    assert "label" not in rows(source(folder / "train_text.txt"), "train")


def test_several_pairs_for_a_split_are_refused(folder: Path) -> None:
    (folder / "es_train_text.txt").write_text(TEXTS)
    (folder / "es_train_labels.txt").write_text(LABELS)
    with pytest.raises(DataError, match="has several files of texts or labels for train"):
        source(folder)
    assert rows(source(folder / "es_train_text.txt"), "train")["label"] == ["0", "1", ""]


def test_a_byte_that_is_not_of_the_encoding_is_named(folder: Path) -> None:
    (folder / "train_text.txt").write_bytes(b"one\ncaf\xe9\nthree\n")
    with pytest.raises(DataError, match=r"train_text.txt, line 2: byte 0xe9 is not utf-8"):
        source(folder, encoding="utf-8")
