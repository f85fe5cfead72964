"""What `clf export` prints."""

from clf.cli.show.tables import print_metrics
from clf.cli.show.terminal import print_lines
from clf.outcomes.exporting import ExportResult

REFUSED = {"failed": "it loses more than", "inconclusive": "these texts do not show whether it loses more than"}


def print_export(result: ExportResult) -> None:
    """Print the metrics and costs of an export, and whether it was written."""
    title = f"{result.model} and its export on {result.rows} texts of {result.dataset}, {result.split}"
    print_metrics({"original": result.original, "exported": result.exported}, title, result.costs)
    low, high = result.interval
    answer = "labels" if result.several else "label"
    print_lines(
        f"same {answer} for {result.same_labels:.2%} of the texts; probabilities differ by at most "
        f"{result.largest_difference:.2g}; {result.metric} {result.difference:+.4f} [{low:+.4f}, {high:+.4f}]"
    )
    if result.output_dir:
        return print_lines(f"written to {result.output_dir}")
    print_lines(
        f"not written: {REFUSED[result.gate]} the margin of {result.margin:g}",
        "try a larger --margin, or export without --int8",
    )
