"""The verdict that an interval gives, and what the gate asks."""

from typing import Any

import pytest

from clf.outcomes.base import ClassMetrics
from clf.outcomes.comparison import Comparison
from clf.scoring.gate import advise, check_rules, decide, gate, summarize, weakest
from clf.settings import CompareSettings, TrainSettings

CLASSES = {
    name: ClassMetrics(precision=0.9, recall=recall, f1=0.9, rows=9) for name, recall in (("a", 0.9), ("b", None))
}


def comparison(verdict: str, baseline: str = "tfidf", gates: bool = True, needed: int | None = None) -> Comparison:
    return Comparison.model_validate(
        {
            "baseline": baseline, "metric": "macro_f1", "difference": 0.01, "interval": (-0.01, 0.03), "p_value": 0.2,
            "verdict": verdict, "gates": gates, "rows_needed": needed, "won": 3, "lost": 2,
        }
    )  # fmt: skip


def metrics(f1: float, accuracy: float = 0.9, ece: float = 0.02) -> dict[str, Any]:
    return {"macro_f1": f1, "accuracy": accuracy, "ece": ece}


@pytest.mark.parametrize(
    ("interval", "settings", "verdict"),
    [
        ([0.01, 0.03], {}, "better"),
        ([0.01, 0.03], {"min_improvement": 0.02}, "inconclusive"),
        ([0.0, 0.03], {}, "inconclusive"),
        ([-0.03, -0.01], {}, "worse"),
        ([-0.03, -0.01], {"margin": 0.05}, "worse"),
        ([-0.01, 0.03], {}, "inconclusive"),
        ([-0.01, 0.03], {"margin": 0.02}, "not worse"),
        ([-0.01, 0.03], {"margin": 0.01}, "inconclusive"),
        ([0.01, 0.03], {"margin": 0.02}, "better"),
    ],
)
def test_the_interval_decides_in_order(interval: list[float], settings: dict[str, Any], verdict: str) -> None:
    assert decide(interval, CompareSettings(**settings)) == verdict


def test_the_weakest_verdict_of_those_that_gate_is_the_top_one() -> None:
    assert weakest([comparison("better"), comparison("inconclusive"), comparison("not worse")]) == "inconclusive"
    assert weakest([comparison("better"), comparison("worse", gates=False)]) == "better"
    assert weakest([]) == "better"


def outcomes(settings: CompareSettings, *comparisons: Comparison, **found: float) -> dict[str, str]:
    rules = check_rules(comparisons, metrics(0.7, **found), CLASSES, settings)
    return {rule.name: rule.outcome for rule in rules}


def test_every_rule_is_checked() -> None:
    settings = CompareSettings(min_f1=0.8, min_accuracy=0.5, max_ece=0.01, min_class_recall=0.5)
    assert outcomes(settings, comparison("better")) == {
        "better than tfidf": "passed",
        "accuracy at least 0.5": "passed",
        "macro_f1 at least 0.8": "failed",
        "ece at most 0.01": "failed",
        "recall of a at least 0.5": "passed",
        "recall of b at least 0.5": "inconclusive",
    }


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["better"], "passed"),
        (["not worse"], "passed"),
        (["inconclusive"], "inconclusive"),
        (["better", "inconclusive"], "inconclusive"),
        (["inconclusive", "worse"], "failed"),
    ],
)
def test_one_rule_that_fails_fails_the_gate(verdicts: list[str], expected: str) -> None:
    rules = check_rules([comparison(verdict) for verdict in verdicts], metrics(0.9), {}, CompareSettings())
    assert gate(rules) == expected


def test_shown_baselines_make_no_rule() -> None:
    assert outcomes(CompareSettings(), comparison("worse", gates=False)) == {}


def test_the_summary_says_what_would_settle_it() -> None:
    unsettled = [comparison("inconclusive", needed=12_345)]
    said = summarize(unsettled, check_rules(unsettled, metrics(0.9), {}, CompareSettings()))
    assert said.startswith("gate inconclusive")
    assert "12,345 rows would settle it" in said
    hopeless = [comparison("inconclusive")]
    assert "more rows would not settle it" in summarize(
        hopeless, check_rules(hopeless, metrics(0.9), {}, CompareSettings())
    )
    won = [comparison("better")]
    rules = check_rules(won, metrics(0.7), {}, CompareSettings(min_f1=0.8))
    assert summarize(won, rules).startswith("gate failed (improvement detected over tfidf): macro_f1 at least 0.8")


def test_advice_names_what_the_recipe_was() -> None:
    lost = [comparison("inconclusive", needed=5000)]
    advice = " ".join(advise(0.9, lost, TrainSettings(learning_rate=2e-5, epochs=1), 100, 1e-4))
    for part in (
        "about 5,000",
        "0.0001 suits this encoder",
        "more epochs: it was trained for 1",
        "trained on 100",
        "TF-IDF",
    ):
        assert part in advice
    assert advise(0.9, [], None, None, None)
