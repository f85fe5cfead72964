"""Results as Markdown."""

import re
from collections.abc import Mapping, Sequence

from clf.outcomes.base import ClassMetrics, Cost, Interval, LabelMetrics, Metrics
from clf.outcomes.comparison import AnyComparison, CompareLabelsResult
from clf.outcomes.evaluation import EvaluateResult
from clf.outcomes.label_evaluation import AnyEvaluation, EvaluateLabelsResult
from clf.reports.given_too_often import too_often
from clf.safety import one_line
from clf.scoring.metric_table import table_of

SHOWN_COSTS = {"train_seconds": "training seconds", "texts_per_second": "texts per second", "megabytes": "MB on disk"}
LABEL_HEADS = ("label", "rows", "threshold", "precision", "recall", "F1", "average precision", "ROC AUC",
               "calibration error", "… by chance", "Brier skill")  # fmt: skip
"""The heads of the table of labels where a text may have several; `rows` have the label."""
TEXT_WIDTH = 200
"""Characters of a text that are shown in a table."""
MOST_CLASSES = 100
"""More make no table of a confusion matrix: nobody reads it, and it has the square of their number of cells."""

BEGINS_A_BLOCK = re.compile(r"^(\d*)([-+=.)])")
"""The start of a list item, a numbered one too, or of the line below a heading."""

MetricColumns = Mapping[str, Metrics]
"""The metrics of each model or split."""
MetricCosts = Mapping[str, Cost]
Intervals = Mapping[str, Interval]


def evaluation_columns(result: AnyEvaluation) -> MetricColumns:
    """Return the metric columns of an evaluation."""
    leaks, positive = result.without_leaks, _positive(result)
    return {
        result.split: result.metrics,
        **({"without leaked rows": leaks} if leaks else {}),
        **{f"the positive {kind}": row.as_means() for kind, row in positive.items() if row},
    }


def _positive(result: AnyEvaluation) -> dict[str, ClassMetrics | None]:
    """Return the metrics of the class, or of the label, that the user named."""
    return {"class": result.positive_class} if isinstance(result, EvaluateResult) else {"label": result.positive_label}


def table_heads(columns: MetricColumns, intervals: Intervals | None = None) -> list[str]:
    """Return the column heads of a metrics table."""
    first, *others = columns
    return ["metric", first, *(["95 % interval"] if intervals else []), *others]


def table_rows(
    columns: MetricColumns, costs: MetricCosts | None = None, intervals: Intervals | None = None
) -> list[list[str]]:
    """Return the rows of a metrics table: a column for each model or split, the intervals of the first, and costs."""
    rows = []
    for metric in table_of(next(iter(columns.values()), {})):
        name = metric.name
        if metric.shown and any(name in metrics for metrics in columns.values()):
            row = [metric.shown, *(_number(metrics[name]) if name in metrics else "" for metrics in columns.values())]
            if intervals:
                row.insert(2, "{:.4f} to {:.4f}".format(*intervals[name]) if name in intervals else "")
            rows.append(row)
    for name, shown in SHOWN_COSTS.items() if costs else []:
        found = (getattr(costs[model], name) for model in columns) if costs else ()
        row = [shown, *("" if cost is None else f"{cost:,.1f}" for cost in found)]
        rows.append([*row[:2], "", *row[2:]] if intervals else row)
    return rows


def metrics_table(columns: MetricColumns, costs: MetricCosts | None = None, intervals: Intervals | None = None) -> str:
    """Render a metrics table with a column for each model or split."""
    heads = table_heads(columns, intervals)
    lines = [f"| {' | '.join(map(escape, heads))} |", "|---" * len(heads) + "|"]
    lines += [f"| {' | '.join(row)} |" for row in table_rows(columns, costs, intervals)]
    return "\n".join(lines)


def evaluation_report(result: AnyEvaluation) -> str:
    """Render the report of `clf evaluate`."""
    lines = [
        f"# {escape(result.model)} on {escape(result.dataset)}, {result.split}",
        "",
        f"{result.rows} texts.",
        "",
        metrics_table(evaluation_columns(result), intervals=result.intervals),
        "",
        *(_confidence(result) if isinstance(result, EvaluateResult) else map(escape, label_notes(result))),
        "",
        *(_classes(result) if isinstance(result, EvaluateResult) else _labels(result.per_label)),
    ]
    return "\n".join(lines) + "\n"


