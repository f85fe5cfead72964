"""The gate as JUnit XML: one test case per rule, for the test view of a CI system."""

from xml.etree import ElementTree as xml

from clf.outcomes.comparison import CompareResult
from clf.safety import one_line


def junit_xml(result: CompareResult) -> str:
    """Return one test suite: a failed rule is a failure, an inconclusive rule is skipped."""
    rules = result.rules
    counts = {outcome: sum(rule.outcome == outcome for rule in rules) for outcome in ("failed", "inconclusive")}
    suite = xml.Element(
        "testsuite",
        name=one_line(f"clf compare {result.model} on {result.dataset} {result.split}"),
        tests=str(len(rules)),
        failures=str(counts["failed"]),
        skipped=str(counts["inconclusive"]),
        errors="0",
    )
    for rule in rules:
        case = xml.SubElement(suite, "testcase", classname="clf.compare", name=one_line(rule.name))
        if rule.outcome != "passed":
            kind = "failure" if rule.outcome == "failed" else "skipped"
            xml.SubElement(case, kind, message=one_line(rule.message))
        xml.SubElement(case, "system-out").text = one_line(rule.message)
    root = xml.Element("testsuites")
    root.append(suite)
    xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + xml.tostring(root, encoding="unicode") + "\n"
