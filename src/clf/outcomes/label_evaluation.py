"""The result of `clf evaluate` where a text may have several labels."""

from typing import Literal

from pydantic import Field

from clf.outcomes.base import Interval, LabelMetrics, Metrics, Outcome, SplitName
from clf.outcomes.evaluation import Abstention, Bin, EvaluateResult, LabelIssue, LengthGroup


class WrongSet(Outcome):
    """A text whose set of labels the model got wrong; either set may be empty."""

    row: int
    text: str
    labels: list[str]
    predicted: list[str]
    confidence: float


class BeforeLabelCalibration(Outcome):
    """Confidence metrics of the same model without the scale and the bias of each label."""

    mean_confidence: float
    ece: float | None
    ece_expected: float | None
    log_loss: float
    brier: float


class LabelsCalibration(Outcome):
    """How well the confidence in whole sets matches the share of sets that are right; `note` says why not calibrated.

    How well each label is calibrated stands in `per_label`.
    """

    note: str | None
    reliability: list[Bin]
    risk_coverage: list[tuple[float, float]]
    """Pairs of coverage and error rate, most confident texts first."""
    before: BeforeLabelCalibration | None


class PairIssue(Outcome):
    """A text and a label that it probably should have (`missing`), or that it has and should not (`surplus`).

    `labels` are all labels given to the text, joined by `|`; `probability` is that of `label`. `margin` is how far the
    probability of what is given lies below its mean, as a share of that: the lower, the likelier is the error.
    """

    split: str
    row: int
    label: str
    issue: Literal["missing", "surplus"]
    margin: float
    probability: float
    labels: str
    text: str


class LabelPair(Outcome):
    """Two labels: how many texts have both, how many were given both, and how many would have both by chance.

    `expected` is the number that would have both if one label said nothing about the other.
    """

    label: str
    other: str
    rows: int
    predicted: int
    expected: float


class Replaced(Outcome):
    """How many texts were not given the label `missing`, which they have, but `added`, which they do not have."""

    missing: str
    added: str
    rows: int


class NumberGroup(Outcome):
    """The texts that have `from` to `to` labels: how many were given on average, and the share of whole sets right."""

    from_: int = Field(serialization_alias="from", validation_alias="from")
    to: int
    rows: int
    mean_predicted: float
    accuracy: float
    interval: Interval


class EvaluateLabelsResult(Outcome):
    """The output of `clf evaluate --json` for a model that gives a text several labels.

    A text counts as answered correctly if its whole set of labels is right. `thresholds_fitted_here` is true if the
    thresholds of the labels were chosen on these texts: the metrics at them are then slightly too good. `together` and
    `replaced` list the 100 most frequent pairs.
    """

    model: str
    dataset: str
    split: SplitName
    rows: int
    metrics: Metrics
    intervals: dict[str, Interval]
    per_label: dict[str, LabelMetrics]
    positive_label: LabelMetrics | None
    calibration: LabelsCalibration
    abstention: Abstention | None
    by_length: list[LengthGroup]
    by_number_of_labels: list[NumberGroup]
    together: list[LabelPair]
    replaced: list[Replaced]
    worst_errors: list[WrongSet]
    leaked_rows: int | None
    without_leaks: Metrics | None
    thresholds_fitted_here: bool
    label_issues: int
    output_dir: str


AnyEvaluation = EvaluateResult | EvaluateLabelsResult
AnyIssue = LabelIssue | PairIssue
"""What is probably wrong about a row: its label, or one of several."""
