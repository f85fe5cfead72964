"""What `clf predict` prints."""

from collections.abc import Sequence

from clf.cli.show.tables import count, shorten
from clf.cli.show.terminal import print_lines
from clf.outcomes.base import NO_LABEL
from clf.outcomes.prediction import LabelledText, PredictResult


def print_predictions(answers: Sequence[LabelledText], all_scores: bool) -> None:
    """Print the prediction for each text, with the probability of every class if requested."""
    for answer in answers:
        label = answer.label if isinstance(answer.label, str) else " | ".join(answer.label)
        said = answer.error if answer.confidence is None else f"{label or NO_LABEL} {answer.confidence:.3f}"
        scores = ", ".join(f"{name} {score:.3f}" for name, score in answer.scores.items()) if all_scores else ""
        print_lines(f"{said}: “{shorten(answer.text)}”  {scores}".rstrip())


def print_labelled(result: PredictResult) -> None:
    """Print how many rows of a file were labelled, how long it took, and how many failed or abstained."""
    errors = f", {result.errors} with an error" if result.errors else ""
    errors += f", {result.abstained} labelled `abstain` (below the threshold)" if result.abstained else ""
    print_lines(f"{count(result.rows, 'row')} written to {result.output} in {result.seconds:.1f} s{errors}")
