"""The result of `clf evaluate`."""

from pydantic import Field

from clf.outcomes.base import ClassMetrics, Interval, Metrics, Outcome, SplitName


class Bin(Outcome):
    """One bin of a reliability diagram."""

    confidence: float
    accuracy: float
    rows: int


class BeforeCalibration(Outcome):
    """Confidence metrics of the same model without its temperature."""

    mean_confidence: float
    ece: float
    ece_expected: float
    log_loss: float
    brier: float
    reliability: list[Bin]


class Calibration(Outcome):
    """How well confidence matches accuracy, for the model as it is and before temperature scaling."""

    temperature: float | None
    note: str | None
    reliability: list[Bin]
    risk_coverage: list[tuple[float, float]]
    """Pairs of coverage and error rate, most confident texts first."""
    before: BeforeCalibration | None


class Answered(Outcome):
    """The effect of a threshold on some rows: coverage, and accuracy on the answered, with exact 95 % intervals."""

    threshold: float
    rows: int
    answered: int
    coverage: float
    coverage_interval: Interval
    accuracy: float | None
    accuracy_interval: Interval | None


class Abstention(Answered):
    """The effect of the threshold on the measured texts, and the target that a stored one was chosen for."""

    aim: dict[str, float] | None


class LengthGroup(Outcome):
    """The accuracy on texts of similar length; `from` and `to` are in characters."""

    from_: int = Field(serialization_alias="from", validation_alias="from")
    to: int
    rows: int
    accuracy: float
    interval: Interval


class WrongAnswer(Outcome):
    """A text that the model got wrong."""

    row: int
    text: str
    label: str
    predicted: str
    confidence: float


class LabelIssue(Outcome):
    """A label that is probably wrong, with a suggested label that is more likely."""

    split: str
    row: int
    label: str
    suggested_label: str
    margin: float
    confidence_in_label: float
    text: str


class EvaluateResult(Outcome):
    """The output of `clf evaluate --json`."""

    model: str
    dataset: str
    split: SplitName
    rows: int
    metrics: Metrics
    intervals: dict[str, Interval]
    per_class: dict[str, ClassMetrics]
    positive_class: ClassMetrics | None
    confusion_matrix: list[list[int]]
    calibration: Calibration
    abstention: Abstention | None
    by_length: list[LengthGroup]
    worst_errors: list[WrongAnswer]
    leaked_rows: int | None
    without_leaks: Metrics | None
    label_issues: int
    output_dir: str
