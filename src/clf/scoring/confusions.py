"""Which classes are taken for which, from a confusion matrix."""

from collections.abc import Sequence
from heapq import nlargest


def confused_pairs(
    matrix: Sequence[Sequence[int]], names: Sequence[str], most: int
) -> list[tuple[str, str, int, float]]:
    """Return the most frequent confusions: true class, predicted class, texts, and their share of the true class."""
    cells = (
        (number, -true, -predicted)
        for true, row in enumerate(matrix)
        for predicted, number in enumerate(row)
        if number and true != predicted
    )
    return [
        (names[-true], names[-predicted], number, number / sum(matrix[-true]))
        for number, true, predicted in nlargest(most, cells)
    ]
