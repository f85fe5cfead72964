"""The gate as JUnit XML: one test case per rule, for the test view of a CI system."""

from xml.etree import ElementTree as xml

from clf.outcomes.comparison import AnyComparison, CompareLabelsResult, most_changed
from clf.safety import one_line

MOST_LABELS = 30


def junit_xml(result: AnyComparison) -> str:
    """Return one test suite: a failed rule is a failure, an inconclusive rule is skipped.

    Where a text may have several labels, the rule for a baseline tells which labels made the difference.
    """
    rules = result.rules
    told = _label_flips(result) if isinstance(result, CompareLabelsResult) else {}
    counts = {outcome: sum(rule.outcome == outcome for rule in rules) for outcome in ("failed", "inconclusive")}
    suite = xml.Element(
        "testsuite",
        name=one_line(f"clf compare {result.model} on {result.dataset} {result.split}"),
        tests=str(len(rules)),
        failures=str(counts["failed"]),
        skipped=str(counts["inconclusive"]),
        errors="0",
    )
    for number, rule in enumerate(rules):
        case = xml.SubElement(suite, "testcase", classname="clf.compare", name=one_line(rule.name))
        if rule.outcome != "passed":
            kind = "failure" if rule.outcome == "failed" else "skipped"
            xml.SubElement(case, kind, message=one_line(rule.message))
        xml.SubElement(case, "system-out").text = "\n".join(map(one_line, [rule.message, *told.get(number, [])]))
    root = xml.Element("testsuites")
    root.append(suite)
    xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + xml.tostring(root, encoding="unicode") + "\n"


def _label_flips(result: CompareLabelsResult) -> dict[int, list[str]]:
    """Return for each rule about a baseline, by its place, a line for each label that one model alone gets right.

    Those rules stand first, in the order of the baselines that gate.
    """
    gating = [row.baseline for row in result.comparisons if row.gates]
    lines = {}
    for number, baseline in enumerate(gating):
        changed = most_changed(result.label_flips[baseline])
        lines[number] = [
            f"{name}: only the candidate is right {_times(flips.won)}, only {baseline} {_times(flips.lost)}"
            for name, flips in changed[:MOST_LABELS]
        ]
    return lines


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
