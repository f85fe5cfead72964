"""What answers of either kind are worth by confidence and by the length of the texts."""

from typing import TYPE_CHECKING

import numpy as np

from clf.measuring.rows import MeasuredTexts
from clf.outcomes.evaluation import Abstention, LengthGroup
from clf.scoring.multi_label import AnyAnswers

if TYPE_CHECKING:
    from clf.models.classifier import Classifier

LENGTH_GROUPS = 5
WORST_ERRORS = 20


def abstention(answers: AnyAnswers, model: "Classifier") -> Abstention | None:
    """Return coverage and accuracy at the model's threshold on the measured rows; None without a threshold."""
    from clf.scoring.selective import answered

    record, threshold = model.record, model.abstains_below
    if threshold is None:
        return None
    aim = record.abstention.aim if record and record.abstention and threshold == record.threshold else None
    found = answered(answers.confidence, answers.correct, threshold)
    return Abstention.model_validate({"aim": aim, **found.as_json()})


def by_length(measured: MeasuredTexts, answers: AnyAnswers) -> list[LengthGroup]:
    """Return the accuracy by text length, in up to five groups of about the same number of rows."""
    from clf.scoring.significance import clopper_pearson

    lengths = np.fromiter(map(len, measured.raw_texts), dtype=np.int32, count=len(measured))
    edges = np.unique(np.quantile(lengths, np.linspace(0, 1, LENGTH_GROUPS + 1)[1:-1]))
    groups = np.searchsorted(edges, lengths, side="left").astype(np.int8)
    correct = answers.correct
    return [
        LengthGroup(
            **{"from": int(lengths[rows].min())},
            to=int(lengths[rows].max()),
            rows=int(rows.sum()),
            accuracy=float(correct[rows].mean()),
            interval=clopper_pearson(int(correct[rows].sum()), int(rows.sum())),
        )
        for group in np.unique(groups).tolist()
        for rows in [groups == group]
    ]
