"""What the values of a column look like: texts, numbers, dates, ids, links and so on; and what stands for none."""

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Number
from typing import Any, Literal

Kind = Literal["nothing", "numbers", "dates", "links", "addresses", "ids", "lists", "objects", "words", "texts"]

ROWS = 2_000
"""The most rows of a column that are looked at."""
CELLS = 60_000
"""The most cells of a table that are looked at, so that wide tables take no longer."""
CLASSED = 300
"""The most values of a column whose kind is looked at; length and variety are those of all ROWS."""
LONGEST_ID = 80
"""The most characters of a number, a date, an id or a link that stands alone; a longer value is a text."""
COUNTED = 2_000
"""The characters of a text in which its words are counted."""
MOST_EXAMPLE = 40
MOST_FIELDS = 50
"""The most fields of objects, over all columns, that are looked at to name some in an error."""

# What files write where there is no value: in columns, texts, labels and splits.

SIGNS = frozenset({"-", "--", "---", "\u2013", "\u2014", "?", "??", ".", "_", "*"})
"""Signs that are no label among names; among other signs each is one of them."""
CODES = frozenset({"nan", "null", "<na>", "#n/a", "#na", "<nan>", "<null>", "(null)", "\\n", "#value!", "#ref!"})
"""What databases, pandas and spreadsheets write, in lower case."""
NOT_A_TIME = "NaT"
"""What pandas writes for a missing time; in other cases it is a class, as the `nat` of named entities."""
ODD = frozenset({"na", "n/a", "n.a.", "undefined", "missing", "unlabeled", "unlabelled"})
"""What people write, in lower case, though a class may be called so."""
VAGUE = ODD | {"none", "unknown", ""}
"""Names that may be classes or not: they stay classes, and are no sign that there are others."""
MINUS_ONE = "-1"

IN_COLUMNS = CODES | {"", "none", "n/a"}
"""What says nothing of what a column holds, in lower case."""
CLASSES_BESIDE_ANOTHER = frozenset({"none", "null", "n/a"})
"""Of these, what is a class beside a single other value: `none` and `hate`."""
IN_TEXTS = frozenset({"\\N", "<NA>", "#N/A", "[removed]", "[deleted]"})
"""What databases, pandas, spreadsheets and forums write where there is no text. NA and N/A may be answers."""
MISSING_TEXTS = frozenset({"nan", "NaN", "null", "NULL", "None"})
"""What pandas and databases write for a missing text, though somebody may have answered so."""
IN_SPLITS = frozenset({"", MINUS_ONE, "-1.0", "nan", "none"})
"""Labels, in lower case, that mean that there is none if no row of a split has another."""

