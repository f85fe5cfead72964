"""What `clf evaluate` prints: metrics, classes, confusion, and the effect of calibration and threshold."""

import pytest

from clf.cli.show.evaluate import print_confidence, print_evaluation
from support.outcomes import (
    abstention,
    before_calibration,
    calibration,
    class_metrics,
    evaluate_labels_result,
    evaluate_result,
    label_metrics,
)


def test_metrics_classes_and_confusion_are_printed_with_the_folder(capsys: pytest.CaptureFixture[str]) -> None:
    print_evaluation(evaluate_result())
    out = capsys.readouterr().out
    assert out.startswith("mine on 40 texts of reviews")
    rows = [" ".join(line.replace("│", " ").split()) for line in out.splitlines()]
    assert "accuracy 0.8750 0.7500 to 0.9375" in rows
    assert "bad not defined 0.2500 0.1250 4" in rows
    assert "good 17 3" in rows
    assert "bad 2 18" in rows
    assert rows[-1] == "written to evaluations/mine"


def test_leaked_rows_and_the_positive_class_have_columns_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    positive = class_metrics(precision=0.6, recall=0.7, f1=0.8)
    print_evaluation(evaluate_result(without_leaks={"accuracy": 0.625}, positive_class=positive))
    out = capsys.readouterr().out
    assert "without leaked rows" in out
    assert "the positive class" in out
    rows = [" ".join(line.replace("│", " ").split()) for line in out.splitlines()]
    assert "accuracy 0.8750 0.7500 to 0.9375 0.6250" in rows
    assert "F1 (macro) 0.8000" in rows


@pytest.mark.parametrize(("issues", "said"), [(0, False), (1, True)])
def test_labels_that_look_wrong_are_counted_if_there_are_any(
    capsys: pytest.CaptureFixture[str], issues: int, said: bool
) -> None:
    print_evaluation(evaluate_result(label_issues=issues))
    line = "labels that look wrong: 1, listed in evaluations/mine/label_issues.csv"
    assert (line in capsys.readouterr().out.splitlines()) is said


def test_several_labels_show_what_looks_wrong_and_the_metrics_of_one_of_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_evaluation(evaluate_labels_result(label_issues=7, positive_label=label_metrics(f1=0.625, brier_skill=None)))
    lines = capsys.readouterr().out.splitlines()
    assert "labels that look wrong: 7, listed in evaluations/mine/label_issues.csv" in lines
    rows = [" ".join(line.replace("│", " ").split()) for line in lines]
    assert any("the positive label" in row for row in rows)
    assert any(row.startswith("F1 (macro)") and row.endswith("0.6250") for row in rows)


def test_a_model_without_temperature_and_threshold_has_nothing_to_say(capsys: pytest.CaptureFixture[str]) -> None:
    print_confidence(evaluate_result())
    assert capsys.readouterr().out == ""


def test_confidence_before_and_after_calibration_is_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    print_confidence(evaluate_result(calibration=calibration(temperature=1.25, before=before_calibration())))
    assert capsys.readouterr().out == (
        "before calibration: mean confidence 0.988, calibration error 0.1234; "
        "after, with temperature 1.25: 0.877, 0.0321\n"
    )


def test_why_a_model_was_not_calibrated_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    print_confidence(evaluate_result(calibration=calibration(note="too few texts")))
    assert capsys.readouterr().out == "not calibrated: too few texts\n"


def test_the_effect_of_the_threshold_is_said_also_if_nothing_was_answered(capsys: pytest.CaptureFixture[str]) -> None:
    print_confidence(evaluate_result(abstention=abstention()))
    assert capsys.readouterr().out == (
        "above a confidence of 0.6250 the model answers 75.0% of the texts, 90.00% of them correctly [81.25%, 95.00%]\n"
    )
    print_confidence(evaluate_result(abstention=abstention(answered=0, accuracy=None, accuracy_interval=None)))
    assert capsys.readouterr().out == "no text reaches a confidence of 0.6250: the model answers none of them\n"
