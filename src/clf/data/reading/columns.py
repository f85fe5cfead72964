"""The columns in use, each with its role and the reason for it."""

import shlex
from dataclasses import dataclass, field
from typing import Literal

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


def flags(role: str, candidates: list[str], *, below_header: bool = False) -> str:
    """Return the hint that names the flag for each candidate, or how to name a column if there is none."""
    if not candidates:
        named = f"pass --{role}-column with its name"
        if below_header:
            return f"{named} or number from 0 (and --no-header if the first line is data)"
        return f"{named}, or add the {role} of each row under a name of its own"
    if len(candidates) == 1:
        return f"pass --{role}-column {shlex.quote(candidates[0])} if that is the {role}"
    *first, last = (f"--{role}-column {shlex.quote(name)}" for name in candidates[:MOST_FLAGS])
    return f"pass {', '.join(first)} or {last}"


def no_texts(shown: str, names: list[str]) -> tuple[str, str]:
    """Return the error and the hint for a table whose columns are no texts."""
    return f"{shown} has no column of texts; it has {listed(names)}", "add a column with the text of each row"
