"""The columns in use, each with its role and the reason for it."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

from clf.data.reading.column_names import find_name
from clf.errors import DataError

if TYPE_CHECKING:
    from clf.settings import DataSettings

MOST_LISTED = 12
MOST_FLAGS = 3

Role = Literal["text", "label", "label name", "group", "annotation", "split", "ignored"]


@dataclass(frozen=True)
class Column:
    """What a column is used for, and why."""

    name: str
    role: Role
    reason: str


@dataclass(frozen=True)
class Columns:
    """The columns in use: text, label, optionally the label name and the group, whose rows stay in the same split."""

    text: list[str]
    label: str | None
    label_name: str | None = None
    group: str | None = None
    one_hot: list[str] = field(default_factory=list)
    """Columns of 0 and 1 that are one label together: the name of the one with the 1."""
    saying_no: frozenset[str] = field(default=frozenset(), compare=False)
    """Those of them in which a value says no, so that an empty cell may say nothing."""
    listed: list[str] = field(default_factory=list)
    """Columns with one label of a text each, as exports write several: the first of them are filled."""
    left_out: dict[str, frozenset[str]] = field(default_factory=dict)
    """Values of a column with which a row is no example, in lower case: those that an annotator rejected."""
    roles: tuple[Column, ...] = field(default=(), compare=False)
    """Every column of the file, with the reason for its role."""

    @property
    def needed(self) -> list[str]:
        """The columns that a file must have: text, label and group."""
        label = self.one_hot or self.listed[:1] or ([self.label] if self.label is not None else [])
        return [*self.text, *label, *([self.group] if self.group is not None else [])]


IGNORED: tuple[Role, str] = ("ignored", "named by --ignore-column")


def ignored(names: Sequence[str], data: "DataSettings", shown: str) -> dict[str, tuple[Role, str]]:
    """Return the columns of a file that the user gives no role; a file may lack some of them.

    Raises DataError if one of them is also named as text, label or group.
    """
    found = {find_name(names, column): IGNORED for column in data.ignore_column}
    asked = [*(("text", column) for column in data.text_column), ("label", data.label_column)]
    for role, column in [*asked, ("group", data.group_column)]:
        if column and (twice := find_name(names, column)) in found and twice is not None:
            raise DataError(
                f"{shown}: column {twice!r} is named by --{role}-column and by --ignore-column", "remove one of the two"
            )
    return {name: told for name, told in found.items() if name is not None}


def named(names: Sequence[str], column: str, role: str, shown: str) -> str:
    """Return the column that the user names for a role; raise DataError if there is none."""
    if (found := find_name(names, column)) is not None:
        return found
    close = get_close_matches(column, names, n=1, cutoff=0.5)
    hint = f"did you mean --{role}-column {close[0]}?" if close else f"pass --{role}-column with one of them"
    raise DataError(f"{shown} has no column {column!r}; it has {listed(list(names))}", hint)


def listed(names: list[str]) -> str:
    """List the columns of a file, for an error."""
    return ", ".join(repr(name[:40]) for name in names[:MOST_LISTED]) + (" …" if len(names) > MOST_LISTED else "")


def flags(role: str, candidates: list[str], *, below_header: bool = False, instead: str = "") -> str:
    """Return the hint that names the flag for each candidate, or how to name a column if there is none.

    `instead` is another way out, if there are several.
    """
    if not candidates:
        named = f"pass --{role}-column with its name"
        if below_header:
            return f"{named} or number from 0 (and --no-header if the first line is data)"
        return f"{named}, or add the {role} of each row under a name of its own"
    if len(candidates) == 1:
        return f"pass --{role}-column {shlex.quote(candidates[0])} if that is the {role}"
    named_flags = [f"--{role}-column {shlex.quote(name)}" for name in candidates[:MOST_FLAGS]]
    more = len(candidates) - MOST_FLAGS
    others = f" (or one of {more} more columns)" if more > 1 else " (or one more column)" if more == 1 else ""
    return f"pass {', '.join(named_flags[:-1])} or {named_flags[-1]}{others}{f', or {instead}' if instead else ''}"


def no_texts(shown: str, held: Mapping[str, str], *, others: bool) -> DataError:
    """Return the error for a table without texts, with what its columns are; `others` tells that one may be meant."""
    named = ", ".join(f"{name[:40]!r} ({what})" for name, what in list(held.items())[:MOST_LISTED])
    return DataError(
        f"{shown} has no column of texts; it has {named}" + (" …" if len(held) > MOST_LISTED else ""),
        "add a column with the text of each row"
        + (", or pass --text-column with what is to be classified instead" if others else ""),
    )
