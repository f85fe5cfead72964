"""Charts as inline SVG for the HTML page, in the page's own text colour, light or dark.

They are drawn from outcomes alone. `clf.reports.html` puts each into a section, and page.html.jinja styles the page.
"""

import io
import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from clf.outcomes.base import ClassMetrics
from clf.outcomes.comparison import Comparison
from clf.outcomes.evaluation import Abstention, Bin, LengthGroup
from clf.safety import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK = "#123456"  # placeholder for the page's text colour while matplotlib draws
BLUE, ORANGE, GREEN, RED, GREY = "#3d8bd4", "#e08a2e", "#3a9d6e", "#d45d5d", "#8b929c"
STYLE = {
    "svg.fonttype": "none", "text.parse_math": False, "font.size": 10, "font.family": "sans-serif",
    "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK,
    "axes.facecolor": "none", "figure.facecolor": "none", "savefig.facecolor": "none", "legend.frameon": False,
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": False,
}  # fmt: skip
CLASSES_SHOWN = 30
NAME_WIDTH = 24


def confusion(matrix: Sequence[Sequence[int]], names: Sequence[str]) -> str | None:
    """Draw a confusion matrix, coloured by the shares of each row; None if it has too many classes to read."""
    if len(names) > CLASSES_SHOWN:
        return None
    shown = [one_line(name, NAME_WIDTH) for name in names]
    shares = [[cell / max(1, sum(row)) for cell in row] for row in matrix]

    def draw(axes: "Axes") -> None:
        axes.pcolormesh(shares, cmap="Blues", vmin=0, vmax=1)
        axes.invert_yaxis()
        middles = [place + 0.5 for place in range(len(names))]
        axes.set_xticks(middles, shown, rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(middles, shown)
        axes.set_xlabel("predicted")
        axes.set_ylabel("true")
        for row, cells in enumerate(matrix if len(names) <= 12 else []):
            for column, cell in enumerate(cells):
                colour = "white" if shares[row][column] > 0.55 else "#10243a"
                axes.text(column + 0.5, row + 0.5, f"{cell:,}", ha="center", va="center", color=colour)

    side = min(8.0, 3.4 + 0.3 * len(names))
    return _svg("confusion matrix", draw, side + 0.8, side)


def reliability(after: Sequence[Bin], before: Sequence[Bin] | None) -> str:
    """Draw the reliability diagram, before and after calibration."""

    def draw(axes: "Axes") -> None:
        lines = [(after, BLUE, "after calibration" if before else "this model")]
        lines += [(before, ORANGE, "before calibration")] if before else []
        lowest = min(value for bins, _, _ in lines for each in bins for value in (each.confidence, each.accuracy))
        axes.plot([lowest, 1], [lowest, 1], color=GREY, linestyle="--", label="perfect")
        for bins, colour, label in reversed(lines):
            confidence, accuracy = [each.confidence for each in bins], [each.accuracy for each in bins]
            axes.plot(confidence, accuracy, color=colour, marker="o", markersize=5, linewidth=0.8, label=label)
        axes.set_xlabel("confidence")
        axes.set_ylabel("accuracy")
        axes.legend(loc="upper left")

    return _svg("reliability diagram", draw)


def risk_coverage(curve: Sequence[Sequence[float]], answered: Abstention | None) -> str:
    """Draw the error rate against the share of texts answered, most confident first."""

    def draw(axes: "Axes") -> None:
        axes.plot([point[0] for point in curve], [point[1] for point in curve], color=BLUE)
        if answered and answered.accuracy is not None:
            axes.plot(answered.coverage, 1 - answered.accuracy, "o", color=ORANGE, label="stored threshold")
            axes.legend(loc="upper left")
        axes.set_xlabel("coverage: share of texts answered")
        axes.set_ylabel("error rate on answered texts")
        axes.set_ylim(bottom=0)

    return _svg("risk and coverage", draw)


def learning(history: Sequence[Mapping[str, float]]) -> str | None:
    """Draw the training loss, and the validation loss and F1 of each evaluation; None without a history."""
    losses = [(each["epoch"], each["loss"]) for each in history if "loss" in each]
    epochs = [each for each in history if "eval_macro_f1" in each]
    if not losses or not epochs:
        return None

    def draw(axes: "Axes") -> None:
        axes.plot(*zip(*losses, strict=True), color=BLUE, label="training loss")
        validation = [(each["epoch"], each["eval_log_loss"]) for each in epochs]
        axes.plot(*zip(*validation, strict=True), color=ORANGE, marker="o", label="validation log loss")
        axes.set_xlabel("epoch")
        axes.set_ylabel("loss")
        axes.set_ylim(bottom=0)
        right = axes.twinx()
        scored = [(each["epoch"], each["eval_macro_f1"]) for each in epochs]
        right.plot(*zip(*scored, strict=True), color=GREEN, marker="s", label="validation F1")
        right.set_ylabel("macro F1")
        right.spines["right"].set_visible(True)
        handles = [*axes.get_lines(), *right.get_lines()]
        labels = [str(line.get_label()) for line in handles]
        axes.legend(handles, labels, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3)

    return _svg("learning curves", draw)


def class_bars(per_class: Mapping[str, ClassMetrics]) -> str:
    """Draw precision and recall of each class, lowest F1 first, for at most CLASSES_SHOWN classes."""
    rows = sorted(per_class.items(), key=lambda item: item[1].f1 or 0.0)[:CLASSES_SHOWN][::-1]

    def draw(axes: "Axes") -> None:
        for shift, key, colour in ((0.2, "precision", BLUE), (-0.2, "recall", ORANGE)):
            values = [getattr(row, key) or 0.0 for _, row in rows]
            axes.barh([place + shift for place in range(len(rows))], values, height=0.36, color=colour, label=key)
        axes.set_yticks(range(len(rows)), [one_line(name, NAME_WIDTH) for name, _ in rows])
        axes.set_xlim(0, 1)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2)

    return _svg("precision and recall of each class", draw, height=1.3 + 0.45 * len(rows))


