"""Packed layers give what the layers give, GELU included, and only of models that are read in bf16."""

import copy
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForSequenceClassification, BertConfig, DistilBertConfig

from clf.models.cpu.packing import PackedLinear, pack_linear_layers

SHAPES = {
    "bert": BertConfig(vocab_size=50, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64),
    "distilbert": DistilBertConfig(vocab_size=50, dim=32, n_layers=2, n_heads=2, hidden_dim=64),
    "tanh": BertConfig(vocab_size=50, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64,
                       hidden_act="gelu_new"),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_a_packed_model_answers_as_the_plain_one(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    exact = AutoModelForSequenceClassification.from_config(SHAPES[name]).eval()
    plain = copy.deepcopy(exact).to(torch.bfloat16)
    packed = copy.deepcopy(plain)
    assert pack_linear_layers(packed)
    layers = [module for module in packed.modules() if isinstance(module, PackedLinear)]
    assert len(layers) == sum(type(module) is torch.nn.Linear for module in plain.modules())
    assert sum(layer.after[0] == "gelu" for layer in layers) == (0 if name == "tanh" else 2)
    ids = torch.randint(1, 50, (3, 9))
    with torch.inference_mode():
        logits = [model(input_ids=ids).logits.float() for model in (exact, plain, packed)]
    assert logits[2] == pytest.approx(logits[0], abs=0.02)
    assert (logits[2] - logits[0]).abs().max() <= 2 * (logits[1] - logits[0]).abs().max() + 1e-3
