"""Sets of labels as one string while rows are read, and as a table afterwards."""

import numpy as np
import pyarrow

from clf.data.label_names import clean_label
from clf.data.label_sets import (
    BETWEEN,
    NONE,
    PLAIN,
    LabelSets,
    joined,
    labels_present,
    parts,
    renumbered,
    shown,
    table_of_lists,
)
from clf.scoring.label_table import distinct_sets


def test_a_set_is_the_same_in_every_order_and_with_repetitions():
    assert joined(["plot", "acting", "plot"]) == joined(["acting", "plot"]) == f"acting{BETWEEN}plot"
    assert parts(joined(["plot", "acting"])) == ("acting", "plot")


def test_the_empty_set_is_not_a_missing_label_and_a_plain_label_is_a_set_of_one():
    assert joined([]) == NONE != ""
    assert parts(NONE) == ()
    assert parts(joined(["plot"])) == ("plot",) == parts("plot")


def test_no_label_can_hold_what_separates_labels():
    assert BETWEEN not in clean_label(f"a{BETWEEN}b")


def test_sets_give_a_table_of_rows_and_count_each_label():
    sets = LabelSets(["a", "b", "c"], np.array([[1, 0, 0], [1, 0, 1], [0, 0, 0]], dtype=bool))
    rows = np.array([1, 0, 2, 1])
    assert sets.table(rows).tolist() == [[True, False, True], [True, False, False], [False] * 3, [True, False, True]]
    assert sets.counts(rows).tolist() == [3, 0, 2]
    assert [part.tolist() for part in sets.ids] == [[0, 1, 3, 3], [0, 0, 2]]


def test_what_holds_for_ids_holds_for_tables() -> None:
    ids, table = np.array([2, 0, 2]), np.array([[1, 0, 1], [0, 0, 0], [1, 0, 1]], dtype=bool)
    assert labels_present(ids).tolist() == labels_present(table).tolist() == [0, 2]
    first, number = distinct_sets(table)
    assert table[first][number].tolist() == table.tolist()
    assert len(first) == 2
    order = np.array([2, 0, 1])
    assert renumbered(ids, order).tolist() == [1, 2, 1]
    assert renumbered(table, order).tolist() == [[False, True, True], [False] * 3, [False, True, True]]


def test_lists_in_a_file_are_a_table_whatever_pieces_they_are_stored_in() -> None:
    lists = pyarrow.chunked_array([[[0, 2], []], [[1]]], pyarrow.list_(pyarrow.int64()))
    assert table_of_lists(lists, 3).astype(int).tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0]]


def test_sets_are_shown_with_bars_between_their_labels() -> None:
    assert [shown(label) for label in ("a", joined(["b", "a"]), NONE, f"{PLAIN}a|b")] == [
        "a",
        "a | b",
        "(no label)",
        "a|b",
    ]
