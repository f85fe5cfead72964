"""What labels look like once all are known: ids, texts, numbers, or several labels joined by a separator."""

import logging
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from shlex import quote

from clf.data.reading.joined_labels import several_joined, worth_telling
from clf.data.reading.written_lists import bare
from clf.errors import DataError, SeveralLabels

MOST_NUMBERS = 20
"""Different numbers with decimals that may still be classes, such as ratings in half stars."""
TEXT_LENGTH = 60
"""Mean characters of labels that are texts, if nearly all differ."""
NEARLY = 0.9
MOST_IDS = 0.8
JOINED = (
    "give each text one label, or name each combination as a class of its own in a JSON file: --label-map FILE.json"
)
MOST_FLAGS = 3
CLASSES = "pass --label-column with the column of classes"
_NUMBER = re.compile(r"[+-]?\d*([.,]\d+)?\s*%?|[+-]?\d+(\.\d+)?[eE][+-]?\d+")
_ID = re.compile(
    r"[\d\s.,:/+_T-]*\d[\d\s.,:/+_TZ-]*"  # numbers, dates, times
    r"|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|(?=\S*\d)[0-9a-fA-F]{8,}"  # UUIDs, hashes
    r"|(?=\S*\d)[\w.#:/-]+|\S+@\S+\.\S+|https?://\S+|www\.\S+"  # codes, addresses
)

log = logging.getLogger(__name__)


def look_like_ids(names: Collection[str]) -> bool:
    """Return whether most names are numbers, codes, hashes or addresses rather than words."""
    return sum(_ID.fullmatch(name) is not None for name in names) >= MOST_IDS * len(names)


def check_names(counts: Mapping[str, int], lines: Mapping[str, int], shown: str) -> None:
    """Raise DataError if labels are texts or numbers, and warn of labels in quotes."""
    _warn_of_quotes(counts, shown)
    _refuse_texts(counts, shown)
    _refuse_numbers(counts, lines, shown)


def refuse_joined(counts: Mapping[str, int], lines: Mapping[str, int], shown: str) -> None:
    """Raise SeveralLabels if most labels join several; `counts` and `lines` are of each label."""
    joined = several_joined(counts, ())
    if joined and joined.meant:
        rows, first = sum(counts[label] for label in joined.labels), min(joined.labels, key=lambda label: lines[label])
        raise SeveralLabels(
            f"{shown}, line {lines[first]}: {rows} of {sum(counts.values())} rows have several labels joined by "
            f"{joined.separator!r}, such as {first[:60]!r}",
            JOINED,
        )


def are_texts_or_numbers(counts: Mapping[str, int], shown: str) -> bool:
    """Return whether `check_names` refuses the labels."""
    try:
        _refuse_texts(counts, shown)
        _refuse_numbers(counts, dict.fromkeys(counts, 0), shown)
    except DataError:
        return True
    return False


def check_looks(counts: Mapping[str, int], lines: Mapping[str, int], named: Collection[str], shown: str) -> None:
    """Raise DataError if the labels are texts, numbers or several labels; `counts` and `lines` are of each label.

    Warns of labels in quotes, and of labels that may be several. Labels that are `named` with --label-map
    are classes.
    """
    counts = {label: count for label, count in counts.items() if label not in named}
    check_names(counts, lines, shown)
    refuse_joined(counts, lines, shown)
    written = {bare(label): label for label in counts}
    if joined := worth_telling(written):
        joined = replace(joined, labels=[written[label] for label in joined.labels])
        flags = " ".join(f"--unlabelled={quote(label)}" for label in joined.labels[:MOST_FLAGS])
        flags += " …" if len(joined.labels) > MOST_FLAGS else ""
        log.warning(
            "the labels with %r, such as %r, are read as one class each (%d of %d rows), though %r is a %s; if they"
            " mean several labels, --multi-label reads them so%s",
            joined.separator, joined.labels[0], sum(counts[label] for label in joined.labels), sum(counts.values()),
            joined.part, "label too" if joined.alone else "part of others too",
            f", and {flags} leaves these rows out" if joined.alone else "",
        )  # fmt: skip


def _warn_of_quotes(counts: Mapping[str, int], shown: str) -> None:
    """Warn if nearly all labels stand in the same quotes, which then are likely to be those of the file's cells."""
    rows = sum(counts.values())
    for mark, flag in (("'", '--quote "\'"'), ('"', "--quote '\"'")):
        quoted = {label: count for label, count in counts.items() if len(label) > 2 and label[0] == mark == label[-1]}
        if quoted and sum(quoted.values()) >= NEARLY * rows:
            log.warning(
                "%s: %d of %d labels stand in quotes, such as %s; they are read as part of the label; if the cells of"
                " the file are quoted so, pass %s",
                shown, sum(quoted.values()), rows, next(iter(quoted))[:40], flag,
            )  # fmt: skip


def _refuse_texts(counts: Mapping[str, int], shown: str) -> None:
    rows = sum(counts.values())
    mean = sum(len(label) * count for label, count in counts.items()) / max(1, rows)
    if rows >= 10 and mean > TEXT_LENGTH and len(counts) > NEARLY * rows:
        raise DataError(
            f"{shown}: the labels are texts, not classes: {len(counts)} different ones in {rows} rows, such as "
            f"{next(iter(counts))[:40]!r} …",
            CLASSES,
        )


def _refuse_numbers(counts: Mapping[str, int], lines: Mapping[str, int], shown: str) -> None:
    """Raise DataError for many different numbers with decimals: a quantity rather than classes."""
    if len(counts) <= MOST_NUMBERS or not all(_NUMBER.fullmatch(label) for label in counts):
        return
    values = {label: float(label.rstrip("% ").replace(",", ".")) for label in counts}
    if all(value.is_integer() for value in values.values()) and not any("%" in label for label in values):
        return
    low, high = min(values, key=lambda label: values[label]), max(values, key=lambda label: values[label])
    raise DataError(
        f"{shown}, line {lines[low]}: the labels are numbers, not classes: {len(counts)} different ones from {low} to "
        f"{high}",
        f"{CLASSES}, or name the class of each number in a JSON file: --label-map FILE.json",
    )
