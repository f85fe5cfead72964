"""The page is whole by itself, and nothing foreign in it is active."""

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest

from clf.outcomes.comparison import CompareResult, Rule
from clf.outcomes.evaluation import LengthGroup
from clf.reports import charts
from clf.reports.junit import junit_xml
from clf.reports.label_issues import inert
from conftest import FAST, RunClf, write_csv

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
        assert "49" not in re.findall(r"\{\{.{0,20}", pages[name])
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


def test_pictures_take_the_colour_of_the_page_and_are_the_same_each_time() -> None:
    groups = [LengthGroup.model_validate({"from": 1, "to": 9, "rows": 4, "accuracy": 0.5, "interval": (0.4, 0.6)})]
    first, second = charts.by_length(groups), charts.by_length(groups)
    assert first == second
    assert "currentColor" in first
    assert charts.INK not in first
    assert "<?xml" not in first
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", first)


def test_many_classes_make_no_confusion_matrix() -> None:
    assert charts.confusion([[1] * 31] * 31, [str(number) for number in range(31)]) is None


def test_a_rule_that_is_undecided_was_skipped() -> None:
    rules = [
        Rule.model_validate({"name": name, "outcome": name, "message": "why \x00"})
        for name in ("passed", "failed", "inconclusive")
    ]
    result = CompareResult.model_construct(model="m", dataset="d", split="test", rules=rules)
    suite = ET.fromstring(junit_xml(result))[0]
    assert [suite.get(name) for name in ("tests", "failures", "skipped")] == ["3", "1", "1"]
    assert [child.tag for case in suite for child in case if child.tag != "system-out"] == ["failure", "skipped"]


@pytest.mark.parametrize("cell", ["=1+1", "+x", "-x", "@x", "  =x", "\xa0=1", "\n=1", "'=1", "\uff1d1"])
def test_a_formula_in_a_file_for_spreadsheets_is_text(cell: str) -> None:
    assert inert(cell) == f"'{cell}"
    assert (inert("a=b"), inert(-1.5), inert("-1"), inert("a\x1b[0m")) == ("a=b", -1.5, "-1", "a\\x1b[0m")
