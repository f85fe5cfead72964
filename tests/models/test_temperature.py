"""A temperature in the weights divides the logits, whatever the architecture's head looks like."""

import pytest
import torch
from transformers import AutoConfig, AutoModelForSequenceClassification

from clf.models.temperature import fold_temperature

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
