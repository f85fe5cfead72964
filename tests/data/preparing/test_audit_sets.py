"""The audit of sets of labels: labels per text, rare labels, labels of nearly all texts, labels that go together."""

import numpy as np

from clf.data.label_sets import LabelSets
from clf.data.preparing.audit_sets import RARE, always_together, audit_sets

SETS = LabelSets(
    ["a", "b", "c", "d"],
    np.array([[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1], [0, 0, 1, 0]], dtype=bool),
)


def test_texts_are_counted_by_their_number_of_labels() -> None:
    found = audit_sets(
        {"train": np.array([0, 0, 1, 2, 3]), "test": np.array([1, 1]), "validation": np.zeros(0, dtype=np.int64)}, SETS
    )
    assert found.labels_per_text == {"train": {"0": 2, "1": 1, "2": 0, "3": 1, "4": 1}, "test": {"0": 0, "1": 2},
                                     "validation": {}}  # fmt: skip
    assert found.mean_labels_per_text == {"train": 1.6, "test": 1.0}
    assert found.different_sets == 4


def test_labels_are_judged_by_the_training_texts() -> None:
    train = np.array([1] * 180 + [2] * 15 + [3] * (RARE - 1))
    found = audit_sets({"train": train, "test": np.full(100, 4)}, SETS)
    assert found.rare == {"d": RARE - 1}
    assert found.of_nearly_all == {"a": 1.0}
    assert found.always_together == [["b", "c"]]
    more = audit_sets({"train": np.append(train, [3] + [4] * 20)}, SETS)
    assert (more.rare, more.of_nearly_all, more.always_together) == ({}, {}, [])


def test_labels_of_a_single_text_do_not_count_as_always_together() -> None:
    assert audit_sets({"train": np.array([0, 1, 2])}, SETS).always_together == []
    assert audit_sets({"train": np.array([0, 1, 2, 2])}, SETS).always_together == [["b", "c"]]


def test_without_train_the_first_split_is_judged() -> None:
    assert audit_sets({"test": np.array([1, 1])}, SETS).rare == {"a": 2, "b": 0, "c": 0, "d": 0}


def test_labels_of_the_same_sets_go_together_and_a_label_of_none_does_not() -> None:
    members = np.array([[1, 0, 1, 0, 0, 1], [0, 1, 0, 0, 0, 0], [1, 1, 1, 0, 0, 1]], dtype=bool)
    assert always_together(members) == [[0, 2, 5]]
    many = np.repeat(members, 300, axis=0)
    assert always_together(many) == [[0, 2, 5]]
