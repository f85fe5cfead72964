"""The page is whole by itself, and nothing foreign in it is active."""

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from clf import __version__
from clf.models.record import CalibrationRecord, ModelRecord
from clf.outcomes.base import Cost
from clf.outcomes.comparison import Flips, Rule
from clf.outcomes.evaluation import Bin, LabelIssue, WrongAnswer
from clf.outcomes.preparation import Audit
from clf.reports import html
from clf.reports.html import Cell, Section
from conftest import FAST, RunClf, write_csv
from support.outcomes import (
    abstention,
    before_calibration,
    calibration,
    class_metrics,
    compare_result,
    comparison,
    evaluate_result,
    example,
    train_result,
)

HOSTILE = (
    '</script><img src=x onerror="alert(1)"><b>{{ 7*7 }} {% raw %} $x^2$ & "quoted"',
    "\x1b]8;;http://evil\x07click\x1b]8;;\x07 \x1b[2J [red]rich[/red] [/x]",
    '=HYPERLINK("http://evil","click") ]]> &amp; \u202egnp.exe',
)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def hostile_rows() -> list[tuple[str, str]]:
    labels = ("<b>bad</b>", "$good$ [/x]")
    return [
        (f"{('dull', 'fine')[number % 2]} {HOSTILE[number % 3]} {number}", labels[number % 2]) for number in range(80)
    ]


@pytest.fixture
def pages(clf: RunClf, tiny_encoder: Path, own_folder: Path) -> dict[str, str]:
    data = write_csv(own_folder / "a.csv", hostile_rows())
    train = ("train", "--dataset", data, "--model", tiny_encoder, *FAST, "--epochs", 10, "--output-dir", "m")
    done = [
        clf(*train, "--report", "train.html"),
        clf("evaluate", "m", "--report", "evaluate.html", "--label-issues", 5),
        clf(
            "compare",
            "m",
            "--baseline",
            "majority",
            "--report",
            "compare.html",
            "--junit",
            "j.xml",
            "--markdown",
            "c.md",
            "--min-class-recall",
            "1",
        ),
    ]
    assert [each.code for each in done[:2]] == [0, 0], [each.err for each in done]
    for each in done:
        assert "\x1b" not in each.out + each.err
        assert "\u202e" not in each.out + each.err
    return {name: Path(name).read_text() for name in ("train.html", "evaluate.html", "compare.html", "j.xml", "c.md")}


def test_nothing_foreign_is_active(pages: dict[str, str]) -> None:
    for name, text in pages.items():
        assert "\x1b" not in text, name
        assert "\u202e" not in text, name
    for name in ("train.html", "evaluate.html", "compare.html"):
        tags = Tags()
        tags.feed(pages[name])
        assert not {"script", "img", "iframe", "link", "object", "b"} & {tag for tag, _ in tags.found}
        for tag, attributes in tags.found:
            assert not [key for key in attributes if key.startswith("on")], (name, tag)
            assert str(attributes.get("href") or attributes.get("xlink:href") or "#").startswith("#")
        assert not re.search(r"b(&gt;|>)49", pages[name])  # a template in a text is not filled in
        assert "default-src 'none'" in pages[name]
    assert any("{{ 7*7 }} {% raw %} $x^2$" in pages[name] for name in ("train.html", "evaluate.html", "compare.html"))
    assert "<img" not in pages["c.md"]
    ET.fromstring(pages["j.xml"])


def test_the_parts_are_there(pages: dict[str, str]) -> None:
    for part in ("reliability diagram", "risk and coverage", "confusion matrix", "accuracy by text length", "Worst errors",
                 "precision and recall of each class", "Audit of the data"):  # fmt: skip
        assert part in pages["evaluate.html"], part
    for part in ("Rules of the gate", "differences from the baselines", "MB on disk", "is right", "verdict"):
        assert part in pages["compare.html"], part


# --- pages --------------------------------------------------------------------------------------------------


def titles(page: str) -> list[str]:
    return re.findall(r"<h2>(.*?)</h2>", page)


