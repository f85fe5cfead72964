"""One model's predictions on the measured rows, and the result of `clf evaluate` that they give."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clf.measuring.rows import MeasuredTexts
from clf.models.record import ModelRecord
from clf.scoring.multi_label import AnyAnswers

if TYPE_CHECKING:
    from clf.models.classifier import Classifier


@dataclass(frozen=True)
class Measurement:
    """One model's predictions on the measured rows; `leaked` marks those it was trained on, None if unknown."""

    model: "Classifier"
    texts: MeasuredTexts
    answers: AnyAnswers
    leaked: NDArray[np.bool_] | None = None

    @property
    def record(self) -> ModelRecord | None:
        """The record in the model's folder, if it has one."""
        return self.model.record

    @property
    def unseen(self) -> NDArray[np.bool_]:
        """The rows that the model was not trained on, as far as is known, shape (rows,)."""
        return np.ones(len(self.texts), dtype=bool) if self.leaked is None else ~self.leaked
