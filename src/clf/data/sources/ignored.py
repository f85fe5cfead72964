"""The columns that `--ignore-column` names must be somewhere in the data."""

from collections.abc import Collection

from clf.data.reading.batch import Split
from clf.data.reading.column_names import find_name
from clf.data.reading.columns import named
from clf.settings import DataSettings


def check_ignored(splits: Collection[Split], data: DataSettings) -> None:
    """Raise DataError for a column to ignore that no split has in its first rows: a split may lack it, but not all."""
    if not data.ignore_column or not splits:
        return
    firsts = [(split, next(split.rows(), None)) for split in splits]
    tables = [(split.shown, [*first.columns]) for split, first in firsts if first is not None]
    for column in data.ignore_column:
        if tables and all(find_name(names, column) is None for _, names in tables):
            shown, names = tables[0]
            named(names, column, "ignore", shown)
