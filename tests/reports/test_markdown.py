"""Markdown reports hold the numbers, and foreign strings stay text."""

import pytest

from clf.outcomes.base import Cost
from clf.outcomes.comparison import Rule
from clf.reports.markdown import (
    comparison_report,
    confusion_table,
    escape,
    evaluation_columns,
    evaluation_report,
    metrics_table,
    table_heads,
    table_rows,
)
from support.outcomes import (
    abstention,
    before_calibration,
    calibration,
    class_metrics,
    compare_labels_result,
    compare_result,
    comparison,
    evaluate_result,
    example,
    set_example,
)


def test_a_column_for_each_model() -> None:
    table = metrics_table({"a": {"accuracy": 0.5}, "b": {"accuracy": 0.25, "ece": 0.1}})
    assert table.splitlines()[0] == "| metric | a | b |"
    assert "| accuracy | 0.5000 | 0.2500 |" in table
    assert "| calibration error |  | 0.1000 |" in table


def test_foreign_strings_stay_text() -> None:
    assert escape("a|b <script> *x* [l](u)\n# h") == "a\\|b &lt;script&gt; \\*x\\* \\[l\\](u) \\# h"
    assert "&lt;img&gt;" in confusion_table([[1]], ["<img>"])


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a\\b", "a\\\\b"),
        ("`x`", "\\`x\\`"),
        ("a_b", "a\\_b"),
        ("&lt;", "&amp;lt;"),
        ("@someone", "&#64;someone"),
        ("$x$", "&#36;x&#36;"),
        ("http://host", "http:&#47;&#47;host"),
        ("~~~", "\\~\\~\\~"),
        ("- x", "\\- x"),
        ("+ x", "\\+ x"),
        ("===", "\\==="),
        ("1. x", "1\\. x"),
        ("12) x", "12\\) x"),
        ("1.5 - x", "1\\.5 - x"),
        ("www.evil.example", "www&#46;evil.example"),
        ("</details><!-- x -->", "&lt;/details&gt;&lt;!-- x --&gt;"),
        ("a\x1b\u202eb", "a\\\\x1b\\\\u202eb"),
    ],
)
def test_nothing_in_a_text_becomes_a_mark_a_mention_or_a_link(text: str, escaped: str) -> None:
    assert escape(text) == escaped


# --- tables -------------------------------------------------------------------------------------------------


def test_metrics_are_in_the_order_of_the_table_and_those_that_nobody_has_are_left_out() -> None:
    columns = {"a": {"ece": 0.1, "accuracy": 0.5, "micro_f1": 0.5}, "b": {"mcc": None}}
    assert table_rows(columns) == [
        ["accuracy", "0.5000", ""],
        ["Matthews correlation", "", "not defined"],
        ["calibration error", "0.1000", ""],
    ]


def test_intervals_stand_beside_the_first_column_and_costs_below_all() -> None:
    columns = {"a": {"accuracy": 0.5, "ece": 0.1}, "b": {"accuracy": 1.0}}
    costs = {
        "a": Cost(train_seconds=1234.56, texts_per_second=None, megabytes=0.0),
        "b": Cost(train_seconds=None, texts_per_second=7.25, megabytes=9.96),
    }
    intervals = {"accuracy": (0.25, 0.75)}
    assert table_heads(columns, intervals) == ["metric", "a", "95 % interval", "b"]
    assert table_heads(columns) == table_heads(columns, {}) == ["metric", "a", "b"]
    assert table_rows(columns, costs, intervals) == [
        ["accuracy", "0.5000", "0.2500 to 0.7500", "1.0000"],
        ["calibration error", "0.1000", "", ""],
        ["training seconds", "1,234.6", "", ""],
        ["texts per second", "", "", "7.2"],
        ["MB on disk", "0.0", "", "10.0"],
    ]
    assert table_rows(columns, costs)[2:] == [
        ["training seconds", "1,234.6", ""],
        ["texts per second", "", "7.2"],
        ["MB on disk", "0.0", "10.0"],
    ]


def test_a_table_has_as_many_cells_in_each_line_as_heads_and_escapes_them() -> None:
    lines = metrics_table({"a|b": {"accuracy": 0.5}}, intervals={"accuracy": (0.25, 0.75)}).splitlines()
    assert lines == [
        "| metric | a\\|b | 95 % interval |",
        "|---|---|---|",
        "| accuracy | 0.5000 | 0.2500 to 0.7500 |",
    ]


def test_a_confusion_matrix_has_true_classes_in_rows() -> None:
    assert confusion_table([[1, 2], [3, 4]], ["a", "*b"]).splitlines() == [
        "| | a | \\*b |",
        "|---|---|---|",
        "| **a** | 1 | 2 |",
        "| **\\*b** | 3 | 4 |",
    ]


def test_a_confusion_matrix_of_very_many_classes_is_not_written_twice() -> None:
    names = [str(number) for number in range(101)]
    assert len(confusion_table([[1] * 100] * 100, names[:100]).splitlines()) == 102
    assert confusion_table([[1] * 101] * 101, names) == (
        "For 101 classes it is too large to read here: see `confusion_matrix` in `metrics.json`."
    )


# --- reports ------------------------------------------------------------------------------------------------


def test_an_evaluation_has_columns_for_what_was_asked() -> None:
    assert list(evaluation_columns(evaluate_result())) == ["test"]
    asked = evaluate_result(without_leaks={"accuracy": 0.25}, positive_class=class_metrics(recall=None))
    assert evaluation_columns(asked) == {
        "test": asked.metrics,
        "without leaked rows": {"accuracy": 0.25},
        "the positive class": {"macro_precision": 0.5, "macro_recall": None, "macro_f1": 0.125},
    }