_NUMBER = re.compile(r"(?=.*\d)[-+]?(\d{1,3}([,. ']\d{3})+|\d+)?([.,]\d+)?([eE][-+]?\d+)?\s?[%€$£]?|[$€£]\s?\d[\d.,]*")
_OTHER_MONTHS = (
    "januar|jänner|februar|märz|mär|mai|juni|juli|oktober|okt|dezember|dez|janvier|février|févr|mars|avril|avr|juin"
    "|juillet|juil|août|septembre|octobre|novembre|décembre|déc|enero|ene|febrero|marzo|abril|abr|mayo|junio|julio|agosto|ago"
    "|septiembre|octubre|noviembre|diciembre|dic|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre"
    "|janeiro|fevereiro|março|maio|junho|julho|setembro|outubro|novembro|dezembro|januari|februari|maart|mei|augustus"
)
_MONTHS = rf"((jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*|{_OTHER_MONTHS})\.?"
_DAYS = "(mon|tue|wed|thu|fri|sat|sun)[a-z]*"
_TIME = r"\d{1,2}:\d{2}(:\d{2})?"
_DATES = re.compile(
    rf"\d{{4}}[-/.]\d{{1,2}}([-/.]\d{{1,2}})?([ t]{_TIME}.{{0,20}})?"
    rf"|\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{2,4}}(,? {_TIME}.{{0,12}})?"
    rf"|{_TIME}.{{0,12}}|\d{{8}}t\d{{6}}z?"
    rf"|\d{{4}} ?[年년] ?\d{{1,2}} ?[月월]( ?\d{{1,2}} ?[日일号]?.{{0,20}})?"
    rf"|({_DAYS},? )?({_MONTHS} \d{{1,2}}|\d{{1,2}}\.? (de )?{_MONTHS}"
    rf"|\d{{1,2}}(?P<sign>[-/.]){_MONTHS}(?P=sign)\d{{2,4}})(?!\w).{{0,30}}",
    re.IGNORECASE,
)
_LINK = re.compile(r"([a-z][a-z0-9+.-]*://|www\.)\S+", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_UUID = re.compile(r"\{?[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}\}?", re.IGNORECASE)
_CODE = re.compile(r"(?=\S*\d)[^\s]{2,}|@\w{2,}|[\w.-]+/[\w./-]+|\w+\.\w{2,4}")
"""One word with a digit in it, the name of an account, or the path of a file."""
_NOT_SPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""Characters of scripts that set no spaces between words; one of them counts as half a word."""


@dataclass(frozen=True)
class Look:
    """What a column holds, by the first rows."""

    kind: Kind
    rows: int
    filled: int
    distinct: int
    length: float
    """Characters of a value, on average over all rows."""
    words: float
    """Words of a filled value, on average."""
    examples: tuple[str, ...] = ()

    @property
    def can_be_text(self) -> bool:
        """Whether a person can have written the values as texts."""
        return self.kind in ("texts", "words")

    def is_beside(self, longest: "Look") -> bool:
        """Whether the column is a text beside the longest one: not much shorter, and not a few values or names."""
        is_varied = self.rows < 8 or self.distinct >= self.filled / 2
        return self.length >= max(15, longest.length / 8) and self.words >= longest.words / 4 and is_varied

    @property
    def is_category(self) -> bool:
        """Whether a few short values come back again and again."""
        most = max(2, min(100, self.rows // 4))
        return 2 <= self.distinct <= most and self.length < 40 and self.kind not in ("dates", "links", "addresses")

    @property
    def why_ignored(self) -> str:
        """Why a column that looks so has no role."""
        if self.kind in ("texts", "words"):
            return "it has few values" if self.is_category else "it is not needed"
        return self.held

    @property
    def summary(self) -> str:
        """What the column holds, in a word or two."""
        if self.kind == "nothing":
            return "empty"
        return "one value" if self.distinct == 1 else "few values" if self.is_category else self.kind

    @property
    def held(self) -> str:
        """What the column holds, as a sentence."""
        return "it is empty" if self.kind == "nothing" else f"it holds {self.kind}"


def look_at(values: Sequence[Any], rows: int = ROWS) -> Look:
    """Look at the first values of a column."""
    values = values[:rows]
    filled = [value for value in values if not _is_missing(value)]
    texts = [str(value) for value in filled]
    step = -(-len(filled) // CLASSED) or 1
    kinds = Counter(_kind(value) for value in filled[::step])
    return Look(
        _together(kinds),
        len(values),
        len(filled),
        _count_distinct(set(texts), values),
        sum(len(value) for value in filled if isinstance(value, str)) / max(1, len(values)),
        sum(map(count_words, texts[::step])) / max(1, len(texts[::step])),
        tuple(_shown(text) for text in list(dict.fromkeys(texts))[:3]),
    )


def likely_texts(looks: Mapping[str, Look]) -> list[str]:
    """Return the columns that a user may mean as the text if none is sure: those without few values.

    Links and addresses may be classified too; ids and dates are not offered.
    """
    varied = {name: look for name, look in looks.items() if not look.is_category}
    written = [name for name, look in varied.items() if look.can_be_text and (look.distinct > 1 or look.rows < 8)]
    return written or [name for name, look in varied.items() if look.kind in ("links", "addresses")]


def likely_fields(role: str, columns: Mapping[str, Sequence[Any]], names: Iterable[str], rows: int) -> dict[str, Look]:
    """Return what may be the text or the label among the fields of objects in some columns, named as `data.title`."""
    fields = _fields({name: columns[name][:rows] for name in names})
    looks = {name: look_at(values) for name, values in fields.items()}
    if role == "text":
        return {name: looks[name] for name in likely_texts(looks) if looks[name].can_be_text}
    return {name: look for name, look in looks.items() if look.is_category and look.kind not in ("objects", "lists")}


def _fields(columns: Mapping[str, Sequence[Any]]) -> dict[str, Sequence[Any]]:
    """Return the values of at most MOST_FIELDS fields of the objects in some columns, the outer ones first.

    The objects take turns, so that one with many fields does not hide the others.
    """
    found: dict[str, list[Any]] = {}
    turns = deque(_fields_of(name, values) for name, values in columns.items() if "." not in name)
    while turns and len(found) < MOST_FIELDS:
        fields = turns.popleft()
        if (field := next(fields, None)) is not None:
            name, found[name] = field
            turns += [fields, _fields_of(*field)]
    return dict(sorted(found.items(), key=lambda field: field[0].count(".")))


def _fields_of(name: str, values: Sequence[Any]) -> Iterator[tuple[str, list[Any]]]:
    """Yield the fields of the objects in a column; numbers come last, since they are hardly meant."""
    objects = [value for value in values if isinstance(value, dict)]
    first: dict[Any, Any] = {}
    for one in objects:
        first |= {key: value for key, value in one.items() if first.get(key) is None}
    for key in sorted(first, key=lambda key: isinstance(first[key], Number)):
        if isinstance(key, str) and "." not in key:
            yield f"{name}.{key}", [value.get(key) if isinstance(value, dict) else None for value in values]


def _count_distinct(texts: set[str], values: Sequence[Any]) -> int:
    """Count the different values; a word such as `none` counts beside a single other value."""
    if len(texts) != 1:
        return len(texts)
    words = {value.strip().lower() for value in values if isinstance(value, str)}
    return 1 + len(words & CLASSES_BESIDE_ANOTHER)


def count_words(text: str) -> float:
    """Count the words of a text; in scripts without spaces, two characters count as one."""
    text = text[:COUNTED]
    unspaced = 0 if text.isascii() else len(_NOT_SPACED.findall(text))
    return max(len(text.split()), unspaced / 2)


def _is_missing(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in IN_COLUMNS if len(value) < 8 else not value.strip()
    return value is None or value != value


def _kind(value: Any) -> Kind:
    """Return what one value is."""
    if isinstance(value, Number):
        return "numbers"
    if isinstance(value, dict):
        return "objects"
    if isinstance(value, (list, tuple)):
        return "lists"
    if not isinstance(value, str):
        return "dates" if hasattr(value, "year") or hasattr(value, "hour") else "objects"
    text = value.strip()
    if len(text) > LONGEST_ID and not _LINK.fullmatch(text):
        return "texts" if count_words(text) >= 4 else "words"
    words: Kind = "texts" if count_words(text) >= 4 else "words"
    kind = next((kind for kind, pattern in _PATTERNS if pattern.fullmatch(text)), words)
    return words if kind == "ids" and _is_unspaced(text) else kind


def _is_unspaced(text: str) -> bool:
    """Return whether a text without spaces is several words, in a script that sets none: a digit makes it no id."""
    unspaced = 0 if text.isascii() else len(_NOT_SPACED.findall(text))
    return unspaced >= 4 and unspaced > len(text) / 2


_PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("numbers", _NUMBER),
    ("dates", _DATES),
    ("links", _LINK),
    ("addresses", _ADDRESS),
    ("ids", _UUID),
    ("ids", _CODE),
)


def _together(kinds: Counter[Kind]) -> Kind:
    """Return the kind of a column: that of nearly all values, or texts and words if these are many."""
    if not (filled := kinds.total()):
        return "nothing"
    written = kinds["texts"] + kinds["words"]
    if written >= 0.5 * filled:
        return "texts" if kinds["texts"] >= 0.4 * filled else "words"
    return kinds.most_common(1)[0][0]


def _shown(text: str) -> str:
    text = " ".join(text[:COUNTED].split())
    return text if len(text) <= MOST_EXAMPLE else f"{text[:MOST_EXAMPLE]} …"


def shown_examples(looks: Iterable[tuple[str, Look]]) -> str:
    """List columns with example values, for an error."""
    return "; ".join(f"{name[:40]!r} ({', '.join(map(repr, look.examples)) or 'empty'})" for name, look in looks)
