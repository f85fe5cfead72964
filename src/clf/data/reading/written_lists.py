"""Lists of labels that tools write into a cell without quotes: `{a,b}`, `[a, b]`, `<a><b>`, or a label on each line.

What is one such cell may be a name; a column of nothing else is none.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from clf.data.reading.joined_labels import Joined, joined_by

_QUOTED = r'"(?:[^"\\]|\\.)*+"'
_ELEMENT = rf"\s*+(?:{_QUOTED}|[^\s\"{{}}\[\]<>,][^\"{{}}\[\],]*+)\s*+"
_ELEMENTS = rf"(?:{_ELEMENT}(?:,{_ELEMENT})*+)?\s*+"
WHOLE = {
    "braces": re.compile(rf"\{{{_ELEMENTS}\}}"),
    "brackets": re.compile(rf"\[{_ELEMENTS}\]"),
    "angles": re.compile(r"<[^<>]++>(?:[\s,;|]*+<[^<>]++>)*+"),
}
"""How the whole cell looks: an array of PostgreSQL, a list without quotes, and tags as forums write them."""
_INSIDE = re.compile(rf"\s*+({_QUOTED}|[^,]++)")
_TAG = re.compile(r"<([^<>]++)>")
_BULLET = re.compile(r"[-*•]\s+")
_ESCAPED = re.compile(r"\\(.)")
LINES = "lines"
LONGEST = 10_000
"""The most characters of a cell that is such a list."""
NEARLY_ALL = 0.9
"""The share of the different cells of a column that are such lists; another one is a label by itself."""


def notation_of(values: Sequence[Any], *, sets: bool) -> str | None:
    """Return how the labels in a column of texts are listed: nearly all cells are so, as joined labels are told.

    That is, some stand alone, and the combinations outnumber them; with `sets`, one comes twice. None if they are
    names, such as `{Smith, John}`. Labels in JSON have another form.
    """
    texts = list(dict.fromkeys(value.strip() for value in values if isinstance(value, str) and value.strip()))
    if len(texts) < 2 or not all(isinstance(value, str) or value is None or value != value for value in values):
        return None
    for notation, whole in WHOLE.items():
        found = [text for text in texts if len(text) <= LONGEST and whole.fullmatch(text)]
        if len(found) > 1 and len(found) >= NEARLY_ALL * len(texts):
            return notation if _are_several([_READ[notation](text) for text in found], sets=sets) else None
    joined = lines_in(texts)
    return LINES if joined and (joined.meant or sets) else None


def notation_as(known: str | None, values: Sequence[Any], *, sets: bool) -> str | None:
    """Return how the labels of a column are listed if those of train are listed in a notation that is `known`.

    A file of few rows does not tell it by itself. Another notation holds if all cells are of that one.
    """
    texts = [value for value in values if isinstance(value, str) and value.strip()]
    if known in WHOLE and any(listed(text, known) is not None for text in texts):
        return known
    return notation_of(values, sets=sets) or (LINES if known == LINES and texts else None)


def list_in(text: str) -> list[str] | None:
    """Return the labels in a cell that is a list in braces, brackets or tags by itself; None if it is none."""
    return next((found for notation in WHOLE if (found := listed(text, notation))), None)


def bare(text: str) -> str:
    """Return a cell without the braces or brackets of a list around it."""
    return text[1:-1] if text[:1] in ("{", "[") and list_in(text) else text


def _are_several(found: Sequence[Sequence[str]], *, sets: bool) -> bool:
    several = [names for names in found if len(names) > 1]
    parts = {name for names in several for name in names}
    alone = {names[0] for names in found if len(names) == 1}
    again = sum(len({*names}) for names in found) > len(parts | alone)
    return bool(several) and again and (sets or (not parts.isdisjoint(alone) and len(several) > len(parts)))


def lines_in(values: Sequence[Any]) -> Joined | None:
    """Return the labels of several lines, if one of the lines is also a label or comes in another; None otherwise."""
    texts = dict.fromkeys(value.strip() for value in values if isinstance(value, str))
    return joined_by("\n", texts) if any("\n" in text for text in texts) else None


def listed(text: str, notation: str) -> list[str] | None:
    """Return the labels in a cell, or None if it is not written as the others are."""
    text = text.strip()
    if notation == LINES:
        return _lines(text)
    if not text:
        return [] if notation == "angles" else None  # tags have no other way to say that there are none
    return _READ[notation](text) if len(text) <= LONGEST and WHOLE[notation].fullmatch(text) else None


def _elements(text: str) -> list[str]:
    return [_plain(one) for found in _INSIDE.findall(text[1:-1]) if (one := found.strip()) and one != "NULL"]


def _plain(element: str) -> str:
    return _ESCAPED.sub(r"\1", element[1:-1]) if element[:1] == '"' == element[-1:] and len(element) > 1 else element


def _lines(text: str) -> list[str]:
    """Return the labels of lines, without the marks of a list before them and the separators behind them."""
    names = (_BULLET.sub("", line.strip()).rstrip(",;| \t") for line in text.splitlines())
    return [line for line in names if line]


_READ: dict[str, Callable[[str], list[str]]] = {"braces": _elements, "brackets": _elements, "angles": _TAG.findall}
