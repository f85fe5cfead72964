"""What `clf compare` decided."""

from clf.outcomes.base import ClassMetrics, Cost, GateAnswer, Interval, Metrics, Outcome, SplitName, Verdict


class Comparison(Outcome):
    """The candidate against one baseline, by the gated metric, on the same rows.

    `p_value` is McNemar's exact one, of accuracy; it decides nothing. `rows_needed` is what would settle an
    inconclusive comparison, None where nothing could. `won` and `lost` count the rows that only one of them gets right.
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
    """One thing the gate asks for, and what came of it."""

    name: str
    outcome: GateAnswer
    message: str


class Answer(Outcome):
    """What a model says of a text."""

    name: str
    label: str
    confidence: float


class Example(Outcome):
    """A text with both models' answers."""

    text: str
    label: str
    candidate: Answer
    baseline: Answer


class Flips(Outcome):
    """Texts that only the candidate (`won`) or only the baseline (`lost`) gets right."""

    won: list[Example]
    lost: list[Example]


class CompareResult(Outcome):
    """`clf compare --json`."""

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
