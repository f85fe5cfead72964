"""Splits without labels are left out with a word that says why, or refused where the user asked for them."""

from functools import partial

import pytest

from clf.data.preparing.unlabelled_splits import labelled_splits
from clf.data.reading.batch import Batch, Split
from clf.errors import DataError
from clf.settings import DataSettings

TEXTS = [f"the guard painted door number {number} today" for number in range(8)]
TRAIN = {"id": list(range(8)), "text": TEXTS, "label": ["a", "b"] * 4}


def split(name: str, **columns: list[object]) -> Split:
    batch = Batch(columns, list(range(1, 9)))
    return Split(partial(iter, [batch, batch]), f"{name}.csv")


def kept(needed: set[str] = frozenset(), *, train: dict[str, list[object]] = TRAIN, **others: Split) -> list[str]:
    return [*labelled_splits({"train": split("train", **train), **others}, DataSettings(), needed)]


WITHOUT = split("test", id=TRAIN["id"], text=TEXTS)


def test_a_test_split_without_a_label_column_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    assert kept(test=WITHOUT) == ["train"]
    assert (
        "test.csv has no label column 'label': the test split is left out (validation and test are split off train)"
        in caplog.text
    )
    assert kept(validation=split("val", **TRAIN), test=WITHOUT) == ["train", "validation"]
    assert "left out (measured on validation)" in caplog.text


@pytest.mark.parametrize("value", [None, "", -1, "-1", float("nan")])
def test_a_split_whose_labels_are_all_missing_or_minus_one_is_left_out(
    value: object, caplog: pytest.LogCaptureFixture
) -> None:
    assert kept(test=split("test", text=TEXTS, label=[value] * 8)) == ["train"]
    assert "test.csv has no labels: every 'label' is " in caplog.text


@pytest.mark.parametrize("labels", [["a"] * 8, ["-1"] * 7 + ["a"]])
def test_a_split_with_some_labels_stays(labels: list[object]) -> None:
    assert kept(test=split("test", text=TEXTS, label=labels)) == ["train", "test"]


def test_minus_one_that_train_has_is_a_class() -> None:
    train = {**TRAIN, "label": [-1, 1] * 4}
    assert kept(train=train, test=split("test", text=TEXTS, label=[-1] * 8)) == ["train", "test"]


def test_a_label_of_another_name_is_a_label() -> None:
    assert kept(test=split("test", text=TEXTS, category=["a", "b"] * 4)) == ["train", "test"]


def test_a_split_that_the_user_asked_for_is_refused() -> None:
    with pytest.raises(
        DataError, match=r"test\.csv has no label column 'label', so nothing can be measured"
    ) as refused:
        kept({"test"}, test=WITHOUT)
    assert "clf predict" in refused.value.hint


def test_one_split_alone_is_not_looked_at() -> None:
    assert [*labelled_splits({"test": WITHOUT}, DataSettings(), set())] == ["test"]


def test_a_file_without_header_may_lack_its_first_column() -> None:
    train = {"0": ["a", "b"] * 4, "1": TEXTS}
    assert kept(train=train, test=split("test", **{"0": TEXTS})) == ["train"]
