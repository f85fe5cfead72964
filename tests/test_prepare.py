"""`clf prepare`: from a file to a dataset on disk, with the truth about it."""

import json
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from clf.data.prepared import PreparedDataset
from clf.errors import DataError
from conftest import RunClf, review_rows, write_csv
from support.local_hub import LocalHub


def table(folder: Path, split: str) -> dict[str, list[object]]:
    return dict(pyarrow.parquet.read_table(folder / f"{split}.parquet").to_pydict())


def test_a_file_with_string_labels_needs_nothing_else(clf: RunClf, reviews: Path) -> None:
    done = clf("prepare", "--dataset", reviews)
    assert done.code == 0, done.err
    folder = Path("prepared/reviews")
    assert {path.name for path in folder.iterdir()} == {
        "train.parquet", "validation.parquet", "test.parquet", "labels.json", "audit.json", "manifest.json", "settings.json",
    }  # fmt: skip
    assert json.loads((folder / "labels.json").read_text()) == {"labels": ["bad", "good"]}
    counts = {split: sorted(table(folder, split)["label_name"]) for split in ("train", "validation", "test")}
    assert {split: (names.count("bad"), names.count("good")) for split, names in counts.items()} == {
        "train": (16, 16), "validation": (2, 2), "test": (2, 2),
    }  # fmt: skip
    assert "Next: clf train --dataset prepared/reviews" in done.out
    assert "text from text, label from label" in done.err


def test_texts_are_cleaned_and_kept_as_delivered(clf: RunClf, own_folder: Path) -> None:
    rows = [(f"<br />{text} &amp; more  at http://x.org", label) for text, label in review_rows(20)]
    clf("prepare", "--dataset", write_csv(own_folder / "a.csv", rows))
    train = table(Path("prepared/a"), "train")
    assert all(text.startswith("film number") and text.endswith("& more at") for text in train["text"])
    assert all(text.startswith("<br />") for text in train["raw_text"])
    clf("prepare", "--dataset", "a.csv", "--no-strip-html", "--no-remove-urls")
    assert all("<br />" in text and "http://x.org" in text for text in table(Path("prepared/a"), "train")["text"])


def test_json_is_the_audit_of_the_splits_as_delivered(clf: RunClf, own_folder: Path) -> None:
    folder = own_folder / "data"
    folder.mkdir()
    rows = review_rows(20)
    write_csv(folder / "train.csv", [*rows, rows[0], rows[1], ("", "good"), ("a text", "")])
    write_csv(folder / "test.csv", [rows[0], ("a new wonderful film", "good"), ("<br />", "bad")])
    done = clf("prepare", "--dataset", "data", "--json")
    assert done.code == 0, done.err
    audit = done.json
    assert audit["rows"] == {"train": 20, "validation": 2, "test": 2}
    assert audit["duplicates"] == {"train": 2, "test": 0}
    assert audit["leaks"] == {"test_in_train": 1}
    assert audit["dropped"] == {"no text": 1, "no label": 1, "no text after cleaning": 1}
    assert audit["labels"] == ["bad", "good"]
    assert "line 24" in done.err
    assert "line 25" in done.err


def test_leaks_are_dropped_on_request(clf: RunClf, own_folder: Path) -> None:
    rows = review_rows(20)
    write_csv(own_folder / "test.csv", [rows[0], ("a new wonderful film", "good")])
    write_csv(own_folder / "all.csv", rows)
    clf("prepare", "--dataset", "all.csv", "--test", "test.csv", "--drop-leaks")
    prepared = PreparedDataset(Path("prepared/all"))
    assert rows[0][0] not in prepared.read("train").texts
    assert len(prepared.read("train")) + len(prepared.read("validation")) >= 18


def test_the_same_seed_cuts_the_same_and_another_otherwise(clf: RunClf, reviews: Path) -> None:
    tests = []
    for seed in (1, 1, 2):
        clf("prepare", "--dataset", reviews, "--seed", seed)
        tests.append(table(Path("prepared/reviews"), "test")["text"])
    assert tests[0] == tests[1] != tests[2]


