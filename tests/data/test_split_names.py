"""Files, folders, cells and datasets name their splits in the same words."""

import pytest

from clf.data.split_names import among_files, split_at_start, split_in, split_named, splits_named


@pytest.mark.parametrize(
    ("stem", "split"),
    [
        ("train", "train"), ("TRAIN", "train"), ("training", "train"), ("train_subset", "train"), ("train1", "train"),
        ("train-00000-of-00002", "train"), ("trainer", None), ("retrain", None), ("trainX", None),
        ("validation", "validation"), ("valid", "validation"), ("Val", "validation"), ("dev", "validation"),
        ("eval 2", "validation"), ("devices", None), ("values", None),
        ("evaluation", None), ("development", None), ("holdout", None),
        ("test", "test"), ("testing", "test"), ("test-é", "test"), ("tests", None), ("", None),
    ],
)  # fmt: skip
def test_the_name_of_a_file_tells_its_split(stem: str, split: str | None) -> None:
    assert split_at_start(stem) == split


@pytest.mark.parametrize(
    ("name", "split"),
    [("20news-bydate-train", "train"), ("reviews_test", "test"), ("dev", "validation"), ("train_and_test", None), ("train-test", None),
     ("model_evaluation_train", "train"), ("development_test", "test"), ("trainer", None), ("x", None),
     ("retrain", None)],
)  # fmt: skip
def test_a_name_may_mention_one_split_at_any_place(name: str, split: str | None) -> None:
    assert split_in(name) == split


@pytest.mark.parametrize(
    ("value", "split"),
    [
        ("TRAIN", "train"),
        (" training ", "train"),
        ("dev", "validation"),
        ("Evaluation", "validation"),
        ("development", "validation"),
        ("holdout", "test"),
        ("trn", "train"),
        ("tests", None),
        ("VALIDATION", "validation"),
        ("test", "test"),
        ("UNASSIGNED", ""),
        (None, ""),
        ("train2", None),
        (3, None),
    ],
)
def test_a_value_names_a_split(value: object, split: str | None) -> None:
    assert split_named(value) == split


def test_all_values_must_name_splits_and_more_than_one() -> None:
    assert splits_named(["test", "train", "train"]) == ["train", "test"]
    assert splits_named(["train", "val", "test", ""]) == ["train", "validation", "test"]
    assert splits_named(["train", "train"]) == []
    assert splits_named(["train", "unlabelled"]) == splits_named(["train", ""]) == ["train"]
    assert splits_named(["test", ""]) == []
    assert splits_named(["test", "val"]) == []
    assert splits_named(["train", "test", "other"]) == []


@pytest.mark.parametrize(
    "part",
    [
        "train_1",
        "train2",
        "train-00000-of-00002",
        "Train_part2",
        "train-shard-03",
        "train.p1",
        "train 1of5",
        "training",
    ],
)
def test_numbered_parts_beside_the_whole_belong_to_it(part: str) -> None:
    assert among_files(["train", part]) == (["train", part], [])


@pytest.mark.parametrize(
    "version",
    ["train_original", "train_backup", "train (1)", "train_old", "train_clean", "train - Copy", "train-en", "train_1_old",
     "train" + "1" * 60 + "x"],
)  # fmt: skip
def test_other_versions_beside_the_whole_do_not(version: str) -> None:
    assert among_files([version, "train", "train_2"]) == (["train", "train_2"], [version])
    assert among_files([version, "train_two"]) == ([version, "train_two"], [])
