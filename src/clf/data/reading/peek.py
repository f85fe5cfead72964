"""How the first rows of a split are read, with what led to it: what `clf prepare --peek` shows."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice

from clf.data.flags import typed
from clf.data.label_sets import joined
from clf.data.reading.batch import Batch, Split
from clf.data.reading.column_values import look_at
from clf.data.reading.columns import IGNORED, Columns
from clf.data.reading.delimiters import as_typed
from clf.data.reading.examples import Examples, RowTally, read_examples
from clf.data.reading.formats import describe
from clf.data.reading.label_form import LabelForm
from clf.errors import ClfError
from clf.outcomes.peek import FileForm, PeekedColumn, PeekedRow, PeekedSplit
from clf.settings import DataSettings

MOST_FILES = 10
ROWS_SHOWN = 3
ROWS_FOR_VALUES = 200
LONGEST_TEXT = 1000
"""Characters of a text in the result."""


@dataclass(frozen=True)
class Peeked:
    """A split as far as it was understood, the columns in use, and the error if it cannot be read."""

    split: PeekedSplit
    columns: Columns
    error: ClfError | None = None
    examples: Examples = field(default_factory=Examples)
    multi_label: bool = False
    """Whether a text may have several labels."""
    label_form: LabelForm | None = None
    """How the labels are written."""

    def with_sets(self, written: Mapping[str, Sequence[str]], dropped: Collection[str]) -> "Peeked":
        """Show the sets of labels that were written so, except those that are dropped."""
        labels = [label if label in dropped else joined(written[label]) for label in self.examples.labels]
        return replace(self, examples=replace(self.examples, labels=labels), multi_label=True)

    def without(self, dropped: Mapping[str, str]) -> "Peeked":
        """Leave out the rows with some labels, each with the reason for it."""
        left_out = Counter(dropped[label] for label in self.examples.labels if label in dropped)
        reasons = dict(Counter(self.split.rows_left_out) + left_out)
        found = {"rows": _rows(self.examples, dropped), "rows_left_out": reasons}
        return replace(self, split=self.split.model_copy(update=found))


def peek_at(name: str, split: Split, data: DataSettings) -> Peeked:
    """Look at the first rows of a split; a refusal is the error that reading all rows would give."""
    first = [split.form()] if split.files and split.form else []  # with what the other files tell of it
    forms = [*first, *(describe(file, data) for file in split.files[len(first) : MOST_FILES])]
    tally, reading = RowTally(), None
    error: ClfError | None = None
    batch: Batch | None = None
    try:
        reading = next(read_examples(split, data, tally), None)
    except ClfError as refusal:
        error = refusal
        with suppress(ClfError):
            batch = next(split.rows(), None)
    columns, examples = tally.columns or Columns([], None), Examples()
    if reading is not None:
        batch, columns, examples = reading
    found = PeekedSplit(
        split=name,
        source=split.shown,
        files=forms,
        more_files=len(split.files) - len(forms),
        columns=_columns(batch, columns),
        rows=_rows(examples),
        rows_read=tally.read,
        rows_left_out=dict(tally.dropped),
    )
    return Peeked(found, columns, error, examples, label_form=tally.label_form)


def _columns(batch: Batch | None, columns: Columns) -> list[PeekedColumn]:
    if batch is None:
        return []
    told = {column.name: column for column in columns.roles}
    looks = {name: look_at(values, ROWS_FOR_VALUES) for name, values in batch.columns.items()}
    return [
        PeekedColumn(
            name=name,
            role=told[name].role if name in told else None,
            reason=told[name].reason if name in told else look.held,
            values=list(look.examples),
        )
        for name, look in looks.items()
    ]


def _rows(examples: Examples, dropped: Collection[str] = ()) -> list[PeekedRow]:
    rows = zip(examples.lines, examples.labels, examples.shown(), strict=True)
    kept = ((line, shown) for line, label, shown in rows if label not in dropped)
    return [
        PeekedRow(line=line, text=text[:LONGEST_TEXT], label=label) for line, (text, label) in islice(kept, ROWS_SHOWN)
    ]


def flags_for(columns: Columns, forms: Sequence[FileForm], *, multi_label: bool = False) -> list[str]:
    """Return the flags that say what was chosen, so that a user can change one; what differs between files has none."""
    named = [("--text-column", name) for name in columns.text]
    named += [("--label-column", columns.label)] if columns.label is not None else []
    named += [("--group-column", columns.group)] if columns.group is not None else []
    named += [("--ignore-column", one.name) for one in columns.roles if (one.role, one.reason) == IGNORED]
    delimiters, encodings = {form.delimiter for form in forms}, {form.encoding for form in forms}
    quotes, escapes = {form.quote for form in forms} - {'"'}, {form.escape for form in forms}
    named += [("--quote", mark) for mark in quotes if mark and len(quotes) == 1]
    named += [("--escape", mark) for mark in escapes if mark and len(escapes) == 1]
    named += [("--delimiter", as_typed(mark)) for mark in delimiters if mark and len(delimiters) == 1]
    named += [("--encoding", encoding) for encoding in encodings if encoding and len(encodings) == 1]
    alone = ["--no-header"] if forms and all(form.header is False for form in forms) else []
    alone += ["--multi-label"] if multi_label else []
    return [part for flag, name in named for part in typed(flag, name)] + alone
