"""Which of several columns with few values is the label, by the words of their names and the values that they share."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from clf.data.reading.column_names import (
    is_about,
    is_agreed,
    is_like_label,
    is_rating,
    plain,
    suggests_label,
    suggests_text,
)

FEWEST_ANNOTATORS = 2
"""The fewest columns of annotators beside the column in which their labels are brought together."""


def told_by_name(names: Sequence[str]) -> str | None:
    """Return the column whose name is that of a label while no other's may be one; None if names do not tell.

    A rating or a verdict is about the text; a department, a type or a priority may be so or not.
    """
    like = [name for name in names if is_like_label(name)]
    return like[0] if len(like) == 1 and is_rating(like[0]) else None


def is_of_texts(name: str) -> bool:
    """Return whether a name is that of texts, and so of no label, as a comment that few rows have.

    A subject may be that of a mail or of a school; the stars of a review are a rating.
    """
    return suggests_text(name) is not None and plain(name) != "subject" and not is_rating(name)


def likely_first(names: Sequence[str]) -> list[str]:
    """Order what may be the label for a hint; leave out columns with the name of a text if there are others."""
    labels = [name for name in names if suggests_text(name) is None] or names

    def rank(name: str) -> int:
        if is_agreed(name):
            return -1
        if (told := suggests_label(name)) is not None:
            return told.rank
        return 400 if is_rating(name) else 500 if is_like_label(name) else 700 if is_about(name) else 600

    return sorted(labels, key=rank)


def agreed_label(names: Sequence[str], columns: Mapping[str, Sequence[Any]]) -> str | None:
    """Return the only column of `names` that is called agreed, as `majority_vote`, beside columns with its values."""
    agreed = [name for name in names if is_agreed(name)]
    if len(agreed) != 1:
        return None
    values = {name: _distinct(columns[name]) for name in names}
    annotators = [name for name in names if name not in agreed and _are_alike(values[name], values[agreed[0]])]
    return agreed[0] if len(annotators) >= FEWEST_ANNOTATORS else None


def _distinct(values: Sequence[Any]) -> set[str]:
    return {str(value).strip() for value in values if value is not None} - {""}


def _are_alike(one: Collection[str], other: Collection[str]) -> bool:
    shared = set(one) & set(other)
    return len(shared) >= 2 and len(shared) > len(set(one) | set(other)) / 2
