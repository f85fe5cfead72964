"""Set operations on long arrays that need little memory beside them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 1 << 18


def repeated(values: NDArray[Any]) -> NDArray[Any]:
    """Return the values that occur more than once, sorted."""
    ordered = np.sort(values)
    return np.unique(ordered[1:][ordered[1:] == ordered[:-1]])


def among(values: NDArray[Any], wanted: NDArray[Any]) -> NDArray[np.bool_]:
    """Return for each value whether it is in the sorted array `wanted`, as `np.isin` does with more memory."""
    found = np.zeros(len(values), dtype=bool)
    if len(wanted):
        for start in range(0, len(values), BLOCK):
            block = values[start : start + BLOCK]
            places = np.searchsorted(wanted, block)
            places[places == len(wanted)] = 0
            found[start : start + BLOCK] = wanted[places] == block
    return found


def numbered(values: NDArray[Any]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the first place of each distinct value, and for each value its number among the sorted distinct ones."""
    order = np.argsort(values, kind="stable").astype(np.int32)
    ordered = values[order]
    new = np.append(True, ordered[1:] != ordered[:-1])[: len(values)]
    del ordered
    number = np.empty(len(values), dtype=np.int32)
    number[order] = np.cumsum(new, dtype=np.int32) - 1
    return order[new], number
