"""Texts to show of two models on the same rows: those that only one gets right first; and such labels, counted."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clf.measuring.measured_model import ComparedModel, MeasuredModel
from clf.measuring.rows import MeasuredTexts
from clf.outcomes.comparison import (
    Answer,
    AnyExample,
    AnyFlips,
    Example,
    Flips,
    LabelFlips,
    SetAnswer,
    SetExample,
    SetFlips,
)
from clf.scoring.answers import row_slices, surest
from clf.scoring.multi_label import SetChoices

AnyModel = MeasuredModel | ComparedModel


def examples_of(
    candidate: AnyModel, baselines: Sequence[AnyModel], measured: MeasuredTexts, count: int
) -> list[AnyExample]:
    """Return texts with the predictions of the candidate and the first baseline, flips in both directions first."""
    if not baselines or not count:
        return []
    won, lost, rest = _sorted_by_flip(candidate, baselines[0], count)
    half = max(1, count // 2) if len(won) else 0
    chosen = [*won[: count - min(len(lost), count - half)], *lost[: count - half], *rest][:count]
    return [_example(int(row), candidate, baselines[0], measured) for row in chosen]


def flips_of(
    candidate: AnyModel, baselines: Sequence[AnyModel], measured: MeasuredTexts, count: int
) -> dict[str, AnyFlips]:
    """Return for each baseline the texts that only one of the two models gets right, most confident first."""
    kind = SetFlips if isinstance(candidate.choices, SetChoices) else Flips
    flips: dict[str, AnyFlips] = {}
    for baseline in baselines:
        won, lost, _ = (rows.tolist() for rows in _sorted_by_flip(candidate, baseline, count))
        shown = ([_example(row, candidate, baseline, measured) for row in rows] for rows in (won, lost))
        flips[baseline.name] = kind.model_validate(dict(zip(("won", "lost"), shown, strict=True)))
    return flips


def label_flips(
    candidate: AnyModel, baselines: Sequence[AnyModel], names: Sequence[str]
) -> dict[str, dict[str, LabelFlips]]:
    """Count for each baseline and label the texts for which only one of the two models decides the label rightly.

    Both predict several labels per text.
    """
    found = {}
    for baseline in baselines:
        won, lost = _decided_by_one(candidate, baseline)
        counts = zip(names, won.tolist(), lost.tolist(), strict=True)
        found[baseline.name] = {name: LabelFlips(won=one, lost=other) for name, one, other in counts}
    return found


def _decided_by_one(candidate: AnyModel, baseline: AnyModel) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return for each label how many rows only the candidate and only the baseline decide rightly, (labels,) each."""
    one, other = candidate.choices, baseline.choices
    assert isinstance(one, SetChoices)
    assert isinstance(other, SetChoices)
    won, lost = np.zeros((2, one.classes), dtype=np.int64)
    for rows in row_slices(len(one), one.classes):
        right, others_right = (each.predicted(rows) == one.labels[rows] for each in (one, other))
        won += (right & ~others_right).sum(axis=0)
        lost += (others_right & ~right).sum(axis=0)
    return won, lost


def _sorted_by_flip(candidate: AnyModel, other: AnyModel, count: int) -> list[NDArray[np.int64]]:
    """Return the rows that only the candidate gets right, those that only the other model gets right, and the rest.

    Each part is limited to the `count` most confident predictions, and starts with the most confident one.
    """
    one, two = candidate.choices, other.choices
    right, others_right = one.correct, two.correct
    return [
        surest(right & ~others_right, one.sure, count),
        surest(others_right & ~right, two.sure, count),
        surest(right == others_right, one.sure, count),
    ]


def _example(row: int, candidate: AnyModel, other: AnyModel, measured: MeasuredTexts) -> AnyExample:
    text, truth = measured.raw_texts[row], candidate.choices.true_labels(row, measured.names)
    answers = [_answer(row, model, measured.names) for model in (candidate, other)]
    if isinstance(candidate.choices, SetChoices):
        one, two = (SetAnswer(name=name, labels=labels, confidence=sure) for name, labels, sure in answers)
        return SetExample(text=text, labels=truth, candidate=one, baseline=two)
    first, second = (Answer(name=name, label=label, confidence=sure) for name, (label,), sure in answers)
    return Example(text=text, label=truth[0], candidate=first, baseline=second)


def _answer(row: int, model: AnyModel, names: Sequence[str]) -> tuple[str, list[str], float]:
    """Return the name of a model, its labels for a row, and its confidence in them."""
    choices = model.choices
    return model.name, choices.predicted_labels(row, names), round(float(choices.sure[row]), 4)
