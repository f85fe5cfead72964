"""The page of `clf evaluate`, for both kinds of models."""

import re
from typing import Any

from clf.outcomes.evaluation import LabelIssue, LengthGroup, WrongAnswer
from clf.outcomes.label_evaluation import PairIssue, WrongSet
from clf.outcomes.preparation import Audit
from clf.reports.page import evaluation
from support.outcomes import evaluate_labels_result, evaluate_result

METRICS = {"accuracy": 0.875, "macro_f1": 0.5, "mean_confidence": 0.8768, "ece": 0.0321, "ece_expected": 0.0123}


def titles(page: str) -> list[str]:
    return re.findall(r'<h2 id="h\d+">(.*?)</h2>', page)


def test_the_page_of_one_label_per_text_has_its_parts_in_order() -> None:
    group = LengthGroup.model_validate({"from": 1, "to": 9, "rows": 4, "accuracy": 0.5, "interval": (0.4, 0.6)})
    page = evaluation.evaluation_page(evaluate_result(metrics=METRICS, by_length=[group]), [], Audit(rows={"test": 40}))
    assert titles(page) == ["Metrics", "Confidence", "Classes", "Confusion matrix", "By length of the text",
                            "Audit of the data", "Worst errors"]  # fmt: skip
    assert '<h1 dir="auto">mine on reviews, test</h1>' in page
    assert "All figures: evaluations/mine/metrics.json" in page
    assert "caption>accuracy by text length<" in page


def test_the_page_of_several_labels_per_text_calls_its_accuracy_subset_accuracy() -> None:
    group = LengthGroup.model_validate({"from": 1, "to": 9, "rows": 4, "accuracy": 0.5, "interval": (0.4, 0.6)})
    page = evaluation.evaluation_page(evaluate_labels_result(by_length=[group]), [], Audit())
    assert titles(page) == ["Metrics", "Confidence in whole sets", "Labels", "By length of the text", "Worst errors"]
    assert "caption>subset accuracy by text length<" in page
    assert "onfusion" not in page


def test_metrics_without_leaked_rows_are_folded() -> None:
    leaks = {"accuracy": 0.5}
    first, rest = evaluation.metrics_section(evaluate_result(leaked_rows=1, without_leaks=leaks)).tables
    assert (first.fold, first.columns) == (None, ["metric", "test", "95 % interval"])
    assert rest.fold == "Without the 1 text that was in the training data"
    assert [[cell.shown for cell in row] for row in rest.rows] == [["accuracy", "0.5000"]]
    assert len(evaluation.metrics_section(evaluate_result()).tables) == 1


def test_errors_are_listed_or_said_to_be_none() -> None:
    error = WrongAnswer(row=3, text="x" * 500, label="good", predicted="bad", confidence=0.98765)
    section = evaluation.errors_section([error])
    [row] = section.tables[0].rows
    assert [cell.shown for cell in row] == ["x" * 399 + "…", "good", "bad", "0.9877"]
    assert section.notes == ["Highest confidence first. Some of them may be wrong labels."]
    assert evaluation.errors_section([]).notes == ["There are none."]
    sets = WrongSet(row=3, text="a", labels=[], predicted=["plot", "acting"], confidence=0.5)
    [row] = evaluation.errors_section([sets]).tables[0].rows
    assert [cell.shown for cell in row[1:3]] == ["(no label)", "plot | acting"]


def test_labels_that_look_wrong_are_listed_with_how_they_were_judged() -> None:
    values: dict[str, Any] = {"split": "train", "row": 3, "label": "good", "suggested_label": "bad", "text": "awful"}
    issue = LabelIssue(**values, margin=-0.51, confidence_in_label=0.1)
    [section] = evaluation.issues_section([issue], judged_unseen=True)
    assert [[cell.shown for cell in row] for row in section.tables[0].rows] == [["awful", "good", "bad", "-0.5100"]]
    assert section.notes == ["Judged by models that did not see the text in training, most likely errors first."]
    [unknown] = evaluation.issues_section([issue], judged_unseen=False)
    assert unknown.notes == ["Most likely errors first. Whether the model saw these texts in training is unknown."]
    assert evaluation.issues_section([], judged_unseen=True) == []


def test_labels_that_are_missing_or_surplus_are_listed_with_all_labels_of_the_text() -> None:
    values: dict[str, Any] = {"split": "train", "row": 3, "label": "plot", "text": "awful", "probability": 0.9}
    issue = PairIssue(**values, issue="missing", margin=-0.51, labels="")
    [section] = evaluation.issues_section([issue], judged_unseen=True)
    [table] = section.tables
    assert table.columns == ["text", "all its labels", "looks wrong", "label", "probability", "margin"]
    assert [cell.shown for cell in table.rows[0]] == ["awful", "(no label)", "missing", "plot", "0.9000", "-0.5100"]
