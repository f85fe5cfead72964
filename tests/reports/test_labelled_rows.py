"""The rows that `clf predict` writes: one label in a cell, or several in a list or joined."""

from pathlib import Path

import pytest

from clf.data.reading.batch import Batch
from clf.errors import UsageError
from clf.outcomes.prediction import Prediction
from clf.reports.labelled_rows import LabelledRows, written_as_lists

BATCH = Batch({"text": ["a", "b", "c"]}, [1, 2, 3])
SCORES = {"x": 0.9, "y": 0.1234567}
ANSWERS = [
    Prediction("x|y", 0.8, SCORES, label_set=("x", "y")),
    Prediction("", 0.7, SCORES, label_set=()),
    Prediction("", None, {}, "empty text", ()),
]


def test_several_labels_are_joined_and_no_label_is_an_empty_cell() -> None:
    table = LabelledRows(["text"], ["y"]).table(BATCH, ANSWERS)
    assert table["label"] == ["x|y", None, None]
    assert table["score_y"] == [0.123457, 0.123457, None]
    assert table["error"] == [None, None, "empty text"]


def test_in_a_list_no_label_is_not_a_missing_one() -> None:
    rows = LabelledRows(["text"], [], as_lists=True)
    assert rows.table(BATCH, ANSWERS)["label"] == [["x", "y"], [], None]
    assert [str(kind) for kind in rows.types.values()] == ["list<item: string>", "float64", "string"]


@pytest.mark.parametrize("output", [None, Path("out.csv"), Path("out.TSV")])
def test_a_label_that_holds_the_mark_between_labels_cannot_be_joined(output: Path | None) -> None:
    assert not written_as_lists(["x", "y"], output)
    with pytest.raises(UsageError, match=r"the label 'x\|y' of the model holds '\|'") as found:
        written_as_lists(["a", "x|y"], output)
    assert ".jsonl or .parquet" in found.value.hint


@pytest.mark.parametrize("output", [Path("out.jsonl"), Path("out.Parquet")])
def test_json_lines_and_parquet_hold_lists(output: Path) -> None:
    assert written_as_lists(["x|y"], output)


def test_columns_of_clf_are_told_from_those_of_the_input() -> None:
    assert LabelledRows(["text", "label"], []).ours == ["predicted_label", "predicted_confidence", "predicted_error"]
