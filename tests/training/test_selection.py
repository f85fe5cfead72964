"""The evaluation that is kept is the best one, and chance does not choose it."""

import math

import pytest

from clf.errors import TrainingError
from clf.training.selection import SELECTION, best_metrics, check_best, selection


def test_among_equal_f1_the_surer_epoch_is_better() -> None:
    assert selection({"macro_f1": 1.0, "log_loss": 0.1}, 10) > selection({"macro_f1": 1.0, "log_loss": 0.6}, 10)
    assert selection({"macro_f1": 0.9, "log_loss": 0.1}, 2500) < selection({"macro_f1": 0.902, "log_loss": 90.0}, 2500)


def test_one_text_of_a_small_split_decides_nothing() -> None:
    assert selection({"macro_f1": 0.899, "log_loss": 0.1}, 10) > selection({"macro_f1": 1.0, "log_loss": 0.6}, 10)
    assert selection({"macro_f1": 0.7, "log_loss": 0.1}, 10) < selection({"macro_f1": 1.0, "log_loss": 0.6}, 10)


@pytest.mark.parametrize(
    ("f1", "rows", "rounded"),
    [(0.0, 10, 0.0), (0.2, 10, 0.2), (0.2001, 10, 0.4), (0.6 + 1e-9, 10, 0.6), (0.5, 1, 1.0), (0.5, 2, 1.0), (0.5, 4, 0.5)],
)  # fmt: skip
def test_f1_is_rounded_up_to_steps_of_two_texts(f1: float, rows: int, rounded: float) -> None:
    assert selection({"macro_f1": f1, "log_loss": 0.0}, rows) == pytest.approx(rounded)


def test_a_log_loss_beyond_all_bounds_weighs_less_than_two_texts_of_a_million() -> None:
    worse, better = ({"macro_f1": f1, "log_loss": loss} for f1, loss in ((0.5, 0.0), (0.50003, 1e9)))
    assert selection(worse, 100_000) < selection(better, 100_000)
    assert selection({"macro_f1": 0.5, "log_loss": 0.0}, 4) == 0.5
    assert selection({"macro_f1": 0.5, "log_loss": 100.0}, 4) == selection({"macro_f1": 0.5, "log_loss": 1e9}, 4)


def test_by_log_loss_the_lowest_is_best_whatever_the_f1() -> None:
    assert selection({"macro_f1": 0.1, "log_loss": 0.25}, 10, "log_loss", 9) == -0.25


def test_by_average_precision_the_highest_is_best_to_any_digit_and_the_log_loss_breaks_ties() -> None:
    lower, higher = ({"average_precision": value, "macro_f1": 0.0, "log_loss": 0.3} for value in (0.7, 0.70001))
    assert selection(lower, 10, "average_precision") < selection(higher, 10, "average_precision")
    surer = lower | {"log_loss": 0.2}
    assert selection(lower, 10, "average_precision") < selection(surer, 10, "average_precision")


def test_where_no_label_has_an_average_precision_the_log_loss_chooses() -> None:
    undefined = {"average_precision": None, "macro_f1": 0.0, "log_loss": 0.25}
    assert selection(undefined, 10, "average_precision") == -0.25


def test_by_last_a_later_step_is_better_and_no_metric_is_needed() -> None:
    assert selection({}, 10, "last", 7) == 7.0


@pytest.mark.parametrize("best", [None, math.nan, math.inf, -math.inf])
def test_a_run_without_a_finite_evaluation_has_no_best(best: float | None) -> None:
    with pytest.raises(TrainingError, match="the validation loss is not finite") as stopped:
        check_best(best)
    assert stopped.value.hint == "lower --learning-rate, or pass --precision fp32"


def test_any_finite_evaluation_can_be_the_best() -> None:
    for best in (0.0, -3.5, 12.0):
        check_best(best)


def test_the_metrics_of_the_best_evaluation_are_found_among_all() -> None:
    history = [
        {"loss": 0.9, "step": 4},
        {f"eval_{SELECTION}": 0.5, "eval_accuracy": 0.1, "eval_log_loss": 0.9, "step": 4},
        {f"eval_{SELECTION}": 0.7, "eval_accuracy": 0.2, "eval_log_loss": 0.8, "eval_unknown": 1, "step": 8},
        {f"eval_{SELECTION}": 0.7, "eval_accuracy": 0.3, "eval_log_loss": 0.7, "step": 12},
    ]
    assert best_metrics(history, 0.7) == {"accuracy": 0.2, "log_loss": 0.8}
    assert best_metrics(history, 0.6) == best_metrics([], 0.7) == {}
