"""A fresh head starts from what the frozen encoder knows, and a head of the checkpoint's own stays."""

from pathlib import Path

import numpy as np
import pytest
import torch

from clf.data.tokens import tokenize
from clf.models.classifier import Classifier, load_for_training
from clf.models.compute import Compute
from clf.models.store import find_model
from clf.models.temperature import last_layer
from clf.scoring.inference import predict_tokens
from clf.training.head import fit_head
from support.tiny import review_rows

CPU = Compute(torch.device("cpu"), "fp32")


def loaded(encoder: Path, names: list[str]) -> Classifier:
    classifier = load_for_training(find_model(str(encoder)), names, seed=1)
    classifier.max_length = 32
    return classifier


@pytest.mark.parametrize("names", [["bad", "good"], ["bad", "fair", "good"]])
def test_its_answers_lean_towards_the_labels(tiny_encoder: Path, names: list[str]) -> None:
    classifier = loaded(tiny_encoder, names)
    rows = review_rows()
    ids = tokenize([text for text, _ in rows], classifier.tokenizer, 32)
    labels = np.array([names.index(label) for _, label in rows])
    labels[: len(names)] = np.arange(len(names))  # each class has a text

    def loss() -> float:
        answers = predict_tokens(classifier.model, ids, classifier.tokenizer.pad_token_id, CPU)
        return float(-np.log(answers[np.arange(len(labels)), labels]).mean())

    before = loss()
    state = torch.random.get_rng_state()
    assert fit_head(classifier, ids, labels, CPU)
    assert torch.equal(state, torch.random.get_rng_state())  # what is drawn later does not depend on it
    assert loss() < before
    assert loss() > 0.1  # an error is left, from which the encoder learns


def test_a_class_without_a_text_or_a_head_of_its_own_is_left_alone(tiny_encoder: Path) -> None:
    classifier = loaded(tiny_encoder, ["a", "b", "c"])
    ids = tokenize(["one text", "another text"], classifier.tokenizer, 32)
    layer = last_layer(classifier.model)
    assert layer is not None
    before = layer.weight.clone()
    assert not fit_head(classifier, ids, np.array([0, 1]), CPU)
    classifier.head = "its own"
    assert not fit_head(classifier, ids * 2, np.array([0, 1, 2, 0]), CPU)
    layer.register_forward_hook(lambda module, inputs, output: output + 1.0)
    classifier.head = "fresh"
    assert not fit_head(classifier, ids * 2, np.array([0, 1, 2, 0]), CPU)
    assert torch.equal(layer.weight, before)
