"""What `--json` of train, evaluate, compare, predict and export prints: the types, from which docs/schema/ is made.

python -m clf.reports.schema docs/schema
"""

import json
import sys
from pathlib import Path
from typing import Any, Literal, NotRequired

from pydantic import ConfigDict, TypeAdapter
from typing_extensions import TypedDict

Metrics = dict[str, float | None]
"""A metric that the rows leave undefined is null."""
Interval = tuple[float, float]


class Strict(TypedDict):
    """Names that are not listed are errors."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]


class ClassMetrics(Strict):
    """One class against the rest; null where it has no rows to tell."""

    precision: float | None
    recall: float | None
    f1: float | None
    rows: int


class Bin(Strict):
    """One bin of a reliability diagram."""

    confidence: float
    accuracy: float
    rows: int


class Calibration(Strict):
    """Confidence against accuracy, as the model is, and before its temperature."""

    temperature: float | None
    note: str | None
    reliability: list[Bin]
    risk_coverage: list[Interval]
    before: dict[str, Any] | None


class Abstention(Strict):
    """What the stored threshold does on the measured texts."""

    aim: dict[str, float] | None
    threshold: float
    rows: int
    answered: int
    coverage: float
    coverage_interval: Interval
    accuracy: float | None
    accuracy_interval: Interval | None


class LengthGroup(TypedDict("Length", {"from": int, "to": int})):
    """Texts of similar length, in characters."""

    rows: int
    accuracy: float
    interval: Interval


class Error(Strict):
    """A text that the model got wrong."""

    row: int
    text: str
    label: str
    predicted: str
    confidence: float


class EvaluateResult(Strict):
    """`clf evaluate --json`."""

    model: str
    dataset: str
    split: Literal["train", "validation", "test"]
    rows: int
    metrics: Metrics
    intervals: dict[str, Interval]
    per_class: dict[str, ClassMetrics]
    positive_class: ClassMetrics | None
    confusion_matrix: list[list[int]]
    calibration: Calibration
    abstention: Abstention | None
    by_length: list[LengthGroup]
    worst_errors: list[Error]
    leaked_rows: int | None
    without_leaks: Metrics | None
    label_issues: int
    output_dir: str


class Comparison(Strict):
    """The candidate against one baseline."""

    baseline: str
    metric: str
    difference: float
    interval: Interval
    p_value: float
    verdict: Literal["better", "not worse", "inconclusive", "worse"]
    gates: bool
    rows_needed: int | None
    won: int
    lost: int


class Rule(Strict):
    """One thing the gate asks for."""

    name: str
    outcome: Literal["passed", "failed", "inconclusive"]
    message: str


class Cost(Strict):
    """What a model costs; null where it is not known."""

    train_seconds: float | None
    texts_per_second: float | None
    megabytes: float | None


class Answer(Strict):
    """What a model says of a text."""

    name: str
    label: str
    confidence: float


class Example(Strict):
    """A text with both models' answers."""

    text: str
    label: str
    candidate: Answer
    baseline: Answer


class Flips(Strict):
    """Texts that only the candidate (`won`) or only the baseline (`lost`) gets right."""

    won: list[Example]
    lost: list[Example]


class CompareResult(Strict):
    """`clf compare --json`."""

    model: str
    dataset: str
    split: Literal["train", "validation", "test"]
    rows: int
    candidate: Metrics
    intervals: dict[str, Interval]
    per_class: dict[str, ClassMetrics]
    baselines: dict[str, Metrics]
    costs: dict[str, Cost]
    comparisons: list[Comparison]
    verdict: Literal["better", "not worse", "inconclusive", "worse"]
    rules: list[Rule]
    min_improvement: float
    margin: float | None
    gate: Literal["passed", "failed", "inconclusive"]
    summary: str
    advice: list[str]
    next: list[str]
    examples: list[Example]
    flips: dict[str, Flips]
    leaked_rows: int | None
    without_leaks: dict[str, Metrics | None]
    output_dir: str


class TrainExample(Strict):
    """A test text with the model's answer."""

    text: str
    label: str
    predicted: str
    confidence: float


class TrainResult(Strict):
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


class Prediction(Strict):
    """The answer for one text; no label and no confidence where there is an error."""

    text: str
    label: str
    confidence: float | None
    scores: dict[str, float]
    error: str


class PredictResult(Strict):
    """`clf predict --json`; `predictions` only for texts of the command line. Times are without loading."""

    rows: int
    abstained: int
    errors: int
    seconds: float
    texts_per_second: float
    output: str | None
    predictions: NotRequired[list[Prediction]]


class ExportResult(Strict):
    """`clf export --json`; `output_dir` is null where the export was refused."""

    model: str
    format: Literal["onnx"]
    int8: bool
    dataset: str
    split: Literal["train", "validation", "test"]
    rows: int
    same_labels: float
    largest_difference: float
    metric: str
    difference: float
    interval: Interval
    margin: float
    gate: Literal["passed", "failed", "inconclusive"]
    original: Metrics
    exported: Metrics
    costs: dict[str, Cost]
    output_dir: str | None


RESULTS: dict[str, type] = {
    "train": TrainResult,
    "evaluate": EvaluateResult,
    "compare": CompareResult,
    "predict": PredictResult,
    "export": ExportResult,
}


def schemas() -> dict[str, str]:
    """Return the JSON schema of each command's result, as text."""
    return {
        f"{command}.json": json.dumps(TypeAdapter(kind).json_schema(), indent=2) + "\n"
        for command, kind in RESULTS.items()
    }


def main(folder: Path) -> None:
    """Write the schemas."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
