"""The most frequent confusions of a matrix."""

from clf.scoring.confusions import confused_pairs


def test_confusions_come_by_number_and_then_in_the_order_of_the_classes() -> None:
    matrix = [[9, 2, 0], [2, 5, 1], [0, 3, 1]]
    found = [("c", "b", 3, 0.75), ("a", "b", 2, 2 / 11), ("b", "a", 2, 0.25), ("b", "c", 1, 0.125)]
    assert confused_pairs(matrix, ["a", "b", "c"], 9) == found
    assert confused_pairs(matrix, ["a", "b", "c"], 1) == found[:1]
    assert confused_pairs([[3]], ["a"], 1) == []
