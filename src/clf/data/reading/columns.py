"""Choose the text and label columns: as the user names them, by their usual names, or by their content."""

import logging
from collections import Counter
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

from clf.data.reading.batch import Batch
from clf.errors import DataError
from clf.settings import DataSettings

TEXT_NAMES = ("text", "sentence", "review", "content", "comment", "document", "body", "message", "tweet", "description",
              "utterance", "query", "question", "article", "abstract", "headline", "title", "summary", "subject",
              "review_text", "text_content")  # fmt: skip
LABEL_NAMES = ("label", "labels", "target", "class", "category", "sentiment", "topic", "intent", "label_name",
               "label_text", "class_name", "tag", "y", "polarity", "emotion", "genre", "rating")  # fmt: skip
JOINED = ("description", "content", "body", "abstract")  # columns to which a title is prepended

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Columns:
    """The columns in use: text, label, optionally the label name and the group, whose rows stay in the same split."""

    text: list[str]
    label: str | None
    label_name: str | None = None
    group: str | None = None

    @property
    def needed(self) -> list[str]:
        """The columns that a file must have: text, label and group."""
        return [*self.text, *([self.label] if self.label else []), *([self.group] if self.group else [])]


def choose_text(batch: Batch, data: DataSettings, shown: str) -> list[str]:
    """Choose the text columns.

    Raises DataError if a named column does not exist, or if no text column can be identified.
    """
    names = list(batch.columns)
    if data.text_column:
        return [_named(column, names, shown, "text") for column in data.text_column]
    named = _usual(names, TEXT_NAMES)
    title = _usual(names, ("title", "headline"))
    if named and named.lower() in JOINED and title:
        return [title, named]
    if named:
        return [named]
    taken = {_named(data.label_column, names, shown, "label")} if data.label_column else {_usual(names, LABEL_NAMES)}
    taken |= {_named(data.group_column, names, shown, "group")} if data.group_column else set()
    others = {name: _mean_length(batch.columns[name]) for name in names if name not in taken}
    longest = max(others, key=lambda name: others[name], default=None)
    if longest is not None and others[longest] >= 10:
        texts = [name for name in others if name == longest or others[name] >= max(15, others[longest] / 8)]
        log.warning("%s: no column has a usual name for text; using %s because of its length", shown, " + ".join(texts))
        return texts
    raise _cannot_tell("text", names, shown)


def choose_columns(batch: Batch, data: DataSettings, shown: str) -> Columns:
    """Choose the text and label columns, and log the choice.

    Raises DataError if a named column does not exist, or if a text or label column cannot be identified.
    """
    names = list(batch.columns)
    text = choose_text(batch, data, shown)
    group = _named(data.group_column, names, shown, "group") if data.group_column else None
    label = (
        _named(data.label_column, names, shown, "label")
        if data.label_column
        else _find_label(batch, text, group, shown)
    )
    if label in text:
        raise DataError(
            f"{shown}: column {label!r} is both text and label",
            "choose them with --text-column and --label-column",
        )
    beside = [f"{label}_name", f"{label}_text"]
    label_name = next((name for name in beside if name in names and name != label and name not in text), None)
    if data.label_map:
        label_name = None  # it gives the label names
    log.info(
        "%s: text from %s, label from %s%s",
        shown,
        " + ".join(text),
        label,
        f", label names from {label_name}" if label_name else "",
    )
    return Columns(text, label, label_name, group)