def _classes(result: EvaluateResult) -> list[str]:
    """Return the table of classes and the confusion matrix."""
    return [
        "| class | precision | recall | F1 | rows |",
        "|---|---|---|---|---|",
        *(
            f"| {escape(name)} | {' | '.join(map(_number, (row.precision, row.recall, row.f1, row.rows)))} |"
            for name, row in result.per_class.items()
        ),
        "",
        "Confusion matrix (rows: true class, columns: predicted class)",
        "",
        confusion_table(result.confusion_matrix, list(result.per_class)),
    ]


def _labels(per_label: Mapping[str, LabelMetrics]) -> list[str]:
    """Return the table of the labels where a text may have several."""
    return [
        f"| {' | '.join(LABEL_HEADS)} |",
        "|---" * len(LABEL_HEADS) + "|",
        *(f"| {escape(name)} | {' | '.join(label_cells(row))} |" for name, row in per_label.items()),
    ]


def label_cells(row: LabelMetrics) -> list[str]:
    """Return what tables of labels show of one label, in the order of LABEL_HEADS, without its name."""
    figures = (row.threshold, row.precision, row.recall, row.f1, row.average_precision, row.auroc)
    calibration = ("" if value is None else f"{value:.4f}" for value in (row.ece, row.ece_expected, row.brier_skill))
    return [f"{row.rows:,}", *map(_number, figures), *calibration]


def label_notes(result: EvaluateLabelsResult) -> list[str]:
    """Describe where the thresholds come from and the effect of calibration, and of abstention if the model has it."""
    found, calibration, before = result.metrics, result.calibration, result.calibration.before
    notes = [
        "Each label is predicted from its threshold on. Confidence is that in the whole set of labels: its mean is "
        f"{found['mean_confidence']:.4f}, and {found['subset_accuracy']:.4f} of the sets are right."
    ]
    if result.thresholds_fitted_here:
        notes.append("The thresholds were chosen on these texts, so the metrics at them are slightly too good.")
    if calibration.note:
        notes.append(f"Not calibrated: {calibration.note}.")
    if before:
        errors = f", calibration error {before.ece:.4f}" if before.ece is not None else ""
        notes.append(
            f"Before calibration (a scale and a bias for each label): log loss {before.log_loss:.4f}{errors}; after it "
            f"{found['log_loss']:.4f}" + (f" and {found['ece']:.4f}." if errors else ".")
        )
    return [*notes, *_abstention(result), *too_often(result.per_label)]


def confusion_table(matrix: Sequence[Sequence[int]], names: Sequence[str]) -> str:
    """Render a confusion matrix with its class names; only a note if it is too large to read."""
    if len(names) > MOST_CLASSES:
        return f"For {len(names)} classes it is too large to read here: see `confusion_matrix` in `metrics.json`."
    head = [f"| | {' | '.join(map(escape, names))} |", "|---" * (len(names) + 1) + "|"]
    return "\n".join(
        head
        + [f"| **{escape(name)}** | {' | '.join(map(str, row))} |" for name, row in zip(names, matrix, strict=True)]
    )


def comparison_report(result: AnyComparison) -> str:
    """Render the report of `clf compare`."""
    columns = {result.model: result.candidate, **result.baselines}
    lines = [
        f"# {escape(result.model)} compared on {escape(result.dataset)}, {result.split}",
        "",
        f"{result.rows} texts. **{escape(result.summary)}**",
        "",
        metrics_table(columns, result.costs, result.intervals),
        "",
    ]
    if unleaked := {name: metrics for name, metrics in result.without_leaks.items() if metrics}:
        rows = "1 row that was" if result.leaked_rows == 1 else f"{result.leaked_rows} rows that were"
        lines += [f"Without {rows} in training data:", "", metrics_table(unleaked), ""]
    lines += [
        f"| against | difference in {_metric(result)} | 95 % interval | verdict | McNemar p |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {escape(row.baseline)}{'' if row.gates else ' (shown only)'} | {row.difference:+.4f} | "
        f"{row.interval[0]:+.4f} to {row.interval[1]:+.4f} | {row.verdict} | {row.p_value:.3g} |"
        for row in result.comparisons
    ]
    lines += ["", "| rule | outcome | found |", "|---|---|---|"]
    lines += [f"| {escape(rule.name)} | {rule.outcome} | {escape(rule.message)} |" for rule in result.rules]
    lines += ["", *(f"- try {escape(advice)}" for advice in result.advice)]
    lines += _label_flips(result) if isinstance(result, CompareLabelsResult) else []
    return "\n".join(lines + _examples(result)) + "\n"


