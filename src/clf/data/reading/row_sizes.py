"""How long and how wide a row may be."""

from clf.errors import DataError

LONGEST = 100_000_000
"""The most characters of a cell, a line or a row; a longer one is an error, because one row must fit in memory."""
MOST_COLUMNS = 10_000


def too_long(where: str) -> DataError:
    """Return the error for a cell, a line or a row that is longer than LONGEST."""
    return DataError(
        f"{where}: longer than {LONGEST:,} characters, the most that one row may have",
        "check that the file is what it should be, or divide the text into several rows",
    )


def check_width(columns: int, where: str) -> None:
    """Raise DataError if a table has more than MOST_COLUMNS columns."""
    if columns > MOST_COLUMNS:
        raise DataError(
            f"{where}: {columns:,} columns, expected at most {MOST_COLUMNS:,}",
            "check the delimiter, or keep only the columns that hold the text and the label",
        )
