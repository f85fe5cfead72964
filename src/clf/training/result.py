"""What `clf train` reports."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Example:
    """One text of the test split with the model's answer."""

    text: str
    label: str
    predicted: str
    confidence: float


@dataclass(frozen=True)
class TrainResult:
    """What `clf train` reports; `metrics` are on validation, of the weights that were kept."""

    model_dir: str
    run_dir: str
    epochs: float
    steps: int
    resumed_from_step: int | None
    train_seconds: float
    examples_per_second: float
    metrics: dict[str, float]
    test_metrics: dict[str, float] | None
    examples: list[Example]
    megabytes: float

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON has it."""
        return asdict(self)
