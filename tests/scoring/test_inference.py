"""Inference keeps rows in order, agrees with the plain model, and refuses numbers that are none."""

from pathlib import Path

import pytest
import torch

from clf.errors import ModelError
from clf.models.classifier import load_classifier
from clf.models.compute import choose_compute
from clf.models.store import find_model
from clf.scoring import inference
from clf.scoring.inference import predict_texts
from clf.settings import ComputeSettings

TEXTS = ["a wonderful film", "dull", "an awful and boring film with a terrible plot " * 3, "great", "a film"]
FP32 = ComputeSettings(device="cpu", precision="fp32")


def test_probabilities_are_those_of_the_plain_model_in_the_order_of_the_texts(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = load_classifier(find_model(str(trained)))
    monkeypatch.setitem(inference.TOKENS_PER_BATCH, "cpu", 40)
    probabilities = predict_texts(classifier, TEXTS, choose_compute(FP32))
    for text, row in zip(TEXTS, probabilities, strict=True):
        inputs = classifier.tokenizer(text, truncation=True, max_length=64, return_tensors="pt")
        with torch.no_grad():
            plain = classifier.model(**inputs).logits.softmax(-1)[0].numpy()
        assert row == pytest.approx(plain, abs=1e-5)


def test_inference_draws_nothing_and_keeps_the_mode_of_the_model(trained: Path) -> None:
    classifier = load_classifier(find_model(str(trained)))
    classifier.model.train()
    before = torch.get_rng_state()
    predict_texts(classifier, TEXTS, choose_compute(FP32))
    assert classifier.model.training
    assert torch.equal(before, torch.get_rng_state())


def test_every_text_is_counted_and_none_is_fine(trained: Path) -> None:
    counted: list[int] = []
    classifier = load_classifier(find_model(str(trained)))
    predict_texts(classifier, TEXTS, choose_compute(FP32), counted.append)
    assert sum(counted) == len(TEXTS)
    assert predict_texts(classifier, [], choose_compute(FP32)).shape == (0, 2)


def test_answers_that_are_no_numbers_are_refused(trained: Path) -> None:
    classifier = load_classifier(find_model(str(trained)))
    torch.nn.init.constant_(classifier.model.classifier.bias, float("inf"))
    with pytest.raises(ModelError, match="not numbers"):
        predict_texts(classifier, TEXTS, choose_compute(FP32))
