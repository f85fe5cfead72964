"""What `clf compare` prints."""

from collections.abc import Sequence

from clf.cli.show.tables import count, print_metrics, shorten
from clf.cli.show.terminal import print_lines
from clf.outcomes.comparison import CompareResult, Example


def print_comparison(result: CompareResult) -> None:
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
    if before := result.baselines.get("pretrained"):
        confidence = (f"{metrics['mean_confidence']:.3f}" for metrics in (before, result.candidate))
        print_lines("mean confidence: {} before training, {} after".format(*confidence))
    print_examples(result.examples)
    print_lines("", result.summary, *(f"try {advice}" for advice in result.advice))
    print_lines(f"written to {result.output_dir}")


def print_examples(examples: Sequence[Example]) -> None:
    """Print texts with the predictions of the candidate and a baseline."""
    for example in examples:
        print_lines("", f"“{shorten(example.text)}”", f"  truth: {example.label}")
        for answer in (example.candidate, example.baseline):
            print_lines(f"  {answer.name}: {answer.label} ({answer.confidence:.3f})")
