"""Tables hold every number and name as it is; counts and texts are short enough to read."""

import pytest

from clf.cli.show.tables import count, print_classes, print_confusion, print_metrics, shorten
from clf.outcomes.base import ClassMetrics, Cost
from support.outcomes import UNKNOWN_COST, class_metrics


def cells(out: str) -> list[list[str]]:
    """Return the cells of the rows of a printed table, without its title and head."""
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in out.splitlines() if line.startswith("│")]


def test_labels_with_markup_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    row = ClassMetrics(precision=None, recall=0.5, f1=0.25, rows=3)
    print_classes({"[/x]": row, "[red]a": row})
    assert cells(capsys.readouterr().out) == [
        ["[/x]", "not defined", "0.5000", "0.2500", "3"],
        ["[red]a", "not defined", "0.5000", "0.2500", "3"],
    ]
    print_confusion([[1, 2], [3, 4]], ["[/x]", "[red]a"])
    out = capsys.readouterr().out
    assert cells(out) == [["[/x]", "1", "2"], ["[red]a", "3", "4"]]
    head = next(line for line in out.splitlines() if line.startswith("┃"))
    assert [cell.strip() for cell in head.strip("┃").split("┃")] == ["", "[/x]", "[red]a"]


def test_metrics_have_a_column_for_each_model_and_the_interval_of_the_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    columns = {"mine": {"accuracy": 0.875, "auroc": None}, "[b]theirs": {"accuracy": 0.75, "ece": 0.1}}
    cost = Cost(train_seconds=1234.56, texts_per_second=None, megabytes=0.04)
    print_metrics(columns, "40 texts", {"mine": cost, "[b]theirs": UNKNOWN_COST}, {"accuracy": (0.75, 0.9375)})
    out = capsys.readouterr().out
    assert out.startswith("40 texts")
    assert "[b]theirs" in out
    assert cells(out) == [
        ["accuracy", "0.8750", "0.7500 to 0.9375", "0.7500"],
        ["ROC AUC", "not defined", "", ""],
        ["calibration error", "", "", "0.1000"],
        ["training seconds", "1,234.6", "", ""],
        ["texts per second", "", "", ""],
        ["MB on disk", "0.0", "", ""],
    ]


def test_without_costs_and_intervals_there_are_only_metrics(capsys: pytest.CaptureFixture[str]) -> None:
    print_metrics({"validation": {"accuracy": 1.0}}, "a title")
    assert cells(capsys.readouterr().out) == [["accuracy", "1.0000"]]


@pytest.mark.parametrize(("classes", "shown"), [(2, True), (12, True), (13, False)])
def test_a_confusion_matrix_too_wide_for_a_terminal_is_left_out(
    capsys: pytest.CaptureFixture[str], classes: int, shown: bool
) -> None:
    names = [f"c{number}" for number in range(classes)]
    print_confusion([[0] * classes] * classes, names)
    out = capsys.readouterr().out
    assert ("Confusion matrix" in out) is shown
    assert len(cells(out)) == (classes if shown else 0)


def test_long_names_are_folded_and_not_cut(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    name = "".join(chr(ord("a") + number % 26) for number in range(70))
    print_classes({name: class_metrics()})
    assert "".join(row[0] for row in cells(capsys.readouterr().out)) == name


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1.0, "1 row"), (0.5, "0.5 rows"), (3.0, "3 rows"), (-1, "-1 rows")],
)
def test_a_count_is_singular_only_for_one(number: float, said: str) -> None:
    assert count(number, "row") == said


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""), ("12345", "12345"), ("123456", "1234…"), ("  12\n\t34 5 ", "12 3…"), (" \n12345\n ", "12345"),
        ("größeres", "größ…"),
    ],
)  # fmt: skip
def test_a_text_longer_than_the_width_is_cut_to_it(text: str, shown: str) -> None:
    assert shorten(text, 5) == shown