def test_the_report_of_an_evaluation_is_complete() -> None:
    assert evaluation_report(evaluate_result(model="mine*")).splitlines() == [
        "# mine\\* on reviews, test",
        "",
        "40 texts.",
        "",
        "| metric | test | 95 % interval |",
        "|---|---|---|",
        "| accuracy | 0.8750 | 0.7500 to 0.9375 |",
        "| mean confidence | 0.8768 |  |",
        "| calibration error | 0.0321 |  |",
        "",
        "",
        "| class | precision | recall | F1 | rows |",
        "|---|---|---|---|---|",
        "| good | 0.5000 | 0.2500 | 0.1250 | 3 |",
        "| bad | not defined | 0.2500 | 0.1250 | 4 |",
        "",
        "Confusion matrix (rows: true class, columns: predicted class)",
        "",
        "| | good | bad |",
        "|---|---|---|",
        "| **good** | 17 | 3 |",
        "| **bad** | 2 | 18 |",
    ]


def test_the_report_says_what_calibration_and_the_threshold_did() -> None:
    told = calibration(temperature=1.5, note="too <few>", before=before_calibration())
    report = evaluation_report(evaluate_result(calibration=told, abstention=abstention())).splitlines()
    assert report[10:13] == [
        "Not calibrated: too &lt;few&gt;.",
        "Before calibration (temperature 1.5): mean confidence 0.9876, calibration error 0.1234.",
        "Above a confidence of 0.6250 the model answers 75.0% of the texts, 90.00% of them correctly "
        "(95 % interval 81.25% to 95.00%).",
    ]
    nothing = evaluate_result(abstention=abstention(accuracy=None, accuracy_interval=None))
    assert "Above a confidence" not in evaluation_report(nothing)
    assert "No text reaches a confidence of 0.6250: the model answers none of them." in evaluation_report(nothing)


def test_the_report_of_a_comparison_is_complete() -> None:
    old = comparison(baseline="o_d", metric="accuracy", difference=-0.5, interval=(-0.75, -0.25), verdict="worse",
                     gates=False, p_value=0.0123456)  # fmt: skip
    result = compare_result(
        comparisons=[comparison(), old], advice=["more <data>"], summary="it is *better*",
        rules=[Rule(name="a|b", outcome="failed", message="it is <2>")],
    )  # fmt: skip
    lines = comparison_report(result).splitlines()
    assert lines[:3] == ["# mine compared on reviews, test", "", "40 texts. **it is \\*better\\***"]
    assert lines[4:10] == [
        "| metric | mine | 95 % interval | tfidf |",
        "|---|---|---|---|",
        "| accuracy | 0.8750 | 0.7500 to 0.9375 | 0.7500 |",
        "| training seconds | 12.5 |  |  |",
        "| texts per second |  |  |  |",
        "| MB on disk | 255.4 |  |  |",
    ]
    assert lines[10:] == [
        "",
        "| against | difference in F1 (macro) and accuracy | 95 % interval | verdict | McNemar p |",
        "|---|---|---|---|---|",
        "| tfidf | +0.1250 | +0.0625 to +0.1875 | better | 0.01 |",
        "| o\\_d (shown only) | -0.5000 | -0.7500 to -0.2500 | worse | 0.0123 |",
        "",
        "| rule | outcome | found |",
        "|---|---|---|",
        "| a\\|b | failed | it is &lt;2&gt; |",
        "",
        "- try more &lt;data&gt;",
    ]


def test_the_report_of_a_comparison_shows_the_metrics_without_leaked_rows() -> None:
    leaks = {"mine": {"accuracy": 0.25}, "tfidf": None}
    report = comparison_report(compare_result(leaked_rows=5, without_leaks=leaks))
    table = "| metric | mine |\n|---|---|\n| accuracy | 0.2500 |\n"
    assert f"Without 5 rows that were in training data:\n\n{table}" in report
    assert "Without" not in comparison_report(compare_result(leaked_rows=0, without_leaks={"mine": None}))


def test_without_a_baseline_there_is_a_metric_to_compare_all_the_same() -> None:
    report = comparison_report(compare_result(comparisons=[], baselines={}))
    assert "| against | difference in metric | 95 % interval | verdict | McNemar p |" in report


def test_the_report_of_a_comparison_ends_with_the_examples() -> None:
    lines = comparison_report(compare_result(examples=[example(text="a <fine> film")])).splitlines()
    assert lines[-3:] == [
        "| text | label | mine | tfidf |",
        "|---|---|---|---|",
        "| a &lt;fine&gt; film | good | good 0.750 | bad 0.500 |",
    ]


def test_with_several_labels_each_label_has_its_metrics_and_what_one_model_alone_gets_right() -> None:
    lines = comparison_report(compare_labels_result(examples=[set_example()])).splitlines()
    head = next(number for number, line in enumerate(lines) if line.startswith("| label | rows | threshold |"))
    assert lines[head].endswith("| Brier skill | only candidate / only tfidf right |")
    assert lines[head + 2].startswith("| acting | 30 | 0.3750 | 0.5000 | 0.2500 | 0.1250 |")
    assert [line.rsplit("|", 2)[1] for line in lines[head + 2 : head + 4]] == [" 7 / 2 ", " 0 / 0 "]
    assert lines[-1] == "| a fine cast | acting | acting \\| plot 0.750 | (no label) 0.500 |"
