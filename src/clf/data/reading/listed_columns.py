"""Several labels of a text in columns of their own: of one name, as `Labels`, `Labels`, or numbered, as `tag1`, `tag2`.

Columns of one name may also hold a class and its subclass, or the labels of several people; and a number may be that of
a year or of a second opinion.
"""

import logging
import re
from collections.abc import Collection, Mapping, Sequence
from shlex import quote
from typing import TYPE_CHECKING, Any

from clf.data.reading.joined_labels import are_joined
from clf.data.reading.label_cells import hold_sets
from clf.errors import DataError

if TYPE_CHECKING:
    from clf.settings import DataSettings

LONGEST = 60
"""The most characters of a label, on average, of which a text has several in columns of their own."""
MOST_TWICE = 0.1
"""The largest share of rows with several labels in columns of one name that may have one of them twice."""
FEW = 20
"""The rows below which columns may have different labels by chance."""
_NUMBERED = re.compile(r"(?P<stem>.*[^\W\d_][\s._-]*)(?P<number>\d+)", re.DOTALL)
"""The name of a column that is one of several, as `label_2`."""
_END = " \t\r\n._-"

log = logging.getLogger(__name__)


def listed_labels(
    names: Sequence[str], columns: Mapping[str, Sequence[Any]], told: bool | None = None, known: bool = False
) -> list[str]:
    """Return the columns with one label of a text each, of which `names` are; none if they hold something else.

    If the user has `told` that a text has several labels, those with the same labels are such, whatever rows fill. If
    the model that is measured is `known` to have several, rows need not differ in how many they have.
    """
    label = names[0]
    doubled = _doubled(label, columns, known=known)
    found = doubled or (alike(label, columns, known=known) if told else _counted(label, columns, known=known))
    if not {*names} <= {*found} or len(found) < 2:
        return []
    rows = _labels_of([columns[name] for name in found])
    are_several = not _holds_several(columns[label]) if told or known else _differ(rows)
    is_so = told or (_are_seldom_twice(rows) if doubled else _fill_first([columns[name] for name in found]))
    return found if are_several and is_so and _are_short(rows) else []


def listed_beside(
    label: str, columns: Mapping[str, Sequence[Any]], data: "DataSettings", shown: str, names: Sequence[str] = ()
) -> list[str]:
    """Return the columns that have the labels of a text together with the label column; none if it stands alone.

    Warns of columns that are left out although they have the labels of `label`, or read although it alone may be meant.
    Raises DataError if columns of the very same name hold the same labels, but not as several of a text are written.
    `names` are all columns of the file.
    """
    told, known = told_of_several(data)
    found = listed_labels([label], columns, told, known)
    doubled = _doubled(label, columns, known=known)
    first = f"--label-column {[*(names or columns)].index(doubled[0]) if doubled else quote(label)}"
    if found:
        if (known or told is None) and _may_be_alone([columns[name] for name in found], doubled):
            log.warning(
                "%s: the columns %s are read as several labels of a text, although %r has one in every row; if the"
                " others correct it or are those of somebody else, %s reads it alone",
                shown, ", ".join(map(repr, found)), found[0], first,
            )  # fmt: skip
        return found
    rows = _labels_of([columns[name] for name in doubled])
    is_open = told is None and not (known and _holds_several(columns[label]))
    if is_open and any(len({*row}) > 1 for row in rows) and _are_short(rows):
        raise DataError(
            f"{shown}: cannot tell whether a text has several labels: {len(doubled)} columns are called {doubled[0]!r} "
            "and have the same labels, but rows do not differ in how many they have, or have one twice",
            f"pass --multi-label if a text has the labels of all of them, or {first}, which reads the first alone, if"
            " the others are those of somebody else",
        )
    _tell_left_out(label, _of_one_name(label, columns), alike(label, columns, known=known), shown)
    return []


def _tell_left_out(label: str, of_one_name: Sequence[str], numbered: Sequence[str], shown: str) -> None:
    if others := [name for name in dict.fromkeys([*of_one_name, *numbered]) if name != label]:
        also = "; if they are further labels of a text, pass --multi-label" if numbered else ""
        log.warning("%s: only %s is read as the label, and not %s%s", shown, label, ", ".join(map(repr, others)), also)


def told_of_several(data: "DataSettings") -> tuple[bool | None, bool]:
    """Return whether the user said that a text may have several labels, and whether the model that is measured has.

    Where the model was not trained with that very column, its kind counts as if the user had said it.
    """
    known = bool(data.multi_label) and "multi_label" not in data.model_fields_set
    return (None if known and data.label_column else data.multi_label), known


def listed_as(train: Sequence[str], names: Collection[str]) -> list[str]:
    """Return the columns of another file that list labels as those of training do; it may have more or fewer."""
    if train[1:2] == [f"{train[0]}.1"]:
        return _of_one_name(train[0], names)
    return [name for name in names if name in train or (_NUMBERED.fullmatch(name) and _stem(name) == _stem(train[0]))]


