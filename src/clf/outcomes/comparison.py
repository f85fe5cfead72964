"""The result of `clf compare`."""

from collections.abc import Mapping, Sequence

from clf.outcomes.base import (
    NO_LABEL,
    ClassMetrics,
    Cost,
    GateAnswer,
    Interval,
    LabelMetrics,
    Metrics,
    Outcome,
    SplitName,
    Verdict,
)


class Comparison(Outcome):
    """The candidate compared with one baseline on the same rows, by the metric that the gate uses.

    A row is right if its label is, or where it may have several, if all of them are. `p_value` is that of McNemar's
    exact test of the rows that are right; it does not affect the verdict. `rows_needed` is how many rows would settle
    an inconclusive comparison; null if no number would, or if the comparison is conclusive. `won` and `lost` count the
    rows that only the candidate or only the baseline gets right.
    """

    baseline: str
    metric: str
    difference: float
    interval: Interval
    p_value: float
    verdict: Verdict
    gates: bool
    rows_needed: int | None
    won: int
    lost: int


class Rule(Outcome):
    """One requirement of the gate, and its outcome."""

    name: str
    outcome: GateAnswer
    message: str


def shown_labels(labels: Sequence[str]) -> str:
    """Return a set of labels for people."""
    return " | ".join(labels) or NO_LABEL


class Answer(Outcome):
    """One model's prediction for a text."""

    name: str
    label: str
    confidence: float

    @property
    def shown(self) -> str:
        """The predicted label."""
        return self.label


class Example(Outcome):
    """A text with its label and both models' predictions."""

    text: str
    label: str
    candidate: Answer
    baseline: Answer

    @property
    def shown(self) -> str:
        """The true label."""
        return self.label


class Flips(Outcome):
    """Texts that only the candidate (`won`) or only the baseline (`lost`) gets right."""

    won: list[Example]
    lost: list[Example]


class SetAnswer(Outcome):
    """The labels that one model predicts for a text, perhaps none, and its confidence in all of them together."""

    name: str
    labels: list[str]
    confidence: float

    @property
    def shown(self) -> str:
        """The predicted labels, for people."""
        return shown_labels(self.labels)


class SetExample(Outcome):
    """A text with its labels, perhaps none, and those that both models predict."""

    text: str
    labels: list[str]
    candidate: SetAnswer
    baseline: SetAnswer

    @property
    def shown(self) -> str:
        """The true labels, for people."""
        return shown_labels(self.labels)


class SetFlips(Outcome):
    """Texts of which only the candidate (`won`) or only the baseline (`lost`) gets all labels right."""

    won: list[SetExample]
    lost: list[SetExample]


class LabelFlips(Outcome):
    """How often only the candidate (`won`) or only the baseline (`lost`) decides rightly whether a text has a label."""

    won: int
    lost: int


def most_changed(flips: Mapping[str, LabelFlips]) -> list[tuple[str, LabelFlips]]:
    """Return the labels that one model alone decides rightly for some texts, most different numbers first."""
    changed = [(name, each) for name, each in flips.items() if each.won or each.lost]
    return sorted(changed, key=lambda pair: -abs(pair[1].won - pair[1].lost))


AnyExample = Example | SetExample
AnyFlips = Flips | SetFlips


# --- the results --------------------------------------------------------------------------------------------
#
# The two kinds of results are made of parts, so that the fields of the JSON keep their order: they stand in the order
# of the parts from the last one that a class names to the first.


class Measured(Outcome):
    """What a result of either kind begins with: the candidate on the texts."""

    model: str
    dataset: str
    split: SplitName
    rows: int
    candidate: Metrics
    intervals: dict[str, Interval]


class OfClasses(Outcome):
    """The candidate on each class."""

    per_class: dict[str, ClassMetrics]


class OfLabels(Outcome):
    """The candidate on each label, where a text may have several."""

    per_label: dict[str, LabelMetrics]


class Decided(Outcome):
    """What a result of either kind goes on with: the baselines, the decision and what led to it."""

    baselines: dict[str, Metrics]
    costs: dict[str, Cost]
    comparisons: list[Comparison]
    verdict: Verdict
    rules: list[Rule]
    min_improvement: float
    margin: float | None
    gate: GateAnswer
    summary: str
    advice: list[str]
    next: list[str]
    examples: Sequence[AnyExample]
    flips: Mapping[str, AnyFlips]
    leaked_rows: int | None
    without_leaks: dict[str, Metrics | None]
    output_dir: str


class CompareResult(Decided, OfClasses, Measured):
    """The output of `clf compare --json`."""

    examples: list[Example]
    flips: dict[str, Flips]


class CompareLabelsResult(Decided, OfLabels, Measured):
    """The output of `clf compare --json` for models that give a text several labels.

    A text is right if its whole set of labels is. `label_flips` counts for each baseline and label the texts for which
    only one of the two models decides this label rightly. `thresholds_fitted_here` is true if the thresholds of the
    labels were chosen on these texts.
    """

    examples: list[SetExample]
    flips: dict[str, SetFlips]
    label_flips: dict[str, dict[str, LabelFlips]]
    thresholds_fitted_here: bool


AnyComparison = CompareResult | CompareLabelsResult
