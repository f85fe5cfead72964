"""Folds of the training texts: labels are spread evenly, and identical texts share one."""

import logging

import numpy as np
import pytest

from clf.errors import DataError
from clf.measuring.folds import fold_numbers, labels_to_judge

NAMES = ["bad", "good"]


def folds(rows: int, count: int, seed: int = 1, texts: list[str] | None = None) -> np.ndarray:
    return fold_numbers(texts or [f"text {row}" for row in range(rows)], np.arange(rows) % 2, count, seed, NAMES)


def test_each_class_is_spread_evenly_over_the_folds() -> None:
    parts = folds(100, 3)
    assert len(parts) == 100
    for label in (0, 1):
        assert np.bincount(parts[label::2], minlength=3).tolist() == [17, 17, 16]


def test_the_folds_are_drawn_with_the_seed() -> None:
    assert (folds(100, 3) == folds(100, 3)).all()
    assert (folds(100, 3) != folds(100, 3, seed=2)).any()
    assert folds(100, 3)[::2].tolist() != [number % 3 for number in range(50)]


def test_identical_texts_share_a_fold_whatever_their_labels() -> None:
    texts = [f"text {row // 5}" for row in range(100)]
    for same in folds(100, 3, texts=texts).reshape(20, 5):
        assert len(set(same.tolist())) == 1


def test_as_many_texts_as_folds_are_just_enough() -> None:
    assert sorted(folds(6, 3)[::2].tolist()) == [0, 1, 2]
    labels = np.array([0, 0, 0, 0, 1, 1])
    with pytest.raises(DataError) as refused:
        fold_numbers(list("abcdef"), labels, 3, 1, NAMES)
    assert refused.value.message == "good has only 2 training texts, fewer than 3 folds"
    assert refused.value.hint == "pass a smaller --folds"


def test_a_class_of_the_model_without_training_texts_is_named() -> None:
    with pytest.raises(DataError, match="neutral has only 0 training texts, fewer than 2 folds"):
        fold_numbers(list("abcd"), np.array([0, 1, 0, 1]), 2, 1, [*NAMES, "neutral"])


# --- several labels per text --------------------------------------------------------------------------------


SHARES = (0.6, 0.3, 0.05, 0.01)


def drawn(rows: int = 1000) -> np.ndarray:
    """Draw which of four labels each row has, from a frequent to a rare one."""
    return np.random.default_rng(3).random((rows, 4)) < SHARES


def test_each_of_several_labels_is_spread_evenly_over_the_folds() -> None:
    table = drawn()
    texts = [f"text {row}" for row in range(len(table))]
    parts = fold_numbers(texts, table, 5, 1, list("abcd"))
    assert np.bincount(parts).tolist() == pytest.approx([200] * 5, abs=3)
    of_folds = np.stack([table[parts == fold].sum(axis=0) for fold in range(5)])
    assert np.abs(of_folds - table.sum(axis=0) / 5).max() <= 2
    assert (parts == fold_numbers(texts, table, 5, 1, list("abcd"))).all()
    assert (parts != fold_numbers(texts, table, 5, 2, list("abcd"))).any()


def test_identical_texts_share_a_fold_whatever_their_sets() -> None:
    table = drawn(300)
    parts = fold_numbers([f"text {row // 3}" for row in range(300)], table, 4, 1, list("abcd"))
    assert (parts.reshape(100, 3) == parts[::3, None]).all()
    assert np.bincount(parts).tolist() == pytest.approx([75] * 4, abs=6)


FOLDS = np.array([0, 1, 2] * 10)
"""The folds of 30 rows; which of them have each of five labels:"""
OF_FIVE = np.zeros((30, 5), dtype=bool)
OF_FIVE[:3, 0] = OF_FIVE[:2, 1] = OF_FIVE[1:, 2] = OF_FIVE[:15, 4] = True
OF_FIVE[FOLDS == 1, 3] = True


def test_labels_that_some_fold_cannot_judge_are_named(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    assert labels_to_judge(OF_FIVE, FOLDS, list("abcde")).tolist() == [True, False, False, False, True]
    assert caplog.messages == [
        "not checking the labels b, c, d: with 3 folds, at least 3 training texts must have a label, and as many not "
        "have it"
    ]


def test_labels_that_every_fold_can_judge_are_told_in_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    assert labels_to_judge(OF_FIVE[:, [0, 4]], FOLDS, list("ae")).all()
    assert labels_to_judge(np.zeros(30, dtype=np.int64), FOLDS, ["a"]).all()
    assert not caplog.messages


def test_folds_that_can_judge_no_label_are_refused() -> None:
    with pytest.raises(DataError, match="each label has, or lacks, fewer training texts than 3 folds") as refused:
        labels_to_judge(OF_FIVE[:, 1:3], FOLDS, list("bc"))
    assert refused.value.hint == "pass a smaller --folds"
