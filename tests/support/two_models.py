"""Eight texts of two classes, and a model that is right about the texts that a test names."""

import numpy as np

from clf.measuring.measured_model import MeasuredModel, Spent
from clf.measuring.rows import MeasuredTexts
from clf.scoring.answers import Answers
from clf.scoring.metrics import score

NAMES = ["bad", "good"]
TEXTS = MeasuredTexts("films", "test", [f"text {row}" for row in range(8)], np.array([0, 1] * 4), NAMES)
# Both are right in rows 6 and 7, only the first in 0 to 3, only the second in 4 and 5; the surest rows are the later.
RIGHT = ([0, 1, 2, 3, 6, 7], [4, 5, 6, 7])


def model(name: str, right: list[int]) -> MeasuredModel:
    """Make a model that is right in these rows, each a little surer than the row before."""
    sure = np.linspace(0.6, 0.95, 8)
    classes = np.where(np.isin(np.arange(8), right), TEXTS.labels, 1 - TEXTS.labels)
    rows = np.stack([np.where(classes == number, sure, 1 - sure) for number in (0, 1)], axis=1)
    answers = Answers(rows.astype(np.float32), TEXTS.labels)
    return MeasuredModel(name, answers, score(answers), Spent(1.0, 2.0, 3.0))
