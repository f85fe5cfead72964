"""Charts hold what they draw, in the colour of the page, and are the same each time."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest

from clf.outcomes.base import ClassMetrics
from clf.outcomes.evaluation import Bin, LengthGroup
from clf.reports import charts
from conftest import HANGS
from support.outcomes import abstention, comparison

HOSTILE = '<b>"x"</b> & $x^2$ \x1b'


def texts(picture: str | None) -> list[str]:
    """Return the texts of a chart in the order in which they are drawn."""
    assert picture is not None
    return [
        "".join(each.itertext()).strip() for each in ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")
    ]


def length_group(start: int, end: int, accuracy: float = 0.5) -> LengthGroup:
    found = {"from": start, "to": end, "rows": 4, "accuracy": accuracy, "interval": (0.4, 0.6)}
    return LengthGroup.model_validate(found)


def test_pictures_take_the_colour_of_the_page_and_are_the_same_each_time() -> None:
    groups = [LengthGroup.model_validate({"from": 1, "to": 9, "rows": 4, "accuracy": 0.5, "interval": (0.4, 0.6)})]
    first, second = charts.by_length(groups), charts.by_length(groups)
    assert first == second
    assert "currentColor" in first
    assert charts.INK not in first
    assert "<?xml" not in first
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", first)


def test_a_chart_has_a_name_for_those_who_do_not_see_it_and_leaves_no_setting_behind(own_folder: Any) -> None:
    (own_folder / "matplotlibrc").write_text("font.size: 77\n")
    before = dict(mpl.rcParams)
    picture = ET.fromstring(charts.by_length([length_group(1, 9)]))
    assert (picture.get("role"), picture.get("aria-label")) == ("img", "accuracy by text length")
    assert dict(mpl.rcParams) == before


# --- the confusion matrix -----------------------------------------------------------------------------------


def test_many_classes_make_no_confusion_matrix() -> None:
    assert charts.confusion([[1] * 31] * 31, [str(number) for number in range(31)]) is None


def test_a_confusion_matrix_has_its_names_on_both_sides_and_its_counts() -> None:
    found = texts(charts.confusion([[1234, 0], [7, 0]], [HOSTILE, "b" * 30]))
    names = ['<b>"x"</b> & $x^2$ \\x1b', "b" * 23 + "…"]
    assert found == [*names, "predicted", *names, "true", "1,234", "0", "7", "0"]


@pytest.mark.parametrize(("classes", "counted"), [(12, True), (13, False)])
def test_the_counts_are_left_out_where_there_is_no_room_for_them(classes: int, counted: bool) -> None:
    found = texts(charts.confusion([[5] * classes] * classes, ["x"] * classes))
    assert found.count("5") == (classes**2 if counted else 0)
    assert found.count("x") == 2 * classes


def test_a_count_on_a_dark_field_is_white() -> None:
    picture = charts.confusion([[9, 1], [5, 5]], ["a", "b"])
    colours = re.findall(r"fill: (#\w+)[^>]*>(\d+)</text>", str(picture))
    assert colours == [("#ffffff", "9"), ("#10243a", "1"), ("#10243a", "5"), ("#10243a", "5")]


# --- lines, bars and points ---------------------------------------------------------------------------------

BINS = [Bin(confidence=0.5, accuracy=0.4, rows=10), Bin(confidence=0.9, accuracy=1.0, rows=10)]
CURVE = [(0.5, 0.0), (1.0, 0.2)]


def test_reliability_before_calibration_is_drawn_only_if_there_is_one() -> None:
    alone, both = charts.reliability(BINS, None), charts.reliability(BINS, BINS[:1])
    assert texts(alone)[-2:] == ["perfect", "this model"]
    assert texts(both)[-3:] == ["perfect", "before calibration", "after calibration"]
    assert charts.ORANGE not in alone
    assert charts.ORANGE in both


def test_the_stored_threshold_is_a_point_on_the_curve_if_it_answers_anything() -> None:
    assert "stored threshold" in texts(charts.risk_coverage(CURVE, abstention(accuracy=0.0)))
    nothing = abstention(accuracy=None, accuracy_interval=None)
    assert "stored threshold" not in texts(charts.risk_coverage(CURVE, nothing))


def test_learning_curves_need_a_loss_and_an_evaluation() -> None:
    loss, evaluation = {"epoch": 0.5, "loss": 0.7}, {"epoch": 1.0, "eval_macro_f1": 0.5, "eval_log_loss": 0.6}
    assert charts.learning([]) is None
    assert charts.learning([loss]) is None
    assert charts.learning([evaluation]) is None
    found = texts(charts.learning([loss, evaluation]))
    assert {"training loss", "validation log loss", "validation F1", "epoch", "loss", "macro F1"} <= set(found)


def of_class(f1: float | None) -> ClassMetrics:
    return ClassMetrics(precision=f1, recall=f1, f1=f1, rows=1)


def test_classes_are_drawn_with_the_lowest_f1_at_the_top_and_the_best_of_too_many_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(charts, "CLASSES_SHOWN", 3)
    classes = {"good": of_class(0.9), HOSTILE: of_class(0.5), "best": of_class(0.95), "absent": of_class(None)}
    names = ["best", "good", '<b>"x"</b> & $x^2$ \\x1b', "absent"]
    assert [each for each in texts(charts.class_bars(classes)) if each in names] == names[1:]  # from the bottom


def test_groups_of_lengths_are_named_by_their_first_and_last() -> None:
    certain = LengthGroup.model_validate({"from": 2000, "to": 2000, "rows": 1, "accuracy": 1.0, "interval": (0.9, 1.0)})
    found = texts(charts.by_length([length_group(1, 1234), certain]))
    assert found[:3] == ["1-1,234", "2,000-2,000", "text length in characters"]


def test_differences_have_the_colours_of_their_verdicts_and_the_first_baseline_is_at_the_top() -> None:
    verdicts = ("better", "not worse", "inconclusive", "worse")
    picture = charts.differences([comparison(baseline=f"than {verdict}", verdict=verdict) for verdict in verdicts])
    lines = re.findall(r"stroke: (#\w+); stroke-width: 3", picture)
    assert lines == [charts.RED, charts.GREY, charts.BLUE, charts.GREEN]  # from the bottom
    assert [each for each in texts(picture) if each.startswith("than")] == [
        "than worse",
        "than inconclusive",
        "than not worse",
        "than better",
    ]
    assert "difference in macro f1, 95 % interval" in texts(picture)


def test_no_style_of_the_working_folder_is_read(own_folder: Path) -> None:
    os.mkfifo(own_folder / "matplotlibrc")  # whoever opens it waits for ever
    code = "import os; from clf.reports import charts; charts.class_bars({}); print(os.getcwd())"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=HANGS)
    assert done.stdout.strip() == os.path.realpath(own_folder), done.stderr
