"""A fresh head starts from what the frozen encoder knows, and a head of the checkpoint's own stays."""

from pathlib import Path

import numpy as np
import pytest
import torch

from clf.models.classifier import Classifier
from clf.models.compute import Compute
from clf.models.from_files import load_for_training
from clf.models.inference import predict_tokens
from clf.models.store import find_model
from clf.models.temperature import last_layer
from clf.models.tokens import tokenize
from clf.training import head
from clf.training.head import can_be_fitted, fit_head
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
    assert can_be_fitted(classifier)
    fit_head(classifier, ids, labels, CPU)
    assert torch.equal(state, torch.random.get_rng_state())  # what is drawn later does not depend on it
    assert 0.1 < loss() < before  # an error is left, from which the encoder learns


def test_a_rare_class_is_among_the_texts_it_is_fitted_on(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head, "MOST_TEXTS", 10)
    classifier = loaded(tiny_encoder, ["a", "b", "c"])
    ids = tokenize(["one text", "another text"] * 50 + ["a third"], classifier.tokenizer, 32)
    fit_head(classifier, ids, np.array([0, 1] * 50 + [2]), CPU)
    common, other, rare = predict_tokens(classifier.model, [ids[0], ids[1], ids[-1]], 0, CPU)
    assert rare[2] > max(common[2], other[2])  # it is told from the others, each class by its own texts
    assert common[0] > other[0]
    assert other[1] > common[1]


def test_features_that_hardly_vary_get_no_huge_weights(tiny_encoder: Path) -> None:
    classifier = loaded(tiny_encoder, ["a", "b"])
    layer = last_layer(classifier.model)
    assert layer is not None
    ids = tokenize(["good good good", "good good bad"] * 4, classifier.tokenizer, 32)
    away = torch.tensor([0.0] * 16 + [1000.0] * 16)  # far from 0 beside how little they vary
    handle = layer.register_forward_pre_hook(lambda module, inputs: (inputs[0] * 1e-3 + away,))
    fit_head(classifier, ids, np.array([0, 1] * 4), CPU)
    handle.remove()
    # Dropout takes a feature away or adds a ninth to it.
    assert float((layer.weight.detach().abs() * away).max()) < 1


def test_a_head_of_its_own_or_that_is_more_than_a_layer_is_left_alone(tiny_encoder: Path) -> None:
    classifier = loaded(tiny_encoder, ["a", "b", "c"])
    layer = last_layer(classifier.model)
    assert layer is not None
    assert can_be_fitted(classifier)
    classifier.head = "its own"
    assert not can_be_fitted(classifier)
    classifier.head = "fresh"
    handle = classifier.model.register_forward_hook(
        lambda module, inputs, output: output.__class__(logits=output.logits + 1.0)
    )
    assert not can_be_fitted(classifier)
    handle.remove()
    layer.register_forward_pre_hook(lambda module, inputs: (inputs[0][:, None],))  # as of heads that answer per token
    assert not can_be_fitted(classifier)


def test_of_two_classes_one_gets_what_the_other_loses(tiny_encoder: Path) -> None:
    classifier = loaded(tiny_encoder, ["bad", "good"])
    rows = review_rows()
    ids = tokenize([text for text, _ in rows], classifier.tokenizer, 32)
    layer = last_layer(classifier.model)
    assert layer is not None
    fit_head(classifier, ids, np.array([["bad", "good"].index(label) for _, label in rows]), CPU)
    weights, bias = layer.weight.detach().clone(), layer.bias.detach().clone()
    assert torch.equal(weights[0], -weights[1])
    assert float(weights.abs().max()) > 0
    fit_head(classifier, ids, np.array([["good", "bad"].index(label) for _, label in rows]), CPU)
    assert torch.allclose(layer.weight, weights.flip(0), atol=1e-4)
    assert torch.allclose(layer.bias, bias.flip(0), atol=1e-3)


def test_the_head_is_fitted_on_a_part_of_many_texts_and_tells_its_progress(
    tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(head, "MOST_TEXTS", 6)
    classifier = loaded(tiny_encoder, ["a", "b"])
    ids = tokenize(["one text", "another text"] * 5, classifier.tokenizer, 32)
    counted: list[int] = []
    fit_head(classifier, ids, np.array([0, 1] * 5), CPU, counted.append)
    assert sum(counted) == 6


def test_a_model_that_fails_to_answer_is_left_alone_and_unchanged(tiny_encoder: Path) -> None:
    classifier = loaded(tiny_encoder, ["a", "b"])

    def fail(*_: object) -> None:
        raise RuntimeError("it needs another input")

    layer = last_layer(classifier.model)
    assert layer is not None
    handle = classifier.model.register_forward_pre_hook(fail)
    assert not can_be_fitted(classifier)
    handle.remove()
    assert can_be_fitted(classifier)
    assert len(layer._forward_hooks) == 0
