"""All rows of a dataset during preparation: a few numbers per row in memory, the texts in files."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Ints = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Rows:
    """One entry per row in each array: its number in the text store, split, line, label, group, key and length.

    `label` is the id of a raw label at first, and the final label id once the labels are named; a `group` of 0 means
    no group. The arrays are narrow, because they are all that stays in memory of a row: 25 bytes, 33 with groups.
    """

    number: Ints
    split: NDArray[np.int8]
    line: Ints
    label: Ints
    group: NDArray[np.uint64]
    key: NDArray[np.uint64]
    length: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.number)

    def take(self, chosen: Ints | Bools) -> "Rows":
        """Return only the chosen rows."""
        return Rows(*(_taken(getattr(self, column.name), chosen) for column in fields(self)))


def no_groups(rows: int) -> NDArray[np.uint64]:
    """Return the groups of rows without any, which takes no memory."""
    return np.broadcast_to(np.uint64(0), (rows,))


def _taken(column: NDArray[Any], chosen: Ints | Bools) -> NDArray[Any]:
    if column.strides == (0,):  # no groups
        return no_groups(int(np.count_nonzero(chosen)) if chosen.dtype == bool else len(chosen))
    return np.asarray(column[chosen])


class DamagedChunk(ValueError):
    """A file that a worker has handed over is not as it was written."""


class TextStore:
    """The raw and cleaned texts of all rows, in numbered chunks on disk that are memory-mapped when they are read."""

    def __init__(self, folder: Path, sizes: list[int]) -> None:
        self.folder = folder
        self.starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self._mapped: dict[int, Any] = {}

    def text(self, row: int) -> str:
        """Return the cleaned text of one row."""
        chunk = int(np.searchsorted(self.starts, row, side="right")) - 1
        if chunk not in self._mapped:
            self._mapped[chunk] = self._chunk(chunk)
        return str(self._mapped[chunk]["text"][row - int(self.starts[chunk])].as_py())

    def tables(self, rows: Ints) -> Iterator[tuple[slice, Any]]:
        """Yield Arrow tables with the texts (`text`, `raw_text`) of ascending `rows`, each with its slice of `rows`."""
        self._mapped.clear()  # mapped files count towards memory use
        for chunk in range(len(self.starts) - 1):
            first, last = np.searchsorted(rows, self.starts[chunk : chunk + 2])
            if first < last:
                yield slice(int(first), int(last)), self._chunk(chunk).take(rows[first:last] - self.starts[chunk])

    def band(self, number: int) -> NDArray[np.uint32]:
        """Return one band of the sketches of all rows, shape (rows,)."""
        found = np.empty(int(self.starts[-1]), dtype=np.uint32)
        for chunk in range(len(self.starts) - 1):
            bands = self._array(chunk, "bands", "<u4", (None, self._size(chunk)))
            found[self.starts[chunk] : self.starts[chunk + 1]] = bands[number]
        return found

    def raw_keys(self, rows: Ints) -> NDArray[np.uint64]:
        """Return the hashes of the raw texts of the chosen rows, shape (rows,)."""
        found = np.empty(int(self.starts[-1]), dtype=np.uint64)
        for chunk in range(len(self.starts) - 1):
            keys = self._array(chunk, "raw_keys", "<u8", (self._size(chunk),))
            found[self.starts[chunk] : self.starts[chunk + 1]] = keys
        return found if len(rows) == len(found) else found[rows]

    def signatures(self, rows: Ints) -> NDArray[np.uint8]:
        """Return the sketches of the chosen rows, in the order of `rows`, shape (rows, positions)."""
        chunks = np.searchsorted(self.starts, rows, side="right") - 1
        positions = self._signatures(0, None).shape[1]
        found = np.empty((len(rows), positions), dtype=np.uint8)
        for chunk in np.unique(chunks).tolist():
            here = chunks == chunk
            found[here] = self._signatures(chunk, positions)[rows[here] - self.starts[chunk]]
        return found

    def _chunk(self, chunk: int) -> Any:
        import pyarrow

        path = self.folder / f"{chunk:06d}.arrow"
        try:
            with pyarrow.memory_map(str(path)) as file:
                return pyarrow.ipc.open_file(file).read_all()
        except pyarrow.ArrowException as error:
            raise DamagedChunk(f"{path} is damaged: it is not in Arrow's format") from error

    def _signatures(self, chunk: int, positions: int | None) -> NDArray[Any]:
        return self._array(chunk, "signatures", "|u1", (self._size(chunk), positions))

    def _size(self, chunk: int) -> int:
        return int(self.starts[chunk + 1] - self.starts[chunk])

    def _array(self, chunk: int, name: str, kind: str, shape: tuple[int | None, ...]) -> NDArray[Any]:
        path = self.folder / f"{chunk:06d}.{name}.npy"
        try:
            found = np.load(path, mmap_mode="r", allow_pickle=False)
        except OSError:
            raise
        except Exception as error:  # the library parses the header as Python, whose errors are of many types
            raise DamagedChunk(f"{path} is damaged: it is not an array") from error
        wanted = tuple(have if want is None else want for want, have in zip(shape, found.shape, strict=False))
        if found.dtype.str != kind or len(shape) != found.ndim or wanted != found.shape:
            raise DamagedChunk(f"{path} is damaged: it holds {found.dtype.str[:20]} of shape {str(found.shape)[:60]}")
        return np.asarray(found)
