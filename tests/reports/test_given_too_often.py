"""A label that a model gives to far more texts than have it is named, with its threshold and what to do."""

import pytest

from clf.outcomes.base import LabelMetrics
from clf.reports.given_too_often import too_often
from support.outcomes import label_metrics


def label(given: int, right: int, have: int, threshold: float = 0.0876) -> LabelMetrics:
    return label_metrics(precision=right / given, recall=right / have, rows=have, threshold=threshold)


def test_the_worst_label_is_named_with_its_figures_and_its_threshold() -> None:
    found = too_often({"praise": label(150, 60, 70), "legal": label(175, 8, 12)})
    assert found == [
        "“legal” is given to 175 texts, 12 have it; its threshold is 0.0876: try `clf evaluate --threshold 0.5`, or "
        "get more texts of it, for training and for validation (1 more label is given too often)."
    ]


def test_a_threshold_that_is_not_low_is_not_blamed() -> None:
    [found] = too_often({"legal": label(175, 8, 12, threshold=0.5)})
    assert found == (
        "“legal” is given to 175 texts, 12 have it; its threshold is 0.5: get more texts of it, for training and for "
        "validation."
    )


@pytest.mark.parametrize(("given", "have"), [(19, 10), (11, 2), (100, 51), (5, 90)])
def test_a_label_that_is_given_a_little_too_often_is_none(given: int, have: int) -> None:
    assert too_often({"legal": label(given, 2, have)}) == []


def test_a_label_that_no_text_has_or_was_given_rightly_is_left_out() -> None:
    assert (
        too_often({"a": label_metrics(precision=0.0, recall=0.0), "b": label_metrics(precision=0.0, recall=None)}) == []
    )
    assert too_often({}) == []
