"""A column says in which split a row is if all its values do."""

import pytest

from clf.data.reading.split_column import split_named, splits_named


@pytest.mark.parametrize(
    ("value", "split"),
    [
        ("TRAIN", "train"),
        (" training ", "train"),
        ("dev", "validation"),
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
    assert splits_named(["test", "val"]) == []
    assert splits_named(["train", "test", "other"]) == []