def by_length(groups: Sequence[LengthGroup]) -> str:
    """Draw the accuracy on groups of texts of similar length, with exact 95 % intervals."""

    def draw(axes: "Axes") -> None:
        places = list(range(len(groups)))
        values = [group.accuracy for group in groups]
        below = [max(0.0, group.accuracy - group.interval[0]) for group in groups]
        above = [max(0.0, group.interval[1] - group.accuracy) for group in groups]
        axes.errorbar(places, values, [below, above], fmt="o", color=BLUE, capsize=4)
        axes.set_xticks(places, [f"{group.from_:,}-{group.to:,}" for group in groups])
        axes.set_xlabel("text length in characters")
        axes.set_ylabel("accuracy")

    return _svg("accuracy by text length", draw)


def differences(comparisons: Sequence[Comparison]) -> str:
    """Draw the difference from each baseline with its 95 % interval."""
    rows = list(comparisons)[::-1]
    colours = {"better": GREEN, "worse": RED, "inconclusive": GREY, "not worse": BLUE}

    def draw(axes: "Axes") -> None:
        axes.axvline(0, color=INK, linewidth=0.8)
        for place, row in enumerate(rows):
            low, high = row.interval
            colour = colours[row.verdict]
            axes.plot([low, high], [place, place], color=colour, linewidth=3, solid_capstyle="butt")
            axes.plot(row.difference, place, "o", color=colour)
        axes.set_yticks(range(len(rows)), [one_line(row.baseline, NAME_WIDTH) for row in rows])
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.set_xlabel(f"difference in {rows[0].metric.replace('_', ' ')}, 95 % interval" if rows else "")

    return _svg("differences from the baselines", draw, height=1.2 + 0.45 * len(rows))


def _svg(title: str, draw: Callable[["Axes"], None], width: float = 6.0, height: float = 3.6) -> str:
    """Draw one chart and return it as an SVG element."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # its warnings about caches and fonts do not matter here
    with _elsewhere():
        import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with warnings.catch_warnings(), mpl.rc_context():
        warnings.simplefilter("ignore")
        mpl.rcdefaults()  # ignore the user's style
        mpl.rcParams.update({**STYLE, "svg.hashsalt": title})
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure.subplots())
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    drawn = out.getvalue().replace(INK, "currentColor")
    element = drawn[drawn.index("<svg") :].rstrip()
    return element.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)


@contextmanager
def _elsewhere() -> Iterator[None]:
    """Leave the working folder while matplotlib is imported: it reads a matplotlibrc there, which may be anything."""
    here = os.open(".", os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.chdir("/")
        yield
    finally:
        os.fchdir(here)
        os.close(here)
