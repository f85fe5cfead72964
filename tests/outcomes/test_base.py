"""Results cannot change, take no fields they do not declare, and leave out what they are told to."""

import pytest
from pydantic import ValidationError

from clf.outcomes.base import ClassMetrics, Cost
from clf.outcomes.evaluation import LengthGroup
from clf.scoring.metric_table import MULTI_LABEL_TABLE
from support.outcomes import class_metrics, label_metrics


def test_a_result_names_its_fields_as_declared_and_keeps_what_is_not_defined() -> None:
    cost = Cost(train_seconds=1.5, texts_per_second=None, megabytes=0.0)
    assert cost.as_json() == {"train_seconds": 1.5, "texts_per_second": None, "megabytes": 0.0}
    assert cost.as_json(without={"megabytes", "train_seconds"}) == {"texts_per_second": None}
    assert cost.as_json(without=set()) == cost.as_json()


def test_a_field_that_python_does_not_allow_has_its_name_in_json() -> None:
    group = LengthGroup.model_validate({"from": 1, "to": 9, "rows": 4, "accuracy": 0.5, "interval": (0.4, 0.6)})
    assert group == LengthGroup(from_=1, to=9, rows=4, accuracy=0.5, interval=(0.4, 0.6))  # type: ignore[call-arg]
    assert list(group.as_json()) == ["from", "to", "rows", "accuracy", "interval"]
    assert LengthGroup.model_validate(group.as_json()) == group


def test_a_result_cannot_be_changed_or_extended() -> None:
    row = ClassMetrics(precision=None, recall=0.5, f1=0.25, rows=3)
    with pytest.raises(ValidationError, match="frozen"):
        row.rows = 4  # type: ignore[misc]
    with pytest.raises(ValidationError, match="extra"):
        ClassMetrics.model_validate({**row.as_json(), "support": 3})
    with pytest.raises(ValidationError, match="recall"):
        ClassMetrics.model_validate(row.as_json(without={"recall"}))


def test_the_metrics_of_one_class_or_label_have_the_names_of_the_means_beside_them() -> None:
    label = label_metrics()
    names = {metric.name for metric in MULTI_LABEL_TABLE}
    assert set(label.as_means()) < names
    assert label.as_means()["macro_f1"] == label.f1
    assert label.as_means()["brier_skill"] == label.brier_skill
    assert class_metrics().as_means() == {"macro_precision": 0.5, "macro_recall": 0.25, "macro_f1": 0.125}
