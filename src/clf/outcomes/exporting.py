"""The result of `clf export`."""

from typing import Literal

from clf.outcomes.base import Cost, GateAnswer, Interval, Metrics, Outcome, SplitName


class ExportResult(Outcome):
    """The output of `clf export --json`; `output_dir` is null if the export was refused."""

    model: str
    format: Literal["onnx"]
    int8: bool
    dataset: str
    split: SplitName
    rows: int
    same_labels: float
    largest_difference: float
    metric: str
    difference: float
    interval: Interval
    margin: float
    gate: GateAnswer
    original: Metrics
    exported: Metrics
    costs: dict[str, Cost]
    output_dir: str | None

    @property
    def several(self) -> bool:
        """Whether the model predicts several labels per text: the metrics are then those of sets."""
        return "subset_accuracy" in self.original
