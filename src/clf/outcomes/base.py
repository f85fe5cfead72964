"""What several outcomes share."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

Json = dict[str, JsonValue]
"""A JSON object."""
Metrics = dict[str, float | None]
"""Metrics by their names."""
Interval = tuple[float, float]
"""A 95 % interval, from low to high."""
SplitName = Literal["train", "validation", "test"]
Verdict = Literal["better", "not worse", "inconclusive", "worse"]
GateAnswer = Literal["passed", "failed", "inconclusive"]


class Outcome(BaseModel):
    """A value that never changes; names that are not declared are errors."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=False,
        defer_build=True,
        validate_by_name=True,
        validate_by_alias=True,
    )

    def as_json(self, *, without: set[str] | None = None) -> Json:
        """Return what `json.dumps` takes, under the names that JSON has."""
        return self.model_dump(by_alias=True, exclude=without)


class ClassMetrics(Outcome):
    """One class against the rest; null where it has no rows to tell."""

    precision: float | None
    recall: float | None
    f1: float | None
    rows: int


class Cost(Outcome):
    """What a model costs; null where it is not known."""

    train_seconds: float | None
    texts_per_second: float | None
    megabytes: float | None
