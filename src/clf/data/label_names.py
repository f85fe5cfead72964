"""The names of classes: one spelling for what looks the same, look-alikes, and finding a name among others.

A name is normalised (NFC), and characters that nobody sees are dropped, so that `neg` and `neg` with a zero-width
space are one class. Joiners and variation selectors stay where emoji and non-Latin scripts need them.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

LONGEST_LABEL = 1000

_BLANK = re.compile(r"\s+")
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff9-\ufffb\ud800-\udfff]"
)
_JOINERS = "\u200c\u200d"
_TIED = re.compile(rf"[{_JOINERS}\ufe00-\ufe0f\U000e0000-\U000e007f]+")
"""A run of joiners, variation selectors and tags: each belongs to what stands beside it, or is not seen."""
_LOOK_ALIKES = str.maketrans(
    "авсԁеһніјкморԛгѕтухԝѵӏ" "αβεηικμνορτυχϲζ" "ıɑɡ" "‐‑‒–—−’‘",  # noqa: RUF001
    "abcdehhijkmopqrstyxwvl" "abehikmvoptyxcz" "iag" "------''",
)  # fmt: skip
"""Cyrillic, Greek and other characters beside the Latin ones that they look like, after case folding."""


def clean_label(label: str) -> str:
    """Return the label in the spelling that counts; empty if there is nothing to see."""
    if label.isascii() and label.isprintable():
        return label.strip()
    return _cleaned(label)


@lru_cache(maxsize=10_000)
def _cleaned(label: str) -> str:
    # A line break inside a name would become one in every table and message.
    label = _BLANK.sub(lambda blank: blank[0] if blank[0].isprintable() else " ", label[: 10 * LONGEST_LABEL])
    label = _TIED.sub(_belonging, _UNSEEN.sub("", label)).strip()
    if len(label) > LONGEST_LABEL:  # which is refused; normalising takes time that grows with the square of the length
        return label
    return unicodedata.normalize("NFC", label).strip()


def _belonging(run: re.Match[str]) -> str:
    """Return the characters of a run that belong to a name."""
    before, after = run.string[run.start() - 1] if run.start() else " ", run.string[run.end() : run.end() + 1]
    kept: list[str] = []
    for place, character in enumerate(run[0], run.start() + 1):
        if _belongs(character, kept[-1] if kept else before) or (
            character < "\U000e0000" and character not in _JOINERS and place == run.end() and after == "\u20e3"
        ):
            kept.append(character)
    return "".join(kept) if after >= "\u0300" else "".join(kept).rstrip(_JOINERS)


def _belongs(character: str, before: str) -> bool:
    if character in _JOINERS:  # inside a word
        return before >= "\u0300"
    if character < "\U000e0000":  # a variation selector after what varies
        return before in "\xa9\xae" or before >= "\u1800"
    return before == "\U0001f3f4" or "\U000e0020" <= before <= "\U000e007f"  # a tag of a flag


def look_alikes(names: Iterable[str]) -> list[list[str]]:
    """Return the groups of different names that look the same, or differ only in case or spaces."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(_skeleton(name), []).append(name)
    return [group for group in groups.values() if len(group) > 1]


def _skeleton(name: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", clean_label(name)).casefold())
    return " ".join(folded.translate(_LOOK_ALIKES).split())


def told_apart(name: str) -> str:
    """Return the name in quotes, with the code points of its characters that are not ASCII."""
    odd = dict.fromkeys(f"U+{ord(character):04X}" for character in name if not character.isascii())
    return repr(name) + (f" ({' '.join([*odd][:8])})" if odd else "")


def places_of(names: Sequence[str], among: Sequence[str]) -> list[int | None]:
    """Return the place of each name among others: the same name, or the only one with the same spelling.

    Datasets and models of earlier versions may have names that are not normalised.
    """
    exact = {name: place for place, name in enumerate(among)}
    cleaned: dict[str, list[int]] = {}
    for place, name in enumerate(among):
        cleaned.setdefault(clean_label(name), []).append(place)
    alike = {name: places[0] for name, places in cleaned.items() if len(places) == 1}
    return [exact.get(name, alike.get(clean_label(name))) for name in names]
