"""Sections about classes, where a text has one label: metrics of each, and which of them are confused."""

from collections.abc import Mapping, Sequence

from clf.outcomes.base import ClassMetrics
from clf.outcomes.evaluation import EvaluateResult
from clf.reports.page import charts
from clf.reports.page.parts import Cell, Section, Table, Track, count, name, number, share
from clf.reports.page.shared import SHOWN_FIRST, parted, selective_section
from clf.scoring.confusions import confused_pairs

MATRIX_SHOWN = 30
"""A confusion matrix of more classes is not shown: nobody reads it."""
MATRIX_NARROW, NAME_NARROW = 5, 24
"""How many classes, with names of how many letters, a matrix has that fits into a narrow section."""
MATRIX_PLAIN = 6
"""In a matrix of so few classes, anyone sees the most frequent confusions."""
PAIRS_SHOWN = 15


def sections_of_classes(result: EvaluateResult) -> list[Section]:
    """Show confidence, classes and which of them are confused."""
    return [
        confidence_section(result),
        selective_section(result.calibration.risk_coverage, result.abstention),
        classes_section(result.per_class),
        *confusion_sections(result.confusion_matrix, list(result.per_class)),
    ]


def confidence_section(result: EvaluateResult) -> Section:
    """Show whether confidence means what it says, before and after calibration."""
    found, calibration, before = result.metrics, result.calibration, result.calibration.before
    notes = [
        f"Mean confidence {found['mean_confidence']:.3f} at an accuracy of {found['accuracy']:.3f}; calibration error "
        f"{found['ece']:.4f}, where a perfectly calibrated model would show {found['ece_expected']:.4f} by chance."
    ]
    if before:
        notes.append(
            f"Before calibration (temperature {calibration.temperature:g}): mean confidence "
            f"{before.mean_confidence:.3f}, calibration error {before.ece:.4f}."
        )
    if calibration.note:
        notes.append(f"Not calibrated: {calibration.note}.")
    drawn = charts.reliability(calibration.reliability, before.reliability if before else None)
    return Section("Confidence", notes, drawn)


def classes_section(per_class: Mapping[str, ClassMetrics]) -> Section:
    """Show precision and recall of each class, the lowest F1 first; further ones are folded."""
    most = max((row.rows for row in per_class.values()), default=0) or 1
    ordered = sorted(per_class.items(), key=lambda entry: entry[1].f1 or 0.0)
    rows = [
        [
            name(label),
            count(row.rows, Track(0.0, row.rows / most, tone="three")),
            share(row.f1),
            share(row.precision),
            share(row.recall),
        ]
        for label, row in ordered
    ]
    table = Table(
        "Precision and recall of each class", ["class", "texts", "F1", "precision", "recall"], rows[:SHOWN_FIRST]
    )
    notes = ["Lowest F1 first."] if len(rows) > 1 else []
    return Section("Classes", notes, tables=parted(table, rows[SHOWN_FIRST:], "classes"), size="wide")


def confusion_sections(matrix: Sequence[Sequence[int]], names: Sequence[str]) -> list[Section]:
    """Show which classes are taken for which: the confusion matrix unless it is too large, and the most frequent."""
    sections = []
    if len(names) <= MATRIX_SHOWN:
        rows = [
            [name(label), *(_share_of(cell, sum(cells)) for cell in cells)]
            for label, cells in zip(names, matrix, strict=True)
        ]
        notes = ["Rows are true classes, columns predicted ones; the colour is the share of the row."]
        table = Table("Confusion matrix", ["true class", *names], rows, matrix=True)
        fits = len(names) <= MATRIX_NARROW and max(map(len, names)) <= NAME_NARROW
        sections.append(Section("Confusion matrix", notes, tables=[table], size="third" if fits else "wide"))
    pairs = [
        [name(true), name(predicted), count(cell, Track(0.0, of_true, tone="two")), number(of_true, ".1%")]
        for true, predicted, cell, of_true in confused_pairs(matrix, names, PAIRS_SHOWN)
    ]
    columns = ["true class", "predicted", "texts", "of the true class"]
    if len(names) > MATRIX_PLAIN:
        found = [Table("The most frequent confusions", columns, pairs)]
        notes = [] if pairs else ["There are none."]
        sections.append(Section("Most frequent confusions", notes, tables=found, size="half"))
    return sections


def _share_of(cell: int, of: int) -> Cell:
    return Cell(f"{cell:,}", "number", heat=cell / max(1, of))
