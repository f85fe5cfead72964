"""Charts hold what they draw, in the colours of the page, and are the same each time."""

import re
import xml.etree.ElementTree as ET

import pytest

from clf.outcomes.evaluation import Bin
from clf.reports.page import charts
from clf.reports.page.charts import Axis, Line
from support.outcomes import abstention

SVG = "{http://www.w3.org/2000/svg}"
BINS = [Bin(confidence=0.52, accuracy=0.4, rows=10), Bin(confidence=0.9, accuracy=1.0, rows=10)]
CURVE = [(0.5, 0.0), (1.0, 0.2)]


def texts(picture: str) -> list[str]:
    """Return the texts of a chart in the order in which they are drawn."""
    return ["".join(each.itertext()) for each in ET.fromstring(picture).iter("text")]


def dots(picture: str, tone: str) -> list[tuple[float, float]]:
    """Return the places of the dots of one line, without that in the names below the chart."""
    found = [each for each in ET.fromstring(picture).iter("circle") if each.get("class") == f"dot {tone}"]
    return [(float(str(each.get("cx"))), float(str(each.get("cy")))) for each in found][:-1]


def test_a_chart_has_a_name_for_those_who_do_not_see_it_and_no_colour_of_its_own() -> None:
    [picture] = charts.reliability(BINS, BINS[:1])
    root = ET.fromstring(picture)
    assert root.get("role") == "img"
    assert root.get("aria-label") == root.findtext("title") == "reliability diagram: accuracy of texts by confidence"
    assert "#" not in picture
    assert "http" not in picture
    assert charts.reliability(BINS, BINS[:1]) == [picture]


def test_points_stand_where_their_numbers_are() -> None:
    picture = charts.plot("x", [Line("a", [(0, 0), (1, 2)], "one", dots=True)], Axis("across", 0, 1), Axis("up", 0, 2))
    left, low = charts.LEFT, charts.HEIGHT - charts.BOTTOM
    assert dots(picture, "one") == [(left, low), (charts.WIDTH - charts.RIGHT, charts.TOP)]
    assert texts(picture) == ["0", "0.5", "1", "1.5", "2", "0", "0.2", "0.4", "0.6", "0.8", "1", "across", "up", "a"]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]), (0.4, 1, [0.4, 0.6, 0.8, 1]), (0, 3.5, [0, 1, 2, 3]), (0, 0.02, [0, 0.005, 0.01, 0.015, 0.02]),
     (0.9, 1, [0.9, 0.92, 0.94, 0.96, 0.98, 1])],
)  # fmt: skip
def test_ticks_are_round_numbers_between_the_ends(low: float, high: float, expected: list[float]) -> None:
    assert Axis("x", low, high).ticks() == pytest.approx(expected)


def test_reliability_before_calibration_is_drawn_only_if_there_is_one() -> None:
    assert charts.reliability([], None) == []
    [alone], [both] = charts.reliability(BINS, None), charts.reliability(BINS, BINS[:1])
    assert texts(alone)[-2:] == ["perfect", "this model"]
    assert texts(both)[-3:] == ["perfect", "before calibration", "after calibration"]
    assert (len(dots(both, "two")), len(dots(both, "one"))) == (1, 2)


def test_a_reliability_diagram_ends_where_its_values_do() -> None:
    [low] = charts.reliability([Bin(confidence=0.01, accuracy=0.0, rows=3)], None)
    assert "0.1" in texts(low)
    assert "0.2" not in texts(low)
    [same] = charts.reliability([Bin(confidence=1.0, accuracy=1.0, rows=3)], None)
    assert "0.9" in texts(same)


def test_the_threshold_of_confidence_is_a_dot_if_it_answers_anything() -> None:
    assert charts.risk_coverage([], None) == []
    [stored] = charts.risk_coverage(CURVE, abstention(accuracy=0.0))
    assert "threshold of confidence" in texts(stored)
    assert len(dots(stored, "two")) == 1
    assert len(re.findall('class="line two"', stored)) == 0
    [nothing] = charts.risk_coverage(CURVE, abstention(accuracy=None, accuracy_interval=None))
    assert "threshold of confidence" not in texts(nothing)
    [perfect] = charts.risk_coverage([(1.0, 0.0)], None)
    assert "0.01" in texts(perfect)


def test_learning_curves_need_a_loss_and_an_evaluation() -> None:
    loss, evaluation = {"epoch": 0.5, "loss": 0.7}, {"epoch": 1.0, "eval_macro_f1": 0.5, "eval_log_loss": 0.6}
    assert charts.learning([]) == charts.learning([loss]) == charts.learning([evaluation]) == []
    losses, f1 = charts.learning([loss, evaluation])
    assert {"training loss", "validation log loss", "epoch", "loss"} <= set(texts(losses))
    assert {"validation F1 (macro)", "epoch", "F1 (macro)"} <= set(texts(f1))
    assert charts.learning([{"epoch": 0.0, "loss": 0.0}, evaluation | {"epoch": 0.0, "eval_log_loss": 0.0}])