def test_a_page_escapes_its_parts_and_leaves_out_sections_that_are_empty() -> None:
    sections = [Section("Nothing", columns=["a"]), Section("Notes & more", ["<i>note</i>"]),
                Section("Rows", rows=[[Cell("<td>"), Cell("1", "number")]], columns=["<a>", "n"])]  # fmt: skip
    page = html.page("a\n<title>", "sub\x1btitle", sections, ("failed", "why\nnot & so"))
    assert "<title>a &lt;title&gt;</title>" in page
    assert f"sub\\x1btitle · clf {__version__}" in page
    assert '<div class="verdict failed">why not &amp; so</div>' in page
    assert titles(page) == ["Notes &amp; more", "Rows"]
    assert re.findall(r'<a href="#(s\d)">', page) == re.findall(r'<section id="(s\d)">', page) == ["s1", "s2"]
    assert "<p>&lt;i&gt;note&lt;/i&gt;</p>" in page
    assert '<tr><td>&lt;td&gt;</td><td class="number">1</td></tr>' in page
    assert '<th>&lt;a&gt;</th><th class="number">n</th>' in page


def test_no_name_or_message_of_a_comparison_becomes_active() -> None:
    hostile = "\u202e</th><script>x</script><a href='javascript:x' onclick=x>\x1b[2J hf_abcdefghijklmnop"
    rule = Rule(name=hostile, outcome="failed", message=hostile)
    flips = Flips(won=[example(hostile, hostile)], lost=[example(hostile)])
    result = compare_result(
        model=hostile, dataset=hostile, baselines={hostile: {"accuracy": 0.5}}, rules=[rule], summary=hostile,
        costs={hostile: Cost(train_seconds=None, texts_per_second=None, megabytes=None)}, gate="failed",
        comparisons=[comparison(baseline=hostile)], advice=[hostile], flips={hostile: flips},
        per_class={hostile: class_metrics()},
    )  # fmt: skip
    page = html.comparison_page(result, Audit(rows={"test": 4}, dropped={hostile: 2}))
    tags = Tags()
    tags.feed(page)
    assert "script" not in {tag for tag, _ in tags.found}
    assert {tag for tag, _ in tags.found} >= {"svg", "table"}
    assert not any(name.startswith("on") or "javascript" in (value or "")
                   for _, attributes in tags.found for name, value in attributes.items())  # fmt: skip
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page)
    assert "hf_abc" not in page
    assert "base-uri 'none'" in page


def test_a_page_without_a_verdict_has_no_room_for_one() -> None:
    assert '<div class="verdict' not in html.page("a", "b", [])


def test_the_page_of_a_comparison_has_its_verdict_rules_and_advice() -> None:
    rule = Rule(name="a < b", outcome="failed", message="it is 2")
    result = compare_result(
        comparisons=[], rules=[rule], gate="failed", summary="gate failed: a", advice=["more epochs", "texts"]
    )
    page = html.comparison_page(result, Audit(rows={"test": 40}))
    assert titles(page) == ["Rules of the gate", "Metrics", "Classes", "Audit of the data"]
    assert '<div class="verdict failed">gate failed: a</div>' in page
    assert "<tr><td>a &lt; b</td><td>failed</td><td>it is 2</td></tr>" in page
    assert "<p>Try more epochs.</p>" in page
    assert "<p>Try texts.</p>" in page
    assert "<h1>mine compared on reviews, test</h1>" in page
    assert "40 texts" in page


def test_the_page_of_a_training_says_what_it_took_and_by_which_recipe() -> None:
    record = ModelRecord.model_validate(
        {"schema_version": 1, "base_model": {"name": "acme/tiny"}, "recipe": {"learning_rate": 3e-05}}
    )
    page = html.training_page(train_result(train_seconds=1234.4), record, [], Audit())
    assert titles(page) == ["Learning", "Metrics", "Calibration", "Examples", "Recipe"]
    assert "120 steps, 3 epochs, 1,234 s, 56.8 texts per second." in page
    assert "<td>learning_rate</td><td>3e-05</td>" in page
    assert "<td>a fine film</td><td>good</td><td>good</td>" in page
    assert "<p>Not calibrated: it was not tried.</p>" in page
    assert '<td>accuracy</td><td class="number">0.8125</td><td class="number">0.7500</td>' in page


