"""Which columns are the texts, by the words of their names and the look of their values."""

from collections.abc import Mapping

from clf.data.reading.column_names import JOINED, TITLES, is_partner, is_short, is_variant, suggests_text, words_of
from clf.data.reading.column_values import Look

SHORTEST = 10  # characters of a text, on average, in a column whose name does not say that it is one
LONGEST_FIRST = "its texts are the longest"
"""Why columns are the texts if only their length says so."""


def find_texts(looks: Mapping[str, Look]) -> tuple[list[str], str]:
    """Return the text columns among some that have no role yet, and why; none if none is surely a text."""
    return _Texts(looks).find()


class _Texts:
    """The columns that may be the texts."""

    def __init__(self, looks: Mapping[str, Look]) -> None:
        self.looks = looks

    def find(self) -> tuple[list[str], str]:
        named = self._by_name()
        usual = [name for name in named if not is_short(name) and self._holds_texts(name)]
        if usual:
            return self._with_title(self._with_partner(usual)), _why(usual[0])
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
        return sorted(sure, key=lambda name: (found[name].rank, -self.looks[name].length))

    def _holds_texts(self, name: str) -> bool:
        look = self.looks[name]
        told = suggests_text(name)
        if told and told.rank < 100:
            return look.can_be_text and not (look.rows >= 20 and look.is_category and look.words < 3)
        return look.can_be_text and not look.is_category and (look.words >= 3 or look.length >= 15)

    def _with_partner(self, named: list[str]) -> list[str]:
        """Return the first column, with the other of a pair of texts beside it."""
        first = named[0]
        pair = [name for name in self.looks if name == first or is_partner(first, name)]
        return pair if len(pair) == 2 and all(map(self._holds_texts, pair)) else [first]

    def _with_title(self, text: list[str]) -> list[str]:
        words = words_of(text[0])
        if len(text) > 1 or not words or words[-1] not in JOINED:
            return text
        titles = [name for name in self.looks if words_of(name)[-1:] and words_of(name)[-1] in TITLES]
        alike = [name for name in titles if words_of(name)[:-1] in ((), words[:-1])]
        title = [name for name in alike if self.looks[name].kind not in ("dates", "links", "ids", "nothing")]
        return [*title[:1], *text]

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


def _why(name: str) -> str:
    told = suggests_text(name)
    return told.why if told else ""
