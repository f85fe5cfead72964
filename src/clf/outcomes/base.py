"""The base class of all results, and the types that several of them share."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

Json = dict[str, JsonValue]
"""A JSON object."""
Metrics = dict[str, float | None]
"""Metric values by metric name."""
Interval = tuple[float, float]
"""The lower and upper end of a 95 % interval."""
SplitName = Literal["train", "validation", "test"]
Verdict = Literal["better", "not worse", "inconclusive", "worse"]
GateAnswer = Literal["passed", "failed", "inconclusive"]
NO_LABEL = "(no label)"
"""What people read for a text that has, or gets, none of several labels."""


class Outcome(BaseModel):
    """The base class of all results: immutable, and undeclared fields are errors."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=False,
        defer_build=True,
        validate_by_name=True,
        validate_by_alias=True,
    )

    def as_json(self, *, without: set[str] | None = None) -> Json:
        """Return a JSON object with the field names of the JSON output, without the fields in `without`."""
        return self.model_dump(by_alias=True, exclude=without)


class ClassMetrics(Outcome):
    """Metrics of one class against all others, null where not defined, and its number of rows."""

    precision: float | None
    recall: float | None
    f1: float | None
    rows: int

    def as_means(self) -> Metrics:
        """Return the metrics by the names of their means over classes, for a column beside these."""
        return {"macro_precision": self.precision, "macro_recall": self.recall, "macro_f1": self.f1}


class LabelMetrics(ClassMetrics):
    """Metrics of one label where a text may have several, null where not defined; `rows` have the label.

    The label is predicted from `threshold` on. Calibration is null with too few rows to measure it.
    """

    threshold: float
    average_precision: float | None
    auroc: float | None
    ece: float | None
    ece_expected: float | None
    brier: float
    brier_skill: float | None

    def as_means(self) -> Metrics:
        """Return the metrics by the names of their means over labels, for a column beside these."""
        same = ("average_precision", "auroc", "ece", "ece_expected", "brier", "brier_skill")
        return {**super().as_means(), **{name: getattr(self, name) for name in same}}


class Cost(Outcome):
    """Training time, speed and size of a model; null where unknown."""

    train_seconds: float | None
    texts_per_second: float | None
    megabytes: float | None
