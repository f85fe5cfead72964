"""Which labels each row has, where a text may have several: the form of true and of predicted labels alike."""

import numpy as np
from numpy.typing import NDArray

LabelTable = NDArray[np.bool_]
"""Which labels each row has, shape (rows, labels)."""


def distinct_sets(*tables: LabelTable) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first row with each distinct set, shape (sets,), and the number of each row's set, shape (rows,).

    Of several tables, the rows are compared in all of them together.
    """
    packed = np.ascontiguousarray(np.hstack([np.packbits(table, axis=1) for table in tables]))
    keys = packed.view(np.dtype((np.void, packed.shape[1])))[:, 0]
    _, first, number = np.unique(keys, return_index=True, return_inverse=True)
    return first, number.ravel()
