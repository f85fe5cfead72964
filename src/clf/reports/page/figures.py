"""The cards with one figure each."""

from clf.outcomes.base import Interval, Metrics
from clf.reports.page.parts import Figure, Track, interval


def figure(name: str, value: float | None, between: Interval | None) -> Figure | None:
    """Return the card of a metric with its interval, if it is measured."""
    if value is None:
        return None
    if between is None:
        return Figure(name, f"{value:.3f}", [], Track(0.0, value))
    return Figure(name, f"{value:.3f}", [f"95 % interval {interval(*between, '.3f')}"], Track(*between, marks=[value]))


def calibration_figure(name: str, found: Metrics) -> Figure | None:
    """Return the card of the calibration error, with what chance alone would show."""
    error, chance = found.get("ece"), found.get("ece_expected")
    if error is None:
        return None
    return Figure(name, f"{error:.3f}", [] if chance is None else [f"by chance {chance:.3f}"])
