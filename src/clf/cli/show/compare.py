"""What `clf compare` prints."""

from collections.abc import Sequence

from clf.cli.show.tables import count, print_metrics, shorten
from clf.cli.show.terminal import print_lines
from clf.outcomes.comparison import AnyComparison, AnyExample, CompareLabelsResult, most_changed
from clf.reports.given_too_often import too_often
from clf.safety import one_line

LABELS_SHOWN = 5


def print_comparison(result: AnyComparison) -> None:
    """Print the metrics of the candidate and its baselines, the differences, examples and the verdict."""
    print_metrics(
        {result.model: result.candidate, **result.baselines},
        f"{count(result.rows, 'text')} of {result.dataset}, {result.split}",
        result.costs,
        result.intervals,
    )
    if unleaked := {name: metrics for name, metrics in result.without_leaks.items() if metrics}:
        print_metrics(unleaked, f"Without {count(result.leaked_rows or 0, 'row')} found in training data")
    for row in result.comparisons:
        low, high = row.interval
        shown = "" if row.gates else " (shown only)"
        print_lines(
            f"against {row.baseline}: {row.metric} {row.difference:+.4f} [{low:+.4f}, {high:+.4f}], "
            f"{row.verdict}{shown}"
        )
    if isinstance(result, CompareLabelsResult):
        print_lines(*_label_flips(result), *too_often(result.per_label))
    if before := result.baselines.get("pretrained"):
        confidence = (f"{metrics['mean_confidence']:.3f}" for metrics in (before, result.candidate))
        print_lines("mean confidence: {} before training, {} after".format(*confidence))
    print_examples(result.examples)
    print_lines("", result.summary, *(f"try {advice}" for advice in result.advice))
    print_lines(f"written to {result.output_dir}")


def print_examples(examples: Sequence[AnyExample]) -> None:
    """Print texts with the predictions of the candidate and a baseline."""
    for example in examples:
        print_lines("", f"“{shorten(example.text)}”", f"  truth: {example.shown}")
        for answer in (example.candidate, example.baseline):
            print_lines(f"  {answer.name}: {answer.shown} ({answer.confidence:.3f})")


def _label_flips(result: CompareLabelsResult) -> list[str]:
    """Return for each baseline a line with the labels that one of the two models alone decides rightly, if any."""
    lines = []
    for baseline, flips in result.label_flips.items():
        changed = most_changed(flips)
        shown = [f"{one_line(name)} {each.won} / {each.lost}" for name, each in changed[:LABELS_SHOWN]]
        more = f" and {len(changed) - LABELS_SHOWN} more labels" if len(changed) > LABELS_SHOWN else ""
        if shown:
            lines.append(f"right about a label alone, candidate / {baseline}: {', '.join(shown)}{more}")
    return lines
