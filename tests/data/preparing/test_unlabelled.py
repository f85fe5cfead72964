"""Rows whose label means that they have none are left out and counted, unless the user keeps them."""

from pathlib import Path

import numpy as np
import pytest

from clf.data.preparing.ingest import Delivered
from clf.data.preparing.rows import Rows, TextStore, no_groups
from clf.data.preparing.unlabelled import (
    counts_of,
    leave_out_unlabelled,
    together,
    warn_of_placeholders,
    warn_of_unlabelled,
)
from clf.data.reading.columns import Columns
from clf.data.reading.examples import RowTally
from clf.data.reading.other_columns import OtherColumns


def given(**splits: list[str]) -> Delivered:
    labels = list(dict.fromkeys(label for values in splits.values() for label in values))
    split = [number for number, values in enumerate(splits.values()) for _ in values]
    label = [labels.index(name) for values in splits.values() for name in values]
    line = [row + 2 for values in splits.values() for row in range(len(values))]
    rows = Rows(
        split=np.array(split, dtype=np.int8), line=np.array(line, dtype=np.uint32),
        label=np.array(label, dtype=np.int32), group=no_groups(len(line)), key=np.arange(len(line), dtype=np.uint64),
        length=np.ones(len(line), dtype=np.int32), number=np.arange(len(line), dtype=np.int32),
    )  # fmt: skip
    tallies = {name: RowTally(len(values)) for name, values in splits.items()}
    zero = dict.fromkeys(splits, 0)
    return Delivered(
        list(splits), rows, labels, set(), tallies, zero, zero, OtherColumns(), TextStore(Path(), [len(line)])
    )


def kept(delivered: Delivered, unlabelled: tuple[str, ...] = (), named: tuple[str, ...] = ()) -> list[str]:
    leave_out_unlabelled(delivered, unlabelled, named)
    warn_of_unlabelled(delivered, together(counts_of(delivered)), named)
    return [delivered.labels[label] for label in delivered.rows.label.tolist()]


@pytest.mark.parametrize("mark", ["-", "--", "?", "nan", "NaN", "null", "<NA>", "#N/A", "\\N", "NaT"])
def test_marks_beside_other_labels_mean_none(mark: str, caplog: pytest.LogCaptureFixture) -> None:
    delivered = given(train=["a", mark, "b", mark])
    assert kept(delivered) == ["a", "b"]
    assert delivered.tallies["train"].dropped == {f"no label ({mark!r})": 2}
    assert delivered.tallies["train"].first_dropped == {f"no label ({mark!r})": [3, 5]}
    assert f"the label {mark!r} is read as no label (2 rows); --label-map" in caplog.text


@pytest.mark.parametrize(
    "labels",
    [
        ["none", "n/a", "unknown", "other"], ["None", "null", "NA", "nan"], ["+", "-", "0"], ["?", "!", "."],
        ["-1", "1"], ["-1", "0", "-2", "1"], ["a", "b", "c"], ["none", "yes"], ["nat", "org", "per"],
    ],
)  # fmt: skip
def test_names_that_may_be_classes_stay_in_silence(labels: list[str], caplog: pytest.LogCaptureFixture) -> None:
    assert kept(given(train=labels)) == labels
    assert caplog.text == ""


def test_minus_one_is_the_negative_side_of_a_sentiment(caplog: pytest.LogCaptureFixture) -> None:
    delivered = given(train=["-1", "0", "1"])
    delivered.tallies["train"].columns = Columns(["text"], "Sentiment_Score")
    assert kept(delivered) == ["-1", "0", "1"]
    assert caplog.text == ""
    delivered.tallies["train"].columns = Columns(["text"], "label")
    warn_of_unlabelled(delivered, together(counts_of(delivered)), ())
    assert "which often marks rows without a label" in caplog.text


def test_a_mark_that_the_user_names_is_a_class(caplog: pytest.LogCaptureFixture) -> None:
    assert kept(given(train=["a", "-", "b"]), named=("-",)) == ["a", "-", "b"]
    assert caplog.text == ""


def test_a_mark_beside_a_single_class_is_told(caplog: pytest.LogCaptureFixture) -> None:
    assert kept(given(train=["spam", "nan"])) == ["spam", "nan"]
    assert "1 of 2 rows have the label 'nan', which often marks rows without a label; --unlabelled=nan" in caplog.text


