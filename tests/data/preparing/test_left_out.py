"""What is left out of each split is said, with the first lines and how to keep it."""

import pytest

from clf.data.preparing.left_out import say_left_out
from clf.data.reading.examples import RowTally
from clf.data.reading.marked_sets import Empty


def test_rows_with_several_labels_are_told_with_the_flag_that_keeps_them(caplog: pytest.LogCaptureFixture) -> None:
    tally = RowTally(read=30)
    tally.drop_all("several labels", list(range(2, 14)))
    say_left_out({"train": tally})
    assert "train: dropped 12 of 30 rows with several labels (line 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 …)" in caplog.text
    assert "; --multi-label keeps them" in caplog.text


def test_empty_cells_that_are_read_as_no_are_told_with_the_first(caplog: pytest.LogCaptureFixture) -> None:
    tally = RowTally(read=30)
    say_left_out({"train": tally})
    assert not caplog.text
    tally.add_empty(4, Empty(2, "late"))
    tally.add_empty(9, Empty(1, "wet"))
    say_left_out({"train": tally})
    assert (
        "train: 3 empty cells in the columns of labels, in 2 of 30 rows, are read as no, as 0 is (line 4, 'late')"
        in caplog.text
    )
