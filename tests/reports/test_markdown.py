"""Markdown reports hold the numbers, and foreign strings stay text."""

from clf.reports.markdown import confusion_table, escape, metrics_table


def test_a_column_for_each_model() -> None:
    table = metrics_table({"a": {"accuracy": 0.5}, "b": {"accuracy": 0.25, "ece": 0.1}})
    assert table.splitlines()[0] == "| metric | a | b |"
    assert "| accuracy | 0.5000 | 0.2500 |" in table
    assert "| calibration error |  | 0.1000 |" in table


def test_foreign_strings_stay_text() -> None:
    assert escape("a|b <script> *x* [l](u)\n# h") == "a\\|b &lt;script&gt; \\*x\\* \\[l\\](u) \\# h"
    assert "&lt;img&gt;" in confusion_table([[1]], ["<img>"])
