"""`predictions.parquet`: a label in a cell, or lists of labels where a text may have several."""

from pathlib import Path

import numpy as np
import pyarrow.parquet

from clf.measuring.prediction_file import write_predictions
from clf.measuring.rows import MeasuredTexts
from clf.scoring.answers import Answers
from clf.scoring.multi_label import MultiLabelAnswers

PROBABILITIES = np.array([[0.75, 0.25], [0.5, 0.875]], dtype=np.float32)


def test_one_label_is_a_text(tmp_path: Path) -> None:
    labels = np.array([0, 0])
    measured = MeasuredTexts("d", "test", ["a", "b"], labels, ["x", "y"])
    write_predictions(tmp_path / "p.parquet", measured, Answers(PROBABILITIES, labels))
    assert pyarrow.parquet.read_table(tmp_path / "p.parquet").to_pylist() == [
        {"text": "a", "label": "x", "predicted_label": "x", "predicted_confidence": 0.75, "score_x": 0.75,
         "score_y": 0.25},
        {"text": "b", "label": "x", "predicted_label": "y", "predicted_confidence": 0.875, "score_x": 0.5,
         "score_y": 0.875},
    ]  # fmt: skip


def test_several_labels_are_lists_and_none_is_an_empty_one(tmp_path: Path) -> None:
    labels = np.array([[False, False], [True, True]])
    measured = MeasuredTexts("d", "test", ["a", "b"], labels, ["x", "y"])
    answers = MultiLabelAnswers(PROBABILITIES, labels, np.array([0.8, 0.5]))
    write_predictions(tmp_path / "p.parquet", measured, answers)
    assert pyarrow.parquet.read_table(tmp_path / "p.parquet").to_pylist() == [
        {"text": "a", "label": [], "predicted_label": [], "predicted_confidence": 0.1875, "score_x": 0.75,
         "score_y": 0.25},
        {"text": "b", "label": ["x", "y"], "predicted_label": ["y"], "predicted_confidence": 0.4375, "score_x": 0.5,
         "score_y": 0.875},
    ]  # fmt: skip
