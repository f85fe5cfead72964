"""What a cell says in a column for one class: a 1 or a mark, a 0 or no, or anything else."""

from typing import Any

LONGEST = 40
"""The most characters of a mark."""
YES = {1, "1", "1.0", "true", "True", "TRUE"}
NO = {0, "0", "0.0", "false", "False", "FALSE"}
USUAL = dict.fromkeys(YES, True) | dict.fromkeys(NO, False)
MARKS = frozenset("x y yes ja oui si sí sim tak да checked selected ticked ✓ ✔ ✔️ ☑ ☒ ✅".split())  # noqa: SIM905 - to be read
"""What marks a class in surveys and checklists, in lower case."""
NO_MARKS = frozenset(
    ["no", "n", "nein", "non", "não", "nie", "нет", "unchecked", "not selected", "not checked", "☐", "-"]
)
"""What says that a class is not marked, in lower case."""


def is_of_class(value: Any, name: str) -> bool | None:
    """Return whether a value has a 1 or a mark, which may be the name of its column; None if it is anything else."""
    if (one := is_one(value)) is not None or not isinstance(value, str) or len(value) > LONGEST:
        return one
    text = value.strip().lower()
    return True if text in MARKS or (text and text == name.strip().lower() and not text.isdecimal()) else None


def is_no_mark(value: Any) -> bool:
    """Return whether a value says that a class is not marked, or nothing."""
    if isinstance(value, str):
        return len(value) <= LONGEST and (not value.strip() or value.strip().lower() in NO_MARKS)
    return is_no_value(value)


def says_no(value: Any) -> bool:
    """Return whether a value says no: a 0, or what stands where a class is not marked; an empty cell says nothing."""
    if isinstance(value, str) and not value.strip():
        return False
    return is_one(value) is False or (isinstance(value, str) and is_no_mark(value))


def is_no_value(value: Any) -> bool:
    """Return whether nothing is there: None or NaN."""
    return value is None or value != value


def is_one(value: Any) -> bool | None:
    """Return whether a value is 1 or true rather than 0 or false; None if it is neither."""
    if isinstance(value, str):
        value = value.strip()
    elif not isinstance(value, (bool, int, float)):
        return None
    return True if value in YES else False if value in NO else None
