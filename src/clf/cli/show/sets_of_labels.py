"""What `clf prepare` prints of texts that may have several labels."""

from collections.abc import Mapping

from clf.cli.show.tables import count, make_table
from clf.cli.show.terminal import print_lines, show
from clf.outcomes.preparation import SetsOfLabels
from clf.safety import one_line

MOST_LABELS = 10
"""Texts with more labels are counted in one line."""
SHOWN = 5
WHERE = "sets_of_labels in audit.json"


def print_sets(found: SetsOfLabels, rows: Mapping[str, int]) -> None:
    """Print how many labels the texts of each split have, and the labels from which little can be learned."""
    splits = found.labels_per_text
    table = make_table("Labels per text", ["labels", *splits], right=range(len(splits) + 1))
    for shown, counts in _histogram(found).items():
        table.add_row(
            shown,
            *(f"{texts} ({texts / max(1, rows[split]):.0%})" for split, texts in zip(splits, counts, strict=True)),
        )
    show(table)
    means = ", ".join(f"{mean:.2f} in {split}" for split, mean in found.mean_labels_per_text.items())
    print_lines(f"labels per text on average: {means}; {count(found.different_sets, 'different set')}", *_judged(found))


def _histogram(found: SetsOfLabels) -> dict[str, list[int]]:
    """Return the texts of each split by their number of labels; those with many are added up."""
    rows: dict[str, list[int]] = {}
    most = max((len(counts) for counts in found.labels_per_text.values()), default=0)
    for size in range(most):
        shown = "none" if not size else str(size) if size <= MOST_LABELS else f"over {MOST_LABELS}"
        now = [counts.get(str(size), 0) for counts in found.labels_per_text.values()]
        rows[shown] = [one + more for one, more in zip(now, rows.get(shown, [0] * len(now)), strict=True)]
    return rows


def _judged(found: SetsOfLabels) -> list[str]:
    """Return a line for the rare labels, each label of nearly all texts, and labels that always go together."""
    lines = []
    if found.rare:
        few = [f"{one_line(name)} ({texts})" for name, texts in sorted(found.rare.items(), key=lambda pair: pair[1])]
        lines.append(f"labels of fewer than ten training texts: {_first(few)}")
    lines += [
        f"label {one_line(name)} is on {share:.1%} of the training texts: there is nearly nothing to tell apart"
        for name, share in [*found.of_nearly_all.items()][:SHOWN]
    ]
    together = [" and ".join(map(one_line, names[:SHOWN])) for names in found.always_together]
    return [*lines, f"labels that always go together: {_first(together)}"] if together else lines


def _first(shown: list[str]) -> str:
    more = len(shown) - SHOWN
    return ", ".join(shown[:SHOWN]) + (f" and {more} more, under {WHERE}" if more > 0 else "")