# --- sections -----------------------------------------------------------------------------------------------


def shown(section: Section) -> list[list[str]]:
    return [[cell.shown for cell in row] for row in section.rows]


def test_a_table_of_metrics_has_the_intervals_of_the_first_column_and_the_costs_of_all() -> None:
    cost = Cost(train_seconds=1234.56, texts_per_second=None, megabytes=0.0)
    section = html.metrics_section(
        {"mine": {"accuracy": 0.5, "mcc": None}, "x" * 50: {"accuracy": 1.0}}, {"accuracy": (0.25, 0.75)},
        {"mine": cost, "x" * 50: cost},
    )  # fmt: skip
    assert section.columns == ["metric", "mine", "95 % interval", "x" * 39 + "…"]
    assert shown(section) == [
        ["accuracy", "0.5000", "0.2500 to 0.7500", "1.0000"],
        ["Matthews correlation", "not defined", "", ""],
        ["training seconds", "1,234.6", "", "1,234.6"],
        ["texts per second", "", "", ""],
        ["MB on disk", "0.0", "", "0.0"],
    ]
    assert [cell.kind for cell in section.rows[0]] == ["", "number", "number", "number"]
    assert html.metrics_section({"mine": {"accuracy": 0.5}}, {}).columns == ["metric", "mine"]


BINS = [Bin(confidence=0.5, accuracy=0.4, rows=10)]
METRICS = {"accuracy": 0.875, "mean_confidence": 0.8768, "ece": 0.0321, "ece_expected": 0.0123}


def test_the_confidence_is_compared_with_the_accuracy_and_with_that_before() -> None:
    told = calibration(reliability=BINS, temperature=1.5, note="why", before=before_calibration(reliability=BINS))
    section = html.confidence_section(evaluate_result(metrics=METRICS, calibration=told))
    assert section.notes == [
        "Mean confidence 0.877 at an accuracy of 0.875; calibration error 0.0321, "
        "where a perfectly calibrated model would show 0.0123 by chance.",
        "Before calibration (temperature 1.5): mean confidence 0.988, calibration error 0.1234.",
        "Not calibrated: why.",
    ]
    assert "after calibration" in str(section.picture)


def test_what_a_stored_threshold_does_is_said_if_it_answers_anything() -> None:
    result = evaluate_result(calibration=calibration(risk_coverage=[(0.5, 0.0), (1.0, 0.2)]), abstention=abstention())
    [section] = html.selective_section(result)
    assert section.notes == [
        "At the stored threshold of 0.6250 the model answers 75.0% of these texts, 90.00% of them correctly "
        "(95 % interval 81.25% to 95.00%)."
    ]
    nothing = result.model_copy(update={"abstention": abstention(accuracy=None, accuracy_interval=None)})
    assert html.selective_section(nothing)[0].notes == []


def test_classes_have_their_metrics_and_a_matrix_if_there_is_one() -> None:
    classes = {"good": class_metrics(), "<absent>": class_metrics(precision=None, recall=None, f1=None, rows=1000)}
    section, matrix = html.classes_sections(classes, [[1, 2], [3, 4]])
    assert shown(section) == [
        ["good", "0.5000", "0.2500", "0.1250", "3"],
        ["<absent>", "not defined", "not defined", "not defined", "1,000"],
    ]
    assert (matrix.title, "<svg" in str(matrix.picture)) == ("Confusion matrix", True)


def test_errors_are_listed_or_said_to_be_none() -> None:
    error = WrongAnswer(row=3, text="x" * 500, label="good", predicted="bad", confidence=0.98765)
    section = html.errors_section([error])
    assert shown(section) == [["x" * 399 + "…", "good", "bad", "0.9877"]]
    assert section.rows[0][0].kind == "text"
    assert section.notes == ["Highest confidence first. Some of them may be wrong labels."]
    assert html.errors_section([]).notes == ["There are none."]


