"""The result of `clf compare`."""

from clf.outcomes.base import ClassMetrics, Cost, GateAnswer, Interval, Metrics, Outcome, SplitName, Verdict


class Comparison(Outcome):
    """The candidate compared with one baseline on the same rows, by the metric that the gate uses.

    `p_value` is that of McNemar's exact test of accuracy; it does not affect the verdict. `rows_needed` is how many
    rows would settle an inconclusive comparison; null if no number would, or if the comparison is conclusive. `won` and
    `lost` count the rows that only the candidate or only the baseline gets right.
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


class Answer(Outcome):
    """One model's prediction for a text."""

    name: str
    label: str
    confidence: float


class Example(Outcome):
    """A text with its label and both models' predictions."""

    text: str
    label: str
    candidate: Answer
    baseline: Answer


class Flips(Outcome):
    """Texts that only the candidate (`won`) or only the baseline (`lost`) gets right."""

    won: list[Example]
    lost: list[Example]


class CompareResult(Outcome):
    """The output of `clf compare --json`."""

    model: str
    dataset: str
    split: SplitName
    rows: int
    candidate: Metrics
    intervals: dict[str, Interval]
    per_class: dict[str, ClassMetrics]
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
    examples: list[Example]
    flips: dict[str, Flips]
    leaked_rows: int | None
    without_leaks: dict[str, Metrics | None]
    output_dir: str
