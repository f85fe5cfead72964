"""Rows of a file -> examples: one text and one label as the file has them, and the line they came from."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from clf.data.columns import Columns, choose_columns
from clf.data.rows import SHOWN, Batch
from clf.data.sources import Split
from clf.errors import DataError
from clf.settings import DataSettings


@dataclass
class Examples:
    """The usable rows of one split, as parallel lists; `dropped` counts the others by reason."""

    texts: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    label_names: list[str | None] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    read: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    first_dropped: dict[str, list[int]] = field(default_factory=dict)
    text_columns: list[str] = field(default_factory=list)

    def drop(self, reason: str, line: int) -> None:
        """Count a row that cannot be used, and remember the first lines."""
        self.dropped[reason] = self.dropped.get(reason, 0) + 1
        lines = self.first_dropped.setdefault(reason, [])
        if len(lines) < SHOWN:
            lines.append(line)


def read_examples(split: Split, data: DataSettings) -> Examples:
    """Read a split, dropping and counting rows without text or label.

    Raises DataError for values that are no text or no single label, all of the file together.
    """
    examples = Examples()
    bad: list[str] = []
    columns: Columns | None = None
    for batch in split.rows():
        if columns is None or not set(columns.needed) <= set(batch.columns):
            columns = choose_columns(batch, data, split.shown)  # again for a file that names them otherwise
            examples.text_columns = columns.text
        for line, text, label, name in _rows(batch, columns):
            examples.read += 1
            problem = _problem(text, label)
            if problem:
                bad.append(f"line {line}: {problem}")
            elif not bad:
                _add(examples, line, text, _label(label), name)
    if bad:
        raise DataError(f"{split.shown}: {'; '.join(bad[:SHOWN])} ({len(bad)} bad rows)", _hint(bad[0]))
    return examples


def _rows(batch: Batch, columns: Columns) -> Iterator[tuple[int, list[Any], Any, Any]]:
    nothing = [None] * len(batch.lines)
    texts = [batch.columns.get(name, nothing) for name in columns.text]
    labels = batch.columns.get(columns.label or "", nothing)
    names = batch.columns.get(columns.label_name or "", nothing)
    for row, line in enumerate(batch.lines):
        yield line, [column[row] for column in texts], labels[row], names[row]


def _problem(text: list[Any], label: Any) -> str:
    if any(isinstance(part, dict) for part in text):
        return "the text is an object"
    if any(isinstance(part, (list, bytes)) for part in text):
        return f"the text is {type(text[0]).__name__}, expected a string"
    if isinstance(label, (list, tuple)):
        return "the label is a list: multi-label is not supported yet"
    if isinstance(label, (dict, bytes)):
        return f"the label is {type(label).__name__}, expected a name or number"
    return ""


def _hint(problem: str) -> str:
    if "multi-label" in problem:
        return "give each text one label, or train one model per label"
    return "write the text of each row as one string"


def _add(examples: Examples, line: int, text: list[Any], label: str | None, name: Any) -> None:
    joined = " ".join(str(part) for part in text if part is not None and str(part).strip())
    joined = joined.encode("utf-8", "replace").decode("utf-8")  # half a character cannot be stored
    if not joined.strip():
        examples.drop("no text", line)
    elif label is None:
        examples.drop("no label", line)
    else:
        examples.texts.append(joined)
        examples.labels.append(label)
        examples.label_names.append(str(name).strip() if name is not None else None)
        examples.lines.append(line)


def _label(value: Any) -> str | None:
    """Write one label as text: true and false, strings without outer white space, numbers as they are."""
    if value is None or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip() or None
