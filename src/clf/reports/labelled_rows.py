"""The rows that `clf predict` writes: the columns of the input, then those of clf."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clf.data.reading.batch import Batch
from clf.errors import UsageError
from clf.outcomes.prediction import Prediction
from clf.scoring.multi_label import BAR
from clf.storage.prediction_formats import ArrowType, Table

LISTS = (".jsonl", ".parquet")
"""The formats in which a cell can be a list."""


class LabelledRows:
    """The columns of the output: those of the input, then those of clf, with a prefix if a name is already in use."""

    def __init__(self, names: list[str], scored: list[str], *, as_lists: bool = False) -> None:
        """Take the names of the input columns, and the classes whose probabilities get a column.

        With `as_lists`, the label of a row is the list of its labels.
        """
        self.names, self.scored, self.as_lists = names, scored, as_lists
        ours = ["label", "confidence", *(f"score_{name}" for name in scored), "error"]
        prefix = "predicted_" if set(names) & set(ours) else ""
        while any(prefix + name in names for name in ours):
            prefix += "predicted_"
        self.ours = [prefix + name for name in ours]

    @property
    def columns(self) -> list[str]:
        """The names of all columns, in order."""
        return [*self.names, *self.ours]

    @property
    def types(self) -> dict[str, ArrowType]:
        """The Arrow types of the columns that clf adds, or their names; they do not depend on the values."""
        kinds = ["string", *["float64"] * (len(self.ours) - 2), "string"]
        return dict(zip(self.ours, kinds, strict=True)) | ({self.ours[0]: _list_of_texts()} if self.as_lists else {})

    def table(self, batch: Batch, answers: list[Prediction]) -> Table:
        """Add the columns of the predictions to the rows of a batch."""
        nothing: list[Any] = [None] * len(answers)
        values: list[list[Any]] = [
            [self._label(answer) for answer in answers],
            [_rounded(answer.confidence) for answer in answers],
            *([_rounded(answer.scores.get(name)) for answer in answers] for name in self.scored),
            [batch.problems.get(row) or answer.error or None for row, answer in enumerate(answers)],
        ]
        kept = {name: batch.columns.get(name, nothing) for name in self.names}
        return {**kept, **dict(zip(self.ours, values, strict=True))}

    def _label(self, answer: Prediction) -> list[str] | str | None:
        if self.as_lists:
            return None if answer.error else answer.labels
        return answer.label or None


def written_as_lists(labels: Sequence[str], output: Path | None) -> bool:
    """Return whether the labels of a text are written as a list, which CSV and TSV join instead.

    Raises UsageError if one of the model's labels holds what stands between joined labels. No `output` is stdout.
    """
    if output is not None and output.suffix.lower() in LISTS:
        return True
    if unclear := next((label for label in labels if BAR in label), None):
        raise UsageError(
            f"the label {unclear!r} of the model holds {BAR!r}, which stands between the labels of a text in CSV "
            "and TSV",
            f"pass --output with a file that ends in {' or '.join(LISTS)}, where the labels are a list",
        )
    return False


def _list_of_texts() -> ArrowType:
    import pyarrow

    return pyarrow.list_(pyarrow.string())


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
