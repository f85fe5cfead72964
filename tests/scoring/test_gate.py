"""The verdict against each baseline, and what the gate asks."""

import pytest

from clf.scoring.gate import advise, compare_metrics, missed_floors, weakest
from clf.settings import CompareSettings


def metrics(f1: float, accuracy: float = 0.9) -> dict[str, float]:
    return {"macro_f1": f1, "accuracy": accuracy, "weighted_f1": f1}


@pytest.mark.parametrize(
    ("candidate", "baseline", "minimum", "verdict"),
    [
        (0.9, 0.5, 0.0, "better"),
        (0.5, 0.9, 0.0, "worse"),
        (0.9, 0.9, 0.0, "not better"),
        (0.9, 0.88, 0.05, "not better"),
        (0.9, 0.8, 0.05, "better"),
    ],
)
def test_the_difference_decides(candidate: float, baseline: float, minimum: float, verdict: str) -> None:
    comparison = compare_metrics(
        metrics(candidate), metrics(baseline), "tfidf", CompareSettings(min_improvement=minimum), gates=True
    )
    assert comparison.verdict == verdict
    assert comparison.difference == pytest.approx(candidate - baseline)
    assert comparison.as_dict()["interval"] is None


def test_the_weakest_verdict_of_those_that_gate_is_the_top_one() -> None:
    settings = CompareSettings()
    better = compare_metrics(metrics(0.9), metrics(0.5), "a", settings, gates=True)
    worse = compare_metrics(metrics(0.5), metrics(0.9), "b", settings, gates=True)
    shown = compare_metrics(metrics(0.5), metrics(0.9), "c", settings, gates=False)
    assert weakest([better, worse]) == "worse"
    assert weakest([better, shown]) == "better"


def test_floors_that_are_missed_are_said() -> None:
    assert missed_floors(metrics(0.7), CompareSettings(min_f1=0.8, min_accuracy=0.5)) == [
        "macro_f1 0.7000 is below 0.8"
    ]


def test_advice_names_what_the_recipe_was() -> None:
    lost = compare_metrics(metrics(0.7), metrics(0.9), "tfidf", CompareSettings(), gates=True)
    advice = " ".join(
        advise(metrics(0.7), [lost], {"learning_rate": 2e-5, "epochs": 1, "max_train_samples": 100}, 1e-4)
    )
    for part in ("0.0001 suits this encoder", "more epochs: it was 1", "it was 100", "TF-IDF"):
        assert part in advice
    assert advise(metrics(0.9), [], {}, None)
