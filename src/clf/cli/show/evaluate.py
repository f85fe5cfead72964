"""What `clf evaluate` prints."""

from clf.cli.show.tables import print_classes, print_confusion, print_labels, print_metrics
from clf.cli.show.terminal import print_lines
from clf.outcomes.evaluation import EvaluateResult
from clf.outcomes.label_evaluation import AnyEvaluation
from clf.reports.markdown import evaluation_columns, label_notes


def print_evaluation(result: AnyEvaluation) -> None:
    """Print the metrics, also per class or label, and the effect of calibration and threshold."""
    title = f"{result.model} on {result.rows} texts of {result.dataset}"
    print_metrics(evaluation_columns(result), title, intervals=result.intervals)
    if isinstance(result, EvaluateResult):
        _print_classes(result)
    else:
        print_labels(result.per_label)
        print_lines(*label_notes(result))
    if result.label_issues:
        print_lines(f"labels that look wrong: {result.label_issues}, listed in {result.output_dir}/label_issues.csv")
    print_lines(f"written to {result.output_dir}")


def _print_classes(result: EvaluateResult) -> None:
    """Print what an evaluation found about classes, with one label per text."""
    print_classes(result.per_class)
    print_confusion(result.confusion_matrix, list(result.per_class))
    print_confidence(result)


def print_confidence(result: EvaluateResult) -> None:
    """Print the effect of calibration and of the stored threshold, if the model has them."""
    before, answered = result.calibration.before, result.abstention
    if result.calibration.note:
        print_lines(f"not calibrated: {result.calibration.note}")
    if before:
        print_lines(
            f"before calibration: mean confidence {before.mean_confidence:.3f}, calibration error {before.ece:.4f}; "
            f"after, with temperature {result.calibration.temperature:g}: "
            f"{result.metrics['mean_confidence']:.3f}, {result.metrics['ece']:.4f}"
        )
    if answered and not answered.accuracy_interval:
        print_lines(f"no text reaches a confidence of {answered.threshold:.4f}: the model answers none of them")
    if answered and answered.accuracy_interval:
        low, high = answered.accuracy_interval
        print_lines(
            f"above a confidence of {answered.threshold:.4f} the model answers {answered.coverage:.1%} of the texts, "
            f"{answered.accuracy:.2%} of them correctly [{low:.2%}, {high:.2%}]"
        )
