"""What is left out of each split is said, with the first lines and how to keep it."""

import pytest

from clf.data.preparing.left_out import say_left_out
from clf.data.reading.examples import RowTally


def test_rows_with_several_labels_are_told_with_the_flag_that_keeps_them(caplog: pytest.LogCaptureFixture) -> None:
    tally = RowTally(read=30)
    tally.drop_all("several labels", list(range(2, 14)))
    say_left_out({"train": tally})
    assert "train: dropped 12 of 30 rows with several labels (line 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 …)" in caplog.text
    assert "; --multi-label keeps them" in caplog.text
