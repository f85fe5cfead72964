"""What a model costs, and that measuring it gives its predictions, metrics and costs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clf.measuring.measured_model import MeasuredModel, Spent, measure
from clf.measuring.rows import MeasuredTexts
from clf.models.classifier import Classifier
from clf.models.record import ModelRecord
from clf.outcomes.base import Cost
from clf.scoring.answers import Answers
from clf.scoring.metrics import score
from clf.settings import ComputeSettings

FP32 = ComputeSettings(device="cpu", precision="fp32")
TEXTS = ["a wonderful film", "dull", "an awful and boring film"]
MEASURED = MeasuredTexts("films", "test", TEXTS, np.array([1, 0, 0]), ["bad", "good"])


@pytest.mark.parametrize(
    ("spent", "cost"),
    [
        (Spent(), Cost(train_seconds=None, texts_per_second=None, megabytes=None)),
        (Spent(9.5, 0.3, 2.25), Cost(train_seconds=9.5, texts_per_second=6.7, megabytes=2.25)),
        (Spent(0.0, 0.0, 0.0), Cost(train_seconds=0.0, texts_per_second=None, megabytes=0.0)),
    ],
)
def test_the_cost_is_known_as_far_as_the_time_was(spent: Spent, cost: Cost) -> None:
    answers = Answers(np.eye(2, dtype=np.float32), np.array([0, 1]))
    assert MeasuredModel("m", answers, {}, spent).cost() == cost


def test_measuring_gives_the_answers_their_metrics_and_the_size_of_the_folder(classifier: Classifier) -> None:
    found = measure(classifier, MEASURED, FP32)
    assert found.name == classifier.name
    assert found.answers.labels.tolist() == [1, 0, 0]
    assert found.answers.probabilities.sum(axis=1) == pytest.approx([1, 1, 1])
    assert found.metrics == score(found.answers)
    size = sum(path.stat().st_size for path in Path(classifier.model.name_or_path).iterdir())
    assert found.costs.megabytes == pytest.approx(size / 1e6, abs=0.05)
    assert found.costs.measure_seconds > 0  # type: ignore[operator]
    assert found.costs.train_seconds is None


def test_a_recorded_training_time_is_a_cost_and_a_model_on_the_hub_has_no_size(classifier: Classifier) -> None:
    recorded = replace(classifier, record=ModelRecord(schema_version=1, train_seconds=12.5))
    recorded.model.name_or_path = "acme/on-the-hub"
    costs = measure(recorded, MEASURED, FP32).costs
    assert (costs.train_seconds, costs.megabytes) == (12.5, None)


def test_files_in_folders_of_a_model_count_too(classifier: Classifier, tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for name, size in (("a", 1_000_000), ("deep/b", 500_000), ("deep/er/c", 749_999)):
        (tmp_path / name).write_bytes(bytes(size))
    classifier.model.name_or_path = str(tmp_path)
    assert measure(classifier, MEASURED, FP32).costs.megabytes == 2.2
