"""Texts that become Python strings only while they are read: a few bytes a row beyond their characters."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from clf.data.reading.batch import BATCH_ROWS, WINDOW


class LazyTexts(Sequence[str]):
    """A sequence of texts; a slice of it is a list of strings, so that large ones are read slice by slice."""

    @abstractmethod
    def part(self, start: int, end: int) -> list[str]:
        """Return the texts from `start` up to `end`."""

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            start, end, step = place.indices(len(self))
            return self.part(start, end) if step == 1 else [self[row] for row in range(start, end, step)]
        row = range(len(self))[place]
        return self.part(row, row + 1)[0]

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), WINDOW):
            yield from self.part(start, min(start + WINDOW, len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and all(one == two for one, two in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]  # as a list


class ColumnTexts(LazyTexts):
    """The texts of an Arrow column."""

    def __init__(self, column: Any) -> None:
        """Take a chunked array of strings (`Any` because pyarrow has no type annotations)."""
        self.column = column

    @classmethod
    def of(cls, texts: Sequence[str]) -> "ColumnTexts":
        """Return a copy of texts, none of which holds half of a surrogate pair."""
        import pyarrow

        kind = pyarrow.large_string()
        starts = range(0, len(texts), BATCH_ROWS)
        return cls(pyarrow.chunked_array([pyarrow.array(texts[at : at + BATCH_ROWS], kind) for at in starts], kind))

    def __len__(self) -> int:
        return len(self.column)

    def part(self, start: int, end: int) -> list[str]:
        """Return the texts from `start` up to `end`."""
        texts: list[str] = self.column.slice(start, max(0, end - start)).to_pylist()
        return texts

    def take(self, rows: NDArray[np.int64]) -> "ColumnTexts":
        """Return the texts of the selected rows, in the given order."""
        return ColumnTexts(self.column.take(rows))


class ChangedTexts(LazyTexts):
    """Texts to which `change` is applied each time they are read."""

    def __init__(self, texts: Sequence[str], change: Callable[[str], str]) -> None:
        self.texts, self.change = texts, change

    def __len__(self) -> int:
        return len(self.texts)

    def part(self, start: int, end: int) -> list[str]:
        """Return the changed texts from `start` up to `end`."""
        return [self.change(text) for text in self.texts[start:end]]


class JoinedTexts(LazyTexts):
    """The texts of one sequence, and after them those of another."""

    def __init__(self, first: Sequence[str], second: Sequence[str]) -> None:
        self.first, self.second = first, second

    def __len__(self) -> int:
        return len(self.first) + len(self.second)

    def part(self, start: int, end: int) -> list[str]:
        """Return the texts from `start` up to `end`."""
        before = len(self.first)
        return [*self.first[start:end], *self.second[max(0, start - before) : max(0, end - before)]]


def taken(texts: Sequence[str], rows: NDArray[np.int64]) -> Sequence[str]:
    """Return the selected texts, in the given order."""
    return texts.take(rows) if isinstance(texts, ColumnTexts) else [texts[row] for row in rows.tolist()]
