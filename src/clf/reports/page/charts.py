"""Curves as inline SVG, drawn from outcomes alone, in the colours of the page, light or dark.

They hold numbers and words of our own, no name of a label and nothing else that is untrusted.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clf.outcomes.evaluation import Abstention, Bin

WIDTH, HEIGHT = 460, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 14, 14, 70
"""The room for the words around a chart, in the units of its view box."""
LETTER = 6.6
"""About how wide a letter is, to place the names of the lines."""

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Line:
    """One line of a chart: its name, its points, and the CSS classes that colour it."""

    name: str
    points: Points
    tone: str
    dots: bool = False
    joined: bool = True


@dataclass(frozen=True)
class Axis:
    """An axis: its name and its ends."""

    name: str
    low: float
    high: float

    def ticks(self) -> list[float]:
        """Return up to about five round numbers between the ends."""
        span = self.high - self.low
        size = 10.0 ** math.floor(math.log10(span / 4))
        step = next(size * factor for factor in (1, 2, 5, 10) if size * factor * 5 >= span)
        first = math.ceil(self.low / step - 1e-9)
        return [number * step for number in range(first, math.floor(self.high / step + 1e-9) + 1)]

    def place(self, value: float, start: float, length: float) -> float:
        """Return where a value stands on a line that starts at `start`."""
        return start + length * (value - self.low) / (self.high - self.low)


def reliability(after: Sequence[Bin], before: Sequence[Bin] | None, answered: str = "accuracy") -> list[str]:
    """Draw accuracy against confidence, before and after calibration; nothing without bins."""
    if not after:
        return []
    drawn = [*after, *(before or [])]
    values = [value for each in drawn for value in (each.confidence, each.accuracy)]
    lowest, highest = math.floor(10 * min(values)) / 10, math.ceil(10 * max(values)) / 10
    lowest = min(lowest, highest - 0.1)
    lines = [Line("perfect", [(lowest, lowest), (highest, highest)], "ideal")]
    if before:
        lines.append(Line("before calibration", _pairs(before), "two", dots=True))
    lines.append(Line("after calibration" if before else "this model", _pairs(after), "one", dots=True))
    what = f"reliability diagram: {answered} of texts by confidence"
    return [plot(what, lines, Axis("confidence", lowest, highest), Axis(answered, lowest, highest))]


def risk_coverage(curve: Points, answered: Abstention | None) -> list[str]:
    """Draw the error rate against the share of texts answered, most confident first; nothing without a curve."""
    if not curve:
        return []
    lines = [Line("most confident texts first", curve, "one")]
    if answered and answered.accuracy is not None:
        stored = [(answered.coverage, 1 - answered.accuracy)]
        lines.append(Line("threshold of confidence", stored, "two", dots=True, joined=False))
    highest = _up(max(max(point[1] for line in lines for point in line.points), 0.01))
    what = "risk and coverage: error rate by share of texts answered"
    return [plot(what, lines, Axis("share of texts answered", 0.0, 1.0), Axis("error rate", 0.0, highest))]


def learning(history: Sequence[Mapping[str, float]]) -> list[str]:
    """Draw the losses, and the F1 of each evaluation; nothing without both."""
    losses = [(each["epoch"], each["loss"]) for each in history if "loss" in each]
    evaluated = [each for each in history if "eval_macro_f1" in each]
    if not losses or not evaluated:
        return []
    validation = [(each["epoch"], each["eval_log_loss"]) for each in evaluated]
    scored = [(each["epoch"], each["eval_macro_f1"]) for each in evaluated]
    epochs = Axis("epoch", 0.0, max(epoch for epoch, _ in [*losses, *validation]) or 1.0)
    highest = _up(max(loss for _, loss in [*losses, *validation]) or 1.0)
    lines = [Line("training loss", losses, "one"), Line("validation log loss", validation, "two", dots=True)]
    of_f1 = [Line("validation F1 (macro)", scored, "three", dots=True)]
    return [
        plot("learning curves: loss by epoch", lines, epochs, Axis("loss", 0.0, highest)),
        plot("learning curves: F1 by epoch", of_f1, epochs, Axis("F1 (macro)", 0.0, 1.0)),
    ]


def plot(title: str, lines: Sequence[Line], across: Axis, up: Axis) -> str:
    """Draw lines in a frame with two axes and return an SVG element with its title."""
    return "".join(
        [
            f'<svg role="img" aria-label="{title}" viewBox="0 0 {WIDTH} {HEIGHT}"><title>{title}</title>',
            *_axes(across, up),
            *(part for line in lines for part in _line(line, across, up)),
            *_names(lines),
            "</svg>",
        ]
    )


def _axes(across: Axis, up: Axis) -> list[str]:
    low, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = []
    for value in up.ticks():
        y = _y(up, value)
        parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{right}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
    for value in across.ticks():
        x = _x(across, value)
        parts.append(f'<path class="grid" d="M{x:.1f} {low}v4"/>')
        parts.append(f'<text x="{x:.1f}" y="{low + 17}" text-anchor="middle">{value:g}</text>')
    middle_up, middle_across = (TOP + low) / 2, (LEFT + right) / 2
    return [
        *parts,
        f'<path class="axis" d="M{LEFT} {TOP}V{low}H{right}"/>',
        f'<text x="{middle_across}" y="{low + 36}" text-anchor="middle">{across.name}</text>',
        f'<text transform="translate(14 {middle_up}) rotate(-90)" text-anchor="middle">{up.name}</text>',
    ]


def _line(line: Line, across: Axis, up: Axis) -> list[str]:
    places = [(_x(across, x), _y(up, y)) for x, y in line.points]
    drawn = []
    if line.joined:
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        drawn.append(f'<path class="line {line.tone}" d="M{path}"/>')
    if line.dots:
        drawn += [f'<circle class="dot {line.tone}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>' for x, y in places]
    return drawn


def _names(lines: Sequence[Line]) -> list[str]:
    """Return the names of the lines, below the chart."""
    x, y, parts = float(LEFT), HEIGHT - 10, []
    for line in lines:
        if line.joined:
            parts.append(f'<path class="line {line.tone}" d="M{x:.1f} {y - 4}h18"/>')
        if line.dots:
            parts.append(f'<circle class="dot {line.tone}" cx="{x + 9:.1f}" cy="{y - 4}" r="4"/>')
        parts.append(f'<text x="{x + 24:.1f}" y="{y}">{line.name}</text>')
        x += 24 + LETTER * len(line.name) + 16
    return parts


def _x(axis: Axis, value: float) -> float:
    return axis.place(value, LEFT, WIDTH - LEFT - RIGHT)


def _y(axis: Axis, value: float) -> float:
    return axis.place(value, HEIGHT - BOTTOM, -(HEIGHT - TOP - BOTTOM))


def _pairs(bins: Sequence[Bin]) -> list[tuple[float, float]]:
    return [(each.confidence, each.accuracy) for each in bins]


def _up(value: float) -> float:
    """Return a round number that is at least `value`, which is above 0."""
    size = 10.0 ** math.floor(math.log10(value))
    return next(size * factor for factor in (1, 1.5, 2, 3, 5, 7.5, 10) if size * factor >= value * 0.9999)
