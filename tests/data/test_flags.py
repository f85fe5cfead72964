"""The flags of a dataset: what a command on the same texts needs, and no more."""

from pathlib import Path
from typing import Any

import pytest

from clf.data.flags import data_flags, typed
from clf.settings import DataSettings


def test_the_next_command_is_about_the_same_data() -> None:
    data = DataSettings(dataset="a b.csv", text_column=["x", "y"], label_column="z", ignore_column=["split"])
    assert data_flags(data) == [
        "--dataset", "a b.csv", "--label-column", "z", "--text-column", "x", "--text-column", "y",
        "--ignore-column", "split",
    ]  # fmt: skip
    assert data_flags(DataSettings()) == []


@pytest.mark.parametrize(
    ("given", "flags"),
    [
        ({"multi_label": True}, ["--multi-label"]),
        ({"multi_label": False}, ["--no-multi-label"]),
        ({"no_header": True, "delimiter": ";"}, ["--no-header", "--delimiter", ";"]),
        ({"unlabelled": ["-1", "?"]}, ["--unlabelled=-1", "--unlabelled", "?"]),
        ({"test": Path("later.csv"), "split": "test"}, ["--test", "later.csv"]),
        ({"split": "train", "max_eval_samples": 9}, ["--split", "train", "--max-eval-samples", "9"]),
        ({"allow_leak": True, "drop_leaks": True, "max_train_samples": 9}, []),
    ],
)
def test_flags_that_the_command_needed_are_kept_and_a_leak_is_never_suggested(
    given: dict[str, Any], flags: list[str]
) -> None:
    assert data_flags(DataSettings(**given)) == flags


def test_what_another_command_should_choose_itself_is_left_out() -> None:
    assert data_flags(DataSettings(dataset="a.csv", multi_label=True), {"dataset"}) == ["--multi-label"]


def test_a_value_that_begins_with_a_dash_is_not_taken_for_a_flag() -> None:
    assert typed("--label-column", "-x") == ["--label-column=-x"]
    assert typed("--label-column", "x") == ["--label-column", "x"]
