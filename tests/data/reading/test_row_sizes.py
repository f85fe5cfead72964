"""A row that is too long or too wide is refused with its place."""

import pytest

from clf.data.reading.row_sizes import MOST_COLUMNS, check_width, too_long
from clf.errors import DataError


def test_a_row_is_refused_with_its_place() -> None:
    assert too_long("a.csv, line 3").message.startswith("a.csv, line 3: longer than 100,000,000 characters")
    check_width(MOST_COLUMNS, "a.csv")
    with pytest.raises(DataError, match=r"a\.csv: 10,001 columns, expected at most 10,000"):
        check_width(MOST_COLUMNS + 1, "a.csv")
