"""One pass of a new model over the test split, which chose nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from clf.data.prepared import LabelledTexts
from clf.outcomes.base import LabelMetrics, Metrics
from clf.outcomes.training import TrainExample
from clf.scoring.multi_label import MultiLabelAnswers, Thresholds, answers_with

if TYPE_CHECKING:
    from clf.models.classifier import Classifier
    from clf.models.compute import Compute

EXAMPLES_SHOWN = 3


@dataclass(frozen=True)
class FinalTest:
    """The metrics on test, those of each label where a text may have several, and some texts; none without a test."""

    metrics: Metrics | None = None
    per_label: Mapping[str, LabelMetrics] = field(default_factory=dict)
    examples: list[TrainExample] = field(default_factory=list)


def final_test(
    classifier: "Classifier", compute: "Compute", rows: LabelledTexts | None, thresholds: Thresholds | None
) -> FinalTest:
    """Evaluate the final model once on the test split; nothing if there is none."""
    if rows is None:
        return FinalTest()
    from clf.models.inference import probabilities_of
    from clf.progress import track
    from clf.scoring.metrics import score
    from clf.scoring.multi_label_metrics import score_labels

    with track("testing", len(rows)) as advance:
        answers = answers_with(probabilities_of(classifier, rows.texts, compute, advance), rows.labels, thresholds)
    chosen = np.linspace(0, len(rows) - 1, min(EXAMPLES_SHOWN, len(rows))).astype(int)
    examples = [
        TrainExample(
            text=rows.texts[row],
            label=answers.true_label(row, classifier.labels),
            predicted=answers.predicted_label(row, classifier.labels),
            confidence=round(float(answers.confidence[row]), 4),
        )
        for row in chosen.tolist()
    ]
    per_label = score_labels(answers, classifier.labels) if isinstance(answers, MultiLabelAnswers) else {}
    return FinalTest(score(answers), per_label, examples)
