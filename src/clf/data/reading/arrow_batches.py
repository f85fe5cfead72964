"""Slice Arrow batches by the size that their rows have once all values are spelled out.

`nbytes` counts a value of a dictionary once, however many rows refer to it: a kilobyte can stand for gigabytes.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clf.data.reading.batch import BATCH_CHARACTERS, BATCH_ROWS
from clf.data.reading.row_sizes import LONGEST, too_long
from clf.errors import DataError

FREE = 250_000_000
"""Bytes of values that a Parquet or Arrow file of any size may hold."""
CELL = 8
"""Bytes counted for each value on top of its characters, so that rows of nothing weigh something too."""
Sizes = NDArray[np.int64]
ArrowArray = Any
"""A pyarrow array; pyarrow has no type annotations."""


def sliced(batches: Iterable[Any], shown: str = "the table", allowed: int | None = None) -> Iterator[Any]:
    """Slice Arrow batches into pieces of at most BATCH_ROWS rows and BATCH_CHARACTERS bytes, but at least one row.

    Raises DataError for a row of more than LONGEST bytes, or when all rows together exceed the `allowed` bytes.
    """
    rows = total = 0
    for batch in batches:
        sizes = row_sizes(batch)
        if len(long := np.flatnonzero(sizes > LONGEST)):
            raise too_long(f"{shown}, row {rows + int(long[0]) + 1}")
        until, start = np.append(0, np.cumsum(sizes)), 0
        rows, total = rows + batch.num_rows, total + int(until[-1])
        if allowed is not None and total > allowed:
            raise inflated(shown, total)
        while start < batch.num_rows:
            fitting = int(np.searchsorted(until, until[start] + BATCH_CHARACTERS, side="right")) - 1
            end = min(max(fitting, start + 1), start + BATCH_ROWS, batch.num_rows)
            yield batch.slice(start, end - start)
            start = end


def allowed_bytes(size: int, most: int) -> int:
    """Return how many bytes of values a file of `size` bytes may hold if it may expand to `most` times its size."""
    return max(FREE, most * size)


def inflated(shown: str, size: int) -> DataError:
    """Return the error for a file whose values are many times as large as the file itself."""
    return DataError(
        f"{shown} is small, but its values take at least {size / 1e6:,.0f} MB once they are spelled out",
        "raise --max-inflation if this is expected; otherwise do not use this file",
    )


def row_sizes(batch: Any) -> Sizes:
    """Return the size of each row of a record batch in bytes, shape (rows,)."""
    return np.sum([value_sizes(column) for column in batch.columns], axis=0, dtype=np.int64) + np.zeros(
        batch.num_rows, dtype=np.int64
    )


def value_sizes(array: ArrowArray) -> Sizes:
    """Return the size of each value of an array in bytes, shape (values,)."""
    from pyarrow import BaseExtensionType, types

    kind = array.type
    if isinstance(kind, BaseExtensionType):
        return value_sizes(array.storage)
    if types.is_dictionary(kind):
        _check_indices(array)
        indices = array.indices.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
        return _taken(array.dictionary, indices) if len(array.dictionary) else _plain(array)
    if types.is_run_end_encoded(kind):
        ends = array.run_ends.to_numpy(zero_copy_only=False)
        return _taken(array.values, np.searchsorted(ends, array.offset + np.arange(len(array)), side="right"))
    if types.is_string_view(kind) or types.is_binary_view(kind):
        views = np.frombuffer(array.buffers()[1], dtype=np.int32).reshape(-1, 4)
        return np.asarray(views[array.offset : array.offset + len(array), 0].astype(np.int64) + CELL)
    if types.is_string(kind) or types.is_large_string(kind) or types.is_binary(kind) or types.is_large_binary(kind):
        import pyarrow.compute

        lengths = pyarrow.compute.binary_length(array).fill_null(0)
        return np.asarray(lengths.to_numpy(zero_copy_only=False).astype(np.int64) + CELL)
    return _nested(array) if types.is_nested(kind) else _plain(array)


def _check_indices(array: ArrowArray) -> None:
    """Raise ArrowInvalid if a value points outside the dictionary, which only a damaged file does."""
    from pyarrow import ArrowInvalid

    present = array.indices.drop_null().to_numpy(zero_copy_only=False).astype(np.int64)
    if len(present) and not 0 <= present.min() <= present.max() < len(array.dictionary):
        raise ArrowInvalid(f"a value has the number {present.max()} among {len(array.dictionary)} distinct ones")


def _taken(values: ArrowArray, places: NDArray[Any]) -> Sizes:
    return np.asarray(value_sizes(values)[places])


def _nested(array: ArrowArray) -> Sizes:
    from pyarrow import types

    kind = array.type
    if types.is_struct(kind):
        fields = [value_sizes(array.field(number)) for number in range(kind.num_fields)]
        return np.sum(fields, axis=0, dtype=np.int64) + _plain(array)
    if types.is_fixed_size_list(kind):
        starts = (array.offset + np.arange(len(array))) * kind.list_size
        ends = starts + kind.list_size
    elif types.is_list_view(kind) or types.is_large_list_view(kind):
        starts = array.offsets.to_numpy(zero_copy_only=False).astype(np.int64)
        ends = starts + array.sizes.to_numpy(zero_copy_only=False)
    elif types.is_list(kind) or types.is_large_list(kind) or types.is_map(kind):
        offsets = array.offsets.to_numpy(zero_copy_only=False).astype(np.int64)
        starts, ends = offsets[:-1], offsets[1:]
    else:  # a union: each row counts as its longest value
        fields = [value_sizes(array.field(number)) for number in range(kind.num_fields)]
        return np.full(
            len(array), max((int(sizes.max(initial=CELL)) for sizes in fields), default=CELL), dtype=np.int64
        )
    before: Sizes = np.append(0, np.cumsum(value_sizes(_elements(array))))
    return np.asarray(before[ends] - before[starts] + CELL)


def _elements(array: ArrowArray) -> ArrowArray:
    """Return the elements of all lists; those of a map are structs, which pyarrow does not hand out."""
    from pyarrow import StructArray, types

    if types.is_map(array.type):
        return StructArray.from_arrays([array.keys, array.items], ["key", "value"])
    return array.values


def _plain(array: ArrowArray) -> Sizes:
    return np.full(len(array), max(CELL, array.nbytes // max(1, len(array))), dtype=np.int64)
