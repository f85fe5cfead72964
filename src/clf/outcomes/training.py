"""What `clf train` reached."""

from clf.outcomes.base import Metrics, Outcome


class TrainExample(Outcome):
    """A test text with the model's answer."""

    text: str
    label: str
    predicted: str
    confidence: float


class TrainResult(Outcome):
    """`clf train --json`; `metrics` are on validation."""

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