def _metric(result: AnyComparison) -> str:
    shown = {metric.name: metric.shown or metric.name for metric in table_of(result.candidate)}
    metrics = {row.metric for row in result.comparisons}
    return " and ".join(sorted(shown[metric] for metric in metrics)) or "metric"


def _label_flips(result: CompareLabelsResult) -> list[str]:
    """Return the table of labels, with the texts for which one model alone decides a label rightly."""
    heads = [*LABEL_HEADS, *(f"only candidate / only {name} right" for name in result.label_flips)]
    lines = ["", f"| {' | '.join(map(escape, heads))} |", "|---" * len(heads) + "|"]
    for name, row in result.per_label.items():
        flips = [f"{each[name].won:,} / {each[name].lost:,}" for each in result.label_flips.values()]
        lines.append(f"| {' | '.join([escape(name), *label_cells(row), *flips])} |")
    return lines


def _examples(result: AnyComparison) -> list[str]:
    """Return the table of the examples: texts, their labels and what the candidate and a baseline predict."""
    if not result.examples:
        return []
    first = result.examples[0]
    heads = ["text", "label", first.candidate.name, first.baseline.name]
    lines = ["", f"| {' | '.join(map(escape, heads))} |", "|---" * len(heads) + "|"]
    for row in result.examples:
        answers = [f"{escape(each.shown)} {each.confidence:.3f}" for each in (row.candidate, row.baseline)]
        lines.append(f"| {' | '.join([escape(one_line(row.text, TEXT_WIDTH)), escape(row.shown), *answers])} |")
    return lines


def _confidence(result: EvaluateResult) -> list[str]:
    """Describe the effect of calibration and abstention, if the model has them."""
    lines, before = [], result.calibration.before
    if result.calibration.note:
        lines.append(f"Not calibrated: {escape(result.calibration.note)}.")
    if before:
        lines.append(
            f"Before calibration (temperature {result.calibration.temperature:g}): mean confidence "
            f"{before.mean_confidence:.4f}, calibration error {before.ece:.4f}."
        )
    return lines + _abstention(result)


def _abstention(result: AnyEvaluation) -> list[str]:
    """Describe the effect of the confidence below which the model abstains, if there is one."""
    answered = result.abstention
    if not answered:
        return []
    if not answered.accuracy_interval:
        return [f"No text reaches a confidence of {answered.threshold:.4f}: the model answers none of them."]
    low, high = answered.accuracy_interval
    return [
        f"Above a confidence of {answered.threshold:.4f} the model answers {answered.coverage:.1%} of the texts, "
        f"{answered.accuracy:.2%} of them correctly (95 % interval {low:.2%} to {high:.2%})."
    ]


def escape(text: str) -> str:
    """Escape an untrusted string so that it cannot become Markdown or HTML."""
    text = one_line(text)
    for mark in ("\\", "`", "*", "_", "[", "]", "|", "#", "~"):
        text = text.replace(mark, "\\" + mark)
    text = BEGINS_A_BLOCK.sub(r"\1\\\2", text)
    return (
        text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("@", "&#64;")
        .replace("$", "&#36;")
        .replace("://", ":&#47;&#47;")
        .replace("www.", "www&#46;")
    )


def _number(value: float | None) -> str:
    if value is None:
        return "not defined"
    return str(value) if isinstance(value, int) else f"{value:.4f}"
