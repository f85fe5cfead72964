"""The labels in each set as it was written: cells divided as those of train are, or as the labels known there tell."""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence

from clf.data.label_names import clean_label
from clf.data.label_sets import PLAIN, parts
from clf.data.reading.joined_labels import (
    ALL,
    IN_NAMES_TOO,
    USUAL,
    divided,
    made_of,
    mixed,
    separator_in,
    several_joined,
)
from clf.data.reading.label_form import LabelForm
from clf.data.reading.written_lists import list_in

log = logging.getLogger(__name__)
Divided = dict[str, tuple[str, ...] | None]
"""The labels of each set, as it was written; None if they are missing."""


def divided_sets(
    splits: Mapping[str, Collection[str]], like: LabelForm, known: Collection[str], *, measure_only: bool = False
) -> tuple[Divided, str | None]:
    """Return the labels in each set of each split, and what separates them where they are joined.

    The separator is that of `like`, otherwise that of train, otherwise that of all splits together. What is no label of
    train then, nor `known` as one of a model's, is divided if all its parts are, or if it is a list with one that is.

    An empty cell beside joined labels is an empty set, and with `measure_only` one beside single labels too.
    """
    labels = [*dict.fromkeys(label for of_split in splits.values() for label in of_split)]
    separator = _separator(splits, labels, like, known)
    if separator is not None:
        log.info("labels with %r between them are several labels of a text", separator)
    are_plain = measure_only and all(label.startswith(PLAIN) for label in labels)
    or_none = separator is None and not like.separator and not are_plain
    found = {label: _labels_of(label, separator, known, or_none=or_none) for label in labels}
    if separator is not None:
        again = {name: way for name, way in mixed(_names(found.values()), separator).items() if name not in known}
        found = _divided_again(found, again, "all their parts are labels")
    known = known or {name for name in _names(found[label] for label in splits.get("train", ())) if not _is_list(name)}
    again = _known_parts(_names(found.values()), known)
    return _divided_again(found, again, "training does not know them, but parts of them"), separator


def _separator(
    splits: Mapping[str, Collection[str]], labels: Sequence[str], like: LabelForm, known: Collection[str]
) -> str | None:
    plain = [label.removeprefix(PLAIN) for label in labels if label.startswith(PLAIN)]
    if like.separator and any(like.separator in label for label in plain):
        return like.separator
    of_train = splits.get("train")
    found = separator_among(of_train, known) if of_train is not None else None
    return found or separator_among(labels, known)


def separator_among(labels: Collection[str], known: Collection[str] = ()) -> str | None:
    """Return what stands between the joined labels among sets as they were written, of which some may be lists."""
    plain = [label.removeprefix(PLAIN) for label in labels if label.startswith(PLAIN) and label != PLAIN]
    plain = [label for label in plain if label not in known or not any(mark in label for mark in ALL)]
    if all(label.startswith(PLAIN) for label in labels):
        return separator_in(plain)
    told = several_joined(dict.fromkeys(plain, 1), ())
    return told.separator if told and told.meant else None


def _labels_of(label: str, separator: str | None, known: Collection[str], *, or_none: bool) -> tuple[str, ...] | None:
    if not label.startswith(PLAIN):
        return parts(label)
    if label == PLAIN:  # an empty cell
        return None if or_none else ()
    text = label.removeprefix(PLAIN)
    names = [text] if text in known or _is_list(text) else divided(text, separator)
    return tuple(dict.fromkeys(map(clean_label, names)))


def _is_list(name: str) -> bool:
    """Return whether a name looks like a list of several labels: it is one label only if none of these is."""
    return name[:1] in ("{", "[") and len(list_in(name) or ()) > 1


def _names(sets: Iterable[tuple[str, ...] | None]) -> set[str]:
    return {name for names in sets for name in names or ()}


def _known_parts(names: Collection[str], known: Collection[str]) -> dict[str, list[str]]:
    """Return the parts of names that are not known as labels, but written in another way than the known ones.

    What stands in names too divides several names or none: one may be a label that train lacks.
    """
    found: dict[str, list[str]] = {}
    doubtful: dict[str, dict[str, list[str]]] = {}
    for name in {*names} - {*known} if known else ():
        listed = [clean_label(one) for one in list_in(name) or ()]
        if any(one in known for one in listed):
            found[name] = listed
        elif made := made_of(name, known, USUAL):
            found[name] = made[1]
        elif made := made_of(name, known, IN_NAMES_TOO):
            doubtful.setdefault(made[0], {})[name] = made[1]
    for several in doubtful.values():
        found |= several if len(several) > 1 else {}
    return found


def _divided_again(found: Divided, again: Mapping[str, Sequence[str]], why: str) -> Divided:
    """Divide the labels that are several, in a column where they are written in several ways."""
    if not again:
        return found
    log.info("labels such as %r are several labels too: %s", min(again), why)
    return {
        label: names and tuple(dict.fromkeys(part for name in names for part in again.get(name, [name])))
        for label, names in found.items()
    }
