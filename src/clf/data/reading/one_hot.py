"""Columns of zeros and ones, one for each class: together they are one label if each row has a single 1.

Survey tools write a mark instead, as `x`, `yes` or the name of the column itself, against `no` or an empty cell.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from shlex import quote
from typing import Any

from clf.data.reading.mark_values import is_no_mark, is_of_class, is_one, says_no

LOOKED = 2000
FEW = 0.1
"""The largest share of rows with no 1 or several that one label may have; those rows are left out."""
SURE = 20
"""The fewest rows of which it is no chance that each has a single 1."""
FEWEST = 3
"""The fewest columns that are told from another if some rows have none or several marks in them."""
MOST_BESIDE = 3
"""The most columns that are told from them."""
MOST_TRIED = 400
"""The most sets of columns that are tried to find those with a single 1 in each row."""
MOST_COUNTED = 40
"""The most columns of which one is left out at a time."""
ALL_LABELS = "--multi-label to read all of them as labels"
"""What to do if a text may have each of some columns as a label."""
MOST_NAMED = 3
"""The most columns that a hint names."""


@dataclass(frozen=True)
class OneHot:
    """Columns of zeros and ones, in the order of the file, and how many of the rows looked at are not of one class."""

    columns: list[str]
    rows: int
    without: int
    """Rows with no 1."""
    several: int
    """Rows with several."""
    single: list[str] = field(default_factory=list)
    """If they are not one label: those of them, two or more, that have one 1 in each row, or in nearly each."""
    one: str = "1"
    """What says that a row is of a class: a 1 or a mark."""
    odd: int = field(default=0, compare=False)
    """Rows with none or several in the single ones."""
    saying_no: frozenset[str] = field(default=frozenset(), compare=False)
    """The columns in which some value says no, as 0 does, so that an empty cell may say nothing."""

    @property
    def one_label(self) -> bool:
        """Whether the columns are one label together, rather than several labels."""
        return self.without + self.several <= FEW * self.rows

    @property
    def doubt(self) -> str:
        """Why it may be chance that they are one label; empty if it is none."""
        if self.rows >= SURE:
            return ""
        return (
            f"each of the {self.rows} rows has a single {self.one} in the columns {_listed(self.columns)}, so they "
            f"are read as one label; if that is chance, pass --label-column {quote(self.columns[0])} or another of them"
        )

    @property
    def problem(self) -> str:
        """What is found if they are several labels."""
        only = "0 and 1" if self.one == "1" else "marks"
        return (
            f"the columns {_listed(self.columns)} contain only {only}, with several {self.one}s in "
            f"{self.several / self.rows:.0%} of the rows and none in {self.without / self.rows:.0%}"
        )

    @property
    def unclear(self) -> str:
        """What is found if only the single ones are one label."""
        are = "is" if len(self.beside) == 1 else "are"
        return (
            f"the columns {_listed(self.single)} have {self._one_each}, and beside them "
            f"{are} {_listed(self.beside)} with such values too: clf cannot tell which of them are the classes"
        )

    @property
    def instead(self) -> str:
        """What to do for one label if they are several."""
        fill = "" if self.one == "1" else "fill their empty cells with no and "
        return f"{fill}pass --label-column {quote(self.columns[0])} or another of them"

    def says(self, *, sets: bool) -> str:
        """Return what one of the columns is; with `sets`, texts may have several labels."""
        if sets:
            return f"its {self.one} says that the text has this label"
        return f"one-hot: its {self.one} says that the row is of this class"

    @property
    def beside(self) -> list[str]:
        """The columns with such values that are not among the single ones."""
        return [name for name in self.columns if name not in self.single]

    def rivalled_by(self, others: Sequence[str]) -> str:
        """Return what is found if the columns are one label, and `others` beside them may be the label too."""
        are = "is" if len(others) == 1 else "are"
        return (
            f"the columns {_listed(self.columns)} have {self._one_each}, and beside them {are} "
            f"{_listed(others)} with few values: clf cannot tell which of them the label is"
        )

    @property
    def _one_each(self) -> str:
        odd = self.odd if self.single else self.without + self.several
        return (
            f"exactly one {self.one} in each row"
            if not odd
            else (f"exactly one {self.one} in {1 - odd / self.rows:.0%} of the rows")
        )


def ways_out(beside: Sequence[str], labels: Sequence[str], *, several: bool = False) -> str:
    """Return the hint for columns with one mark in each row and others beside them, of which `labels` may be the label.

    The first way leaves out the others, and so reads the marks as one label; with `several`, all may be labels.
    """
    ignored = " ".join(f"--ignore-column {quote(name)}" for name in beside)
    read = f"pass {ignored} to read the others as one label"
    columns = " or ".join(f"--label-column {quote(name)}" for name in labels[:MOST_NAMED])
    ways = [read, *([f"{columns} to train on that column"] if columns else [])]
    return ", or ".join([*ways, *([ALL_LABELS] if several else [])])


def find_one_hot(columns: Mapping[str, Sequence[Any]], names: Sequence[str], *, marks: bool = False) -> OneHot | None:
    """Return those of the columns `names` that have only zeros and ones; None if fewer than two of them have a 1.

    With `marks`, columns of marks and of empty cells count too.
    """
    kinds = {name: _marked(columns[name], name) if marks else _kinds(columns[name]) for name in names}
    found = [name for name in names if kinds[name] in ({False}, {True, False})]  # a class may be rare
    if sum(True in kinds[name] for name in found) < 2:
        return None
    rows = list(ones_of([columns[name][:LOOKED] for name in found], found))
    counts = [len(ones) for ones in rows]
    one = "mark" if marks and any(_kinds(columns[name]) != kinds[name] for name in found) else "1"
    saying_no = frozenset(name for name in found if any(map(says_no, _distinct(columns[name]))))
    several = sum(count > 1 for count in counts)
    hot = OneHot(found, len(counts), counts.count(0), several, one=one, saying_no=saying_no)
    if hot.one_label or hot.rows < SURE:
        return hot
    if single := _single_in_each_row(found, rows):
        return replace(hot, single=single)
    single, odd = _single_in_most_rows(found, rows)
    return replace(hot, single=single, odd=odd)


def are_one_hot(names: Sequence[str], columns: Mapping[str, Sequence[Any]], among: Sequence[str]) -> bool:
    """Return whether columns such as pandas' dummies, `label_bad` and `label_good`, are one label together."""
    tried = (find_one_hot(columns, among, marks=marks) for marks in (False, True))
    return any(hot is not None and hot.one_label and set(names) <= set(hot.columns) for hot in tried)


