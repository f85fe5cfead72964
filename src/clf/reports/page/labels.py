"""Sections about labels, where a text may have several: metrics of each, and which of them go together."""

from collections.abc import Sequence

from clf.outcomes.base import LabelMetrics
from clf.outcomes.comparison import CompareLabelsResult
from clf.outcomes.label_evaluation import EvaluateLabelsResult, LabelPair, NumberGroup, Replaced
from clf.reports.markdown import label_notes
from clf.reports.page import charts
from clf.reports.page.parts import Cell, Section, Table, Track, count, estimate, interval, name, number, share, term
from clf.reports.page.shared import SHOWN_FIRST, parted, selective_section

HEADS = ["label", "texts", "F1", "precision", "recall", "threshold", "calibration error", "… by chance",
         "average precision", "ROC AUC", "Brier skill"]  # fmt: skip
WORST_ERROR = 0.2
"""The calibration error that fills its bar."""
PAIRS_SHOWN = 15


def sections_of_labels(result: EvaluateLabelsResult) -> list[Section]:
    """Show confidence, labels and which of them go together."""
    calibration = result.calibration
    return [
        Section(
            "Confidence in whole sets",
            label_notes(result),
            charts.reliability(calibration.reliability, None, "share of sets that are right"),
        ),
        selective_section(calibration.risk_coverage, result.abstention),
        labels_section(result),
        *together_section(result.together),
        *replaced_section(result.replaced, result),
        number_section(result.by_number_of_labels),
    ]


def labels_section(result: EvaluateLabelsResult | CompareLabelsResult) -> Section:
    """Show each label with its support, threshold and calibration, the lowest F1 first; further ones are folded."""
    ordered = sorted(result.per_label.items(), key=lambda entry: entry[1].f1 or 0.0)
    most = max((row.rows for _, row in ordered), default=0) or 1
    rows = [[name(label), *_cells(row, most)] for label, row in ordered]
    notes = [
        "Lowest F1 first. The mark on the line of a threshold is the threshold; on the line of a calibration error, "
        f"which ends at {WORST_ERROR:g}, it is what chance alone would show."
    ]
    table = Table("Precision and recall of each label", HEADS, rows[:SHOWN_FIRST])
    return Section("Labels", notes, tables=parted(table, rows[SHOWN_FIRST:], "labels"), size="wide")


def _cells(row: LabelMetrics, most: int) -> list[Cell]:
    error, chance = row.ece or 0.0, row.ece_expected or 0.0
    off = Track(0.0, error / WORST_ERROR, [chance / WORST_ERROR], "two") if row.ece is not None else None
    return [
        count(row.rows, Track(0.0, row.rows / most, tone="three")),
        share(row.f1),
        share(row.precision),
        share(row.recall),
        number(row.threshold, ".4f", Track(0.0, 0.0, [row.threshold])),
        Cell("too few texts" if row.ece is None else f"{row.ece:.4f}", "number", off),
        Cell("" if row.ece_expected is None else f"{row.ece_expected:.4f}", "number"),
        number(row.average_precision),
        number(row.auroc),
        number(row.brier_skill),
    ]


def together_section(pairs: Sequence[LabelPair]) -> list[Section]:
    """Show which labels go together in the truth and in the predictions."""
    if not pairs:
        return []
    most = max(max(pair.rows, pair.predicted) for pair in pairs)
    rows = [
        [
            name(pair.label),
            name(pair.other),
            count(pair.rows, Track(0.0, pair.rows / most, tone="three")),
            count(pair.predicted, Track(0.0, pair.predicted / most, [pair.rows / most])),
            number(pair.expected, ",.1f"),
        ]
        for pair in pairs
    ]
    notes = [
        "How many texts have both labels, and how many were given both, the most frequent first; the mark is the truth."
    ]
    table = Table("Labels that go together", ["label", "and", "have both", "given both", "if independent"],
                  rows[:PAIRS_SHOWN])  # fmt: skip
    return [Section("Labels that go together", notes, tables=parted(table, rows[PAIRS_SHOWN:], "pairs"), size="half")]


def replaced_section(found: Sequence[Replaced], result: EvaluateLabelsResult) -> list[Section]:
    """Show which label is missing where which other was given without being true."""
    if not found:
        return []
    rows = [
        [
            name(each.missing),
            name(each.added),
            count(each.rows, Track(0.0, each.rows / max(1, result.per_label[each.missing].rows), tone="two")),
            number(each.rows / max(1, result.per_label[each.missing].rows), ".1%"),
        ]
        for each in found
    ]
    notes = ["Texts that lack a label which they have, and were given one which they have not, by those two."]
    table = Table("Labels given instead of others", ["missing", "given instead", "texts", "of texts with the label"],
                  rows[:PAIRS_SHOWN])  # fmt: skip
    return [
        Section("Given instead of others", notes, tables=parted(table, rows[PAIRS_SHOWN:], "exchanges"), size="half")
    ]


def number_section(groups: Sequence[NumberGroup]) -> Section:
    """Show the share of whole sets that are right by the number of labels that a text has."""
    rows = [
        [
            term(f"{group.from_}" if group.from_ == group.to else f"{group.from_} to {group.to}"),
            count(group.rows),
            number(group.mean_predicted, ".2f"),
            estimate(group.accuracy, *group.interval),
            Cell(interval(*group.interval), "number"),
        ]
        for group in groups
    ]
    columns = ["labels", "texts", "given on average", "subset accuracy", "95 % interval"]
    return Section("By number of labels", tables=[Table("Whole sets by number of labels", columns, rows)])
