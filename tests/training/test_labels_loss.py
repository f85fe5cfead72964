"""The loss, the batches and the head where a text may have several labels."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from clf.models.classifier import Classifier
from clf.models.compute import choose_compute
from clf.models.from_files import load_for_training
from clf.models.inference import layer_inputs
from clf.models.store import find_model
from clf.models.temperature import last_layer
from clf.settings import ComputeSettings, TrainSettings
from clf.training.arguments import HEAVIEST, class_weights
from clf.training.batching import IGNORED, Collator, TokenDataset
from clf.training.head import STRENGTH, fit_head
from clf.training.plan import LabelsLoss

TABLE = np.array([[1, 0, 1], [0, 0, 0], [1, 1, 1], [0, 0, 1]], dtype=bool)
TOKENS = [np.arange(5, 5 + length, dtype=np.int32) for length in (4, 3, 6, 5)]
LOGITS = torch.tensor([[2.0, -1.0, 0.5], [0.0, 0.1, -3.0], [1.0, 1.0, 1.0], [-2.0, 0.0, 4.0]])


def test_the_loss_is_the_mean_over_texts_and_labels_however_the_batch_is_divided() -> None:
    labels = torch.from_numpy(TABLE.astype(np.float32))
    expected = torch.nn.functional.binary_cross_entropy_with_logits(LOGITS, labels)
    loss, items = LabelsLoss(), torch.tensor(12)
    assert loss({"logits": LOGITS}, labels, items).item() == pytest.approx(expected.item())
    parts = [loss({"logits": LOGITS[part]}, labels[part], items) for part in (slice(0, 3), slice(3, 4))]
    assert sum(part.item() for part in parts) == pytest.approx(expected.item())


def test_padding_rows_weights_and_smoothing_count_as_documented() -> None:
    labels = torch.from_numpy(TABLE.astype(np.float32))
    padded, more = torch.cat([labels, torch.full((1, 3), IGNORED)]), torch.cat([LOGITS, torch.full((1, 3), 9.0)])
    whole = LabelsLoss()({"logits": LOGITS}, labels, torch.tensor(12))
    assert LabelsLoss()({"logits": more}, padded, torch.tensor(12)).item() == pytest.approx(whole.item())
    targets, chance = TABLE * 0.9 + 0.05, torch.sigmoid(LOGITS.double()).numpy()
    by_hand = -(3.0 * targets * np.log(chance) + (1 - targets) * np.log(1 - chance)).mean()
    weighed = LabelsLoss([3.0, 3.0, 3.0], 0.1)({"logits": LOGITS}, labels, torch.tensor(12))
    assert weighed.item() == pytest.approx(by_hand, rel=1e-5)


def test_batches_hold_a_table_of_labels_and_the_padding_row_none() -> None:
    dataset = TokenDataset(TOKENS, TABLE)
    batch = Collator(0)([dataset[0], dataset[2], dataset[len(dataset)]])
    assert batch["labels"].dtype == torch.float32
    assert batch["labels"].tolist() == [[1.0, 0.0, 1.0], [1.0, 1.0, 1.0], [IGNORED] * 3]
    single = Collator(0)([TokenDataset(TOKENS, np.array([2, 0, 1, 1]))[row] for row in (0, 4)])
    assert (single["labels"].dtype, single["labels"].tolist()) == (torch.int64, [2, IGNORED])


def test_balanced_weights_are_the_texts_without_a_label_for_each_with_it() -> None:
    balanced = TrainSettings(class_weights="balanced")
    assert class_weights(balanced, TABLE, 3) == pytest.approx([1.0, 3.0, 1 / 3])
    assert class_weights(balanced, np.zeros((1000, 1), dtype=bool), 1) == [HEAVIEST]
    assert class_weights(TrainSettings(class_weights="none"), TABLE, 3) is None


@pytest.fixture
def classifier(tiny_encoder: Path) -> Classifier:
    files = find_model(str(tiny_encoder), None, offline=True, timeout=1)
    return load_for_training(files, ["a", "b", "c", "d"], seed=0, multi_label=True)


def test_the_head_of_each_label_is_a_logistic_regression_of_its_own(classifier: Classifier) -> None:
    generator, compute = np.random.default_rng(0), choose_compute(ComputeSettings(device="cpu", precision="fp32"))
    tokens = [generator.integers(5, 60, 9).astype(np.int32) for _ in range(80)]
    table = generator.random((80, 4)) < 0.4
    table[:, 2], table[:, 3] = False, True
    layer = last_layer(classifier.model)
    assert layer is not None
    read = layer_inputs(classifier.model, layer, tokens, 0, compute, 32)
    fit_head(classifier, tokens, table, compute)
    logits = read @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
    size = np.maximum(np.sqrt(read.mean(0) ** 2 + read.std(0) ** 2), np.median(read.std(0)))
    scaled = (read - read.mean(0)) / np.maximum(read.std(0), np.maximum(0.1 * size, 1e-6))
    for label in (0, 1):
        alone = LogisticRegression(C=STRENGTH, max_iter=1000).fit(scaled, table[:, label])
        assert logits[:, label] == pytest.approx(alone.decision_function(scaled), abs=1e-3)
    assert logits[:, 2] == pytest.approx([np.log(1 / 81)] * 80, abs=1e-3)
    assert logits[:, 3] == pytest.approx([np.log(81)] * 80, abs=1e-3)


def test_a_head_of_its_own_is_kept_only_if_the_kind_agrees_too(classifier: Classifier, tmp_path: Path) -> None:
    classifier.model.save_pretrained(tmp_path)
    classifier.tokenizer.save_pretrained(tmp_path)
    files = find_model(str(tmp_path), None, offline=True, timeout=1)
    names = ["a", "b", "c", "d"]
    assert load_for_training(files, names, seed=0, multi_label=True).head == "its own"
    single = load_for_training(files, names, seed=0)
    assert (single.head, single.multi_label, single.thresholds) == ("fresh", False, None)
    assert single.model.config.problem_type == "single_label_classification"
