"""The page of `clf compare`."""

import re

from clf.outcomes.comparison import Flips, LabelFlips, Rule
from clf.outcomes.preparation import Audit
from clf.reports.page import comparison as page
from clf.reports.page.parts import Table, Track
from support.outcomes import compare_labels_result, compare_result, comparison, example


def shown(table: Table) -> list[list[str]]:
    return [[cell.shown for cell in row] for row in table.rows]


def test_the_page_has_its_verdict_rules_and_advice() -> None:
    rules = [
        Rule(name="a < b", outcome="failed", message="it is 2"),
        Rule(name="c", outcome="passed", message="it is 3"),
    ]
    made = page.comparison_page(
        compare_result(
            comparisons=[], rules=rules, gate="failed", advice=["more epochs", "texts"], next=["clf", "train"]
        ),
        Audit(rows={"test": 40}),
    )
    assert re.findall(r'<h2 id="h\d+">(.*?)</h2>', made) == [
        "Rules of the gate",
        "Metrics",
        "Classes",
        "Audit of the data",
    ]
    assert '<p class="lead">Gate failed: 1 of 2 rules met.</p>\n<p>a &lt; b: it is 2.</p>\n</div>' in made
    assert "<li>Try more epochs.</li>\n<li>Try texts.</li>\n<li>Next: <code>clf train</code></li>" in made
    assert '<h1 dir="auto">mine compared on reviews, test</h1>' in made
    assert "40 texts" in made


def test_the_figures_are_those_that_decide() -> None:
    passed = page.comparison_cards(compare_result(candidate={"accuracy": 0.875, "macro_f1": 0.75}))
    assert (passed.verdict, passed.tone) == ("Mine is better than tfidf", "good")
    assert [(figure.name, figure.shown) for figure in passed.figures] == [
        ("F1 (macro)", "0.750"), ("difference", "+0.125"), ("accuracy", "0.875"),
    ]  # fmt: skip
    close = comparison(baseline="old", interval=(-0.125, 0.25), difference=0.0625, verdict="inconclusive")
    shown_only = comparison(baseline="far", interval=(-0.5, 0.0), gates=False)
    nearest = page.comparison_cards(compare_result(comparisons=[comparison(), close, shown_only])).figures[0]
    assert nearest.below == ["from “old”: inconclusive", "95 % interval -0.125 to +0.250"]


def test_differences_have_signs_intervals_and_what_only_one_model_gets_right() -> None:
    section = page.differences_section(
        [
            comparison(won=1234, p_value=0.012345),
            comparison(baseline="old", gates=False, difference=-0.5, interval=(-0.75, 0.0)),
        ]
    )
    [table] = section.tables
    assert shown(table) == [
        ["tfidf", "+0.1250", "+0.0625 to +0.1875", "better", "1,234 / 1", "0.0123"],
        ["old (shown only)", "-0.5000", "-0.7500 to +0.0000", "better", "5 / 1", "0.01"],
    ]
    assert table.rows[1][1].track == Track(0.0, 0.5, [0.5], "good")
    assert section.notes == ["In F1 (macro). The bar is the interval, the mark no difference."]
    assert page.differences_section([]).notes == []


def test_metrics_without_leaked_rows_are_folded_and_only_for_models_that_have_them() -> None:
    leaks = {"mine": {"accuracy": 0.5}, "old": None}
    _, table = page.metrics_section(compare_result(leaked_rows=1234, without_leaks=leaks)).tables
    assert (table.columns, shown(table)) == (["metric", "mine"], [["accuracy", "0.5000"]])
    assert table.fold == "Without the 1,234 texts that were in the training data of one of the models"
    assert len(page.metrics_section(compare_result(leaked_rows=0, without_leaks={"mine": None})).tables) == 1


def test_labels_show_on_how_many_texts_only_one_model_decides_them_rightly() -> None:
    flips = {"plot": LabelFlips(won=1, lost=2), "acting": LabelFlips(won=8, lost=2), "music": LabelFlips(won=0, lost=0)}
    [section] = page.label_flips_section({"tfidf": flips, "old": flips})
    first, second = section.tables
    assert shown(first) == [["acting", "8", "2"], ["plot", "1", "2"]]
    assert (first.fold, second.fold) == (None, "Against “old”")
    assert first.rows[0][2].track == Track(0.0, 0.25, tone="bad")
    assert page.label_flips_section({"tfidf": {"plot": LabelFlips(won=0, lost=0)}}) == []


def test_several_labels_are_compared_on_a_page_with_its_labels_and_what_was_fitted_here() -> None:
    flips = {"tfidf": {"plot": LabelFlips(won=1, lost=2)}}
    result = compare_labels_result(label_flips=flips, thresholds_fitted_here=True)
    made = page.comparison_page(result, Audit())
    assert re.findall(r'<h2 id="h\d+">(.*?)</h2>', made)[2:4] == ["Labels", "Labels that only one model gets right"]
    assert page.FITTED_HERE in made


def test_texts_that_one_model_alone_gets_right_are_folded_for_each_baseline() -> None:
    flips = {"tfidf": Flips(won=[example()], lost=[]), "old": Flips(won=[], lost=[example("a dull one", "bad")])}
    [section] = page.flips_section(flips)
    tables = [table for table in section.tables if table.rows]
    assert [table.fold for table in tables] == [
        "Only the candidate is right, against “tfidf”: 1 shown", "Only “old” is right, against the candidate: 1 shown",
    ]  # fmt: skip
    assert tables[0].columns == ["text", "label", "candidate", "confidence", "tfidf", "confidence"]
    assert shown(tables[0]) == [["a fine film", "good", "good", "0.750", "bad", "0.500"]]
    assert page.flips_section({"tfidf": Flips(won=[], lost=[])}) == []


def test_rules_call_metrics_what_the_tables_call_them() -> None:
    rules = [
        Rule(name="macro_f1 at least 0.8", outcome="failed", message="it is 0.7000"),
        Rule(name="ece at most 0.1", outcome="passed", message="it is 0.0500"),
        Rule(name="recall of macro_f1 at least 0.5", outcome="passed", message="it is 0.6000"),
        Rule(name="better than tfidf", outcome="failed", message="worse: micro_f1 differs by -0.1000, 95 % interval"),
    ]
    [table] = page.rules_section(compare_labels_result(rules=rules)).tables
    assert [(row[0], row[2]) for row in shown(table)] == [
        ("F1 (macro) at least 0.8", "it is 0.7000"),
        ("calibration error at most 0.1", "it is 0.0500"),
        ("recall of macro_f1 at least 0.5", "it is 0.6000"),
        ("better than tfidf", "worse: F1 (micro) differs by -0.1000, 95 % interval"),
    ]
    unmet = page.comparison_cards(compare_labels_result(rules=rules, gate="failed")).reasons
    assert unmet[0] == "F1 (macro) at least 0.8: it is 0.7000."
    [note] = page.differences_section([comparison(metric="micro_f1")]).notes
    assert note.startswith("In F1 (micro).")
