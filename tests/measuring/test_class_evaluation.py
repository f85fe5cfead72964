"""What the result of an evaluation holds with one label per text, found in answers that were written by hand."""

from typing import Any

import pytest

from clf.measuring.class_evaluation import evaluate_classes
from clf.outcomes.evaluation import EvaluateResult
from clf.scoring.answers import Answers
from clf.scoring.metrics import score
from clf.scoring.significance import clopper_pearson
from support.measured import measured


def result(*arguments: Any, positive: str | None = None, **options: Any) -> EvaluateResult:
    found = measured(*arguments, **options)
    assert isinstance(found.answers, Answers)
    return evaluate_classes(found, found.answers, positive, "out")


@pytest.fixture(scope="module")
def plain() -> EvaluateResult:
    """Give the result of a model without a record."""
    return result()


def test_texts_are_grouped_by_length_into_five_groups_of_equal_size(plain: EvaluateResult) -> None:
    groups = plain.by_length
    assert [(each.from_, each.to, each.rows) for each in groups] == [
        (1, 2, 2),
        (3, 4, 2),
        (5, 6, 2),
        (7, 8, 2),
        (9, 10, 2),
    ]
    assert [each.accuracy for each in groups] == [1.0, 1.0, 0.5, 0.0, 0.0]
    assert groups[2].interval == clopper_pearson(1, 2)
    [one] = result([[0.9, 0.1]], (0,)).by_length
    assert (one.from_, one.to, one.rows, one.accuracy) == (1, 1, 1, 1.0)


def test_the_worst_errors_are_the_surest_and_at_most_twenty(plain: EvaluateResult) -> None:
    found = plain.worst_errors
    assert [(each.row, each.label, each.predicted, each.confidence) for each in found] == [
        (9, "good", "bad", 0.95), (5, "good", "bad", 0.9), (6, "bad", "good", 0.8), (7, "good", "bad", 0.7),
        (8, "bad", "good", 0.6),
    ]  # fmt: skip
    assert found[0].text == "x" * 10
    many = result([[0.6, 0.4]] * 22, (1,) * 22).worst_errors
    assert [each.row for each in many] == list(range(20))


def test_the_metrics_of_the_positive_class_are_shown_on_request(plain: EvaluateResult) -> None:
    assert plain.positive_class is None
    found = result(positive="good")
    assert found.positive_class == found.per_class["good"]


def test_a_threshold_that_is_given_counts_instead_of_the_stored_one() -> None:
    found = measured(threshold=0.65, abstention={"aim": {"target_coverage": 0.8}})
    assert isinstance(found.answers, Answers)
    for given, answered, aim in ((None, 8, {"target_coverage": 0.8}), (0.85, 4, None)):
        found.model.given_threshold = given
        abstention = evaluate_classes(found, found.answers, None, "out").abstention
        assert abstention is not None
        assert (abstention.answered, abstention.aim) == (answered, aim)


def test_metrics_that_the_rows_leave_undefined_are_named(caplog: pytest.LogCaptureFixture) -> None:
    result([[0.9, 0.1], [0.2, 0.8]], (0, 0))
    assert caplog.messages == [
        "no text to measure on has the label good; macro averages cover the other classes only",
        "not defined: Matthews correlation, ROC AUC, average precision, because all texts have the same label or the "
        "same prediction",
    ]


def test_figures_before_calibration_are_those_of_the_undivided_logits() -> None:
    found = result(temperature=2.0, calibration={"reason": None}).calibration
    before = score(measured().answers.with_temperature(0.5))
    assert found.temperature == 2.0
    assert found.before is not None
    assert (found.before.ece, found.before.log_loss) == (
        pytest.approx(before["ece"]),
        pytest.approx(before["log_loss"]),
    )
    assert found.before.mean_confidence > score(measured().answers)["mean_confidence"]  # type: ignore[operator]


def test_a_model_without_a_temperature_or_with_one_of_1_has_nothing_before(plain: EvaluateResult) -> None:
    unknown = plain.calibration
    assert (unknown.temperature, unknown.note, unknown.before) == (None, None, None)
    assert result(clf_version="0.1").calibration.temperature is None
    one = result(temperature=1.0, calibration={"reason": "too few rows"}).calibration
    assert (one.temperature, one.note, one.before) == (1.0, "too few rows", None)
    assert sum(each.rows for each in one.reliability) == 10
    assert one.risk_coverage[-1] == (1.0, 0.5)


def test_the_stored_threshold_is_applied_to_the_measured_texts(plain: EvaluateResult) -> None:
    assert plain.abstention is None
    found = result(threshold=0.0, abstention={"aim": {"target_coverage": 1.0}}).abstention
    assert found is not None
    assert (found.answered, found.accuracy, found.aim) == (10, 0.5, {"target_coverage": 1.0})
    sure = result(threshold=0.92).abstention
    assert sure is not None
    assert (sure.rows, sure.answered, sure.accuracy, sure.aim) == (10, 2, 0.5, None)
