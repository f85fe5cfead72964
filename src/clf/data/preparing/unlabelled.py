"""Rows whose label means that they have none: what the user names, marks such as `-` and NaN, and -1 in test.

Decided from the labels of all rows, however the file is sorted.
"""

import logging
import math
from collections import Counter
from collections.abc import Collection, Mapping
from shlex import quote
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clf.data.label_names import clean_label
from clf.data.reading.column_names import words_of
from clf.data.reading.column_values import CODES, MINUS_ONE, NOT_A_TIME, ODD, SIGNS, VAGUE
from clf.data.reading.joined_labels import several_joined
from clf.data.reading.label_values import FEW_SEVERAL, NO_LABEL, SEVERAL
from clf.errors import DataError

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
    counts = counts_of(given)
    tell_marks(together(counts), unlabelled, named)
    drop_labels(given, labels_to_drop(counts, unlabelled, named))


def counts_of(given: "Delivered") -> dict[str, dict[str, int]]:
    """Return how many rows of each split have each label, as it was written."""
    return {
        split: {label: count for label, count in zip(given.labels, of_split.tolist(), strict=True) if count}
        for split, of_split in zip(given.splits, _count(given), strict=True)
    }


def tell_marks(total: Mapping[str, int], unlabelled: Collection[str], named: Collection[str]) -> None:
    """Warn of labels that are read as none, and of those to be read so that are not there; `total` has their rows."""
    if unlabelled and not any(_is_among(label, unlabelled) for label in total):
        log.warning("--unlabelled names labels that are not in the data: %s", ", ".join(map(repr, unlabelled)))
    for label in _marks([label for label in total if label not in named and not _is_among(label, unlabelled)]):
        log.warning(
            "the label %r is read as no label (%d rows); --label-map %s keeps it as a class",
            label, total[label], quote(f"{label}=NAME"),
        )  # fmt: skip


def labels_to_drop(
    counts: Mapping[str, Mapping[str, int]], unlabelled: Collection[str], named: Collection[str]
) -> dict[str, dict[str, str]]:
    """Return, for each split, the labels whose rows are left out, with the reason; `counts` are the rows with each.

    They mean that there is no label, or a few of them join several. Labels that are `named` stay classes.
    """
    found = meaning_none(counts, unlabelled, named)
    left = {split: {label: count for label, count in of_split.items() if label not in found[split]}
            for split, of_split in counts.items()}  # fmt: skip
    several = _few_joined(together(left), named)
    return {split: labels | {label: SEVERAL for label in left[split] if label in several}
            for split, labels in found.items()}  # fmt: skip


def meaning_none(
    counts: Mapping[str, Mapping[str, int]], unlabelled: Collection[str], named: Collection[str]
) -> dict[str, dict[str, str]]:
    """Return, for each split, the labels that mean that there is none, with the reason; those `named` do not."""
    total = together(counts)
    wanted = {label for label in total if _is_among(label, unlabelled)}
    none = wanted | {*_marks([label for label in total if label not in wanted and label not in named])}
    absent = {label for label in total if "train" in counts and label not in counts["train"] and label not in named
              and _may_mean_none(label) and label.casefold() not in VAGUE}  # fmt: skip
    found = {}
    for split, of_split in counts.items():
        of_none = none if split == "train" else none | absent
        found[split] = {label: f"{NO_LABEL} ({label!r})" for label in of_split if label in of_none}
    return found


def refuse_unlabelled(dropped: Mapping[str, int], rows: int, shown: str) -> None:
    """Raise DataError if all rows were left out because they have no label."""
    if rows and sum(count for reason, count in dropped.items() if reason.startswith(NO_LABEL)) == rows:
        raise DataError(
            f"{shown}: no row has both a text and a label: all {rows} rows have no label",
            "label the texts first, or pass --label-column with the column that has their labels",
        )


def together(counts: Mapping[str, Mapping[str, int]]) -> Counter[str]:
    """Return the rows of each label in all splits."""
    return sum(map(Counter, counts.values()), Counter())


def warn_of_unlabelled(given: "Delivered", total: Mapping[str, int], named: Collection[str]) -> None:
    """Warn of classes that often are no classes: -1, names such as N/A, and a mark beside a single other label.

    `total` has the rows of each label.
    """
    present = [label for label, count in total.items() if count]
    rows = len(given.rows)
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
            total[label], rows, label, quote(label),
        )  # fmt: skip
    for label in doubtful:
        log.warning(
            "%d of %d rows have the label %r, which often marks rows without a label; --unlabelled=%s leaves them out",
            total[label],
            rows,
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
        rows = int(of_split.sum())
        if split == "train" or rows < FEWEST or of_split.max() < rows or not train.any():
            continue
        label = int(of_split.argmax())
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


def drop_labels(given: "Delivered", labels: Mapping[str, Mapping[str, str]]) -> None:
    """Drop the rows of each split with some labels, and count them with the reason."""
    kept = np.ones(len(given.rows), dtype=bool)
    ids = {label: number for number, label in enumerate(given.labels)}
    for number, split in enumerate(given.splits):
        reasons = {ids[label]: reason for label, reason in labels[split].items()}
        are_dropped = np.isin(np.arange(len(ids)), [*reasons])
        rows = np.flatnonzero((given.rows.split == number) & are_dropped[given.rows.label])
        kept[rows] = False
        rows = rows[np.argsort(given.rows.label[rows], kind="stable")]
        for of_label in np.split(rows, np.flatnonzero(np.diff(given.rows.label[rows])) + 1) if len(rows) else []:
            reason = reasons[int(given.rows.label[of_label[0]])]
            given.tallies[split].drop_all(reason, given.rows.line[of_label].tolist())
    if not kept.all():
        given.rows = given.rows.take(kept)


def _few_joined(counts: Mapping[str, int], named: Collection[str]) -> list[str]:
    """Return the labels that join several, if few rows have them; if they are many, they are refused."""
    joined = several_joined(counts, named)
    if not joined or not joined.meant:
        return []
    is_few = sum(counts[label] for label in joined.labels) <= FEW_SEVERAL * sum(counts.values())
    return joined.labels if is_few else []


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
