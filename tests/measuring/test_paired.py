"""Two models on the same rows: the difference, the verdict, and what would settle it."""

import math
from typing import Any

import numpy as np
import pytest

from clf.errors import UsageError
from clf.measuring.measured_model import MeasuredModel
from clf.measuring.paired import check_metric, compare_measured
from clf.scoring.answers import Answers
from clf.scoring.metrics import score
from clf.scoring.multi_label import MultiLabelAnswers
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


# --- several labels per text --------------------------------------------------------------------------------

SETS = np.random.default_rng(1).random((200, 3)) < 0.4


def model_of_sets(name: str, wrong: range) -> MeasuredModel:
    """Make a model that is wrong about the first label of these of 200 rows, and right otherwise."""
    decided = SETS.copy()
    decided[wrong.start : wrong.stop, 0] ^= True
    probabilities = np.where(decided, 0.9, 0.1).astype(np.float32)
    return MeasuredModel(name, MultiLabelAnswers(probabilities, SETS, np.full(3, 0.5)), {})


@pytest.mark.parametrize("metric", ["macro_f1", "sample_f1"])
def test_with_several_labels_a_text_is_won_by_the_model_that_has_its_whole_set_right(metric: str) -> None:
    new, old = model_of_sets("new", range(10)), model_of_sets("old", range(8, 58))
    found = compare_measured(new, old.compared(None), CompareSettings(baseline=["old"], metric=metric))  # type: ignore[arg-type]
    one, other = (score(each.answers)[metric] for each in (new, old))
    assert found.difference == pytest.approx(one - other)  # type: ignore[operator]
    assert found.interval[0] < found.difference < found.interval[1]
    assert (found.verdict, found.won, found.lost) == ("better", 48, 8)
    assert found.p_value == pytest.approx(mcnemar_exactly(48, 8))


def mcnemar_exactly(won: int, lost: int) -> float:
    return 2 * sum(math.comb(won + lost, k) for k in range(min(won, lost) + 1)) / 2 ** (won + lost)


@pytest.mark.parametrize(
    ("metric", "several", "said"),
    [
        (
            "accuracy",
            True,
            "macro_f1, micro_f1, weighted_f1, sample_f1, subset_accuracy; subset_accuracy is the share ",
        ),
        ("micro_f1", False, "macro_f1, accuracy, weighted_f1; with one label per text, micro F1 is the accuracy"),
        ("sample_f1", False, "; with one label per text, the mean F1 of the texts is the accuracy"),
        ("subset_accuracy", False, "; with one label per text, it is the accuracy"),
    ],
)
def test_a_metric_of_the_other_kind_is_refused_with_those_that_suit(metric: str, several: bool, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        check_metric(metric, several=several)
    kind = "several labels" if several else "one label"
    assert refused.value.message == f"--metric {metric} does not suit models that predict {kind} per text"
    assert said in (refused.value.hint or "")
    check_metric("macro_f1", several=several)
