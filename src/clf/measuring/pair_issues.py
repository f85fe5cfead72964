"""The labels that are probably missing or surplus where a text may have several, judged as in `label_issues`."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from clf.measuring.rows import MeasuredTexts
from clf.outcomes.label_evaluation import PairIssue
from clf.scoring.multi_label import MultiLabelAnswers, joined_names
from clf.scoring.pair_issues import NO_PAIRS, Judged, Pairs, find_pairs

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PairIssues:
    """Pairs of a row and a label, most likely errors first; each issue is made when it is read."""

    kind: ClassVar = PairIssue

    texts: MeasuredTexts
    answers: MultiLabelAnswers
    pairs: Pairs

    def __len__(self) -> int:
        return len(self.pairs)

    def __iter__(self) -> Iterator[PairIssue]:
        return map(self._issue, range(len(self)))

    def first(self, count: int) -> list[PairIssue]:
        """Return up to `count` issues."""
        return list(map(self._issue, range(min(count, len(self)))))

    def _issue(self, place: int) -> PairIssue:
        texts, row, label = self.texts, int(self.pairs.rows[place]), int(self.pairs.labels[place])
        return PairIssue(
            split=texts.split,
            row=row,
            label=texts.names[label],
            issue="surplus" if self.answers.labels[row, label] else "missing",
            margin=round(float(self.pairs.margins[place]), 4),
            probability=round(float(self.answers.probabilities[row, label]), 4),
            labels=joined_names(self.answers.labels[row], texts.names),
            text=texts.raw_texts[row],
        )


def find_pair_issues(texts: MeasuredTexts, answers: MultiLabelAnswers, judged: Judged, most: int) -> PairIssues:
    """Return up to `most` issues among the pairs of a row and a label that may be judged."""
    if not most or not judged.rows.any():
        return PairIssues(texts, answers, NO_PAIRS)
    pairs = find_pairs(answers, judged, most)
    log.info("%d labels of %d texts look wrong: missing, or surplus", pairs.found, len(texts))
    return PairIssues(texts, answers, pairs)
