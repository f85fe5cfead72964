"""Several labels in one text, with a separator between them, as `billing|delivery`."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

WIDE = ("、", "；", "，", "｜")  # noqa: RUF001 - the marks of Chinese and Japanese
"""Those of people who write in Chinese or Japanese."""
USUAL = ("|", "#", ";", ",", *WIDE)
"""Those that tools and people write between labels."""
IN_NAMES_TOO = ("/", "+", "\t", " & ", " and ")
"""Those that stand in names too, and count only by the rule for all."""
SEPARATORS = (*USUAL, *IN_NAMES_TOO)
SELDOM = ("<br>", "·", " - ", "\\")
"""Those that may also mean a subclass: they are told of, and divide labels if the user says that a text has several."""
IN_MOST_NAMES = (":", "_", " ")
"""The same, if the rule for all holds."""
ALL = (*SEPARATORS, *SELDOM, *IN_MOST_NAMES)
MAY_STAND_LAST = ("|", ";", ",", *WIDE, "\n")
"""Those that tools also write behind the last label, or twice; names such as `C#` and `C++` end in others."""
LONGEST = 60
"""The most characters of labels in one text, on average."""


@dataclass(frozen=True)
class Joined:
    """Labels with a separator, some part of which is a label of its own."""

    separator: str
    labels: list[str]
    part: str
    """A part that is a label of its own, or comes in several of them."""
    meant: bool
    """Whether the combinations outnumber the parts, one of which stands alone, so that several labels are meant."""
    alone: bool = True
    """Whether the part is a label of its own."""


def several_joined(
    counts: Mapping[str, int], named: Collection[str], separators: Sequence[str] = SEPARATORS
) -> Joined | None:
    """Find the separator that joins most labels, if a part of one also stands alone as a label."""
    labels = [label for label in counts if label not in named]
    found = [joined for separator in separators if (joined := _joined_by(separator, labels))]
    return max(found, key=lambda joined: (joined.meant, len(joined.labels)), default=None)


def doubtful(labels: Collection[str]) -> Joined | None:
    """Return labels that may be several each, and would be divided if the user said so; None if nothing tells it."""
    return _surely(labels) or several_joined(dict.fromkeys(labels, 1), ()) or _recurring(labels) or _told(labels)


def worth_telling(labels: Collection[str]) -> Joined | None:
    """Return labels that may be several each, as `doubtful`, but not those that plainly are one: ranges and places.

    In `10 - 20` all parts have digits. In `Paris, France` no part stands alone, or first and last.
    """
    found = doubtful(labels)
    if found is None or found.alone:
        return found
    parts = [divided(label, found.separator) for label in found.labels]
    if found.separator == " - " and all(any(map(str.isdigit, part)) for names in parts for part in names):
        return None
    first, last = {names[0] for names in parts}, {names[-1] for names in parts}
    are_places = found.separator == "," and all(len(names) == 2 for names in parts) and first.isdisjoint(last)
    return None if are_places else found


def separator_in(labels: Collection[str]) -> str | None:
    """Return what stands between the labels of texts that may have several; None if each of them is one label.

    If no part stands alone, as in a file where all texts have several, a part that comes twice tells a separator.
    """
    found = doubtful(labels)
    return found.separator if found else None


def _surely(labels: Collection[str]) -> Joined | None:
    """Return the labels with a separator that is meant, or with a usual one whose parts come again."""
    joined = several_joined(dict.fromkeys(labels, 1), ())
    if joined and (joined.meant or joined.separator in USUAL):
        return joined
    found = [joined for separator in USUAL if (joined := _sharing(separator, labels))]
    return max(found, key=lambda joined: len(joined.labels), default=None)


def _recurring(labels: Collection[str]) -> Joined | None:
    """Return the labels with a separator that stands in names too, if a part comes at two places of them.

    In the names of subclasses, as `Arts/Music`, a part is always the first or the last one.
    """
    for separator in (*IN_NAMES_TOO, *SELDOM):
        parts = {label: names for label in labels if len(names := _all_parts(label, separator)) > 1 and all(names)}
        places: dict[str, int] = {}
        for names in parts.values():
            for place, name in enumerate(names):
                if places.setdefault(name, place) != place:
                    return Joined(separator, list(parts), name, False, False)
    return None


def _told(labels: Collection[str]) -> Joined | None:
    found = [joined for separator in (*SELDOM, *IN_MOST_NAMES) if (joined := _joined_by(separator, labels))]
    return next((replace(one, meant=False) for one in found if one.meant or one.separator in SELDOM), None)


def divided(label: str, separator: str | None) -> list[str]:
    """Return the labels in one text."""
    found = [label] if separator is None else label.split(separator)
    return [name for part in found if (name := part.strip())]


def made_of(name: str, known: Collection[str], separators: Sequence[str] = ALL) -> tuple[str, list[str]] | None:
    """Return the known labels that a name consists of, after the separator between them; None if it does not."""
    ways = ((mark, divided(name, mark)) for mark in separators if mark in name)
    return next((way for way in ways if len(way[1]) > 1 and all(part in known for part in way[1])), None)


def mixed(names: Collection[str], separator: str) -> dict[str, list[str]]:
    """Return the labels that hold another of the USUAL separators, all of whose parts are labels too, with their parts.

    `names` are the labels after `separator` has divided them. `Smith, John` stays one label: its parts are none.
    """
    known, found = set(names), {}
    for name in known:
        for other in USUAL:
            parts = divided(name, other) if other != separator and other in name else []
            if len(parts) > 1 and known.issuperset(parts):
                found[name] = parts
                break
    return found


def joined_by(separator: str, labels: Collection[str]) -> Joined | None:
    """Return the labels with a separator, if a part of one is also a label, or a part of another; None otherwise."""
    return _joined_by(separator, labels) or _sharing(separator, labels)


def _sharing(separator: str, labels: Iterable[str]) -> Joined | None:
    """Return the labels that have a separator, if a part of one is also a part of another."""
    parts = {label: divided(label, separator) for label in labels}
    combined = {label: names for label, names in parts.items() if len(names) > 1}
    counts = Counter(name for names in combined.values() for name in names)
    if len(counts) == counts.total() or (separator == "," and _are_decimals(parts, counts)):
        return None
    return Joined(separator, list(combined), counts.most_common(1)[0][0], False, False)


def _joined_by(separator: str, labels: Iterable[str]) -> Joined | None:
    split = divided if separator in MAY_STAND_LAST else _all_parts
    parts = {label: split(label, separator) for label in labels}
    combined = {label: names for label, names in parts.items() if len(names) > 1 and all(names)}
    distinct = {name: None for names in combined.values() for name in names}
    single = {names[0] for names in parts.values() if len(names) == 1}
    alone = [name for name in distinct if name in single]
    if not alone or (separator == "," and _are_decimals(parts, distinct)):
        return None
    return Joined(separator, list(combined), alone[0], len(combined) > len(distinct))


def _all_parts(label: str, separator: str) -> list[str]:
    return [part.strip() for part in label.split(separator)]


def _are_decimals(parts: Mapping[str, list[str]], distinct: Collection[str]) -> bool:
    """Return whether the commas are those of decimals: all are numbers, with decimals that never stand alone."""
    if not all(len(names) <= 2 and all(map(str.isdecimal, names)) for names in parts.values()):
        return False
    return any(names[-1] not in parts for names in parts.values() if len(names) == 2)


def are_joined(values: Sequence[Any]) -> bool:
    """Return whether short texts are mostly labels with a separator between them."""
    labels = {value.strip(): 1 for value in values if isinstance(value, str) and value.strip()}
    joined = several_joined(labels, ()) if sum(map(len, labels)) <= LONGEST * len(labels) else None
    return joined is not None and joined.meant
