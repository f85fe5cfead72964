"""A temperature in the weights divides the logits, whatever the architecture's head looks like."""

import pytest
import torch
from transformers import AutoConfig, AutoModelForSequenceClassification

from clf.models.temperature import fold_temperature, last_layer, try_out

SHAPE = {"vocab_size": 99, "num_labels": 3, "pad_token_id": 0}
BERT = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 64}
DISTILBERT = {"dim": 32, "n_layers": 1, "n_heads": 4, "hidden_dim": 64}
KINDS = {"bert": BERT, "roberta": BERT, "electra": BERT, "deberta-v2": BERT, "distilbert": DISTILBERT}


def model_of(kind: str) -> torch.nn.Module:
    torch.manual_seed(0)
    return AutoModelForSequenceClassification.from_config(AutoConfig.for_model(kind, **SHAPE, **KINDS[kind])).eval()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("temperature", [0.25, 1.7])
def test_the_logits_are_divided(kind: str, temperature: float) -> None:
    model, ids = model_of(kind), torch.arange(2, 12)[None]
    with torch.inference_mode():
        before = model(input_ids=ids).logits
        assert fold_temperature(model, temperature)
        torch.testing.assert_close(model(input_ids=ids).logits * temperature, before, atol=1e-5, rtol=1e-4)


def test_a_head_whose_logits_come_otherwise_is_left_alone() -> None:
    model, ids = model_of("bert"), torch.arange(2, 12)[None]
    with torch.inference_mode():
        plain = model(input_ids=ids).logits
    model.classifier.register_forward_hook(lambda module, inputs, output: output + 1.0)
    assert not fold_temperature(model, 2.0)
    with torch.inference_mode():
        torch.testing.assert_close(model(input_ids=ids).logits, plain + 1.0)


def test_a_model_without_a_last_layer_is_left_alone() -> None:
    model = model_of("bert")
    model.classifier = torch.nn.Identity()
    assert last_layer(model) is None
    assert not fold_temperature(model, 2.0)


def test_the_last_of_the_layers_with_one_output_for_each_label_is_taken() -> None:
    model = model_of("bert")
    assert last_layer(model) is model.classifier
    model.config.num_labels = BERT["hidden_size"]  # as many as the pooler has outputs
    assert last_layer(model) is model.bert.pooler.dense


def test_a_layer_without_a_bias_is_divided_too() -> None:
    model = model_of("bert")
    model.classifier = torch.nn.Linear(BERT["hidden_size"], 3, bias=False)
    weight = model.classifier.weight.detach().clone()
    assert fold_temperature(model, 2.0)
    torch.testing.assert_close(model.classifier.weight.detach() * 2, weight)


@pytest.mark.parametrize("training", [True, False])
def test_trying_a_model_out_draws_nothing_and_keeps_its_mode(training: bool) -> None:
    model = model_of("bert").train(training)
    state = torch.get_rng_state()
    logits = try_out(model)
    assert logits.shape == (1, 3)
    assert torch.equal(try_out(model), logits)  # without dropout
    assert model.training is training
    assert torch.equal(torch.get_rng_state(), state)
