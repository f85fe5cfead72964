"""All rows while a dataset is prepared: a few numbers each in memory, the texts in files."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Rows:
    """One entry per row: its place in the store, its split, and what tells it from others.

    `label` is an id into the raw labels at first, and the final label id once they are named; a `group` of 0
    is none.
    """

    number: NDArray[np.int64]
    split: NDArray[np.int8]
    line: NDArray[np.int64]
    label: NDArray[np.int64]
    group: NDArray[np.uint64]
    raw_key: NDArray[np.uint64]
    key: NDArray[np.uint64]
    length: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.number)

    def take(self, chosen: NDArray[np.int64] | Bools) -> "Rows":
        """Return the chosen rows."""
        return Rows(*(getattr(self, column.name)[chosen] for column in fields(self)))


class TextStore:
    """The texts of all rows, cleaned and raw, in numbered chunks on disk that are mapped into memory when read."""

    def __init__(self, folder: Path, sizes: list[int]) -> None:
        self.folder = folder
        self.starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self._mapped: dict[int, Any] = {}

    def text(self, row: int) -> str:
        """Return one cleaned text."""
        chunk = int(np.searchsorted(self.starts, row, side="right")) - 1
        if chunk not in self._mapped:
            self._mapped[chunk] = self._chunk(chunk)
        return str(self._mapped[chunk]["text"][row - int(self.starts[chunk])].as_py())

    def tables(self, rows: NDArray[np.int64]) -> Iterator[tuple[slice, Any]]:
        """Yield Arrow tables with the columns text and raw_text of ascending rows, each with its place in `rows`."""
        self._mapped.clear()  # what is mapped counts as memory
        for chunk in range(len(self.starts) - 1):
            first, last = np.searchsorted(rows, self.starts[chunk : chunk + 2])
            if first < last:
                yield slice(int(first), int(last)), self._chunk(chunk).take(rows[first:last] - self.starts[chunk])

    def band(self, number: int) -> NDArray[np.uint32]:
        """Return one band of the sketches of all rows."""
        return np.concatenate([self._array(chunk, "bands")[number] for chunk in range(len(self.starts) - 1)])

    def signatures(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return the sketches of some rows, in any order, shape (rows, positions)."""
        chunks = np.searchsorted(self.starts, rows, side="right") - 1
        found = np.empty((len(rows), self._array(0, "signatures").shape[1]), dtype=np.uint8)
        for chunk in np.unique(chunks).tolist():
            here = chunks == chunk
            found[here] = self._array(chunk, "signatures")[rows[here] - self.starts[chunk]]
        return found

    def _chunk(self, chunk: int) -> Any:
        import pyarrow

        with pyarrow.memory_map(str(self.folder / f"{chunk:06d}.arrow")) as file:
            return pyarrow.ipc.open_file(file).read_all()

    def _array(self, chunk: int, name: str) -> NDArray[Any]:
        return np.asarray(np.load(self.folder / f"{chunk:06d}.{name}.npy", mmap_mode="r", allow_pickle=False))
