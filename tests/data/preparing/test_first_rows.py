"""Peeking at all splits: what is left out of one by the others, and what the first rows cannot tell of all."""

from pathlib import Path

import pytest

from clf.data.preparing.first_rows import peek_at_splits
from clf.data.reading.batch import BATCH_ROWS
from clf.data.reading.peek import Peeked, flags_for
from clf.data.sources.find import SourceFinder
from clf.errors import ClfError, UsageError
from clf.settings import DataSettings
from support.tiny import write_csv

TRAIN = [(f"review number {row} was {('good', 'bad')[row % 2]}", ("pos", "neg")[row % 2]) for row in range(20)]


def peek(folder: Path, rows: list[tuple[str, str]], **settings: object) -> tuple[list[Peeked], ClfError | None]:
    """Peek at TRAIN and at a test split."""
    write_csv(folder / "train.csv", TRAIN)
    write_csv(folder / "test.csv", rows)
    given = {"dataset": "train.csv", "test": Path("test.csv"), **settings}
    data = DataSettings(**given)
    return peek_at_splits(SourceFinder(42).find(data, first_only=True).splits, data)


@pytest.mark.parametrize("label", ["", "-1"])
def test_first_rows_without_labels_say_nothing_of_the_rows_after_them(
    own_folder: Path, label: str, caplog: pytest.LogCaptureFixture
) -> None:
    empty = [(f"text {row}", label) for row in range(BATCH_ROWS)]
    found, error = peek(own_folder, [*empty, ("a text", "pos")])
    assert error is None
    assert [one.split.split for one in found] == ["train", "test"]
    assert f"test.csv: in the first {BATCH_ROWS} rows, every 'label' is " in caplog.text
    assert found[1].split.rows == []
    found, error = peek(own_folder, [*empty, ("a text", "pos")], dataset="./", test=None)
    assert (error, len(found)) == (None, 2)
    _, error = peek(own_folder, empty)
    assert "test.csv has no labels: every 'label' is" in str(error)


def test_a_damaged_row_or_a_second_file_may_have_labels(own_folder: Path) -> None:
    empty = [(f"text {row}", "") for row in range(BATCH_ROWS)]
    found, error = peek(own_folder, [*empty, ("a text", "pos", "too many")])  # type: ignore[list-item]
    assert error is None
    write_csv(own_folder / "test_1.csv", empty[:2])
    write_csv(own_folder / "test_2.csv", empty[:2])
    found, error = peek(own_folder, empty[:2], dataset="./", test=None)
    assert (error, found[1].split.rows_left_out) == (None, {"no label": 2})


def test_labels_that_mean_none_beside_those_of_train_are_left_out(own_folder: Path) -> None:
    rows = [*[("a text", "-1")] * 9, *TRAIN[:8], ("another", "-"), ("more", "odd")]
    [train, test], error = peek(own_folder, rows, unlabelled=["odd"])
    assert error is None
    assert train.split.rows_left_out == {}
    assert test.split.rows_left_out == {"no label ('-1')": 9, "no label ('-')": 1, "no label ('odd')": 1}
    assert [row.label for row in test.split.rows] == ["pos", "neg", "pos"]
    assert peek(own_folder, rows, label_map="-1=none")[0][1].split.rows[0].label == "-1"


def test_few_labels_that_join_several_are_left_out(own_folder: Path) -> None:
    joined = ["pos|neg", "neg|pos", "pos|neg|pos"]
    [_, test], _ = peek(own_folder, [*[("a text", label) for label in joined], *TRAIN * 2])
    assert test.split.rows_left_out == {"several labels": 3}
    assert test.split.rows[0].label == "pos"


def test_a_label_map_that_cannot_be_read_is_refused(own_folder: Path) -> None:
    with pytest.raises(UsageError, match=r"--label-map none\.json cannot be read"):
        peek(own_folder, TRAIN, label_map="none.json")


def test_a_train_split_without_labels_is_refused_if_no_more_rows_follow(own_folder: Path) -> None:
    unlabelled = [(f"text {row}", "-1" if row % 2 else "") for row in range(BATCH_ROWS)]
    for rows, refused in ((unlabelled[:30], True), (unlabelled, True), ([*unlabelled, ("a text", "pos")], False)):
        write_csv(own_folder / "all.csv", rows)
        data = DataSettings(dataset="all.csv", unlabelled=["-1"])
        _, error = peek_at_splits(SourceFinder(42).find(data, first_only=True).splits, data)
        assert (str(error) == f"all.csv: no row has both a text and a label: all {len(rows)} rows have no label") is (
            refused
        )


def test_the_column_that_divides_a_file_is_told_as_such(own_folder: Path) -> None:
    rows = [(text, label, ("train", "train", "dev")[row % 3]) for row, (text, label) in enumerate(TRAIN)]
    write_csv(own_folder / "all.csv", rows, header=("text", "label", "phase"))
    data = DataSettings(dataset="all.csv")
    found, error = peek_at_splits(SourceFinder(42).find(data, first_only=True).splits, data)
    assert error is None
    assert [(one.split.split, one.split.columns[2].role) for one in found] == [
        ("train", "split"),
        ("validation", "split"),
    ]


def test_sets_of_labels_are_shown_with_the_flag_that_says_the_same(own_folder: Path) -> None:
    labels = ["a|b", "a", "b", "", "c|a", "b|c", "a|b|c", "c"] * 3
    write_csv(own_folder / "all.csv", [(f"text {row}", label) for row, label in enumerate(labels)])
    data = DataSettings(dataset="all.csv")
    [train], error = peek_at_splits(SourceFinder(42).find(data, first_only=True).splits, data)
    assert (error, train.multi_label, train.split.rows_left_out) == (None, True, {})
    assert [row.label for row in train.split.rows] == ["a | b", "a", "b"]
    assert flags_for(train.columns, [], multi_label=True)[-1] == "--multi-label"
