"""Metrics agree with hand-worked numbers, and what is undefined is said."""

import math

import numpy as np
import pytest

from clf.scoring.metrics import METRICS, confusion, score, score_classes

PROBABILITIES = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3]], dtype=np.float32)
LABELS = np.array([0, 1, 1, 0])


def test_the_headline_metrics_are_those_worked_by_hand() -> None:
    metrics = score(PROBABILITIES, LABELS)
    assert tuple(metrics) == METRICS
    assert metrics["accuracy"] == 0.75
    assert metrics["macro_precision"] == pytest.approx((2 / 3 + 1) / 2)
    assert metrics["macro_recall"] == pytest.approx((1 + 1 / 2) / 2)
    assert metrics["macro_f1"] == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert metrics["mean_confidence"] == pytest.approx(0.75)
    assert metrics["brier"] == pytest.approx((0.02 + 0.72 + 0.08 + 0.18) / 4)
    assert metrics["log_loss"] == pytest.approx(-sum(map(math.log, (0.9, 0.4, 0.8, 0.7))) / 4, abs=1e-6)


def test_each_class_is_measured_and_an_absent_one_is_undefined() -> None:
    three = np.hstack([PROBABILITIES, np.zeros((4, 1), dtype=np.float32)])
    classes = score_classes(three, LABELS, ["a", "b", "c"])
    assert classes["a"] == {"precision": pytest.approx(2 / 3), "recall": 1.0, "f1": pytest.approx(0.8), "rows": 2}
    assert classes["c"] == {"precision": None, "recall": None, "f1": None, "rows": 0}


def test_the_confusion_matrix_has_true_classes_in_rows() -> None:
    assert confusion(PROBABILITIES, LABELS) == [[2, 0], [1, 1]]
