"""Answers of a model that were written by hand, to measure it by."""

from typing import Any

import numpy as np

from clf.measuring.measurement import Measurement
from clf.measuring.rows import MeasuredTexts
from clf.models.record import ModelRecord
from clf.scoring.answers import Answers
from support.recorded import bare_classifier

TEN = [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.4, 0.6], [0.95, 0.05]] * 2


def measured(
    probabilities: list[list[float]] = TEN, labels: tuple[int, ...] = (0, 1) * 5, leaked: Any = None, **record: Any
) -> Measurement:
    """Make answers to texts of 1, 2, … letters, by a model with these values in its record, or without a record."""
    answers = Answers(np.array(probabilities, dtype=np.float32), np.array(labels))
    texts = MeasuredTexts(
        "films", "test", ["x" * (row + 1) for row in range(len(labels))], answers.labels, ["bad", "good"]
    )
    kept = ModelRecord.model_validate({"schema_version": 1, **record}) if record else None
    return Measurement(bare_classifier("m", kept), texts, answers, None if leaked is None else np.array(leaked))
