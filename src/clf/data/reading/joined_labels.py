"""Several labels in one text, with a separator between them, as `billing|delivery`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SEPARATORS = ("|", "#", ";", ",", "/", "+", "\t")
LONGEST = 60
"""The most characters of labels in one text, on average."""
USUAL = ("|", "#", ";", ",")
"""Those that tools write between labels; the others stand in names too."""
MAY_STAND_LAST = ("|", ";", ",")
"""Those that tools also write behind the last label, or twice; names such as `C#` and `C++` end in others."""


@dataclass(frozen=True)
class Joined:
    """Labels with a separator, some part of which is a label of its own."""

    separator: str
    labels: list[str]
    part: str
    """A part that also stands alone."""
    meant: bool
    """Whether the combinations outnumber the parts, so that several labels are meant."""


def several_joined(counts: Mapping[str, int], named: Collection[str]) -> Joined | None:
    """Find the separator that joins most labels, if a part of one also stands alone as a label."""
    labels = [label for label in counts if label not in named]
    found = [joined for separator in SEPARATORS if (joined := _joined_by(separator, labels))]
    return max(found, key=lambda joined: (joined.meant, len(joined.labels)), default=None)


def separator_in(labels: Collection[str]) -> str | None:
    """Return what stands between the labels of texts that may have several; None if each of them is one label.

    If no part stands alone, as in a file where all texts have several, a part that comes twice tells a separator.
    """
    joined = several_joined(dict.fromkeys(labels, 1), ())
    if joined and (joined.meant or joined.separator in USUAL):
        return joined.separator
    found = {separator: shared for separator in USUAL if (shared := _shared_by(separator, labels))}
    return max(found, key=lambda separator: found[separator], default=None)


def divided(label: str, separator: str | None) -> list[str]:
    """Return the labels in one text."""
    found = [label] if separator is None else label.split(separator)
    return [name for part in found if (name := part.strip())]


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


def _shared_by(separator: str, labels: Iterable[str]) -> int:
    """Return how many labels have a separator, if a part of one is also a part of another; otherwise 0."""
    parts = {label: divided(label, separator) for label in labels}
    combined = {label: names for label, names in parts.items() if len(names) > 1}
    distinct = {name: None for names in combined.values() for name in names}
    is_shared = len(distinct) < sum(map(len, combined.values()))
    return len(combined) if is_shared and not (separator == "," and _are_decimals(parts, distinct)) else 0


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
