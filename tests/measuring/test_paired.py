"""Two models on the same rows: the difference, the verdict, and what would settle it."""

from typing import Any

import numpy as np
import pytest

from clf.measuring.measured_model import MeasuredModel
from clf.measuring.paired import compare_measured
from clf.scoring.answers import Answers
from clf.settings import CompareSettings

LABELS = np.arange(200) % 2


def model(name: str, wrong: range) -> MeasuredModel:
    """Make a model that is wrong in these of 200 rows."""
    predictions = np.where(np.isin(np.arange(200), wrong), 1 - LABELS, LABELS)
    return MeasuredModel(name, Answers(np.eye(2, dtype=np.float32)[predictions] * 0.8 + np.float32(0.1), LABELS), {})


def compared(wrong: range, wrong_before: range, **settings: Any) -> Any:
    choice = CompareSettings(**{"baseline": ["old"], "metric": "accuracy", **settings})
    return compare_measured(model("new", wrong), model("old", wrong_before), choice)


def test_a_comparison_holds_what_a_paired_test_of_the_rows_finds() -> None:
    found = compared(range(10), range(8, 58))  # both are wrong in rows 8 and 9
    assert (found.baseline, found.metric, found.verdict) == ("old", "accuracy", "better")
    assert (found.won, found.lost) == (48, 8)
    assert found.difference == pytest.approx(40 / 200)
    half = 1.96 * np.sqrt((56 / 200 - 0.2**2) / 200)
    assert found.interval == pytest.approx([0.2 - half, 0.2 + half], abs=0.01)
    assert found.p_value < 1e-6
    assert found.rows_needed is None


def test_the_other_way_round_it_is_worse() -> None:
    found = compared(range(8, 58), range(10))
    assert (found.verdict, found.won, found.lost, found.rows_needed) == ("worse", 8, 48, None)
    assert found.difference == pytest.approx(-40 / 200)


def test_the_metric_is_the_one_chosen() -> None:
    one_class_wrong = range(0, 100, 2)
    accuracy, f1 = (compared(range(0), one_class_wrong, metric=metric) for metric in ("accuracy", "macro_f1"))
    assert accuracy.difference == pytest.approx(0.25)
    assert f1.difference == pytest.approx(1 - (2 / 3 + 4 / 5) / 2)
    assert f1.metric == "macro_f1"


def test_a_small_difference_is_open_and_needs_more_rows_the_nearer_the_target() -> None:
    plain = compared(range(4), range(1, 8))
    near = compared(range(4), range(1, 8), min_improvement=0.01)
    assert (plain.verdict, near.verdict) == ("inconclusive", "inconclusive")
    assert plain.difference == pytest.approx(0.015)
    assert 200 < plain.rows_needed < near.rows_needed
    assert near.rows_needed == pytest.approx(plain.rows_needed * (0.015 / 0.005) ** 2, abs=9)


def test_with_a_margin_the_rows_needed_are_those_that_show_no_more_than_that_loss() -> None:
    within = compared(range(9), range(5, 14), margin=0.001, min_improvement=0.5)
    assert within.verdict == "inconclusive"
    assert within.difference == 0.0
    without = compared(range(9), range(5, 14))
    assert without.rows_needed is None  # no difference: nothing would settle it
    assert within.rows_needed > 10_000
    assert compared(range(9), range(9), margin=0.001).verdict == "not worse"


def test_only_the_baselines_of_the_gate_decide() -> None:
    assert compared(range(1), range(2)).gates
    assert not compared(range(1), range(2), baseline=["other"], show_baseline=["old"]).gates
