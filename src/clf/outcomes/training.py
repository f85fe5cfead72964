"""The result of `clf train`."""

from clf.outcomes.base import Metrics, Outcome


class TrainExample(Outcome):
    """A test text with its label and the model's prediction."""

    text: str
    label: str
    predicted: str
    confidence: float


class TrainResult(Outcome):
    """The output of `clf train --json`; `metrics` are those on the validation split."""

    model_dir: str
    run_dir: str
    epochs: float
    steps: int
    resumed_from_step: int | None
    train_seconds: float
    examples_per_second: float
    metrics: Metrics
    test_metrics: Metrics | None
    examples: list[TrainExample]
    megabytes: float
