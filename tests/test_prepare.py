"""`clf prepare`: from a file to a dataset on disk, with the truth about it."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from clf.data.prepared import PreparedDataset
from clf.errors import DataError
from conftest import HANGS, RunClf, review_rows, write_csv
from support.local_hub import LocalHub
from support.prepared import letters, table, write_many


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
    assert "is already prepared" in done.err


def test_what_a_killed_run_left_beside_an_up_to_date_dataset_is_cleared(clf: RunClf, reviews: Path) -> None:
    assert clf("prepare", "--dataset", reviews, "--output-dir", "p").code == 0
    stage = Path(".p.staging-0123456789abcdef")
    (stage / "new").mkdir(parents=True)
    (stage / "lock").touch()
    Path(".p.lock").touch()
    done = clf("prepare", "--dataset", reviews, "--output-dir", "p")
    assert "p is up to date" in done.err
    assert not stage.exists()
    assert not Path(".p.lock").exists()


@pytest.mark.parametrize(("times", "code"), [(1, 0), (1000, 1)])
def test_what_a_disk_does_not_delete_is_never_a_part_of_the_dataset(
    clf: RunClf, reviews: Path, monkeypatch: pytest.MonkeyPatch, times: int, code: int
) -> None:
    unlink, kept = os.unlink, list[str]()

    def broken(path: str, *, dir_fd: int | None = None) -> None:
        if str(path).endswith(".npy") and len(kept) < times:
            kept.append(path)
            raise OSError(errno.EIO, "Input/output error", path)
        unlink(path, dir_fd=dir_fd)

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", broken)
        done = clf("prepare", "--dataset", reviews, "--output-dir", "p")
    assert kept
    assert done.code == code, done.err
    assert list(Path().glob("p/texts-*")) == []
    assert code == 0 or "it cannot be deleted: " in done.err
    assert Path("p").exists() == (code == 0)


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


def test_alike_texts_with_different_labels_are_listed(clf: RunClf, own_folder: Path) -> None:
    rows = [(letters(number), "ab"[number % 2]) for number in range(100)]
    path = write_csv(own_folder / "a.csv", [*rows, (f"{rows[0][0]} again", "b"), (rows[1][0], "a")])
    done = clf("prepare", "--dataset", path)
    audit = PreparedDataset(Path("prepared/a")).audit
    assert (audit.conflicting, audit.near_conflicting) == (1, 1)
    assert [[(row.line, row.label) for row in each] for each in audit.conflicts] == [
        [(2, "a"), (102, "b")],
        [(3, "b"), (103, "a")],
    ]
    assert "1 group of near duplicates with different labels" in done.out
    assert "a (train, line 2)" in done.out


def test_columns_that_give_the_label_away_are_named(clf: RunClf, own_folder: Path) -> None:
    rows = [(letters(n), "ab"[n // 50], n, "ab"[n // 50] * 2, n % 7) for n in range(100)]
    path = write_csv(own_folder / "a.csv", rows, ("text", "label", "id", "kind", "weekday"))
    found = clf("prepare", "--dataset", path, "--json").json["suspicious_columns"]
    assert found == {"id": 0.99, "kind": 1.0}


def test_the_object_that_holds_the_label_is_not_called_suspicious(clf: RunClf, own_folder: Path) -> None:
    rows = [{"text": text, "ann": {"label": label}, "kind": label * 2} for text, label in review_rows(40)]
    (own_folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = clf("prepare", "--dataset", "a.jsonl", "--label-column", "ann.label", "--json")
    assert done.json["suspicious_columns"] == {"kind": 1.0}


def test_a_second_run_starts_at_once_and_train_takes_what_was_prepared(
    clf: RunClf, reviews: Path, tiny_encoder: Path
) -> None:
    assert clf("prepare", "--dataset", reviews, "--model", tiny_encoder).code == 0
    made = Path("prepared/reviews/manifest.json").stat().st_mtime_ns
    assert "is up to date" in clf("prepare", "--dataset", reviews, "--model", tiny_encoder).err
    assert Path("prepared/reviews/manifest.json").stat().st_mtime_ns == made
    done = clf("train", "--dataset", reviews, "--model", tiny_encoder, "--test-run")
    assert "has not changed: using the prepared dataset in prepared/reviews" in done.err
    assert "is up to date" not in clf("prepare", "--dataset", reviews, "--model", tiny_encoder, "--seed", 7).err
    Path("prepared/reviews/audit.json").unlink()
    done = clf("prepare", "--dataset", reviews, "--model", tiny_encoder, "--seed", 7)
    assert done.code == 0
    assert "is up to date" not in done.err


def test_a_renamed_split_is_noticed(clf: RunClf, own_folder: Path) -> None:
    (own_folder / "data").mkdir()
    write_csv(own_folder / "data" / "train.csv", review_rows(40))
    write_csv(own_folder / "data" / "test.csv", review_rows(4))
    assert clf("prepare", "--dataset", "data", "--json").json["rows"]["test"] == 4
    (own_folder / "data" / "test.csv").rename(own_folder / "data" / "dev.csv")
    assert clf("prepare", "--dataset", "data", "--json").json["rows"] == {"train": 40, "validation": 4}


@pytest.mark.long
def test_standard_input_is_read_once(own_folder: Path) -> None:
    with write_many(own_folder / "many.csv").open("rb") as file:
        command = [sys.executable, "-m", "clf", "prepare", "--dataset", "-", "--json", "--quiet"]
        done = subprocess.run(command, stdin=file, capture_output=True, text=True, check=True, timeout=HANGS)
    assert json.loads(done.stdout)["rows_read"] == {"train": 25_001}
    assert PreparedDataset(Path("prepared/stdin")).name == "stdin"


def test_a_further_file_is_never_replaced_by_the_result(clf: RunClf, reviews: Path) -> None:
    clf("prepare", "--dataset", reviews)
    test = write_csv(Path("prepared/reviews/mine.csv"), review_rows(4))
    done = clf("prepare", "--dataset", reviews, "--test", test, "--overwrite")
    assert done.code == 1
    assert test.exists()
