"""Rows of a file -> examples: one uncleaned text and one label each, with their line in the file."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from clf.data.label_names import clean_label
from clf.data.label_sets import PLAIN, shown
from clf.data.reading.batch import SHOWN, Batch, Split
from clf.data.reading.column_values import IN_TEXTS, MISSING_TEXTS, likely_fields
from clf.data.reading.columns import Columns, flags
from clf.data.reading.decisions import written
from clf.data.reading.label_cells import WHOLE_TEXTS
from clf.data.reading.label_form import LabelForm
from clf.data.reading.label_values import (
    LOOKED,
    NO_LABEL,
    ONE_LABEL,
    SEVERAL,
    LabelReading,
    look_at_labels,
    plain_label,
    refuse_several,
)
from clf.data.reading.listed_columns import has_more, listed_as
from clf.data.reading.marked_sets import Empty, sets_of
from clf.data.reading.one_hot import ones_of
from clf.data.reading.roles import choose_columns
from clf.errors import DataError
from clf.settings import DataSettings

NO_TEXT = "no text"
MOST_SHOWN = 60  # characters of a label
MOST_RESPELLED = 1000

log = logging.getLogger(__name__)


@dataclass
class Examples:
    """Some usable rows of one split, as parallel lists."""

    texts: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    label_names: list[str | None] = field(default_factory=list)
    groups: list[str | None] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def shown(self) -> Iterator[tuple[str, str]]:
        """Yield each text with its label, by name if its name is known."""
        rows = zip(self.texts, self.labels, self.label_names, strict=True)
        return ((text, name or shown(label)) for text, label, name in rows)


@dataclass
class RowTally:
    """Counts of the rows read and dropped in one split, with the first lines dropped for each reason."""

    read: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    first_dropped: dict[str, list[int]] = field(default_factory=dict)
    text_columns: list[str] = field(default_factory=list)
    columns: Columns | None = field(default=None, compare=False)
    """The columns of the first file, with their roles."""
    label_form: LabelForm | None = field(default=None, compare=False)
    """How the labels of the first file are written; none before the first label is read."""
    respelled: dict[tuple[str, str], int] = field(default_factory=dict)
    """How many rows have a label with characters that nobody sees or that are not composed, and how it is read."""

    marks: dict[str, int] = field(default_factory=dict)
    """How many examples have a text such as `nan`, which may stand for a missing one."""
    empty: dict[str, int] = field(default_factory=dict)
    """How many examples have an empty cell that is read as no, `rows`, and how many such `cells` they have."""
    first_empty: tuple[int, str] | None = None
    """The line and the column of the first such cell."""

    def add_empty(self, line: int, found: Empty) -> None:
        """Count the empty cells of a row that are read as no."""
        self.empty["rows"] = self.empty.get("rows", 0) + 1
        self.empty["cells"] = self.empty.get("cells", 0) + found.cells
        self.first_empty = self.first_empty or (line, found.column)

    def respell(self, written: str, label: str | None) -> None:
        """Count a label that is read in another spelling than it was written in."""
        pair = (written[:MOST_SHOWN], (label or "").removeprefix(PLAIN)[:MOST_SHOWN])
        if pair in self.respelled or len(self.respelled) < MOST_RESPELLED:
            self.respelled[pair] = self.respelled.get(pair, 0) + 1

    def drop_all(self, reason: str, lines: list[int]) -> None:
        """Count dropped rows, as `drop` does."""
        for line in lines[:SHOWN]:
            self.drop(reason, line)
        self.dropped[reason] = self.dropped.get(reason, 0) + len(lines[SHOWN:])

    def drop(self, reason: str, line: int) -> None:
        """Count a dropped row, and remember its line if it is among the first for this reason."""
        self.dropped[reason] = self.dropped.get(reason, 0) + 1
        lines = self.first_dropped.setdefault(reason, [])
        if len(lines) < SHOWN:
            lines.append(line)


def read_examples(split: Split, data: DataSettings, tally: RowTally) -> Iterator[tuple[Batch, Columns, Examples]]:
    """Yield batches of a split with their columns and examples; rows without a text or label are dropped and counted.

    With `data.multi_label`, labels are sets, as `LabelReading` writes them. Raises DataError after the last row if a
    value is not text or not a label, which covers all bad rows, and SeveralLabels if too many rows have several.
    """
    bad: list[str] = []
    hint = ""
    columns: Columns | None = None
    reading: LabelReading | None = None
    sets = bool(data.multi_label)
    file = None
    for batch in split.rows():
        # Choose again for each file whose column names differ; rows within one file may lack some of the columns.
        if columns is None or (batch.file != file and _differ(columns, batch)):
            like = columns if columns and columns.listed else split.like
            columns = _as_in_train(batch, like, data) or _chosen(batch, like, data, split.shown)
            tally.text_columns = columns.text
            tally.columns = tally.columns or columns
            reading = None
        reading = reading or _look(batch, columns, sets, split.shown, tally.label_form or split.label_form)
        tally.label_form = tally.label_form or (reading.form if reading else None)
        file = batch.file
        tally.read += len(batch.lines)
        examples, problems = _examples(batch, columns, reading or LabelReading(sets=sets), tally)
        if problems and not bad:
            hint = _hint(problems[0], batch, columns)
        bad += problems
        if not bad:
            yield batch, columns, examples
    if bad:
        raise DataError(f"{split.shown}: {'; '.join(bad[:SHOWN])} ({len(bad)} bad rows)", hint)
    labelled = tally.read - tally.dropped.get(NO_LABEL, 0) - tally.dropped.get(NO_TEXT, 0)
    several = tally.dropped.get(SEVERAL, 0)
    refuse_several(several, labelled, tally.first_dropped.get(SEVERAL, []), split.shown)


def _differ(columns: Columns, batch: Batch) -> bool:
    """Return whether another file lacks columns in use, or may have more columns with labels."""
    known = [one.name for one in columns.roles]
    is_more = has_more(columns.label, batch.columns, known)
    return bool(columns.listed) or is_more or not set(columns.needed) <= set(batch.columns)


def _as_in_train(batch: Batch, train: Columns | None, data: DataSettings) -> Columns | None:
    """Return the columns of train for a file that has the same columns, numbered as there is no header.

    So are columns of zeros and ones that are labels: all texts of one split may have a label. And so are columns with
    one label of a text each, since all texts of one file may have as many.
    """
    names = list(batch.columns)
    if train and train.listed and set(train.needed) <= set(names):
        return replace(train, listed=listed_as(train.listed, names))
    if train and train.one_hot and data.multi_label and set(train.needed) <= set(names):
        return train
    return train if train and all(map(str.isdecimal, names)) and names == [one.name for one in train.roles] else None


def _chosen(batch: Batch, train: Columns | None, data: DataSettings, shown: str) -> Columns:
    """Choose the columns of a file; those of train where its few rows do not tell, if it has them."""
    try:
        return choose_columns(batch, data, shown)
    except DataError:
        if train is None or train.label is None or not set(train.needed) <= set(batch.columns):
            raise
        return train


def _look(batch: Batch, columns: Columns, sets: bool, shown: str, like: LabelForm | None) -> LabelReading | None:
    """Decide how labels are read from the first batch that has any, and say it; None if this batch has none."""
    values = _label_values(batch, columns, sets, {})
    if all(value is None for value in values):
        return None
    reading = look_at_labels(values, batch.lines, columns.label or "", shown, sets=sets, like=like)
    for sentence in reading.said if columns.label is not None else []:  # of one-hot columns it is known
        log.info("%s", sentence)
    return reading


def _label_values(batch: Batch, columns: Columns, sets: bool, empty: dict[int, Empty]) -> list[Any]:
    """Return the label of each row as it is written; the empty cells of rows that are read as no are put in `empty`."""
    nothing = [None] * len(batch.lines)
    if names := columns.one_hot:
        values = [batch.columns.get(name, nothing) for name in names]
        return list(sets_of(values, names, columns.saying_no, empty) if sets else ones_of(values, names))
    if columns.listed:
        return _lists([batch.columns.get(name, nothing) for name in columns.listed])
    return nothing if columns.label is None else batch.columns.get(columns.label, nothing)


def _lists(columns: list[list[Any]]) -> list[Any]:
    """Return the labels of each row, of which each stands in a column of its own; the other columns are empty."""
    return [[value for value in row if _is_filled(value)] for row in zip(*columns, strict=True)]


def _is_filled(value: Any) -> bool:
    return bool(value.strip()) if isinstance(value, str) else value is not None and value == value


def _examples(batch: Batch, columns: Columns, reading: LabelReading, tally: RowTally) -> tuple[Examples, list[str]]:
    nothing = [None] * len(batch.lines)
    texts, problems = _texts([batch.columns.get(name, nothing) for name in columns.text], batch.lines)
    examples = Examples()
    names, groups = (
        nothing if name is None else batch.columns.get(name, nothing) for name in (columns.label_name, columns.group)
    )
    rejected = _rejected(batch, columns)
    read = reading.read
    empty: dict[int, Empty] = {}
    rows = zip(batch.lines, texts, _label_values(batch, columns, reading.sets, empty), names, groups, strict=True)
    for row, (line, text, value, name, group) in enumerate(rows):
        if rejected and row in rejected:
            tally.drop(rejected[row], line)
            continue
        label, dropped, problem, spelled = read(value)
        if problem:
            problems.append(f"line {line}: {problem}")
            continue
        if spelled is not None:
            tally.respell(spelled, label)
        if not text or text.isspace():
            tally.drop(NO_TEXT, line)
        elif text in IN_TEXTS:
            tally.drop(f"{NO_TEXT} ({text!r})", line)
        elif label is None:
            tally.drop(dropped, line)
        else:
            if text in MISSING_TEXTS:
                tally.marks[text] = tally.marks.get(text, 0) + 1
            if row in empty:
                tally.add_empty(line, empty[row])
            examples.texts.append(text)
            examples.labels.append(label)
            examples.label_names.append(None if name is None else clean_label(str(name)))
            examples.groups.append(None if group is None else plain_label(group))
            examples.lines.append(line)
    return examples, problems


def _rejected(batch: Batch, columns: Columns) -> dict[int, str]:
    """Return the rows whose label an annotator rejected, each with what the row says."""
    return {
        row: f"{name} {value!r}"
        for name, rejected in columns.left_out.items()
        for row, value in enumerate(batch.columns.get(name, []))
        if written(value) in rejected
    }


def _texts(columns: list[list[Any]], lines: list[int]) -> tuple[list[str], list[str]]:
    """Join the text columns of each row, and return the texts and the problems of rows whose values are not text."""
    problems: list[str] = []
    written = []
    for column in columns:
        kinds = {type(value) for value in column} - {type(None)}
        if float in kinds:  # NaN is how Python writes a missing value into JSON
            column = [None if value != value else value for value in column]
            kinds = {type(value) for value in column} - {type(None)}
        if not kinds <= {str}:
            problems += _text_problems(column, kinds, lines)
            column = [None if value is None else str(value) for value in column]
        written.append(column)
    if len(written) == 1:
        return [value or "" for value in written[0]], problems
    return [
        " ".join([part for part in parts if part and not part.isspace()]) for parts in zip(*written, strict=True)
    ], problems


def _text_problems(column: list[Any], kinds: set[type], lines: list[int]) -> list[str]:
    """Find values that are not text: objects and lists always, and numbers if other rows have strings."""
    mixed = str in kinds
    problems = []
    for line, value in zip(lines, column, strict=True):
        if isinstance(value, dict):
            problems.append(f"line {line}: the text is an object with the keys {', '.join(map(repr, list(value)[:5]))}")
        elif isinstance(value, (list, bytes)) or (mixed and value is not None and not isinstance(value, str)):
            problems.append(f"line {line}: the text is {type(value).__name__}, expected a string")
    return problems


def _hint(problem: str, batch: Batch, columns: Columns) -> str:
    """Return what to do about a value of a batch that is no text or no label."""
    if "spans" in problem:
        return WHOLE_TEXTS
    if "the label is an object" in problem:
        fields = _fields("label", batch, [columns.label or ""])
        return flags("label", fields) if fields else "write each label as a name or number"
    if "the label is" in problem:
        return ONE_LABEL
    fields = _fields("text", batch, columns.text) if "is an object" in problem else []
    return flags("text", fields) if fields else "write the text of each row as one string"


def _fields(role: str, batch: Batch, names: list[str]) -> list[str]:
    """Return the fields that may be the text or the label in the first column with objects, if most of it are such."""
    for name in names:
        filled = [value for value in batch.columns.get(name, []) if value is not None]
        objects = [value for value in filled if isinstance(value, dict)]
        if objects and len(objects) * 2 >= len(filled):
            keys = [key for key, value in objects[0].items() if isinstance(value, str) and "." not in key]
            likely = likely_fields(role, batch.columns, [name], LOOKED)
            return list(likely) or [f"{name}.{key}" for key in keys]
    return []
