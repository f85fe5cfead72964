"""One evaluated model: its predictions, its metrics and its costs."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clf.measuring.rows import MeasuredTexts, answers_of
from clf.outcomes.base import Cost, Metrics
from clf.scoring.answers import Answers
from clf.settings import ComputeSettings

if TYPE_CHECKING:
    from clf.models.classifier import Classifier


@dataclass(frozen=True)
class Spent:
    """The costs of a model; None if unknown."""

    train_seconds: float | None = None
    measure_seconds: float | None = None
    megabytes: float | None = None


@dataclass(frozen=True)
class MeasuredModel:
    """The predictions of one model on the evaluation texts, with its metrics and costs."""

    name: str
    answers: Answers
    metrics: Metrics
    costs: Spent = Spent()

    def cost(self) -> Cost:
        """Return training seconds, texts per second and the size on disk in MB."""
        seconds = self.costs.measure_seconds
        return Cost(
            train_seconds=self.costs.train_seconds,
            texts_per_second=round(len(self.answers) / seconds, 1) if seconds else None,
            megabytes=self.costs.megabytes,
        )


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
