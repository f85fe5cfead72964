"""Which columns are the texts, by the words of their names and the look of their values."""

from collections.abc import Mapping, Sequence
from shlex import quote
from typing import Any

from clf.data.reading.column_names import (
    TEXT_NAMES,
    TITLE_OF,
    is_partner,
    is_short,
    is_variant,
    suggests_text,
    words_of,
)
from clf.data.reading.column_values import ROWS, Look

SHORTEST = 10  # characters of a text, on average, in a column whose name does not say that it is one
LONGEST_FIRST = "its texts are the longest"
"""Why columns are the texts if only their length says so."""
WHOLE = "its texts are whole"
"""Why a column is the text in the place of one with a more usual name whose texts are cut."""
FULLER = "a usual name for a text, with one in more rows"
"""Why a column is the text in the place of one with a more usual name that is empty in more rows."""
CLEARLY = 1.25
"""How many times as many rows have a text in a column that is clearly fuller."""
MOST_EMPTY = 0.2
"""The largest share of rows without a text that needs no warning."""
ELLIPSES = ("\u2026", "...")
"""How a text ends that was cut."""
NEARLY_ALL = 0.9
"""The share of the texts of a column that makes it one of cut texts."""


def find_texts(looks: Mapping[str, Look], columns: Mapping[str, Sequence[Any]] | None = None) -> tuple[list[str], str]:
    """Return the text columns among some that have no role yet, and why; none if none is surely a text.

    `columns` has their values, if texts that are cut are to be seen.
    """
    return _Texts(looks, columns or {}).find()


def notes(found: Sequence[str], why: str, looks: Mapping[str, Look]) -> list[str]:
    """Return what a user should know of the choice, each as a sentence; nothing if a usual name told."""
    said = []
    if why == LONGEST_FIRST:
        said.append(f"no column has a usual name for text; using {' + '.join(found)} because of its length")
    elif why.startswith((WHOLE, FULLER)):
        said.append(f"using {found[-1]} as the text: {why}")
    if (fuller := _fuller_than(found, looks)) is not None:
        filled = max(looks[name].filled for name in found)
        said.append(
            f"only {filled:,} of the first {looks[fuller].rows:,} rows have a text in {' + '.join(found)}, but "
            f"{looks[fuller].filled:,} in {fuller}: pass --text-column {quote(fuller)} if that is the text"
        )
    return said


def _fuller_than(found: Sequence[str], looks: Mapping[str, Look]) -> str | None:
    """Return another column that may be the text if many rows have none in those found, and clearly fewer in it."""
    filled = max((looks[name].filled for name in found), default=0)
    others = {name: look for name, look in looks.items() if name not in found and look.can_be_text and look.words >= 3}
    fuller = {name: look for name, look in others.items() if not look.is_category and look.filled >= CLEARLY * filled}
    best = max(fuller, key=lambda name: fuller[name].filled, default=None)
    return best if best is not None and filled < (1 - MOST_EMPTY) * fuller[best].rows else None


