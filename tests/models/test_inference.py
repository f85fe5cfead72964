"""Inference keeps rows in order, agrees with the plain model, and refuses numbers that are none."""

import copy
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from threading import Event
from threading import enumerate as running_threads

import numpy as np
import pytest
import torch

from clf.errors import DataError, ModelError
from clf.models import inference
from clf.models.classifier import Classifier
from clf.models.compute import Compute, choose_compute
from clf.models.configs import MULTI_LABEL
from clf.models.cpu.packing import pack_linear_layers
from clf.models.from_files import load_classifier
from clf.models.inference import (
    Array,
    Inference,
    embed_texts,
    layer_inputs,
    predict_tokens,
    prefetched,
    probabilities_of,
)
from clf.models.record import ModelRecord
from clf.models.store import find_model
from clf.models.tokens import tokenize
from clf.settings import ComputeSettings

TEXTS = ["a wonderful film", "dull", "an awful and boring film with a terrible plot " * 3, "great", "a film"]
FP32 = ComputeSettings(device="cpu", precision="fp32")


def test_probabilities_are_those_of_the_plain_model_in_the_order_of_the_texts(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = load_classifier(find_model(str(trained)))
    monkeypatch.setitem(inference.TOKENS_PER_BATCH, "cpu", 40)
    probabilities = probabilities_of(classifier, TEXTS, choose_compute(FP32))
    for text, row in zip(TEXTS, probabilities, strict=True):
        inputs = classifier.tokenizer(text, truncation=True, max_length=64, return_tensors="pt")
        with torch.no_grad():
            plain = classifier.model(**inputs).logits.softmax(-1)[0].numpy()
        assert row == pytest.approx(plain, abs=1e-5)


def test_inference_draws_nothing_and_keeps_the_mode_of_the_model(trained: Path) -> None:
    classifier = load_classifier(find_model(str(trained)))
    classifier.model.train()
    before = torch.get_rng_state()
    probabilities_of(classifier, TEXTS, choose_compute(FP32))
    assert classifier.model.training
    assert torch.equal(before, torch.get_rng_state())


def test_every_text_is_counted_and_none_is_fine(trained: Path) -> None:
    counted: list[int] = []
    classifier = load_classifier(find_model(str(trained)))
    probabilities_of(classifier, TEXTS, choose_compute(FP32), counted.append)
    assert sum(counted) == len(TEXTS)
    assert probabilities_of(classifier, [], choose_compute(FP32)).shape == (0, 2)


def test_answers_that_are_no_numbers_are_refused(trained: Path) -> None:
    classifier = load_classifier(find_model(str(trained)))
    torch.nn.init.constant_(classifier.model.classifier.bias, float("inf"))
    with pytest.raises(ModelError, match="NaN or infinite"):
        probabilities_of(classifier, TEXTS, choose_compute(FP32))


# --- bf16, and what is read again ---------------------------------------------------------------------------

CPU = torch.device("cpu")
MANY = [
    f"a {first} film, {second} and {third}"
    for first in ("wonderful", "dull", "long", "terrible")
    for second in ("lovely", "boring", "it is about a train")
    for third in ("great", "awful", "made in a small town", "perfect")
]


@pytest.fixture
def classifier(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Classifier:
    """Give a classifier, and let half of its answers on MANY count as sure."""
    found = load_classifier(find_model(str(trained)))
    monkeypatch.setattr(inference, "SURE", float(np.median(in_bf16(found).max(axis=1))))
    return found


def in_fp32(classifier: Classifier) -> Array:
    return probabilities_of(classifier, MANY, Compute(CPU, "fp32"))


def in_bf16(classifier: Classifier) -> Array:
    """Return what a copy of the weights in bf16 answers."""
    token_ids = tokenize(MANY, classifier.tokenizer, classifier.max_length)
    weights = copy.deepcopy(classifier.model).to(torch.bfloat16)
    pack_linear_layers(weights)
    padding, most = classifier.tokenizer.pad_token_id, classifier.max_length
    return predict_tokens(weights, token_ids, padding, Compute(CPU, "fp32"), most=most)


def test_answers_that_bf16_is_not_sure_of_are_those_of_fp32(classifier: Classifier) -> None:
    fast, exact = in_bf16(classifier), in_fp32(classifier)
    assert np.abs(fast - exact).max() > 1e-4
    sure = fast.max(axis=1) >= inference.SURE
    assert 10 < sure.sum() < len(MANY) - 10
    counted: list[int] = []
    answers = Inference(classifier, Compute(CPU, "bf16", rereads=True)).predict(MANY, counted.append)
    assert answers[~sure] == pytest.approx(exact[~sure], abs=1e-6)
    assert answers[sure] == pytest.approx(fast[sure], abs=1e-6)
    assert sum(counted) == len(MANY)
    assert {weight.dtype for weight in classifier.model.parameters()} == {torch.float32}


def test_reading_again_ends_where_the_least_sure_answers_were_right(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inference, "FIRST", 5)
    monkeypatch.setattr(inference, "TOLERANCE", 1.0)
    fast, exact = in_bf16(classifier), in_fp32(classifier)
    answers = Inference(classifier, Compute(CPU, "bf16", rereads=True)).predict(MANY)
    again = np.argsort(fast.max(axis=1), kind="stable")[:5]
    rest = np.setdiff1d(np.arange(len(MANY)), again)
    assert answers[again] == pytest.approx(exact[again], abs=1e-6)
    assert answers[rest] == pytest.approx(fast[rest], abs=1e-6)


def test_where_a_text_may_have_several_labels_each_has_a_probability_of_its_own(classifier: Classifier) -> None:
    classifier.model.config.problem_type = MULTI_LABEL
    inputs = classifier.tokenizer(MANY[0], return_tensors="pt")
    with torch.no_grad():
        plain = classifier.model(**inputs).logits.sigmoid().numpy()
    assert in_fp32(classifier)[:1] == pytest.approx(plain, abs=1e-5)


def test_of_several_labels_the_least_sure_decides_whether_a_text_is_read_again(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier.model.config.problem_type = MULTI_LABEL
    fast, exact = in_bf16(classifier), in_fp32(classifier)
    least = np.maximum(fast, 1 - fast).min(axis=1)
    monkeypatch.setattr(inference, "SURE", float(np.median(least)))
    sure = least >= inference.SURE
    assert 10 < sure.sum() < len(MANY) - 10
    monkeypatch.setattr(inference, "TOLERANCE", 0.0)  # every unsure answer is read again
    answers = Inference(classifier, Compute(CPU, "bf16", rereads=True)).predict(MANY)
    assert answers[~sure] == pytest.approx(exact[~sure], abs=1e-6)
    assert answers[sure] == pytest.approx(fast[sure], abs=1e-6)
    assert np.abs(fast - exact)[~sure].max() > 1e-4


def test_a_decision_close_to_its_threshold_is_unsure_wherever_that_is(classifier: Classifier) -> None:
    classifier.model.config.problem_type = MULTI_LABEL
    names = classifier.labels
    far = np.array([[0.99, 0.01], [0.96, 0.01], [0.99, 0.5]], dtype=np.float32)
    assert classifier.least_sure(far) == pytest.approx([0.99, 0.96, 0.5])
    classifier.record = ModelRecord(schema_version=1, thresholds=dict(zip(names, (0.95, 0.5), strict=True)))
    assert classifier.least_sure(far) == pytest.approx([0.99, 0.5, 0.5])
    classifier.given_threshold = 0.02  # instead of those of the record
    assert classifier.least_sure(far) == pytest.approx([0.5, 0.5, 0.5])
    classifier.given_threshold = 0.98
    assert classifier.least_sure(far) == pytest.approx([0.5, 0.5, 0.5])
    assert classifier.least_sure(far[:, ::-1]) == pytest.approx([0.5, 0.5, 0.5])
    assert classifier.least_sure(np.array([[0.9, 0.1]], dtype=np.float32)) == pytest.approx([0.9])


def test_bf16_that_was_asked_for_answers_all(classifier: Classifier) -> None:
    fast, exact = in_bf16(classifier), in_fp32(classifier)
    answers = Inference(classifier, Compute(CPU, "bf16")).predict(MANY)
    assert answers == pytest.approx(fast, abs=1e-6)
    unsure = fast.max(axis=1) < inference.SURE
    assert np.abs(answers[unsure] - exact[unsure]).max() > 1e-4


# --- vectors ------------------------------------------------------------------------------------------------


def test_a_text_is_embedded_as_the_mean_over_its_own_tokens(tiny_classifier: Path) -> None:
    classifier = load_classifier(find_model(str(tiny_classifier)))
    embedded = embed_texts(classifier, TEXTS, choose_compute(FP32))
    assert embedded.shape == (len(TEXTS), 32)
    for text, row in zip(TEXTS, embedded, strict=True):
        with torch.no_grad():
            hidden = classifier.model.base_model(**classifier.tokenizer(text, return_tensors="pt")).last_hidden_state
        assert row == pytest.approx(hidden[0].mean(0).numpy(), abs=1e-5)


def test_what_a_layer_is_given_makes_the_answers_and_the_layer_is_let_go(tiny_classifier: Path) -> None:
    classifier = load_classifier(find_model(str(tiny_classifier)))
    layer, compute = classifier.model.classifier, choose_compute(FP32)
    token_ids = tokenize(TEXTS, classifier.tokenizer, 64)
    inputs = layer_inputs(classifier.model, layer, token_ids, 0, compute, 64)
    with torch.no_grad():
        answers = layer(torch.from_numpy(inputs)).softmax(1).numpy()
    assert answers == pytest.approx(predict_tokens(classifier.model, token_ids, 0, compute), abs=1e-5)
    with pytest.raises(IndexError):
        layer_inputs(classifier.model, layer, [[10**6]], 0, compute, 64)  # no word has this number
    assert not layer._forward_pre_hooks


# --- windows, made ahead ------------------------------------------------------------------------------------


def test_windows_are_answered_in_their_order_and_an_error_in_reading_comes_after_them(trained: Path) -> None:
    classifier = load_classifier(find_model(str(trained)))
    windows = [TEXTS[:2], [], TEXTS[2:]]

    def read() -> Iterator[list[str]]:
        yield from windows
        raise DataError("line 7 is broken")

    counted: list[int] = []
    answers: list[Array] = []
    with pytest.raises(DataError, match="line 7 is broken"):
        answers.extend(Inference(classifier, choose_compute(FP32)).stream(read(), counted.append))
    assert [len(answer) for answer in answers] == [2, 0, 3]
    assert np.concatenate(answers) == pytest.approx(probabilities_of(classifier, TEXTS, choose_compute(FP32)), abs=1e-5)
    assert sum(counted) == len(TEXTS)


def test_texts_in_windows_are_answered_as_all_at_once(tiny_classifier: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    classifier = load_classifier(find_model(str(tiny_classifier)))
    whole = probabilities_of(classifier, TEXTS, choose_compute(FP32))
    monkeypatch.setattr(inference, "WINDOW", 2)
    counted: list[int] = []
    windows = Inference(classifier, choose_compute(FP32)).predict(TEXTS, counted.append)
    assert windows == pytest.approx(whole, abs=1e-6)
    assert counted == [2, 2, 1]


def test_the_part_of_a_text_that_is_read_is_the_classifiers_own(tiny_classifier: Path) -> None:
    classifier = load_classifier(find_model(str(tiny_classifier)))
    classifier.max_length, classifier.truncation = 5, "tail"
    answers = probabilities_of(classifier, ["awful awful great great great", "great great great"], choose_compute(FP32))
    assert answers[0] == pytest.approx(answers[1], abs=1e-6)


def test_the_next_item_is_made_while_the_one_before_is_in_use() -> None:
    second_begun = Event()

    def made() -> Iterator[int]:
        yield 1
        second_begun.set()
        yield 2

    items = prefetched(made())
    assert next(items) == 1
    assert second_begun.wait(10)
    assert list(items) == [2]


@pytest.mark.parametrize("taken", [1, 5])
def test_the_thread_that_makes_items_ends_with_their_user(taken: int) -> None:
    before, deadline = set(running_threads()), time.monotonic() + 10
    made: list[int] = []
    items = prefetched(made.append(number) or number for number in count())  # type: ignore[func-returns-value]
    assert [next(items) for _ in range(taken)] == list(range(taken))
    [maker] = set(running_threads()) - before
    while len(made) < taken + 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    items.close()  # type: ignore[attr-defined]
    maker.join(10)
    assert not maker.is_alive()
    assert len(made) <= taken + 3


def test_nothing_is_prefetched_from_nothing_and_an_error_at_once_is_raised() -> None:
    assert list(prefetched([])) == []
    assert list(prefetched([None, None])) == [None, None]

    def broken() -> Iterator[int]:
        raise DataError("no such file")
        yield 1

    with pytest.raises(DataError, match="no such file"):
        next(prefetched(broken()))
