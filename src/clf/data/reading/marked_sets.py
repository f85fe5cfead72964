"""The sets of labels in columns of zeros and ones, or of marks: one column for each label."""

from collections.abc import Collection, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any, NamedTuple

from clf.data.reading.mark_values import USUAL, is_no_mark, is_no_value, is_of_class

MOST_KNOWN = 2000
"""Different rows whose reading is kept."""
UNKNOWN = frozenset({"-1", "-1.0"})
"""What says in each column of a row that its labels are not known."""

Found = tuple[str, ...]


@dataclass(frozen=True)
class Unclear:
    """A row of columns of zeros and ones in which another value stands."""

    problem: str


class Empty(NamedTuple):
    """The empty cells of a row that has filled ones beside them, in columns that say no elsewhere."""

    cells: int
    column: str
    """The first of their columns."""


def sets_of(
    columns: Sequence[Sequence[Any]],
    names: Sequence[str],
    saying_no: Collection[str] = (),
    empty: dict[int, Empty] | None = None,
) -> Iterator[Found | Unclear | None]:
    """Yield for each row the names of the columns that have a 1 or a mark; None if its labels are not known.

    They are not known if every column says -1, or nothing where some columns, `saying_no`, say 0 or no elsewhere.
    Another value makes a row unclear. Empty cells that are read as no, although their columns say it otherwise, are put
    into `empty`, by the number of the row.
    """
    unknown = UNKNOWN | {""} if saying_no else UNKNOWN
    telling = [name in saying_no for name in names]
    known: dict[tuple[Any, ...], tuple[Found | Unclear | None, Empty | None]] = {}
    for number, row in enumerate(zip(*columns, strict=True)):
        try:
            is_known = row in known
        except TypeError:  # a list, which is neither 1 nor 0
            row, is_known = tuple(map(str, row)), False
        found, left_empty = known[row] if is_known else (_set_of(row, names, unknown), _empty_in(row, names, telling))
        if not is_known and len(known) < MOST_KNOWN:
            known[row] = found, left_empty
        if left_empty and empty is not None:
            empty[number] = left_empty
        yield found


def _set_of(row: tuple[Any, ...], names: Sequence[str], unknown: Set[str]) -> Found | Unclear | None:
    if all(("" if is_no_value(value) else str(value).strip()) in unknown for value in row):
        return None
    kinds = [USUAL.get(value) for value in row]
    if None in kinds:
        pairs = zip(row, names, strict=True)
        kinds = [False if is_no_mark(value) else is_of_class(value, name) for value, name in pairs]
    if None in kinds:
        place = kinds.index(None)
        return Unclear(f"the label column {names[place]!r} is {str(row[place])[:40]!r}, expected 0 or 1")
    return tuple(name for name, kind in zip(names, kinds, strict=True) if kind)


def _empty_in(row: tuple[Any, ...], names: Sequence[str], telling: Sequence[bool]) -> Empty | None:
    if USUAL.keys() >= {*row}:
        return None
    cells = zip(row, names, telling, strict=True)
    found = [name for value, name, tells in cells if tells and _is_empty(value)]
    return Empty(len(found), found[0]) if found else None


def _is_empty(value: Any) -> bool:
    return (isinstance(value, str) and not value.strip()) or is_no_value(value)
