"""Columns in which an annotator accepts or rejects the label of a row, as Prodigy's `answer`."""

from collections.abc import Iterable
from typing import Any

ANSWERS = ("answer", "status", "annotation_status", "review_status", "decision", "verdict", "was_cancelled")
"""Names of columns in which an annotator accepts or rejects the label of a row."""
OF_ANYTHING = ("status", "decision", "verdict")
"""Names that orders, papers and claims have too: rows are left out only for words that annotators alone write."""
CANCELLED = "was_cancelled"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


REJECTED = _words(
    """
    reject rejected ignore ignored discard discarded skip skipped cancelled canceled deleted invalid
    """
)
UNDECIDED = _words(
    """
    ignore ignored skip skipped pending draft
    """
)
OF_ORDERS = _words("cancelled canceled deleted")
ACCEPTED = _words(
    """
    accept accepted default approve approved submitted validated valid complete completed done pending draft
    """
)


def rejecting(name: str, values: Iterable[Any], *, is_label: bool) -> frozenset[str]:
    """Return the values, in lower case, with which a row of a column called so is no example; empty if it decides none.

    If the column is the label itself, its accepted and rejected rows are two classes, and undecided ones are left out.
    """
    if name not in ANSWERS:
        return frozenset()
    given = {written(value) for value in values if value is not None} - {""}
    if not given:
        return frozenset()
    if name == CANCELLED:
        return frozenset({"true", "1"}) if given <= {"true", "false", "0", "1"} else frozenset()
    if not given <= REJECTED | ACCEPTED or (name in OF_ANYTHING and given & OF_ORDERS):
        return frozenset()
    if is_label:
        return UNDECIDED if given & {"accept", "accepted"} else frozenset()
    return frozenset() if name in ("decision", "verdict") else REJECTED


def is_contested(values: Iterable[Any]) -> bool:
    """Return whether some rows are accepted and others rejected."""
    given = {written(value) for value in values}
    return bool(given & REJECTED and given & ACCEPTED)


def written(value: Any) -> str:
    """Return a value as it is compared."""
    return str(value).strip().lower()
