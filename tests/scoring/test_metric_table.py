"""What each metric is called, and what it is by counts of true, predicted and correct rows per class."""

import numpy as np
import pytest

from clf.outcomes.base import Metrics
from clf.scoring.metric_table import (
    METRICS,
    OF_COUNTS,
    SHOWN,
    TABLE,
    defined,
    is_of_sets,
    name_of_share_right,
    share_right,
)

# Class 0: 4 rows, 5 times predicted, 3 right. Class 1: 3 rows, never predicted. Class 2: no row, predicted twice.
# Class 3: no row and never predicted. Class 4: one row, predicted once, right.
TRUE = np.array([[4.0, 3.0, 0.0, 0.0, 1.0]])
ANSWERED = np.array([[5.0, 0.0, 2.0, 0.0, 1.0]])
RIGHT = np.array([[3.0, 0.0, 0.0, 0.0, 1.0]])
BY_HAND = {
    "accuracy": 4 / 8,
    "macro_precision": (3 / 5 + 0 + 0 + 1) / 4,
    "macro_recall": (3 / 4 + 0 + 0 + 1) / 4,
    "macro_f1": (6 / 9 + 0 + 0 + 1) / 4,
    "weighted_f1": (4 * 6 / 9 + 3 * 0 + 1 * 1) / 8,
}


def test_tables_have_a_name_for_every_metric_but_the_micro_average() -> None:
    assert set(METRICS) - set(SHOWN) == {"micro_f1"}
    assert len(set(METRICS)) == len(METRICS) == 17
    assert SHOWN == {
        "accuracy": "accuracy", "macro_precision": "precision (macro)", "macro_recall": "recall (macro)",
        "macro_f1": "F1 (macro)", "weighted_precision": "precision (weighted)", "weighted_recall": "recall (weighted)",
        "weighted_f1": "F1 (weighted)", "balanced_accuracy": "balanced accuracy", "mcc": "Matthews correlation",
        "auroc": "ROC AUC", "average_precision": "average precision", "mean_confidence": "mean confidence",
        "ece": "calibration error", "ece_expected": "… by chance", "brier": "Brier score", "log_loss": "log loss",
    }  # fmt: skip


def test_the_model_index_of_the_hub_lists_these() -> None:
    listed = tuple(metric.name for metric in TABLE if metric.in_model_index)
    assert listed == ("accuracy", "macro_f1", "weighted_f1", "mcc", "auroc", "ece", "log_loss")


@pytest.mark.parametrize("name", BY_HAND)
def test_a_metric_of_counts_is_the_one_worked_by_hand(name: str) -> None:
    assert set(OF_COUNTS) == set(BY_HAND)
    assert OF_COUNTS[name](TRUE, ANSWERED, RIGHT) == pytest.approx([BY_HAND[name]])


@pytest.mark.parametrize("name", BY_HAND)
def test_each_draw_has_a_value_of_its_own_that_does_not_depend_on_the_number_of_rows(name: str) -> None:
    perfect = np.array([[4.0, 3.0, 0.0, 0.0, 1.0]])
    true, answered, right = (np.vstack([one, one / 100, perfect]) for one in (TRUE, ANSWERED, RIGHT))
    assert OF_COUNTS[name](true, answered, right) == pytest.approx([BY_HAND[name], BY_HAND[name], 1.0])


@pytest.mark.parametrize("name", BY_HAND)
def test_one_class_alone_is_its_own_average(name: str) -> None:
    true, answered, right = (np.array([[0.0, rows, 0.0]]) for rows in (4.0, 4.0, 4.0))
    assert OF_COUNTS[name](true, answered, right).tolist() == [1.0]


@pytest.mark.parametrize("name", ["macro_precision", "macro_recall", "macro_f1"])
def test_no_class_at_all_is_a_macro_average_of_zero(name: str) -> None:
    nothing = np.zeros((2, 3))
    assert OF_COUNTS[name](nothing, nothing, nothing).tolist() == [0.0, 0.0]


def test_a_metric_that_must_be_defined_is_returned_or_named() -> None:
    assert defined({"accuracy": 0.0}, "accuracy") == 0.0
    with pytest.raises(AssertionError, match="mcc"):
        defined({"mcc": None}, "mcc")


@pytest.mark.parametrize(
    ("metrics", "name"), [({"accuracy": 0.5}, "accuracy"), ({"subset_accuracy": 0.5}, "subset_accuracy")]
)
def test_the_share_of_texts_answered_rightly_has_the_name_of_its_kind(metrics: Metrics, name: str) -> None:
    assert (name_of_share_right(metrics), share_right(metrics)) == (name, 0.5)
    assert is_of_sets(metrics) == (name == "subset_accuracy")