def are_marked(names: Sequence[str], columns: Mapping[str, Sequence[Any]]) -> bool:
    """Return whether all columns have zeros and ones or marks, so that texts may have several of them as labels."""
    tried = (find_one_hot(columns, names, marks=marks) for marks in (False, True))
    return any(hot is not None and hot.columns == [*names] for hot in tried)


def is_made_of(hot: OneHot, columns: Mapping[str, Sequence[Any]], distinct: Mapping[str, int]) -> bool:
    """Return whether another column of `columns` has the class of each row; `distinct` counts its values."""
    ones = list(ones_of([columns[name] for name in hot.columns], hot.columns))
    for name in distinct:
        pairs = {(str(value), one) for value, one in zip(columns[name], ones, strict=True)}
        if name not in hot.columns and len(pairs) == len(set(ones)) == distinct[name]:
            return True
    return False


def ones_of(columns: Sequence[Sequence[Any]], names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield for each row the names of the columns that have a 1 or a mark."""
    known: dict[tuple[Any, ...], tuple[str, ...]] = {}
    for row in zip(*columns, strict=True):
        try:
            found = known.get(row)
        except TypeError:  # a list, which is neither 1 nor 0
            row, found = tuple(map(is_one, row)), None
        if found is None:
            found = tuple(name for name, value in zip(names, row, strict=True) if is_of_class(value, name))
            if len(known) < LOOKED:
                known[row] = found
        yield found


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name[:40]) for name in names[:12]) + (" …" if len(names) > 12 else "")


def _single_in_each_row(names: Sequence[str], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return the columns, at least two, of which each row has exactly one; none if there are none, or all are of them.

    A column without any 1 is among them: it may be a rare class.
    """
    having: dict[str, set[int]] = {name: set() for name in names}
    for number, ones in enumerate(rows):
        for name in ones:
            having[name].add(number)
    tried = 0

    def cover(taken: list[str], left: set[int]) -> list[str]:
        nonlocal tried
        tried += 1
        if not left:
            return taken
        for name in rows[min(left)] if tried < MOST_TRIED else ():
            if having[name] <= left and (found := cover([*taken, name], left - having[name])):
                return found
        return []

    found = cover([], set(range(len(rows))))
    single = [name for name in names if name in found or not having[name]]
    return single if len(found) > 1 and len(single) < len(names) else []


def _single_in_most_rows(names: Sequence[str], rows: Sequence[tuple[str, ...]]) -> tuple[list[str], int]:
    """Return the columns of which nearly each row has exactly one, and how many rows have not; none if there are none.

    The column without which the most rows have one is left out, up to MOST_BESIDE times.
    """
    left = list(names)
    for _ in range(min(MOST_BESIDE, len(names) - FEWEST)):
        odd = {name: _odd(rows, {*left} - {name}) for name in left[:MOST_COUNTED]}
        worst = min(odd, key=lambda name: odd[name])
        left.remove(worst)
        if odd[worst] <= FEW * len(rows) and sum(any(name in row for row in rows) for name in left) >= FEWEST:
            return left, odd[worst]
    return [], 0


def _odd(rows: Sequence[tuple[str, ...]], names: set[str]) -> int:
    return sum(len(names.intersection(row)) != 1 for row in rows)


def _kinds(values: Sequence[Any]) -> set[bool | None]:
    """Return which of 1, 0 and anything else (None) occur."""
    return {is_one(value) for value in _distinct(values)}


def _marked(values: Sequence[Any], name: str) -> set[bool | None]:
    """Return which of a mark, none and anything else (None) occur; a column must have the same mark on all rows."""
    found: set[bool | None] = set()
    marks = set()
    for value in _distinct(values):
        kind = False if is_no_mark(value) else is_of_class(value, name)
        if kind:
            marks.add(value.strip().lower() if isinstance(value, str) else value)
        found.add(kind)
        if None in found or len(marks) > 1:
            return {None}
    return found if marks or _kinds(values) == {False} else {None}


def _distinct(values: Sequence[Any]) -> Collection[Any]:
    """Return the different values among the first, which are few in columns of marks."""
    try:
        return dict.fromkeys(values[:LOOKED])
    except TypeError:  # a list
        return values[:LOOKED]
