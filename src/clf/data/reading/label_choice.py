"""Which of several columns with few values is the label, by the words of their names and the values that they share."""

from collections.abc import Collection, Mapping, Sequence
from shlex import quote
from typing import Any

from clf.data.reading.column_names import (
    is_about,
    is_agreed,
    is_like_label,
    is_rating,
    is_sure,
    names_several,
    plain,
    shares_a_word,
    suggests_label,
    suggests_text,
    words_of,
)
from clf.data.reading.column_values import Look
from clf.data.reading.joined_labels import are_joined
from clf.data.reading.label_cells import hold_sets

FEWEST_ANNOTATORS = 2
"""The fewest columns of annotators beside the column in which their labels are brought together."""
PRODUCT_WORDS = {"class", "category"}
"""Words of columns that hold the label, or the kind of the product that a review is about."""


def told_by_name(names: Sequence[str]) -> str | None:
    """Return the column whose name is that of a label while no other's may be one; None if names do not tell.

    A rating or a verdict is about the text; a department, a type or a priority may be so or not.
    """
    like = [name for name in names if is_like_label(name)]
    return like[0] if len(like) == 1 and is_rating(like[0]) else None


def beside_a_rating(label: str, likely: Sequence[str]) -> str:
    """Return what a user should know if the label may be the kind of a product, beside its rating; empty otherwise."""
    ratings = [name for name in likely if is_rating(name)]
    if not ratings or is_sure(label) or not {*words_of(label)} & PRODUCT_WORDS or is_rating(label):
        return ""
    return (
        f"{label} is read as the label, which may be the kind of a product; if the label is the rating, pass "
        f"--label-column {quote(ratings[0])}"
    )


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


def holds_labels(name: str, look: Look) -> bool:
    """Return whether the values of a column with the name of a label can be labels."""
    if look.kind in ("nothing", "dates", "links", "addresses"):
        return False
    if look.distinct == 1 and look.rows >= 8:
        return False
    if look.kind in ("lists", "objects"):
        return True
    told = suggests_label(name)
    if told and told.rank < 50:
        return look.words < 8
    is_varied = look.rows < 8 or look.distinct <= look.rows / 2
    return look.words < 5 and is_varied and look.filled >= look.rows / 2


def hold_several(name: str, values: Sequence[Any], *, told: bool) -> bool:
    """Return whether a column holds several labels of a text: in lists, or joined, if its name or the user says so."""
    return hold_sets(values) or ((told or names_several(name)) and are_joined(values))


def chosen_because(few: Sequence[str]) -> str:
    """Return why a column is the label whose name does not say so; `few` are the columns with few values."""
    if not few:
        return "it holds several labels of a text"
    return "it has few values" if len(few) == 1 else "it has few values, as no other column that may be the label"


def told_apart(names: Sequence[str], columns: Mapping[str, Sequence[Any]], looks: Mapping[str, Look]) -> list[str]:
    """Leave out columns of numbers that say the same as a column of names, one to one."""

    def is_number_of(number: str, name: str) -> bool:
        if looks[number].kind != "numbers" or not looks[name].can_be_text or not shares_a_word(number, name):
            return False
        pairs = {*zip(*(map(str, columns[one]) for one in (number, name)), strict=True)}
        return len(pairs) == looks[number].distinct == looks[name].distinct

    kept = [name for name in names if not any(is_number_of(name, other) for other in names if other != name)]
    return kept or list(names)


def _written(value: Any) -> str:
    return "" if value is None or value != value else str(value).strip()


def _distinct(values: Sequence[Any]) -> set[str]:
    return {*map(_written, values)} - {""}


def _are_alike(one: Collection[str], other: Collection[str]) -> bool:
    shared = set(one) & set(other)
    return len(shared) >= 2 and len(shared) > len(set(one) | set(other)) / 2