def has_more(label: str | None, names: Collection[str], known: Collection[str]) -> bool:
    """Return whether a file has further columns with the name of the label, which the files before had not."""
    return label is not None and any(name not in known for name in _of_one_name(label, names))


def alike(label: str, columns: Mapping[str, Sequence[Any]], *, known: bool = False) -> list[str]:
    """Return the columns with the name of a label column and a number, and labels as it has; itself among them.

    If texts are `known` to have several labels, few rows need not have the same ones.
    """
    values = {name: _distinct(columns[name]) for name in columns if _stem(name) == _stem(label)}
    some = known and len(columns[label]) < FEW
    found = [name for name in values if some or not values[name] or _shared(values[name], values[label]) > 0.5]
    return found if sum(bool(values[name]) for name in found) > 1 else []


def _counted(label: str, columns: Mapping[str, Sequence[Any]], *, known: bool) -> list[str]:
    """Return the columns alike that are numbered from 0 or 1 on; none if one of that name has no number."""
    found = alike(label, columns, known=known)
    numbered = [_NUMBERED.fullmatch(name) for name in columns if _stem(name) == _stem(label)]
    if not all(numbered):
        return []
    numbers = sorted(int(one["number"]) for name in found if (one := _NUMBERED.fullmatch(name)))
    return found if found and numbers[0] in (0, 1) and numbers == [*range(numbers[0], numbers[-1] + 1)] else []


def _doubled(label: str, columns: Mapping[str, Sequence[Any]], *, known: bool) -> list[str]:
    """Return the columns of one name that have the same labels; none if there is one, or if they have others.

    If texts are `known` to have several labels, few rows need not have the same ones.
    """
    found = _of_one_name(label, columns)
    others = {value for name in found[1:] for value in _distinct(columns[name])}
    some = known and len(columns[label]) < FEW
    return found if others and (some or _shared(_distinct(columns[found[0]]), others) > 0.3) else []


def _may_be_alone(columns: Sequence[Sequence[Any]], doubled: Sequence[str]) -> bool:
    """Return whether the first of the columns may be the label: it is filled in every row.

    Of columns of the very same name, no more than one other may be filled: three hold labels as an export writes them.
    """
    filled = [[bool(_written(value)) for value in column] for column in columns]
    return all(filled[0]) and not (doubled and sum(map(any, filled)) > 2)


def _of_one_name(label: str, names: Collection[str]) -> list[str]:
    """Return the columns with the name of a column, which are read as `name`, `name.1`, … in the order of the file."""
    first, _, number = label.rpartition(".")
    first = first if number.isdecimal() and first in names else label
    found = [name for name in names if name == first or _is_again(name, first)]
    return found if first in found else []


def _is_again(name: str, first: str) -> bool:
    before, _, number = name.rpartition(".")
    return before == first and number.isdecimal()


def _labels_of(columns: Sequence[Sequence[Any]]) -> list[list[str]]:
    return [[label for label in map(_written, row) if label] for row in zip(*columns, strict=True)]


def _differ(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether rows differ in how many labels they have, and some have several."""
    return len({*map(len, rows)}) > 1 and max(map(len, rows)) > 1


def _are_seldom_twice(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether few rows have a label twice; where several people labelled each text, they often agree."""
    several = [row for row in rows if len(row) > 1]
    return sum(len({*row}) < len(row) for row in several) <= MOST_TWICE * len(several)


def _holds_several(values: Sequence[Any]) -> bool:
    """Return whether one column has all labels of a text, as a list or joined."""
    return hold_sets(values) or are_joined(values)


def _fill_first(columns: Sequence[Sequence[Any]]) -> bool:
    """Return whether each row has its labels in the first of the columns, none twice."""
    for row in zip(*columns, strict=True):
        labels = [label for label in map(_written, row) if label]
        if [*map(_written, row)][: len(labels)] != labels or len({*labels}) < len(labels):
            return False
    return True


def _are_short(rows: Sequence[Sequence[str]]) -> bool:
    return sum(len(label) for row in rows for label in row) <= LONGEST * sum(map(len, rows))


def _stem(name: str) -> str:
    found = _NUMBERED.fullmatch(name)
    return (found["stem"].rstrip(_END) if found else name).casefold()


def _written(value: Any) -> str:
    return "" if value is None or value != value else str(value).strip()


def _shared(one: Collection[str], other: Collection[str]) -> float:
    """Return the share of the labels of one of the two, which has fewer, that the other has too."""
    return len({*one} & {*other}) / max(1, min(len(one), len(other)))


def _distinct(values: Sequence[Any]) -> set[str]:
    return {*map(_written, values)} - {""}
