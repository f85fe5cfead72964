"""The gate as JUnit XML: a test case for each rule, with its outcome and what was found."""

import xml.etree.ElementTree as ET

from clf.outcomes.comparison import CompareResult, LabelFlips, Rule
from clf.reports.junit import junit_xml
from support.outcomes import compare_labels_result


def result(*rules: tuple[str, str, str], model: str = "m") -> CompareResult:
    made = [Rule.model_validate(dict(zip(("name", "outcome", "message"), rule, strict=True))) for rule in rules]
    return CompareResult.model_construct(model=model, dataset="d", split="test", rules=made)


def test_a_rule_that_is_undecided_was_skipped() -> None:
    rules = [
        Rule.model_validate({"name": name, "outcome": name, "message": "why \x00"})
        for name in ("passed", "failed", "inconclusive")
    ]
    result = CompareResult.model_construct(model="m", dataset="d", split="test", rules=rules)
    suite = ET.fromstring(junit_xml(result))[0]
    assert [suite.get(name) for name in ("tests", "failures", "skipped")] == ["3", "1", "1"]
    assert [child.tag for case in suite for child in case if child.tag != "system-out"] == ["failure", "skipped"]


def test_each_case_names_its_rule_and_says_what_was_found() -> None:
    text = junit_xml(result(("a at least 1", "passed", "it is 2"), ("b & c", "failed", "<worse>")))
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n')
    assert text.endswith("</testsuites>\n")
    [suite] = ET.fromstring(text)
    assert suite.attrib == {
        "name": "clf compare m on d test", "tests": "2", "failures": "1", "skipped": "0", "errors": "0",
    }  # fmt: skip
    assert [case.attrib for case in suite] == [
        {"classname": "clf.compare", "name": "a at least 1"},
        {"classname": "clf.compare", "name": "b & c"},
    ]
    assert [case.findtext("system-out") for case in suite] == ["it is 2", "<worse>"]
    assert suite[0].find("failure") is None
    assert suite[1].find("failure").attrib == {"message": "<worse>"}  # type: ignore[union-attr]


def test_characters_that_xml_does_not_allow_become_visible_on_one_line() -> None:
    [suite] = ET.fromstring(junit_xml(result(("r\x0b\n1", "inconclusive", "w\ufffe"), model="m\x00]]>")))
    assert suite.get("name") == "clf compare m\\x00]]> on d test"
    assert suite[0].get("name") == "r\\x0b 1"
    assert suite[0].find("skipped").get("message") == "w\\ufffe"  # type: ignore[union-attr]


def test_a_gate_without_rules_is_an_empty_suite() -> None:
    [suite] = ET.fromstring(junit_xml(result()))
    assert (suite.get("tests"), len(suite)) == ("0", 0)


def test_with_several_labels_the_rule_for_a_baseline_tells_which_labels_made_the_difference() -> None:
    rules = [Rule(name="better than tfidf", outcome="passed", message="better"),
             Rule(name="macro_f1 at least 0.5", outcome="passed", message="it is 0.8750")]  # fmt: skip
    [suite] = ET.fromstring(junit_xml(compare_labels_result(rules=rules)))
    assert [case.findtext("system-out") for case in suite] == [
        "better\nacting: only the candidate is right 7 times, only tfidf 2 times",
        "it is 0.8750",
    ]


def test_a_label_that_one_model_alone_decides_rightly_for_one_text_is_right_once() -> None:
    rules = [Rule(name="better than tfidf", outcome="passed", message="better")]
    flips = {"tfidf": {"acting": LabelFlips(won=1, lost=0)}}
    [suite] = ET.fromstring(junit_xml(compare_labels_result(rules=rules, label_flips=flips)))
    assert suite[0].findtext("system-out") == "better\nacting: only the candidate is right once, only tfidf 0 times"
