"""Labels are names; every silent renumbering of the peers is impossible here."""

from pathlib import Path

import numpy as np
import pytest

from clf.data.preparing.labels import Labelled, check_labels, name_labels, read_label_map, sort_labels
from clf.data.reading.batch import Batch, Split
from clf.data.reading.examples import RowTally, read_examples
from clf.errors import DataError, UsageError
from clf.settings import DataSettings


def named(
    labels: list[str],
    names: list[str] | None = None,
    order: list[str] | None = None,
    classes: list[str] | None = None,
    label_map: str | None = None,
) -> tuple[list[str], list[str]]:
    if classes is None:
        classes = []
    if order is None:
        order = []
    raw = list(dict.fromkeys(labels))
    found, ids = name_labels(
        raw, set(zip(labels, names or [None] * len(labels), strict=True)), order, classes, label_map
    )
    return found, [found[ids[raw.index(label)]] for label in labels]


def placed(splits: dict[str, list[str]], names: list[str]) -> dict[str, Labelled]:
    return {
        split: (np.array([names.index(label) for label in labels], dtype=np.int64), np.arange(2, len(labels) + 2))
        for split, labels in splits.items()
    }


def test_numbers_sort_as_numbers_and_names_as_text() -> None:
    assert sort_labels(["10", "2", "0", "1"]) == ["0", "1", "2", "10"]
    assert sort_labels(["b", "a", "b"]) == ["a", "b"]


def test_whole_numbers_with_decimals_lose_them() -> None:
    assert named(["1.0", "0.0", "1"]) == (["0", "1"], ["1", "0", "1"])


def test_leading_zeros_are_kept_apart() -> None:
    assert named(["007", "07"])[0] == ["007", "07"]


def test_the_publishers_order_is_kept() -> None:
    assert named(["b", "a"], order=["b", "a", "c"])[0] == ["b", "a"]


def test_a_column_of_names_beside_the_labels_gives_names_in_the_order_of_the_numbers() -> None:
    assert named(["1", "0"], names=["neg", "pos"]) == (["pos", "neg"], ["neg", "pos"])


def test_a_contradicting_column_of_names_is_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    assert named(["1", "1"], names=["neg", "pos"])[0] == ["1"]
    assert "ignoring the column of label names" in caplog.text


def test_classes_are_numbered_from_the_smallest_label() -> None:
    assert named(["1", "3", "2"], classes=["World", "Sports", "Business"]) == (
        ["World", "Sports", "Business"],
        ["World", "Business", "Sports"],
    )
    for labels in (["1", "3"], ["2", "3"], ["1", "2", "3", "4"]):
        with pytest.raises(DataError, match=r"classes\.txt has 3 names"):
            named(labels if labels != ["1", "3"] else ["1", "4"], classes=["World", "Sports", "Business"])


def test_a_label_map_renames_and_merges() -> None:
    assert named(["1", "2", "3"], label_map="1=World, 2=Sports,3=World") == (
        ["World", "Sports"],
        ["World", "Sports", "World"],
    )


def test_a_label_map_may_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "map.json").write_text('{"1": "World"}')
    (tmp_path / "map.toml").write_text('1 = "World"')
    assert read_label_map(str(tmp_path / "map.json")) == read_label_map(str(tmp_path / "map.toml")) == {"1": "World"}


@pytest.mark.parametrize("text", ["", "1", "=a", "1=", "none.json"])
def test_a_label_map_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--label-map"):
        read_label_map(text)


def test_a_label_map_of_other_labels_is_refused() -> None:
    with pytest.raises(DataError, match="the labels are 'a', 'b'"):
        named(["a", "b"], label_map="1=x")


@pytest.mark.parametrize(
    ("splits", "names", "message"),
    [
        ({"train": ["a", "a"]}, ["a"], "every label is 'a'"),
        ({"train": []}, [], "no row has both"),
        ({"train": [str(n) for n in range(40)]}, [str(n) for n in range(40)], "40 values in 40 rows"),
        ({"train": ["1", "-100"]}, ["-100", "1"], "a label is -100"),
        (
            {"train": ["a", "b"], "test": ["a", "c"]},
            ["a", "b", "c"],
            r"test has labels that train does not have: 'c' \(line 3\)",
        ),
    ],
)
def test_labels_that_cannot_train_are_refused(splits: dict[str, list[str]], names: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        check_labels(placed(splits, names), names, "file.csv")


def test_twins_in_case_are_reported(caplog: pytest.LogCaptureFixture) -> None:
    names = ["Neg", "neg", "pos"]
    check_labels(placed({"train": names}, names), names, "file.csv")
    assert "'Neg', 'neg' differ only in case" in caplog.text


def test_truth_values_are_written_one_way(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    assert named(["True", "False", "true"]) == (["false", "true"], ["true", "false", "true"])
    assert "read as true and false" in caplog.text
    assert named(["True", "Maybe"])[0] == ["Maybe", "True"]


def test_a_column_of_floats_gives_the_labels_its_file_shows() -> None:
    def labels(values: list[object]) -> list[str]:
        batch = Batch({"text": ["a"] * len(values), "label": values}, list(range(1, len(values) + 1)))
        [(_, _, examples)] = read_examples(Split(lambda: iter([batch]), "file"), DataSettings(), RowTally())
        return named(examples.labels)[0]

    assert labels([1.0, 0.0]) == ["0", "1"]
    assert labels([1.0, 2.5]) == ["1.0", "2.5"]
    assert labels([True, False]) == ["false", "true"]


def test_many_classes_of_two_texts_are_classes_and_no_ids() -> None:
    names = [f"intent {number}" for number in range(77)]
    check_labels(placed({"train": names * 2}, names), names, "file.csv")
