"""One model measured: its answers on the rows, its metrics, and what it cost."""

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
    """What a model cost; None where that is unknown."""

    train_seconds: float | None = None
    measure_seconds: float | None = None
    megabytes: float | None = None


@dataclass(frozen=True)
class MeasuredModel:
    """What one model said of the measured texts, with its metrics, and what it cost."""

    name: str
    answers: Answers
    metrics: Metrics
    costs: Spent = Spent()

    def cost(self) -> Cost:
        """Return seconds of training, texts a second, and the size on disk in MB."""
        seconds = self.costs.measure_seconds
        return Cost(
            train_seconds=self.costs.train_seconds,
            texts_per_second=round(len(self.answers) / seconds, 1) if seconds else None,
            megabytes=self.costs.megabytes,
        )


def measure(classifier: "Classifier", measured: MeasuredTexts, compute: ComputeSettings) -> MeasuredModel:
    """Ask a model that is loaded, and score its answers."""
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
