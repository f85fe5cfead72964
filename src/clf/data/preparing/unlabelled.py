"""Rows whose label means that they have none: what the user names, marks such as `-` and NaN, and -1 in test.

Decided from the labels of all rows, however the file is sorted.
"""

import logging
import math
from collections.abc import Callable, Collection
from shlex import quote
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clf.data.label_names import clean_label
from clf.data.preparing.label_looks import several_joined
from clf.data.reading.column_names import words_of
from clf.data.reading.column_values import CODES, MINUS_ONE, NOT_A_TIME, ODD, SIGNS, VAGUE
from clf.data.reading.label_values import FEW_SEVERAL, NO_LABEL, SEVERAL

if TYPE_CHECKING:
    from clf.data.preparing.ingest import Delivered

SIDED = {"sentiment", "sentiments", "polarity", "stance", "attitude", "mood", "opinion", "valence", "tone"}
"""Words for labels with a negative and a positive side."""

log = logging.getLogger(__name__)
NOTHING = "None"
"""What Python writes for a missing value; in lower case it often is a class."""
FEWEST = 20
"""The fewest rows of one class that may be placeholders."""
BY_CHANCE = 1e-6
Counts = NDArray[np.int64]
"""How many rows of each split have each label, shape (splits, labels)."""


def leave_out_unlabelled(given: "Delivered", unlabelled: Collection[str], named: Collection[str]) -> None:
    """Drop and count the rows with no label or several; labels that are `named` with --label-map stay classes."""
    counts = _count(given)
    total = counts.sum(axis=0)
    present = [label for label, count in zip(given.labels, total.tolist(), strict=True) if count]
    wanted = {label for label in present if _is_among(label, unlabelled)}
    if unlabelled and not wanted:
        log.warning("--unlabelled names labels that are not in the data: %s", ", ".join(map(repr, unlabelled)))
    marks = _marks([label for label in present if label not in wanted and label not in named])
    _drop(given, lambda label, _: label in wanted or label in marks)
    _say_marks(marks, total[[given.labels.index(label) for label in marks]])
    if "train" in given.splits:
        trained = counts[given.splits.index("train")]
        absent = {
            label
            for label, count in zip(given.labels, trained.tolist(), strict=True)
            if not count and label not in named and _may_mean_none(label) and label.casefold() not in VAGUE
        }
        _drop(given, lambda label, split: split != "train" and label in absent)
    _drop_several(given, named)


def warn_of_unlabelled(given: "Delivered", unlabelled: Collection[str], named: Collection[str]) -> None:
    """Warn of classes that often are no classes: -1, names such as N/A, and a mark beside a single other label."""
    total = dict(zip(given.labels, _count(given).sum(axis=0).tolist(), strict=True))
    present = [label for label, count in total.items() if count]
    others = [label for label in present if label not in named and not _may_mean_none(label)]
    minus = next((label for label in present if _whole(label) == MINUS_ONE), None)
    doubtful = (
        [label for label in present if label not in named and _is_mark(label, others)] if len(others) == 1 else []
    )
    scaled = any(label.startswith("-") for label in others) or _is_scale(given, others)
    if minus and minus not in named and len(others) >= 2 and not scaled:
        doubtful.append(minus)
    vague = []
    if len(others) >= 2:
        doubtful += [label for label in present if label not in named and label.casefold() in ODD]
        vague = [label for label in present if label not in named and label.casefold() in ("none", "unknown")]
    if NOTHING in vague and not any(label[0].isupper() for label in others):
        vague.remove(NOTHING)
        doubtful.append(NOTHING)
    for label in vague:
        log.info(
            "%d of %d rows have the label %r, which is read as a class; --unlabelled=%s leaves them out",
            total[label], sum(total.values()), label, quote(label),
        )  # fmt: skip
    for label in doubtful:
        log.warning(
            "%d of %d rows have the label %r, which often marks rows without a label; --unlabelled=%s leaves them out",
            total[label],
            sum(total.values()),
            label,
            quote(label),
        )


def _is_scale(given: "Delivered", others: Collection[str]) -> bool:
    """Return whether -1 is one side of a scale: 1 is the other, and the name of the label says that it has sides."""
    columns = [tally.columns for tally in given.tallies.values() if tally.columns is not None]
    words = {word for one in columns if one.label is not None for word in words_of(one.label)}
    return bool(words & SIDED) and any(_whole(label) == "1" for label in others)


