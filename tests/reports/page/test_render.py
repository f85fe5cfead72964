"""The page is whole by itself, and nothing foreign in it is active."""

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest

from clf import __version__
from clf.outcomes.base import Cost
from clf.outcomes.comparison import Flips, Rule
from clf.outcomes.preparation import Audit
from clf.reports.page.comparison import comparison_page
from clf.reports.page.evaluation import evaluation_page
from clf.reports.page.parts import Cards, Cell, Figure, Page, Section, Table, Track
from clf.reports.page.render import render
from conftest import FAST, RunClf, write_csv
from support.outcomes import (
    class_metrics,
    compare_result,
    comparison,
    evaluate_labels_result,
    example,
    label_metrics,
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


def test_nothing_foreign_is_active_and_all_parts_are_there(pages: dict[str, str]) -> None:
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
    parts_are_there(pages)


def parts_are_there(pages: dict[str, str]) -> None:
    for part in ("reliability diagram", "risk and coverage", "Confusion matrix", "accuracy by text length", "Worst errors",
                 "Precision and recall of each class", "Audit of the data", "Verdict", "What to do next"):  # fmt: skip
        assert part in pages["evaluate.html"], part
    for part in ("Rules of the gate", "Differences from the baselines", "MB on disk", "is right", "verdict"):
        assert part in pages["compare.html"], part


# --- one page -----------------------------------------------------------------------------------------------

ACTIVE = {"script", "img", "iframe", "link", "object", "embed", "form", "input", "base"}


def titles(page: str) -> list[str]:
    return re.findall(r'<h2 id="h\d+">(.*?)</h2>', page)


def tags(page: str) -> list[tuple[str, dict[str, str | None]]]:
    reader = Tags()
    reader.feed(page)
    return reader.found


def simple(*sections: Section, cards: Cards | None = None, title: str = "title") -> Page:
    return Page(title, "subtitle", cards or Cards("verdict"), sections)


def test_a_page_escapes_its_parts_and_leaves_out_sections_that_are_empty() -> None:
    rows = Table("<caption>", ["<a>", "n"], [[Cell("<td>"), Cell("<1", "number")]])
    sections = [
        Section("Nothing", tables=[Table("a", ["a"], [])]),
        Section("Notes & more", ["<i>note</i>"]),
        Section("Rows", tables=[rows]),
    ]
    cards = Cards("why\nnot & so", "bad", ["<b>reason"], [Figure("<f>", "<1>", ["<2>"])], ["<step>"])
    page = render(simple(*sections, cards=cards, title="a\n<title>\x1b"))
    assert page.startswith('<!doctype html>\n<html lang="en">\n<head>\n<meta name="generator" content="clf')
    assert "<title>a &lt;title&gt;\\x1b</title>" in page
    assert (
        '<div class="card verdict bad">\n<h2>Verdict</h2>\n<p class="lead">why not &amp; so</p>\n<p>&lt;b&gt;reason</p>'
        in page
    )
    assert '<h2>&lt;f&gt;</h2>\n<p class="big">&lt;1&gt;</p>' in page
    assert "<li>&lt;step&gt;</li>" in page
    assert titles(page) == ["Notes &amp; more", "Rows"]
    assert re.findall(r'<a href="#(s\d)">', page) == re.findall(r'<section id="(s\d)"', page) == ["s1", "s2"]
    assert "<p>&lt;i&gt;note&lt;/i&gt;</p>" in page
    assert '<tr><td class="word" dir="auto">&lt;td&gt;</td><td>&lt;1</td></tr>' in page
    assert '<th scope="col">&lt;a&gt;</th><th scope="col" class="number">n</th>' in page
    assert "<caption>&lt;caption&gt;</caption>" in page
    assert f"clf {__version__}</footer>" in page


def test_names_in_sentences_keep_to_themselves_and_commands_look_so() -> None:
    page = render(simple(cards=Cards("“<a>” (3) and “b, run `clf <x>`")))
    assert "<bdi>“&lt;a&gt;”</bdi> (3) and “b, run <code>clf &lt;x&gt;</code>" in page


def test_words_are_explained_on_hover_and_in_a_list_that_is_printed() -> None:
    page = render(
        simple(Section("s", tables=[Table("t", ["metric", "F1"], [[Cell("accuracy", "term"), Cell("1", "number")]])]))
    )
    assert (
        '<th scope="row"><abbr title="The share of texts whose predicted label is right.">accuracy</abbr></th>' in page
    )
    assert "<dt>accuracy</dt><dd>The share of texts whose predicted label is right.</dd>" in page
    assert page.count("<dt>") == 2
    assert "What the words mean" not in render(simple())


def test_bars_and_folds_have_words_too() -> None:
    table = Table(
        "t", ["label", "F1"], [[Cell("a", "name"), Cell("0.5", "number", Track(0, 0.5, [0.25]))]], fold="3 “more”"
    )
    page = render(simple(Section("s", tables=[table])))
    assert "<details><summary>3 <bdi>“more”</bdi></summary>" in page
    assert '<th scope="row" class="name" dir="auto">a</th>' in page
    assert (
        '0.5<span class="track" aria-hidden="true"><span class="one" style="left:0.0%;width:50.0%"></span><i style="left:25.0%"></i></span>'
        in page
    )


def test_headings_landmarks_and_tables_guide_a_screen_reader() -> None:
    page = render(simple(Section("s", tables=[Table("t", ["a"], [[Cell("b")]])])))
    found = [tag for tag, _ in tags(page)]
    assert [found.count(tag) for tag in ("h1", "header", "main", "nav", "footer")] == [1] * 5
    for tag, attributes in tags(page):
        if tag == "nav" or attributes.get("tabindex"):
            assert attributes.get("aria-label"), tag
        if tag == "th":
            assert attributes.get("scope") in {"col", "row"}


def test_no_name_or_message_becomes_active() -> None:
    hostile = (
        "\u202e</th></bdi>“</style><script>x</script>” `<a href='javascript:x' onclick=x>`\x1b[2J hf_abcdefghijklmnop"
    )
    rule = Rule(name=hostile, outcome="failed", message=hostile)
    flips = Flips(won=[example(hostile, hostile)], lost=[example(hostile)])
    result = compare_result(
        model=hostile, dataset=hostile, baselines={hostile: {"accuracy": 0.5}}, rules=[rule], summary=hostile,
        costs={hostile: Cost(train_seconds=None, texts_per_second=None, megabytes=None)}, gate="failed",
        comparisons=[comparison(baseline=hostile)], advice=[hostile], flips={hostile: flips},
        per_class={hostile: class_metrics()}, output_dir=hostile, next=[hostile],
    )  # fmt: skip
    of_labels = evaluate_labels_result(
        model=hostile, per_label={hostile: label_metrics(), "b": label_metrics()}, output_dir=hostile
    )
    audit = Audit(rows={"test": 4}, dropped={hostile: 2})
    for page in (comparison_page(result, audit), evaluation_page(of_labels, [], audit)):
        assert not ACTIVE & {tag for tag, _ in tags(page)}
        assert {tag for tag, _ in tags(page)} >= {"table", "bdi"}
        assert not any(name.startswith("on") or ("javascript" in (value or "") and name != "aria-label")
                       for _, attributes in tags(page) for name, value in attributes.items())  # fmt: skip
        assert page.count("</style>") == 1
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page)
        assert "hf_abc" not in page
        assert "base-uri 'none'" in page
