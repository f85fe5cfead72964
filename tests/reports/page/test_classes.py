"""Classes with their metrics, and which of them are confused."""

from clf.outcomes.evaluation import Bin
from clf.reports.page import classes
from support.outcomes import before_calibration, calibration, class_metrics, evaluate_result

BINS = [Bin(confidence=0.5, accuracy=0.4, rows=10)]
METRICS = {"accuracy": 0.875, "mean_confidence": 0.8768, "ece": 0.0321, "ece_expected": 0.0123}


def test_the_confidence_is_compared_with_the_accuracy_and_with_that_before() -> None:
    told = calibration(reliability=BINS, temperature=1.5, note="why", before=before_calibration(reliability=BINS))
    section = classes.confidence_section(evaluate_result(metrics=METRICS, calibration=told))
    assert section.notes == [
        "Mean confidence 0.877 at an accuracy of 0.875; calibration error 0.0321, "
        "where a perfectly calibrated model would show 0.0123 by chance.",
        "Before calibration (temperature 1.5): mean confidence 0.988, calibration error 0.1234.",
        "Not calibrated: why.",
    ]
    assert "after calibration" in section.charts[0]


def test_classes_stand_with_their_metrics_the_lowest_f1_first() -> None:
    absent = class_metrics(precision=None, recall=None, f1=None, rows=1000)
    [table] = classes.classes_section({"good": class_metrics(), "<absent>": absent}).tables
    assert [[cell.shown for cell in row] for row in table.rows] == [
        ["<absent>", "1,000", "not defined", "not defined", "not defined"],
        ["good", "3", "0.1250", "0.5000", "0.2500"],
    ]


def test_of_many_classes_those_with_the_lowest_f1_are_shown_and_all_others_folded() -> None:
    many = {f"c{number}": class_metrics(f1=number / 100) for number in range(40)}
    first, rest = classes.classes_section(many).tables
    assert (len(first.rows), first.fold, rest.fold) == (30, None, "10 more classes")
    assert (first.rows[0][0].shown, rest.rows[-1][0].shown) == ("c0", "c39")


def test_a_confusion_matrix_has_whole_names_on_both_sides_and_the_shares_of_its_rows() -> None:
    [section] = classes.confusion_sections([[1234, 0], [3, 1]], ["a", "b" * 80])
    [table] = section.tables
    assert (table.matrix, table.columns, section.size) == (True, ["true class", "a", "b" * 80], "wide")
    assert [[cell.shown for cell in row] for row in table.rows] == [["a", "1,234", "0"], ["b" * 80, "3", "1"]]
    assert [cell.heat for cell in table.rows[1][1:]] == [0.75, 0.25]


def test_many_classes_have_no_matrix_but_their_most_frequent_confusions() -> None:
    names = [f"c{number}" for number in range(31)]
    matrix = [[5 if row == column else 0 for column in range(31)] for row in range(31)]
    [none] = classes.confusion_sections(matrix, names)
    assert none.notes == ["There are none."]
    matrix[3][7], matrix[1][0], matrix[30][2] = 5, 9, 5
    [section] = classes.confusion_sections(matrix, names)
    assert [[cell.shown for cell in row] for row in section.tables[0].rows] == [
        ["c1", "c0", "9", "64.3%"],
        ["c3", "c7", "5", "50.0%"],
        ["c30", "c2", "5", "50.0%"],
    ]


def test_confidence_classes_and_confusion_are_shown_in_this_order() -> None:
    result = evaluate_result(metrics=METRICS)
    titles = [section.title for section in classes.sections_of_classes(result)]
    assert titles == ["Confidence", "Risk and coverage", "Classes", "Confusion matrix"]