def warn_of_placeholders(given: "Delivered") -> None:
    """Warn of validation and test whose labels are all the same, as those that competitions publish in their place.

    Said of at least FEWEST rows, if as many rows of train, drawn at random, would be of that one class with a
    probability below BY_CHANCE: the share of the class in train to the power of the number of rows.
    """
    counts = _count(given)
    train = counts[given.splits.index("train")] if "train" in given.splits else np.zeros(1, dtype=np.int64)
    for split, of_split in zip(given.splits, counts, strict=True):
        rows, label = int(of_split.sum()), int(of_split.argmax())
        if split == "train" or rows < FEWEST or of_split[label] < rows or not train.any():
            continue
        share = train[label] / train.sum()
        if 0 < share < 1 and rows * math.log(share) < math.log(BY_CHANCE):
            log.warning(
                "%s: all %d rows have the label %r, which only %.0f %% of train have; if they are placeholders, nothing"
                " can be measured on them: leave that file out, and label its texts with clf predict",
                split, rows, given.labels[label], 100 * share,
            )  # fmt: skip


def _count(given: "Delivered") -> Counts:
    labels = len(given.labels)
    both = given.rows.split.astype(np.int64) * labels + given.rows.label
    return np.bincount(both, minlength=len(given.splits) * labels).reshape(len(given.splits), labels)


def _drop(given: "Delivered", is_dropped: Callable[[str, str], bool], reason: str = "") -> None:
    """Drop the rows whose label and split are to be dropped; the reason is that they have no label."""
    kept = np.ones(len(given.rows), dtype=bool)
    for number, split in enumerate(given.splits):
        for label, name in enumerate(given.labels):
            if is_dropped(name, split):
                rows = np.flatnonzero((given.rows.label == label) & (given.rows.split == number))
                if len(rows):
                    kept[rows] = False
                    given.tallies[split].drop_all(reason or f"{NO_LABEL} ({name!r})", given.rows.line[rows].tolist())
    if not kept.all():
        given.rows = given.rows.take(kept)


def _drop_several(given: "Delivered", named: Collection[str]) -> None:
    """Drop the few rows whose label joins several; if they are many, they are refused."""
    total = dict(zip(given.labels, _count(given).sum(axis=0).tolist(), strict=True))
    counts = {label: count for label, count in total.items() if count}
    joined = several_joined(counts, named)
    if joined and joined.meant and sum(counts[label] for label in joined.labels) <= FEW_SEVERAL * sum(counts.values()):
        _drop(given, lambda label, _: label in joined.labels, SEVERAL)


def _is_among(label: str, values: Collection[str]) -> bool:
    return any(label == clean_label(value) or _whole(label) == _whole(value) for value in values)


def _whole(label: str) -> str:
    """Return a whole number without its decimals: files write -1 as -1.0 where a value of the column is missing."""
    whole, point, decimals = label.strip().partition(".")
    return whole if point and not decimals.strip("0") and whole.lstrip("-").isdecimal() else label.strip()


def _may_mean_none(label: str) -> bool:
    return label in SIGNS or _is_word(label) or label.casefold() in VAGUE or _whole(label) == MINUS_ONE


def _is_word(label: str) -> bool:
    return label.casefold() in CODES or label == NOT_A_TIME


def _marks(labels: list[str]) -> list[str]:
    """Return the labels that mean none: those beside at least two that surely are labels."""
    others = [label for label in labels if not _may_mean_none(label)]
    return [label for label in labels if _is_mark(label, others)] if len(others) >= 2 else []


def _is_mark(label: str, others: list[str]) -> bool:
    """Return whether a label is a word such as NaN, or a sign among names; among other signs it is one of them."""
    if _is_word(label):
        return True
    return label in SIGNS and all(any(map(str.isalnum, other)) for other in others)


def _say_marks(marks: list[str], counts: Counts) -> None:
    for label, count in zip(marks, counts.tolist(), strict=True):
        log.warning(
            "the label %r is read as no label (%d rows); --label-map %s keeps it as a class",
            label,
            count,
            quote(f"{label}=NAME"),
        )
