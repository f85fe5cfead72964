"""Metrics agree with hand-worked numbers, and what is undefined is said."""

import math

import numpy as np
import pytest

from clf.outcomes.base import ClassMetrics
from clf.scoring.answers import Answers
from clf.scoring.metric_table import METRICS
from clf.scoring.metrics import confusion, score, score_classes

PROBABILITIES = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3]], dtype=np.float32)
LABELS = np.array([0, 1, 1, 0])
ANSWERS = Answers(PROBABILITIES, LABELS)


def test_the_headline_metrics_are_those_worked_by_hand() -> None:
    metrics = score(ANSWERS)
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
    classes = score_classes(Answers(three, LABELS), ["a", "b", "c"])
    assert classes["a"].precision == pytest.approx(2 / 3)
    assert (classes["a"].recall, classes["a"].f1, classes["a"].rows) == (1.0, pytest.approx(0.8), 2)
    assert classes["c"] == ClassMetrics(precision=None, recall=None, f1=None, rows=0)


def test_the_confusion_matrix_has_true_classes_in_rows() -> None:
    assert confusion(ANSWERS) == [[2, 0], [1, 1]]
