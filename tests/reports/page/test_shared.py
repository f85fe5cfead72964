"""Sections that several pages have."""

from clf.outcomes.base import Cost
from clf.outcomes.evaluation import LengthGroup
from clf.outcomes.preparation import Audit, SetsOfLabels
from clf.reports.page import shared
from clf.reports.page.parts import Cell, Table, Track
from support.outcomes import abstention


def shown(table: Table) -> list[list[str]]:
    return [[cell.shown for cell in row] for row in table.rows]


def test_a_table_of_metrics_has_the_intervals_of_the_first_column_and_the_costs_of_all() -> None:
    cost = Cost(train_seconds=1234.56, texts_per_second=None, megabytes=0.0)
    table = shared.metrics_table(
        {"mine": {"accuracy": 0.5, "mcc": None}, "x" * 50: {"accuracy": 1.0}}, {"accuracy": (0.25, 0.75)},
        {"mine": cost, "x" * 50: cost},
    )  # fmt: skip
    assert table.columns == ["metric", "mine", "95 % interval", "x" * 50]
    assert shown(table) == [
        ["accuracy", "0.5000", "0.2500 to 0.7500", "1.0000"],
        ["Matthews correlation", "not defined", "", ""],
        ["training seconds", "1,234.6", "", "1,234.6"],
        ["texts per second", "", "", ""],
        ["MB on disk", "0.0", "", "0.0"],
    ]
    assert [cell.kind for cell in table.rows[0]] == ["term", "number", "number", "number"]
    assert shared.metrics_table({"mine": {"accuracy": 0.5}}, {}).columns == ["metric", "mine"]


def test_the_rows_after_the_first_are_folded_without_bars() -> None:
    table = Table("labels", ["label"], [[Cell("a")]])
    assert shared.parted(table, [], "labels") == [table]
    first, rest = shared.parted(table, [[Cell("b", "number", Track(0, 1))]], "labels")
    assert first is table
    assert (rest.fold, rest.rows) == ("1 more labels", [[Cell("b", "number")]])


def test_what_a_stored_threshold_does_is_said_if_it_answers_anything() -> None:
    section = shared.selective_section([(0.5, 0.0), (1.0, 0.2)], abstention())
    assert section.notes == [
        "At a threshold of confidence of 0.6250 the model answers 75.0% of these texts, 90.00% of them correctly "
        "(95 % interval 81.25% to 95.00%)."
    ]
    assert shared.selective_section([], abstention(accuracy=None, accuracy_interval=None)).notes == []


def test_groups_of_lengths_are_named_by_their_first_and_last() -> None:
    values = {"from": 2000, "to": 2500, "rows": 1000, "accuracy": 0.5, "interval": (0.4, 0.6)}
    [table] = shared.length_section([LengthGroup.model_validate(values)], "accuracy").tables
    assert shown(table) == [["2,000 to 2,500", "1,000", "0.5000", "0.4000 to 0.6000"]]
    assert table.rows[0][2].track == Track(0.4, 0.6, [0.5])
    assert table.caption == "accuracy by text length"


def test_the_audit_lists_what_was_found_and_nothing_that_was_not() -> None:
    audit = Audit(
        rows={"train": 1000, "test": 20}, duplicates={"train": 3, "test": 0}, near_duplicates={"test": 4},
        leaks={"train_in_test": 5}, dropped={"no_label": 6}, conflicting=7,
    )  # fmt: skip
    [section] = shared.audit_section(audit)
    assert shown(section.tables[0]) == [
        ["train rows", "1,000"],
        ["test rows", "20"],
        ["duplicates in train", "3"],
        ["near duplicates in test", "4"],
        ["leaks: train in test", "5"],
        ["dropped: no label", "6"],
        ["texts with two labels", "7"],
    ]
    assert shared.audit_section(Audit()) == []
    assert len(shared.audit_section(Audit(rows={"test": 1}))[0].tables[0].rows) == 1


def test_duplicates_in_a_file_that_is_measured_as_a_whole_are_not_called_those_of_train() -> None:
    audit = Audit(rows_read={"train": 42}, rows={"test": 42}, duplicates={"train": 2}, near_duplicates={"train": 1})
    [section] = shared.audit_section(audit)
    told = [["duplicates in these texts", "2"], ["near duplicates in these texts", "1"]]
    assert shown(section.tables[0]) == [["test rows", "42"], *told]
    [section] = shared.audit_section(Audit(rows_read={"train": 42}, rows={"train": 42}, duplicates={"train": 2}))
    assert shown(section.tables[0])[1] == ["duplicates in train", "2"]


def test_the_audit_of_several_labels_lists_what_its_sets_are_like() -> None:
    sets = SetsOfLabels(labels_per_text={"train": {"0": 3, "1": 5}}, mean_labels_per_text={}, different_sets=4,
                        rare={"plot": 1}, of_nearly_all={}, always_together=[["a", "b"]])  # fmt: skip
    [section] = shared.audit_section(Audit(rows={"train": 8}, conflicting=2, sets_of_labels=sets))
    assert shown(section.tables[0])[1:] == [
        ["texts with different sets of labels", "2"],
        ["train texts with no label", "3"],
        ["labels of fewer than ten training texts", "1"],
        ["groups of labels that always go together", "1"],
        ["different sets of labels", "4"],
    ]
