"""Labels with their metrics where a text may have several, and which of them go together."""

from clf.outcomes.label_evaluation import LabelPair, NumberGroup, Replaced
from clf.reports.page import labels
from clf.reports.page.parts import Section, Track
from support.outcomes import evaluate_labels_result, label_metrics


def shown(section: Section) -> list[list[str]]:
    return [[cell.shown for cell in row] for row in section.tables[0].rows]


def test_labels_stand_with_threshold_and_calibration_the_lowest_f1_first() -> None:
    few = label_metrics(f1=None, precision=None, rows=4, ece=None, ece_expected=None)
    section = labels.labels_section(
        evaluate_labels_result(per_label={"acting": label_metrics(ece_expected=0.05), "plot": few})
    )
    assert shown(section) == [
        [
            "plot",
            "4",
            "not defined",
            "not defined",
            "0.2500",
            "0.3750",
            "too few texts",
            "",
            "0.6000",
            "0.7000",
            "0.3000",
        ],
        ["acting", "30", "0.1250", "0.5000", "0.2500", "0.3750", "0.0500", "0.0500", "0.6000", "0.7000", "0.3000"],
    ]
    plot, acting = section.tables[0].rows
    assert acting[5].track == Track(0.0, 0.0, [0.375])
    assert acting[6].track == Track(0.0, 0.25, [0.25], "two")
    assert plot[6].track is None
    assert plot[1].track == Track(0.0, 4 / 30, tone="three")


def test_a_thousand_labels_are_all_there_and_most_of_them_folded() -> None:
    many = {f"l{number}": label_metrics(f1=number / 1000) for number in range(1000)}
    first, rest = labels.labels_section(evaluate_labels_result(per_label=many)).tables
    assert (len(first.rows), len(rest.rows), rest.fold) == (30, 970, "970 more labels")


def test_pairs_show_how_often_they_are_true_given_and_expected() -> None:
    pair = LabelPair(label="acting", other="plot", rows=10, predicted=40, expected=12.34)
    [section] = labels.together_section([pair] * 20)
    assert shown(section)[0] == ["acting", "plot", "10", "40", "12.3"]
    assert section.tables[0].rows[0][3].track == Track(0.0, 1.0, [0.25])
    assert section.tables[1].fold == "5 more pairs"
    assert labels.together_section([]) == []


def test_labels_given_instead_of_others_show_their_share() -> None:
    result = evaluate_labels_result()
    [section] = labels.replaced_section([Replaced(missing="acting", added="plot", rows=3)], result)
    assert shown(section) == [["acting", "plot", "3", "10.0%"]]
    assert labels.replaced_section([], result) == []


def test_whole_sets_are_shown_by_their_number_of_labels() -> None:
    values = {"rows": 40, "mean_predicted": 1.234, "accuracy": 0.5, "interval": (0.4, 0.6)}
    groups = [NumberGroup.model_validate({"from": low, "to": high, **values}) for low, high in ((0, 0), (6, 9))]
    assert shown(labels.number_section(groups)) == [
        ["0", "40", "1.23", "0.5000", "0.4000 to 0.6000"],
        ["6 to 9", "40", "1.23", "0.5000", "0.4000 to 0.6000"],
    ]


def test_sections_stand_in_this_order() -> None:
    result = evaluate_labels_result(
        together=[LabelPair(label="acting", other="plot", rows=1, predicted=1, expected=0.5)],
        replaced=[Replaced(missing="acting", added="plot", rows=3)],
    )
    assert [section.title for section in labels.sections_of_labels(result)] == [
        "Confidence in whole sets", "Risk and coverage", "Labels", "Labels that go together", "Given instead of others",
        "By number of labels",
    ]  # fmt: skip
