"""The result of `clf evaluate` from answers of either kind."""

from clf.measuring.class_evaluation import evaluate_classes
from clf.measuring.label_evaluation import evaluate_labels
from clf.measuring.measurement import Measurement
from clf.outcomes.label_evaluation import AnyEvaluation
from clf.scoring.multi_label import MultiLabelAnswers


def evaluated(measurement: Measurement, positive: str | None, output_dir: str) -> AnyEvaluation:
    """Score the answers of a model; `positive` is the class, or the label, whose metrics are shown beside the others.

    The labels that look wrong are not counted yet.
    """
    answers = measurement.answers
    if isinstance(answers, MultiLabelAnswers):
        return evaluate_labels(measurement, answers, positive, output_dir)
    return evaluate_classes(measurement, answers, positive, output_dir)