@pytest.mark.parametrize("minus", ["-1", "-1.0"])
def test_minus_one_is_a_class_and_told_until_the_user_says_that_it_is_none(
    minus: str, caplog: pytest.LogCaptureFixture
) -> None:
    labels = ["0", minus, "1"]
    assert kept(given(train=labels)) == labels
    assert f"1 of 3 rows have the label {minus!r}, which often marks rows without a label" in caplog.text
    caplog.clear()
    assert kept(given(train=labels), unlabelled=("-1",)) == ["0", "1"]
    assert kept(given(train=labels), named=(minus,)) == labels
    assert caplog.text == ""


def test_minus_one_in_test_alone_means_none() -> None:
    delivered = given(train=["0", "1"], validation=["1", "-1"], test=["-1", "-1"])
    assert kept(delivered) == ["0", "1", "1"]
    dropped = {split: tally.dropped for split, tally in delivered.tallies.items()}
    assert dropped == {"train": {}, "validation": {"no label ('-1')": 1}, "test": {"no label ('-1')": 2}}
    assert kept(given(train=["0", "1"], test=["-1", "1"]), named=("-1",)) == ["0", "1", "-1", "1"]
    assert kept(given(train=["a", "b"], test=["unknown", "a"])) == ["a", "b", "unknown", "a"]


def test_a_label_that_the_user_calls_unlabelled_may_be_absent(caplog: pytest.LogCaptureFixture) -> None:
    assert kept(given(train=["a", "b", "tbd"]), unlabelled=(" tbd ", "x")) == ["a", "b"]
    assert kept(given(train=["a", "b"]), unlabelled=("x",)) == ["a", "b"]
    assert "--unlabelled names labels that are not in the data: 'x'" in caplog.text


def test_the_few_rows_with_joined_labels_are_left_out() -> None:
    several = ["a#b", "b#a", "a#b#a"]
    delivered = given(train=["a", "b"] * 15 + several)
    assert kept(delivered) == ["a", "b"] * 15
    assert delivered.tallies["train"].dropped == {"several labels": 3}
    many = ["a", "b"] * 3 + several
    assert kept(given(train=many)) == many


@pytest.mark.parametrize("odd", ["N/A", "NA", "unlabeled", "missing"])
def test_names_that_are_odd_for_a_class_are_told(odd: str, caplog: pytest.LogCaptureFixture) -> None:
    assert kept(given(train=["a", odd, "b"])) == ["a", odd, "b"]
    assert f"1 of 3 rows have the label {odd!r}, which often marks rows without a label" in caplog.text
    caplog.clear()
    assert kept(given(train=["a", odd, "b"]), named=(odd,)) == ["a", odd, "b"]
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("labels", "level", "flag"),
    [
        (["None", "good", "bad", "good"], "WARNING", "1 of 4 rows have the label 'None', which often marks"),
        (["None", "Good", "Bad"], "INFO", "the label 'None', which is read as a class; --unlabelled=None leaves"),
        (["none", "racism", "sexism"], "INFO", "--unlabelled=none leaves them out"),
        (["Unknown", "racism", "sexism"], "INFO", "--unlabelled=Unknown leaves them out"),
    ],
)
def test_a_class_that_may_be_none_is_told(
    labels: list[str], level: str, flag: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    assert kept(given(train=labels)) == labels
    assert [record.levelname for record in caplog.records] == [level]
    assert flag in caplog.text


@pytest.mark.parametrize("labels", [["none", "hate"], ["None", "Hate"]])
def test_none_beside_a_single_class_is_a_class(labels: list[str], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    assert kept(given(train=labels)) == labels
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("train", "test", "is_told"),
    [
        (["0", "1"] * 20, ["0"] * 20, True),
        (["0", "1"] * 20, ["0"] * 19, False),
        (["0", "1"] * 20, ["0"] * 19 + ["1"], False),
        (["0"] * 19 + ["1"], ["0"] * 30, False),  # by chance, such a file is nothing rare
        (["0"] * 19 + ["1"], ["1"] * 30, True),
        (["0", "0"], ["0"] * 30, False),
    ],
)
def test_a_test_split_of_one_class_may_have_placeholders(
    train: list[str], test: list[str], is_told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    warn_of_placeholders(given(train=train, test=test))
    assert ("if they are placeholders" in caplog.text) is is_told


def test_placeholders_are_compared_with_train_alone(caplog: pytest.LogCaptureFixture) -> None:
    warn_of_placeholders(given(test=["0"] * 30))
    assert caplog.text == ""
