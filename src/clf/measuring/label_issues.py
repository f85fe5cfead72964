"""The labels that are probably wrong, by what models say that were not trained on the rows."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from clf.measuring.pair_issues import PairIssues, find_pair_issues
from clf.measuring.rows import MeasuredTexts
from clf.outcomes.evaluation import LabelIssue
from clf.scoring.answers import Answers
from clf.scoring.multi_label import AnyAnswers, MultiLabelAnswers
from clf.scoring.pair_issues import Judged

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LabelIssues:
    """Row numbers, most likely errors first; there may be millions, so each issue is made when it is read."""

    kind: ClassVar = LabelIssue

    texts: MeasuredTexts
    answers: Answers
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[LabelIssue]:
        return map(self._issue, self.rows.tolist())

    def first(self, count: int) -> list[LabelIssue]:
        """Return up to `count` issues."""
        return list(map(self._issue, self.rows[:count].tolist()))

    @cached_property
    def _margins(self) -> NDArray[np.float64]:
        from clf.scoring.label_issues import label_margins

        return label_margins(self.answers)

    @cached_property
    def _suggested(self) -> NDArray[np.int64]:
        from clf.scoring.label_issues import suggested_labels

        return suggested_labels(self.answers)

    def _issue(self, row: int) -> LabelIssue:
        texts, label = self.texts, self.answers.labels[row]
        return LabelIssue(
            split=texts.split,
            row=row,
            label=texts.names[label],
            suggested_label=texts.names[self._suggested[row]],
            margin=round(float(self._margins[row]), 4),
            confidence_in_label=round(float(self.answers.probabilities[row, label]), 4),
            text=texts.raw_texts[row],
        )


AnyIssues = LabelIssues | PairIssues


def find_issues(texts: MeasuredTexts, answers: AnyAnswers, judged: Judged, most: int) -> AnyIssues:
    """Return up to `most` issues of what may be judged: rows, or pairs of a row and one of its several labels."""
    if isinstance(answers, MultiLabelAnswers):
        return find_pair_issues(texts, answers, judged, most)
    return find_label_issues(texts, answers, judged.rows, most)


def find_label_issues(texts: MeasuredTexts, answers: Answers, unseen: NDArray[np.bool_], most: int) -> LabelIssues:
    """Return up to `most` issues among the `unseen` rows, shape (rows,)."""
    from clf.scoring.label_issues import is_label_issue, rank_label_issues

    if not most or not unseen.any():
        return LabelIssues(texts, answers, np.zeros(0, dtype=np.int64))
    issue, ranked = is_label_issue(answers) & unseen, rank_label_issues(answers)
    ranked = ranked[issue[ranked]]
    log.info("%d of %d labels look wrong", len(ranked), len(texts))
    return LabelIssues(texts, answers, ranked[:most])
