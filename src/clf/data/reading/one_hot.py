"""Columns of zeros and ones, one for each class: together they are one label if each row has a single 1."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Any

LOOKED = 2000
FEW = 0.1
"""The largest share of rows with no 1 or several that one label may have; those rows are left out."""
YES = {1, "1", "1.0", "true", "True", "TRUE"}
NO = {0, "0", "0.0", "false", "False", "FALSE"}


@dataclass(frozen=True)
class OneHot:
    """Columns of zeros and ones, in the order of the file, and how many of the rows looked at are not of one class."""

    columns: list[str]
    rows: int
    without: int
    """Rows with no 1."""
    several: int
    """Rows with several."""

    @property
    def one_label(self) -> bool:
        """Whether the columns are one label together, rather than several labels."""
        return self.without + self.several <= FEW * self.rows

    @property
    def problem(self) -> str:
        """What is found if they are not one label."""
        listed = ", ".join(repr(name[:40]) for name in self.columns[:12]) + (" …" if len(self.columns) > 12 else "")
        return (
            f"the columns {listed} contain only 0 and 1, with several 1s in {self.several / self.rows:.0%} of the rows "
            f"and none in {self.without / self.rows:.0%}: multi-label is not supported yet"
        )

    @property
    def hint(self) -> str:
        """What to do if they are not one label."""
        return f"pass --label-column {quote(self.columns[0])} or another of them, and train one model per label"


def find_one_hot(columns: Mapping[str, Sequence[Any]], names: Sequence[str]) -> OneHot | None:
    """Return those of the columns `names` that have only zeros and ones; None if fewer than two of them have a 1."""
    kinds = {name: _kinds(columns[name]) for name in names}
    found = [name for name in names if kinds[name] in ({False}, {True, False})]  # a class may be rare
    if sum(True in kinds[name] for name in found) < 2:
        return None
    counts = [len(ones) for ones in ones_of([columns[name][:LOOKED] for name in found], found)]
    return OneHot(found, len(counts), counts.count(0), sum(count > 1 for count in counts))


def are_one_hot(names: Sequence[str], columns: Mapping[str, Sequence[Any]], among: Sequence[str]) -> bool:
    """Return whether columns such as pandas' dummies, `label_bad` and `label_good`, are one label together."""
    found = find_one_hot(columns, among)
    return found is not None and found.one_label and set(names) <= set(found.columns)


def ones_of(columns: Sequence[Sequence[Any]], names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield for each row the names of the columns that have a 1."""
    known: dict[tuple[Any, ...], tuple[str, ...]] = {}
    for row in zip(*columns, strict=True):
        try:
            found = known.get(row)
        except TypeError:  # a list, which is neither 1 nor 0
            row, found = tuple(map(_is_one, row)), None
        if found is None:
            found = tuple(name for name, value in zip(names, row, strict=True) if _is_one(value))
            if len(known) < LOOKED:
                known[row] = found
        yield found


def _kinds(values: Sequence[Any]) -> set[bool | None]:
    """Return which of 1, 0 and anything else (None) occur."""
    return {_is_one(value) for value in values[:LOOKED]}


def _is_one(value: Any) -> bool | None:
    if isinstance(value, str):
        value = value.strip()
    elif not isinstance(value, (bool, int, float)):
        return None
    return True if value in YES else False if value in NO else None