def test_a_headerless_file_works_with_column_numbers_and_a_label_map(clf: RunClf, own_folder: Path) -> None:
    rows = [(number % 2 + 1, f"title {number}", f"some description of number {number}") for number in range(20)]
    write_csv(own_folder / "news.csv", rows, header=None)
    columns = ("--no-header", "--label-column", 0, "--text-column", 1, "--text-column", 2)
    assert clf("prepare", "--dataset", "news.csv", *columns, "--label-map", "1=World,2=Sports").code == 0
    assert PreparedDataset(Path("prepared/news")).labels == ["World", "Sports"]
    assert "title 0 some description of number 0" in [
        text for split in ("train", "validation", "test") for text in table(Path("prepared/news"), split)["text"]
    ]
    (own_folder / "classes.txt").write_text("World\nSports\n")
    assert clf("prepare", "--dataset", "news.csv", *columns).code == 0
    assert PreparedDataset(Path("prepared/news")).labels == ["World", "Sports"]


def test_imdb_by_name_comes_from_the_hub_and_then_offline(clf: RunClf, hub: LocalHub) -> None:
    done = clf("prepare", "--dataset", "imdb")
    assert done.code == 0, done.err
    assert PreparedDataset(Path("prepared/imdb")).labels == ["neg", "pos"]
    hub.requests.clear()
    assert clf("prepare", "--dataset", "imdb", "--offline").code == 0
    assert hub.requests == []


def test_lengths_are_measured_with_a_tokenizer_at_hand(clf: RunClf, reviews: Path, tiny_encoder: Path) -> None:
    assert clf("prepare", "--dataset", reviews, "--model", "not/here", "--json").json["truncated"] is None
    lengths = clf("prepare", "--dataset", reviews, "--model", tiny_encoder, "--json").json["truncated"]
    assert lengths["measured_texts"] == 32
    assert lengths["share_longer_than"]["64"] == 0.0


def test_a_changed_split_file_is_refused(clf: RunClf, reviews: Path) -> None:
    clf("prepare", "--dataset", reviews)
    prepared = PreparedDataset(Path("prepared/reviews"))
    (prepared.folder / "test.parquet").write_bytes((prepared.folder / "train.parquet").read_bytes())
    with pytest.raises(DataError, match="was changed since it was prepared"):
        prepared.read("test")
    with pytest.raises(DataError, match="has no other split"):
        prepared.read("other")


def test_a_prepared_dataset_is_not_prepared_again(clf: RunClf, reviews: Path) -> None:
    clf("prepare", "--dataset", reviews)
    done = clf("prepare", "--dataset", "prepared/reviews")
    assert done.code == 2
    assert "is prepared already" in done.err


def test_dropping_leaks_never_leaves_a_class_without_training_texts(clf: RunClf, own_folder: Path) -> None:
    rows = review_rows(20)
    write_csv(own_folder / "all.csv", rows)
    write_csv(own_folder / "test.csv", [row for row in rows if row[1] == "bad"])
    done = clf("prepare", "--dataset", "all.csv", "--test", "test.csv", "--drop-leaks")
    assert done.code == 1
    assert "labels of" in done.err
    assert not Path("prepared").exists() or not list(Path("prepared").iterdir())


def test_splits_that_leave_nothing_are_refused(clf: RunClf, reviews: Path) -> None:
    done = clf("prepare", "--dataset", reviews, "--validation-size", 0.6, "--test-size", 0.6)
    assert done.code == 2
    assert "leave nothing to train on" in done.err


def test_samples_are_taken_when_they_are_asked_for(clf: RunClf, reviews: Path) -> None:
    audit = clf("prepare", "--dataset", reviews, "--max-train-samples", 10, "--max-eval-samples", 2, "--json").json
    assert audit["rows"] == {"train": 10, "validation": 2, "test": 2}


def test_the_next_command_names_an_encoder_that_is_here(clf: RunClf, reviews: Path, tiny_encoder: Path) -> None:
    assert (
        f"--model {tiny_encoder}" in clf("prepare", "--dataset", reviews, "--model", tiny_encoder).out.splitlines()[-1]
    )
