"""The columns in use, each with its role and the reason for it."""

import shlex
from dataclasses import dataclass, field
from typing import Literal

from clf.data.reading.column_values import Look, shown_examples
from clf.errors import DataError

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
    left_out: dict[str, frozenset[str]] = field(default_factory=dict)
    """Values of a column with which a row is no example, in lower case: those that an annotator rejected."""
    roles: tuple[Column, ...] = field(default=(), compare=False)
    """Every column of the file, with the reason for its role."""

    @property
    def needed(self) -> list[str]:
        """The columns that a file must have: text, label and group."""
        label = self.one_hot or ([self.label] if self.label is not None else [])
        return [*self.text, *label, *([self.group] if self.group is not None else [])]


def listed(names: list[str]) -> str:
    """List the columns of a file, for an error."""
    return ", ".join(repr(name[:40]) for name in names[:MOST_LISTED]) + (" …" if len(names) > MOST_LISTED else "")


def flags(role: str, candidates: list[str]) -> str:
    """Return the hint that names the flag for each candidate; empty if there is no choice."""
    if len(candidates) < 2:
        return ""
    *first, last = (f"--{role}-column {shlex.quote(name)}" for name in candidates[:MOST_FLAGS])
    return f"pass {', '.join(first)} or {last}"


def cannot_tell(role: str, shown: str, looks: dict[str, Look], candidates: list[str]) -> DataError:
    """Return the error for a role that no column has, or that each of the candidates could have."""
    names = list(looks)
    nested = any(look.kind in ("lists", "objects") for look in looks.values())
    if role == "text" and not candidates and not nested:
        return DataError(
            f"{shown} has no column of texts; it has {listed(names)}", "add a column with the text of each row"
        )
    likely = shown_examples((name, looks[name]) for name in candidates[:MOST_FLAGS])
    return DataError(
        f"{shown}: cannot tell which column contains the {role}; it has {listed(names)}"
        + (f"; likely are {likely}" if len(candidates) > 1 else ""),
        flags(role, candidates)
        or f"pass --{role}-column with its name or number from 0 (and --no-header if the first line is data)",
    )
