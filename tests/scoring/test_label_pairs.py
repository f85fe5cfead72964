"""Which labels go together, and which are given instead of others."""

import numpy as np
import pytest

from clf.outcomes.label_evaluation import LabelPair
from clf.scoring import label_pairs
from clf.scoring.multi_label import MultiLabelAnswers

NAMES = ["acting", "music", "plot"]


def answers(rows: list[tuple[str, str]]) -> MultiLabelAnswers:
    """Return answers from the first letters of true and of predicted labels: ("am", "p")."""
    true, given = (np.array([[name[0] in row[side] for name in NAMES] for row in rows]) for side in (0, 1))
    return MultiLabelAnswers(given.astype(np.float32), true, np.full(3, 0.5))


FOUND = answers([("am", "am"), ("am", "ap"), ("a", "p"), ("", "amp"), ("mp", "a"), ("p", "p")])


def test_pairs_are_counted_in_truth_and_predictions_the_most_frequent_first() -> None:
    assert label_pairs.labels_together(FOUND, NAMES) == [
        LabelPair(label="acting", other="music", rows=2, predicted=2, expected=1.5),
        LabelPair(label="acting", other="plot", rows=0, predicted=2, expected=1.0),
        LabelPair(label="music", other="plot", rows=1, predicted=1, expected=1.0),
    ]


def test_a_missing_label_is_counted_with_each_that_was_given_wrongly() -> None:
    assert [(each.missing, each.added, each.rows) for each in label_pairs.labels_replaced(FOUND, NAMES)] == [
        ("acting", "plot", 1), ("music", "acting", 1), ("music", "plot", 1), ("plot", "acting", 1),
    ]  # fmt: skip


def test_whole_sets_are_counted_by_their_number_of_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = label_pairs.by_number_of_labels(FOUND)
    assert [(group.from_, group.to, group.rows, group.accuracy, group.mean_predicted) for group in groups] == [
        (0, 0, 1, 0.0, 3.0), (1, 1, 2, 0.5, 1.0), (2, 2, 3, pytest.approx(1 / 3), pytest.approx(5 / 3)),
    ]  # fmt: skip
    monkeypatch.setattr(label_pairs, "MANY_LABELS", 1)
    assert [(group.from_, group.to, group.rows) for group in label_pairs.by_number_of_labels(FOUND)] == [
        (0, 0, 1), (1, 2, 5),
    ]  # fmt: skip


def test_a_thousand_labels_give_a_hundred_pairs_as_counted_one_by_one() -> None:
    generator = np.random.default_rng(0)
    true, given = (generator.random((300, 1000)) < 0.02 for _ in range(2))
    many = MultiLabelAnswers(given.astype(np.float32), true, np.full(1000, 0.5))
    names = [str(number) for number in range(1000)]
    pairs, replaced = label_pairs.labels_together(many, names), label_pairs.labels_replaced(many, names)
    assert (len(pairs), len(replaced)) == (100, 100)
    for pair in pairs[:3]:
        one, other = int(pair.label), int(pair.other)
        assert pair.rows == (true[:, one] & true[:, other]).sum()
        assert pair.predicted == (given[:, one] & given[:, other]).sum()
    first = replaced[0]
    lost, added = int(first.missing), int(first.added)
    assert first.rows == (true[:, lost] & ~given[:, lost] & given[:, added] & ~true[:, added]).sum()
    counts = [each.rows for each in replaced]
    assert counts == sorted(counts, reverse=True)
