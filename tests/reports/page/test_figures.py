"""The cards with one figure each."""

from clf.reports.page.figures import calibration_figure, figure
from clf.reports.page.parts import Figure, Track


def test_a_figure_has_its_interval_if_there_is_one_and_none_is_made_up() -> None:
    assert figure("F1", None, (0.1, 0.2)) is None
    assert figure("F1", 0.5, None) == Figure("F1", "0.500", [], Track(0.0, 0.5))
    assert figure("F1", 0.5, (0.25, 0.75)) == Figure(
        "F1", "0.500", ["95 % interval 0.250 to 0.750"], Track(0.25, 0.75, marks=[0.5])
    )


def test_the_calibration_error_stands_beside_that_of_chance() -> None:
    assert calibration_figure("error", {}) is None
    assert calibration_figure("error", {"ece": 0.25}) == Figure("error", "0.250", [])
    assert calibration_figure("error", {"ece": 0.25, "ece_expected": 0.125}) == Figure(
        "error", "0.250", ["by chance 0.125"]
    )