class _Texts:
    """The columns that may be the texts."""

    def __init__(self, looks: Mapping[str, Look], columns: Mapping[str, Sequence[Any]]) -> None:
        self.looks, self.columns = looks, columns

    def find(self) -> tuple[list[str], str]:
        named = self._by_name()
        usual = [name for name in named if not is_short(name) and self._holds_texts(name)]
        if usual:
            first, why = self._whole(*self._fullest(usual), usual)
            return self._with_title(self._with_partner(first)), why
        doubtful = named[:1]  # a title, or values that do not look like texts
        if free := self._by_length(doubtful[0] if doubtful else None):
            return free, LONGEST_FIRST
        return doubtful, "a usual name for a text"

    def _by_name(self) -> list[str]:
        """Return the columns with the name of a text, the most likely first.

        A usual name may stand for values of any look if no other column has both the name and the look.
        """
        found = {name: told for name in self.looks if (told := suggests_text(name))}
        sure = [name for name in found if self._holds_texts(name)]
        if not sure:
            sure = [name for name in found if found[name].rank < 100]
            sure = [name for name in sure if self.looks[name].kind != "nothing"] or sure
        return sorted(sure, key=lambda name: (found[name].rank + self._repeated(name), -self.looks[name].length))

    def _repeated(self, name: str) -> int:
        """Return what a column loses in rank if it is the first of several with its name.

        Such columns hold what a row has several of, as the comments on an issue; another usual name tells its text.
        """
        return len(TEXT_NAMES) if f"{name}.1" in self.looks else 0

    def _holds_texts(self, name: str) -> bool:
        look = self.looks[name]
        told = suggests_text(name)
        if told and told.rank < 100:
            return look.can_be_text and not (look.rows >= 20 and look.is_category and look.words < 3)
        return look.can_be_text and not look.is_category and (look.words >= 3 or look.length >= 15)

    def _fullest(self, usual: list[str]) -> tuple[str, str]:
        """Return the first column, or one with a usual name too that has clearly more texts; and why."""
        first, told = usual[0], suggests_text(usual[0])
        if told and told.rank < 100:
            others = [name for name in usual if (other := suggests_text(name)) and other.rank < 100]
            best = max(others, key=lambda name: self.looks[name].filled)
            if self.looks[best].filled >= CLEARLY * self.looks[first].filled:
                return best, f"{FULLER} than {first}"
        return first, told.why if told else ""

    def _whole(self, first: str, why: str, usual: list[str]) -> tuple[str, str]:
        """Return the column with the whole texts if those of the first are cut; and why."""
        is_cut = _share_cut(self._filled(first)) >= NEARLY_ALL
        for name, look in self.looks.items():
            if name == first or not look.can_be_text or look.length <= self.looks[first].length:
                continue
            whole = is_cut and name in usual and _share_cut(self._filled(name)) < 1 - NEARLY_ALL
            if whole or self._begins(first, name):
                return name, f"{WHOLE}, those of {first} are cut"
        return first, why

    def _filled(self, name: str) -> list[str]:
        return [
            value.strip() for value in self.columns.get(name, ())[:ROWS] if isinstance(value, str) and value.strip()
        ]

    def _begins(self, cut: str, whole: str) -> bool:
        """Return whether nearly all texts of a column begin those of another, and many end in a word or an ellipsis."""
        columns = (self.columns.get(name, ())[:ROWS] for name in (cut, whole))
        pairs = [
            (_without_ellipsis(one), other.strip(), one.strip().endswith(ELLIPSES))
            for one, other in zip(*columns, strict=False)
            if isinstance(one, str) and isinstance(other, str) and one.strip()
        ]
        begun = [pair for pair in pairs if pair[1].startswith(pair[0])]
        shorter = [(one, other, ends) for one, other, ends in begun if len(one) < len(other)]
        cuts = [one for one, other, ends in shorter if ends or other[len(one) - 1 : len(one) + 1].isalnum()]
        return len(begun) >= NEARLY_ALL * len(pairs) > 0 and len(shorter) > 1 and len(cuts) >= len(shorter) / 2

    def _with_partner(self, first: str) -> list[str]:
        """Return the first column, with the other of a pair of texts beside it."""
        pair = [name for name in self.looks if name == first or is_partner(first, name)]
        return pair if len(pair) == 2 and all(map(self._holds_texts, pair)) else [first]

    def _with_title(self, text: list[str]) -> list[str]:
        words = words_of(text[0])
        if len(text) > 1 or not words:
            return text
        for title, titled in TITLE_OF.items():
            alike = [name for name in self.looks if words_of(name) in ((title,), (*words[:-1], title))]
            if words[-1] in titled and (found := [name for name in alike if self._is_title(name, title)]):
                return [found[0], *text]
        return text

    def _is_title(self, name: str, title: str) -> bool:
        """Return whether a column may be prepended; a subject with few values may be the class of the text."""
        look = self.looks[name]
        if title in ("subject", "summary"):
            return look.can_be_text and not look.is_category
        return look.kind not in ("dates", "links", "ids", "nothing")

    def _by_length(self, doubtful: str | None) -> list[str]:
        """Return the columns that are texts by their look: the longest, and those that are not much shorter.

        If there is a doubtful one already, a free text must be clearly longer.
        """
        others = {name: look for name, look in self.looks.items() if name != doubtful and look.can_be_text}
        others = {name: look for name, look in others.items() if not is_variant(name)} or others
        longest = max(others, key=lambda name: others[name].length, default=None)
        if longest is None or others[longest].length < SHORTEST:
            return []
        most = others[longest]
        if doubtful is not None and (most.words < 4 or most.is_category or self._is_as_long(doubtful, most)):
            return []
        return [name for name, look in others.items() if name == longest or look.is_beside(most)]

    def _is_as_long(self, name: str, other: Look) -> bool:
        return self.looks[name].can_be_text and self.looks[name].length > other.length / 2


def _without_ellipsis(text: str) -> str:
    text = text.strip()
    for ellipsis in ELLIPSES:
        text = text.removesuffix(ellipsis)
    return text.rstrip()


def _share_cut(texts: Sequence[str]) -> float:
    return sum(text.endswith(ELLIPSES) for text in texts) / max(1, len(texts))