def test_labels_that_look_wrong_are_listed_with_how_they_were_judged() -> None:
    values: dict[str, Any] = {"split": "train", "row": 3, "label": "good", "suggested_label": "bad", "text": "awful"}
    issue = LabelIssue(**values, margin=-0.51, confidence_in_label=0.1)
    [section] = html.issues_section([issue], judged_unseen=True)
    assert shown(section) == [["awful", "good", "bad", "-0.5100"]]
    assert section.notes == ["Judged by models that did not see the text in training, most likely errors first."]
    [unknown] = html.issues_section([issue], judged_unseen=False)
    assert unknown.notes == ["Most likely errors first. Whether the model saw these texts in training is unknown."]
    assert html.issues_section([], judged_unseen=True) == []


def test_differences_have_signs_intervals_and_what_only_one_model_gets_right() -> None:
    section = html.differences_section(
        [comparison(won=1234, p_value=0.012345), comparison(baseline="old", gates=False, difference=-0.5)]
    )
    assert shown(section) == [
        ["tfidf", "+0.1250", "+0.0625 to +0.1875", "better", "1,234 / 1", "0.0123"],
        ["old (shown only)", "-0.5000", "+0.0625 to +0.1875", "better", "5 / 1", "0.01"],
    ]
    assert html.differences_section([]).picture is None


def test_metrics_without_leaked_rows_are_shown_only_for_models_that_have_them() -> None:
    leaks = {"mine": {"accuracy": 0.5}, "old": None}
    [section] = html.leaks_section(compare_result(leaked_rows=1234, without_leaks=leaks))
    assert section.columns == ["metric", "mine"]
    assert shown(section) == [["accuracy", "0.5000"]]
    assert section.notes == ["1,234 of the texts were in the training data of one of the models."]
    assert html.leaks_section(compare_result(leaked_rows=0, without_leaks={"mine": None})) == []


def test_texts_that_one_model_alone_gets_right_are_listed_for_each_baseline() -> None:
    flips = {"tfidf": Flips(won=[example()], lost=[]), "old": Flips(won=[], lost=[example("a dull one", "bad")])}
    won, lost = html.flips_sections(flips)
    assert won.title == "Only the candidate is right (against tfidf)"
    assert won.columns == ["text", "label", "candidate", "tfidf"]
    assert shown(won) == [["a fine film", "good", "good 0.750", "bad 0.500"]]
    assert (lost.title, shown(lost)[0][:2]) == ("Only old is right", ["a dull one", "bad"])


def test_the_audit_lists_what_was_found_and_nothing_that_was_not() -> None:
    audit = Audit(
        rows={"train": 1000, "test": 20}, duplicates={"train": 3, "test": 0}, near_duplicates={"test": 4},
        leaks={"train_in_test": 5}, dropped={"no_label": 6}, conflicting=7,
    )  # fmt: skip
    [section] = html.audit_section(audit)
    assert shown(section) == [
        ["train rows", "1,000"],
        ["test rows", "20"],
        ["duplicates in train", "3"],
        ["near duplicates in test", "4"],
        ["leaks: train in test", "5"],
        ["dropped: no label", "6"],
        ["texts with two labels", "7"],
    ]
    assert html.audit_section(Audit()) == []
    assert len(html.audit_section(Audit(rows={"test": 1}))[0].rows) == 1


def test_a_fitted_temperature_is_told_with_its_effect() -> None:
    before = {"mean_confidence": 0.95, "ece": 0.12}
    after = {"mean_confidence": 0.9, "accuracy": 0.88, "ece": 0.02, "ece_expected": 0.01}
    record = ModelRecord(
        schema_version=1, calibration=CalibrationRecord(value=1.5, rows=1000, before=before, after=after)
    )
    said = (
        "Temperature 1.5, fitted on 1,000 validation texts: mean confidence 0.950 became 0.900 at an accuracy of 0.880; "
        "calibration error 0.1200 became 0.0200 (0.0100 by chance)."
    )
    assert f"<p>{said}</p>" in html.training_page(train_result(), record, [], Audit())
    few = ModelRecord(schema_version=1, calibration=CalibrationRecord(reason="too few rows"))
    assert "<p>Not calibrated: too few rows.</p>" in html.training_page(train_result(), few, [], Audit())
