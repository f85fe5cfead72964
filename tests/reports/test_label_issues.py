"""Labels that are probably wrong in a file for spreadsheets: nothing in it is a formula, and the text can be got back."""

import csv
import re
from pathlib import Path

import pytest

from clf.outcomes.evaluation import LabelIssue
from clf.outcomes.label_evaluation import PairIssue
from clf.reports.label_issues import inert, write_label_issues


@pytest.mark.parametrize("cell", ["=1+1", "+x", "-x", "@x", "  =x", "\xa0=1", "'=1", '"=1', "\uff1d1"])
def test_a_formula_in_a_file_for_spreadsheets_is_text(cell: str) -> None:
    assert inert(cell) == f"'{cell}"
    assert (inert("a=b"), inert(-1.5), inert("-1"), inert("a\x1b[0m")) == ("a=b", -1.5, "-1", "a\\x1b[0m")


@pytest.mark.parametrize("cell", ["\uff0b1+1", "\uff0dx", "\uff20x", "-inf", "+nan", "-1+1", "+1 2"])
def test_wide_signs_and_numbers_that_are_none_are_no_formulas_either(cell: str) -> None:
    assert inert(cell) == f"'{cell}"


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("a;=1+1", "a;'=1+1"),
        ('a; "@x', "a;' \"@x"),
        ("a|+1;-2", "a|'+1;'-2"),
        ("\n=1", "\n'=1"),
        ("=1\n\n=2", "'=1\n\n'=2"),
        ("a;\uff1d1", "a;'\uff1d1"),
        ("a;'=1", "a;''=1"),
        ("it's; fine - isn't it", "it's; fine - isn't it"),
    ],
)
def test_a_formula_after_what_separates_cells_elsewhere_is_text_and_can_be_got_back(cell: str, shown: str) -> None:
    assert inert(cell) == shown
    assert re.sub(r"(^|[;|\n])'", r"\1", shown) == cell


@pytest.mark.parametrize("cell", ["-1.5e-3", "+7", "1", "", " ", "inf", "x'", "1-2", None, 3])
def test_numbers_and_harmless_text_stay(cell: object) -> None:
    assert inert(cell) == cell


def test_a_tab_or_a_control_character_before_a_formula_does_not_hide_it() -> None:
    assert inert("\t=1") == "\\t=1"  # made visible, it is no formula any more
    assert inert("'") == "''"


def issue(**values: object) -> LabelIssue:
    usual = {"split": "test", "row": 3, "label": "bad", "suggested_label": "good", "margin": -0.25, "text": "a film"}
    return LabelIssue.model_validate({**usual, "confidence_in_label": 0.125, **values})


def test_the_file_has_a_line_for_each_issue_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "issues.csv"
    write_label_issues(path, [issue(), issue(row=1, label="=bad", text='two\nlines, "quoted" é')])
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert header == ["split", "row", "label", "suggested_label", "margin", "confidence_in_label", "text"]
    assert rows == [
        ["test", "3", "bad", "good", "-0.25", "0.125", "a film"],
        ["test", "1", "'=bad", "good", "-0.25", "0.125", 'two\nlines, "quoted" é'],
    ]


def test_pairs_have_columns_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "issues.csv"
    pair = PairIssue(
        split="test", row=3, label="=plot", issue="missing", margin=-0.9, probability=0.95, labels="a|b", text="t"
    )
    write_label_issues(path, [pair], PairIssue)
    assert path.read_text().splitlines() == [
        "split,row,label,issue,margin,probability,labels,text", "test,3,'=plot,missing,-0.9,0.95,a|b,t"
    ]  # fmt: skip


def test_no_issues_are_a_header(tmp_path: Path) -> None:
    write_label_issues(tmp_path / "issues.csv", [])
    assert (tmp_path / "issues.csv").read_text() == "split,row,label,suggested_label,margin,confidence_in_label,text\n"
