"""The columns that are neither text nor label: which of them tell the label."""

from collections import Counter
from itertools import pairwise
from typing import Any

from clf.data.reading.batch import Batch
from clf.data.reading.column_names import is_nameless
from clf.data.reading.columns import IGNORED, Columns


class OtherColumns:
    """Some rows of the columns that are neither text nor label, to find columns that leak the label."""

    SIZE = 50_000
    PER_BATCH = 1000
    MOST = 50

    def __init__(self) -> None:
        self.rows: dict[str, list[tuple[Any, str]]] = {}
        self.taken = 0

    def add(self, batch: Batch, columns: Columns) -> None:
        """Keep some rows of a batch, evenly spaced."""
        used = {*columns.needed, columns.label_name}
        used |= {column.name for column in columns.roles if (column.role, column.reason) == IGNORED}
        others = [name for name in batch.columns if name not in used and not is_nameless(name)][: self.MOST]
        if not others or self.taken >= self.SIZE or columns.label not in batch.columns:
            return
        step = -(-len(batch.lines) // self.PER_BATCH)
        labels = batch.columns[columns.label][::step]
        self.taken += len(labels)
        for name in others:
            pairs = zip(batch.columns[name][::step], labels, strict=True)
            self.rows.setdefault(name, []).extend(
                (str(value)[:200], str(label))
                for value, label in pairs
                if label is not None and isinstance(value, (str, int, float))
            )

    def suspicious(self) -> dict[str, float]:
        """Return the columns that predict the label, with the share of rows for which they do."""
        told = {name: max(_told_by_value(pairs), _told_by_order(pairs)) for name, pairs in self.rows.items()}
        return {
            name: round(share, 3)
            for name, share in told.items()
            if len(self.rows[name]) >= FEWEST and share >= TELLS and share >= 1 - (1 - _majority(self.rows[name])) / 10
        }


FEWEST = 20  # the fewest rows with which a column can be called suspicious
TELLS = 0.95


def _told_by_value(pairs: list[tuple[str, str]]) -> float:
    """Return the share of rows whose label is the most common label of the other rows with the same value."""
    together = Counter(pairs)
    best: dict[str, list[int]] = {}
    for (value, _), count in together.items():
        best[value] = sorted([*best.get(value, [0, 0]), count])[-2:]
    right = sum(
        count for (value, _), count in together.items() if count - 1 > 0 and count == best[value][1] > best[value][0]
    )
    return right / max(1, len(pairs))


def _told_by_order(pairs: list[tuple[str, str]]) -> float:
    """Return the share of rows that have the same label as the row before, when sorted by a numeric value."""
    try:
        values = sorted((float(value), label) for value, label in pairs)
    except ValueError:
        return 0.0
    if len({value for value, _ in values}) < len(values) / 2:
        return 0.0
    return sum(a[1] == b[1] for a, b in pairwise(values)) / max(1, len(values) - 1)


def _majority(pairs: list[tuple[str, str]]) -> float:
    return max(Counter(label for _, label in pairs).values()) / len(pairs)