class OtherColumns:
    """Some rows of the columns that are neither text nor label, to find columns that leak the label."""

    SIZE = 50_000
    PER_BATCH = 1000
    MOST = 50

    def __init__(self) -> None:
        self.rows: dict[str, list[tuple[Any, str]]] = {}
        self.taken = 0

    def add(self, batch: Batch, columns: Columns) -> None:
        """Keep some rows of a batch, evenly spaced."""
        others = [name for name in batch.columns if name not in {*columns.needed, columns.label_name}][: self.MOST]
        if not others or self.taken >= self.SIZE or columns.label not in batch.columns:
            return
        step = -(-len(batch.lines) // self.PER_BATCH)
        labels = batch.columns[columns.label][::step]
        self.taken += len(labels)
        for name in others:
            pairs = zip(batch.columns[name][::step], labels, strict=True)
            self.rows.setdefault(name, []).extend(
                (str(value)[:200], str(label))
                for value, label in pairs
                if label is not None and isinstance(value, (str, int, float))
            )

    def suspicious(self) -> dict[str, float]:
        """Return the columns that predict the label, with the share of rows for which they do."""
        told = {name: max(_told_by_value(pairs), _told_by_order(pairs)) for name, pairs in self.rows.items()}
        return {
            name: round(share, 3)
            for name, share in told.items()
            if len(self.rows[name]) >= FEWEST and share >= TELLS and share >= 1 - (1 - _majority(self.rows[name])) / 10
        }


FEWEST = 20  # the fewest rows with which a column can be called suspicious
TELLS = 0.95


def _told_by_value(pairs: list[tuple[str, str]]) -> float:
    """Return the share of rows whose label is the most common label of the other rows with the same value."""
    together = Counter(pairs)
    best: dict[str, list[int]] = {}
    for (value, _), count in together.items():
        best[value] = sorted([*best.get(value, [0, 0]), count])[-2:]
    right = sum(
        count for (value, _), count in together.items() if count - 1 > 0 and count == best[value][1] > best[value][0]
    )
    return right / max(1, len(pairs))


def _told_by_order(pairs: list[tuple[str, str]]) -> float:
    """Return the share of rows that have the same label as the row before, when sorted by a numeric value."""
    try:
        values = sorted((float(value), label) for value, label in pairs)
    except ValueError:
        return 0.0
    if len({value for value, _ in values}) < len(values) / 2:
        return 0.0
    return sum(a[1] == b[1] for a, b in pairwise(values)) / max(1, len(values) - 1)


def _majority(pairs: list[tuple[str, str]]) -> float:
    return max(Counter(label for _, label in pairs).values()) / len(pairs)


def _find_label(batch: Batch, text: list[str], group: str | None, shown: str) -> str:
    names = [name for name in batch.columns if name not in text and name != group]
    if usual := _usual(names, LABEL_NAMES):
        return usual
    rows = len(batch.lines)
    few = [
        name
        for name in names
        if 2 <= _distinct(batch.columns[name]) <= max(2, min(100, rows // 4)) and _mean_length(batch.columns[name]) < 40
    ]
    if len(few) == 1:
        log.warning("%s: no column has a usual name for a label; using %s because it has few values", shown, few[0])
        return few[0]
    if len(few) > 1 and all(set(map(str, batch.columns[name])) <= {"0", "1"} for name in few):
        raise DataError(
            f"{shown}: the columns {_listed(few)} contain only 0 and 1: multi-label is not supported yet",
            "pass --label-column with one of them, and train one model per label",
        )
    raise _cannot_tell("label", list(batch.columns), shown)


def _named(column: str, names: list[str], shown: str, role: str) -> str:
    if column in names:
        return column
    if column.isascii() and column.isdecimal() and len(column) < 10 and int(column) < len(names):
        return names[int(column)]
    close = get_close_matches(column, names, n=1, cutoff=0.5)
    hint = f"did you mean --{role}-column {close[0]}?" if close else f"pass --{role}-column with one of them"
    raise DataError(f"{shown} has no column {column!r}; it has {_listed(names)}", hint)


def _usual(names: list[str], usual: tuple[str, ...]) -> str | None:
    lowered = {name.lower(): name for name in reversed(names)}
    return next((lowered[name] for name in usual if name in lowered), None)


def _cannot_tell(role: str, names: list[str], shown: str) -> DataError:
    return DataError(
        f"{shown}: cannot tell which column contains the {role}; it has {_listed(names)}",
        f"pass --{role}-column with its name or number from 0 (and --no-header if the first line is data)",
    )


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name[:40]) for name in names[:12]) + (" …" if len(names) > 12 else "")


def _mean_length(values: list[Any]) -> float:
    texts = [value for value in values if isinstance(value, str)]
    return sum(map(len, texts)) / max(1, len(values))


def _distinct(values: list[Any]) -> int:
    return len({str(value) for value in values})
