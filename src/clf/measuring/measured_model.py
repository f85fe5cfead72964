"""One evaluated model: its predictions, its metrics and its costs."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clf.measuring.rows import MeasuredTexts, answers_of, without_leaks
from clf.outcomes.base import Cost, Metrics
from clf.scoring.multi_label import AnyAnswers, AnyChoices
from clf.settings import ComputeSettings

if TYPE_CHECKING:
    from clf.models.classifier import Classifier


@dataclass(frozen=True)
class Spent:
    """The costs of a model; None if unknown."""

    train_seconds: float | None = None
    measure_seconds: float | None = None
    megabytes: float | None = None

    def cost(self, texts: int) -> Cost:
        """Return training seconds, texts per second and the size on disk in MB."""
        seconds = self.measure_seconds
        return Cost(
            train_seconds=self.train_seconds,
            texts_per_second=round(texts / seconds, 1) if seconds else None,
            megabytes=self.megabytes,
        )


@dataclass(frozen=True)
class ComparedModel:
    """What a comparison needs of a measured model, which is little for each row: not its probabilities.

    `unseen` are the metrics on the rows that no model was trained on; None if none or all are such rows.
    """

    name: str
    choices: AnyChoices
    metrics: Metrics
    unseen: Metrics | None
    costs: Spent = Spent()

    def cost(self) -> Cost:
        """Return training seconds, texts per second and the size on disk in MB."""
        return self.costs.cost(len(self.choices))


@dataclass(frozen=True)
class MeasuredModel:
    """The predictions of one model on the evaluation texts, with its metrics and costs."""

    name: str
    answers: AnyAnswers
    metrics: Metrics
    costs: Spent = Spent()

    @property
    def choices(self) -> AnyChoices:
        """The predictions and the confidence in them."""
        return self.answers.choices

    def cost(self) -> Cost:
        """Return training seconds, texts per second and the size on disk in MB."""
        return self.costs.cost(len(self.answers))

    def compared(self, leaked: NDArray[np.bool_] | None) -> ComparedModel:
        """Return what a comparison needs, given the rows that a model was trained on, as far as known."""
        unseen = without_leaks(self.answers, leaked)
        return ComparedModel(self.name, self.choices, self.metrics, unseen, self.costs)


def measure(classifier: "Classifier", measured: MeasuredTexts, compute: ComputeSettings) -> MeasuredModel:
    """Run inference with a loaded model on the evaluation texts and score its predictions."""
    from clf.scoring.metrics import score

    started = time.perf_counter()
    answers = answers_of(classifier, measured, compute)
    costs = Spent(
        classifier.record.train_seconds if classifier.record else None,
        time.perf_counter() - started,
        _megabytes(Path(classifier.model.name_or_path)),
    )
    return MeasuredModel(classifier.name, answers, score(answers), costs)


def _megabytes(folder: Path) -> float | None:
    if not folder.is_dir():
        return None
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6, 1)
