"""Cells with several labels: divided as those of train, or as the labels known there tell."""

import pytest

from clf.data.label_sets import PLAIN, joined
from clf.data.preparing.dividing import divided_sets, separator_among
from clf.data.reading.label_form import LabelForm

TRAIN = [PLAIN + label for label in ("a;b", "b;c", "a;c", "a;b;c", "a", "b", "Rock & Pop")]
LISTS = [joined(labels) for labels in (["a", "b"], ["b", "c"], ["a"])]


def divided(labels: list[str], train: list[str] = TRAIN, known: tuple[str, ...] = ()) -> list[tuple[str, ...] | None]:
    found, _ = divided_sets({"train": train, "test": [PLAIN + label for label in labels]}, LabelForm(), known)
    return [found[PLAIN + label] for label in labels]


def test_the_separator_of_train_divides_the_labels_of_all_splits() -> None:
    assert divided(["c;a", "b", ""]) == [("c", "a"), ("b",), ()]
    assert divided(["a;new", "Rock & Pop;a"]) == [("a", "new"), ("Rock & Pop", "a")]
    assert divided_sets({"train": TRAIN}, LabelForm(), ())[1] == ";"
    assert separator_among([*LISTS, *(PLAIN + label for label in ("a;b", "a"))]) is None  # which lists do not confirm


@pytest.mark.parametrize("train", [TRAIN, LISTS])
@pytest.mark.parametrize("write", ["{{{0},{1}}}", "[{0}, {1}]", "<{0}><{1}>", "{0}, {1}", "{0}|{1}"])
def test_what_is_no_label_of_train_is_divided_into_those_that_are(
    train: list[str], write: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    assert divided([write.format("a", "b")], train) == [("a", "b")]
    assert "are several labels too: " in caplog.text


def test_what_may_be_a_name_stays_one_label() -> None:
    assert divided(["x, y", "{x,y}", "Smith, a"]) == [("x, y",), ("{x,y}",), ("Smith, a",)]
    assert divided(["{a,new}"]) == [("a", "new")]  # a list with a label of train is one
    assert divided(["a & b"]) == [("a & b",)]  # may be a label that train lacks
    assert divided(["a & b", "c & b"]) == [("a", "b"), ("c", "b")]
    assert divided(["a, b", "a"], [PLAIN + label for label in ("a, b", "a")] + LISTS) == [("a, b",), ("a",)]


def test_a_list_among_joined_labels_of_train_becomes_no_label() -> None:
    train = [PLAIN + label for label in ("a,b", "b,c", "a,c", "a,b,c", "a", "b", "{a,c}")]
    assert divided(["{a,c}", "{Smith, John}"], train) == [("a", "c"), ("{Smith, John}",)]


def test_the_labels_of_a_model_tell_how_a_new_file_is_written() -> None:
    def read(labels: list[str], form: LabelForm, *known: str) -> list[tuple[str, ...] | None]:
        found, _ = divided_sets({"train": [PLAIN + label for label in labels]}, form, known)
        return list(found.values())

    assert read(["a, b"], LabelForm(), "a", "b") == [("a", "b")]
    assert read(["a/b"], LabelForm(separator="/"), "a", "b") == [("a", "b")]
    assert read(["a", ""], LabelForm(separator=";"), "a", "b") == [("a",), ()]
    assert read(["a", ""], LabelForm(), "a", "b") == [("a",), None]
    names = ("Smith, John", "Smith, Anna", "Doe, Anna")
    assert read([*names], LabelForm(separator=";"), *names) == [(name,) for name in names]
    assert read(["a|b", "b|a|c", "a"], LabelForm(separator=";"), "a", "b") == [("a", "b"), ("b", "a", "c"), ("a",)]


def test_a_separator_that_train_does_not_tell_is_told_by_all_splits() -> None:
    assert divided(["a;b"], [PLAIN + "a", PLAIN + "b"]) == [("a", "b")]
