"""What `clf train` and `clf demo` print."""

from clf.cli.show.tables import count, print_metrics, shorten
from clf.cli.show.terminal import print_lines
from clf.outcomes.base import NO_LABEL
from clf.outcomes.demonstration import DemoResult
from clf.outcomes.training import TrainResult


def print_training(result: TrainResult) -> None:
    """Print the metrics and speed of a training run, example predictions, and where the model is."""
    begun = f"resumed from step {result.resumed_from_step}, " if result.resumed_from_step else ""
    columns = {"validation": result.metrics} | ({"test": result.test_metrics} if result.test_metrics else {})
    print_metrics(
        columns,
        f"{count(result.steps, 'step')}, {count(result.epochs, 'epoch')}, {begun}{result.train_seconds:.1f} s, "
        f"{result.examples_per_second:.1f} texts per second",
    )
    for example in result.examples:
        right = "" if example.predicted == example.label else f" (truth: {example.label or NO_LABEL})"
        print_lines(f"{example.predicted or NO_LABEL} {example.confidence:.3f}{right}: “{shorten(example.text, 100)}”")
    print_lines(f"model: {result.model_dir} ({result.megabytes} MB), run: {result.run_dir}")


def print_demo(result: DemoResult) -> None:
    """Print the training result, and the metrics before and after fine-tuning."""
    print_training(result.training)
    compared = result.comparison
    print_metrics(
        {"before": compared.baselines["pretrained"], "after": compared.candidate},
        f"{compared.rows} test reviews before and after fine-tuning",
    )
