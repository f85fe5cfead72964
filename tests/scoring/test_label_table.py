"""Tables of labels: the distinct sets in them."""

import numpy as np

from clf.scoring.label_table import distinct_sets


def test_rows_with_the_same_labels_share_a_number_and_the_first_of_them_stands_for_the_set() -> None:
    generator = np.random.default_rng(0)
    table = generator.random((200, 9)) < 0.2
    first, number = distinct_sets(table)
    assert (table[first][number] == table).all()
    assert len(first) == len(np.unique(table, axis=0)) < 200
    assert all(not (table[:row] == table[row]).all(axis=1).any() for row in first.tolist())
