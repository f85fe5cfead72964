"""`predictions.parquet` of an evaluation: each text with its true and its predicted label, or lists of them."""

from itertools import compress
from pathlib import Path
from typing import Any

from clf.measuring.rows import MeasuredTexts
from clf.scoring.answers import Answers, row_slices
from clf.scoring.label_table import LabelTable
from clf.scoring.multi_label import AnyAnswers


def write_predictions(path: Path, measured: MeasuredTexts, answers: AnyAnswers) -> None:
    """Write the texts, labels, predictions, confidence and scores, some rows at a time."""
    import pyarrow
    import pyarrow.parquet

    def table(rows: slice) -> pyarrow.Table:
        labels, predicted, sure = _decisions(measured, answers, rows)
        columns = {
            "text": pyarrow.array(measured.raw_texts[rows], pyarrow.large_string()),
            "label": labels,
            "predicted_label": predicted,
            "predicted_confidence": sure,
            **{f"score_{name}": answers.probabilities[rows, number] for number, name in enumerate(measured.names)},
        }
        return pyarrow.table(columns)

    with pyarrow.parquet.ParquetWriter(path, table(slice(0)).schema, compression="zstd") as writer:
        for rows in row_slices(*answers.probabilities.shape):
            writer.write_table(table(rows))


def _decisions(measured: MeasuredTexts, answers: AnyAnswers, rows: slice) -> tuple[Any, Any, Any]:
    """Return the true labels of the rows, the predicted ones, and the confidence in them, as Arrow columns."""
    import pyarrow

    if isinstance(answers, Answers):
        names = pyarrow.array(measured.names, pyarrow.string())
        labels, predicted = (names.take(pyarrow.array(ids[rows])) for ids in (answers.labels, answers.predictions))
        return labels, predicted, answers.choices.sure[rows]

    def lists(chosen: LabelTable) -> Any:
        found = [list(compress(measured.names, row)) for row in chosen[rows].tolist()]
        return pyarrow.array(found, pyarrow.list_(pyarrow.string()))

    return lists(answers.labels), lists(answers.predictions), answers.confidence[rows].astype("float32")
