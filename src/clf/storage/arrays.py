"""Read the arrays that clf saved as `.npy`: of the expected type and shape, and as large as the file says."""

import math
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from clf.storage.documents import open_regular

HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def read_array(path: Path, kinds: tuple[str, ...], shape: tuple[int | None, ...]) -> NDArray[Any]:
    """Read an array with one of these types (as `<f4`) and this shape, in which None stands for any length.

    Nothing is unpickled, mapped into memory or allocated before the header agrees with the size of the file. Raises
    OSError if it is not a regular file, ValueError if what it holds is not such an array.
    """
    with open_regular(path) as file:
        try:
            version = npy.read_magic(file)
            found, by_columns, kind = HEADERS[version](file)
        except Exception as error:  # the library parses the header as Python, whose errors are of many types
            raise ValueError("it is not an array") from error
        if kind.str not in kinds:
            raise ValueError(f"its values have the type {kind.str[:20]}, expected {kinds[0]}")
        if not _fits(found, shape) or (by_columns and len(found) > 1):
            raise ValueError(f"its shape is {str(found)[:60]}")
        size = os.fstat(file.fileno()).st_size - file.tell()
        if size != math.prod(found) * kind.itemsize:
            raise ValueError(f"it has {size} bytes of values, but its header says {math.prod(found)} values")
        return np.fromfile(file, dtype=kind, count=math.prod(found)).reshape(found)


def _fits(found: tuple[Any, ...], wanted: tuple[int | None, ...]) -> bool:
    if len(found) != len(wanted) or any(type(length) is not int or length < 0 for length in found):
        return False
    return all(want in (None, have) for want, have in zip(wanted, found, strict=True))
