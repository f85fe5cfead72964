"""Which columns hold the text and the label: as told, by their usual names, or by their look."""

import logging
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from clf.data.rows import Batch
from clf.errors import DataError
from clf.settings import DataSettings

TEXT_NAMES = ("text", "sentence", "review", "content", "comment", "document", "body", "message", "tweet", "description",
              "utterance", "query", "question", "article", "abstract", "headline", "title", "summary", "subject",
              "review_text", "text_content")  # fmt: skip
LABEL_NAMES = ("label", "labels", "target", "class", "category", "sentiment", "topic", "intent", "label_name",
               "label_text", "class_name", "tag", "y", "polarity", "emotion", "genre", "rating")  # fmt: skip
JOINED = ("description", "content", "body", "abstract")  # what follows a title

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Columns:
    """The columns in use: one or several with text, one with the label, perhaps one with the label's name."""

    text: list[str]
    label: str | None
    label_name: str | None = None

    @property
    def needed(self) -> list[str]:
        """The columns without which a row has no text or no label."""
        return [*self.text, self.label] if self.label else self.text


def choose_text(batch: Batch, data: DataSettings, shown: str) -> list[str]:
    """Choose the text columns.

    Raises DataError when those named do not exist, or none can be told from the others.
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
    others = {name: _mean_length(batch.columns[name]) for name in names if name not in taken}
    longest = max(others, key=lambda name: others[name], default=None)
    if longest is not None and others[longest] >= 10:
        texts = [name for name in others if others[name] >= max(15, others[longest] / 8)]
        log.warning("%s: no column has a usual name for text; took %s for its length", shown, " + ".join(texts))
        return texts
    raise _cannot_tell("text", names, shown)


def choose_columns(batch: Batch, data: DataSettings, shown: str) -> Columns:
    """Choose the columns of text and label, and say which.

    Raises DataError when those named do not exist, or none can be told from the others.
    """
    names = list(batch.columns)
    text = choose_text(batch, data, shown)
    label = _named(data.label_column, names, shown, "label") if data.label_column else _find_label(batch, text, shown)
    if label in text:
        raise DataError(
            f"{shown}: column {label!r} is both text and label",
            "name them with --text-column and --label-column",
        )
    beside = [f"{label}_name", f"{label}_text"]
    label_name = next((name for name in beside if name in names and name != label and name not in text), None)
    if data.label_map:
        label_name = None  # the names are given
    log.info(
        "%s: text from %s, label from %s%s",
        shown,
        " + ".join(text),
        label,
        f", named by {label_name}" if label_name else "",
    )
    return Columns(text, label, label_name)


def _find_label(batch: Batch, text: list[str], shown: str) -> str:
    names = [name for name in batch.columns if name not in text]
    if usual := _usual(names, LABEL_NAMES):
        return usual
    rows = len(batch.lines)
    few = [
        name
        for name in names
        if 2 <= _distinct(batch.columns[name]) <= max(2, min(100, rows // 4)) and _mean_length(batch.columns[name]) < 40
    ]
    if len(few) == 1:
        log.warning("%s: no column has a usual name for a label; took %s for its few values", shown, few[0])
        return few[0]
    raise _cannot_tell("label", list(batch.columns), shown)


def _named(column: str, names: list[str], shown: str, role: str) -> str:
    if column in names:
        return column
    if column.isdigit() and int(column) < len(names):
        return names[int(column)]
    close = get_close_matches(column, names, n=1, cutoff=0.5)
    hint = f"did you mean --{role}-column {close[0]}?" if close else f"pass --{role}-column with one of them"
    raise DataError(f"{shown} has no column {column!r}; it has {_listed(names)}", hint)


def _usual(names: list[str], usual: tuple[str, ...]) -> str | None:
    lowered = {name.lower(): name for name in reversed(names)}
    return next((lowered[name] for name in usual if name in lowered), None)


def _cannot_tell(role: str, names: list[str], shown: str) -> DataError:
    return DataError(
        f"{shown}: cannot tell which column holds the {role}; it has {_listed(names)}",
        f"pass --{role}-column NAME or its number from 0 (and --no-header if the first line is data)",
    )


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name[:40]) for name in names[:12]) + (" …" if len(names) > 12 else "")


def _mean_length(values: list[Any]) -> float:
    texts = [value for value in values if isinstance(value, str)]
    return sum(map(len, texts)) / max(1, len(values))


def _distinct(values: list[Any]) -> int:
    return len({str(value) for value in values})
