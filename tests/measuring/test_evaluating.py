"""Answers of either kind give the result of their kind."""

from dataclasses import replace

import numpy as np

from clf.measuring.evaluating import evaluated
from clf.outcomes.evaluation import EvaluateResult
from clf.outcomes.label_evaluation import EvaluateLabelsResult
from clf.scoring.multi_label import MultiLabelAnswers
from support.measured import measured


def test_one_label_per_text_gives_classes_and_several_give_labels() -> None:
    one = measured()
    found = evaluated(one, "good", "folder")
    assert isinstance(found, EvaluateResult)
    assert found.positive_class == found.per_class["good"]
    table = np.array([[True, False], [True, True]] * 5)
    answers = MultiLabelAnswers(one.answers.probabilities, table, np.full(2, 0.5))
    several = evaluated(replace(one, texts=replace(one.texts, labels=table), answers=answers), "good", "folder")
    assert isinstance(several, EvaluateLabelsResult)
    assert several.positive_label == several.per_label["good"]
    assert (found.label_issues, several.label_issues, several.output_dir) == (0, 0, "folder")
