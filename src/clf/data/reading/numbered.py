"""New texts for a model whose training file had no header, so that its columns have numbers instead of names."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from clf.data.reading.batch import CellRow
from clf.data.reading.column_values import Look, look_at

ROWS = 200
"""The first rows that are looked at."""
FEWEST = 4  # rows that tell that the values of a column come back, or are no texts
SAME = 0.9  # of the rows have as many cells as the first, or of the cells are labels


def are_numbered(names: Iterable[str]) -> bool:
    """Return whether columns have numbers instead of names."""
    names = list(names)
    return bool(names) and all(map(str.isdecimal, names))


def is_table(rows: Sequence[CellRow], trained: Sequence[str], labels: Collection[str]) -> bool:
    """Return whether rows are a table such as the one of training instead of plain texts that have delimiters.

    It has a column of texts and one of numbers, dates, ids or links, or one of labels beside the text columns of
    training. If the `labels` of the model are unknown, those are values that come back.
    """
    width = len(rows[0][1]) if rows else 0
    even = [cells for _, cells in rows[:ROWS] if len(cells) == width]
    if width < 2 or len(even) < SAME * len(rows[:ROWS]):
        return False
    columns = dict(zip(map(str, range(width)), zip(*even, strict=True), strict=True))
    looks = {name: look_at(values) for name, values in columns.items()}
    if len(even) >= FEWEST and any(map(_can_be_text, looks.values())) and any(map(_is_no_text, looks.values())):
        return True
    if set(trained) <= set(columns) and not holds_texts(columns, trained):
        return False
    return any(_are_labels(columns[name], looks[name], labels) for name in columns if name not in trained)


def _is_no_text(look: Look) -> bool:
    return look.kind in ("numbers", "dates", "ids", "links")


def _are_labels(values: Sequence[str], look: Look, labels: Collection[str]) -> bool:
    if labels:
        return sum(value.strip() in labels for value in values) >= SAME * len(values)
    return len(values) >= FEWEST and look.is_category and look.words < 3


def holds_texts(columns: Mapping[str, Sequence[Any]], trained: Sequence[str]) -> bool:
    """Return whether the columns with the numbers of those of training hold texts by their look."""
    return all(_can_be_text(look_at(columns[name])) for name in trained)


def fits(columns: Mapping[str, Sequence[Any]], trained: Sequence[str]) -> bool:
    """Return whether a table has the text columns of training; numbers alone do not tell that they are the same."""
    if not trained or not set(trained) <= set(columns):
        return False
    return not (are_numbered(columns) and are_numbered(trained)) or len(columns) == 1 or holds_texts(columns, trained)


def _can_be_text(look: Look) -> bool:
    return look.kind == "nothing" or (look.can_be_text and not (look.is_category and look.words < 3))
