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


SUPPORTED = torch.ops.mkldnn._is_mkldnn_bf16_supported()
needs_support = pytest.mark.skipif(not SUPPORTED, reason="this processor cannot run packed layers")


@needs_support
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


class OwnLinear(torch.nn.Linear):
    """A layer that does more than a product, for all that is known."""


def small() -> torch.nn.Sequential:
    torch.manual_seed(2)
    layers = (torch.nn.Linear(32, 32), torch.nn.Linear(32, 16, bias=False), OwnLinear(16, 16))
    return torch.nn.Sequential(*layers).to(torch.bfloat16).eval()


@needs_support
def test_layers_without_a_bias_are_packed_and_other_kinds_are_left() -> None:
    plain, packed = small(), small()
    assert pack_linear_layers(packed)
    assert [type(layer) for layer in packed] == [PackedLinear, PackedLinear, OwnLinear]
    assert [layer.out_features for layer in packed] == [32, 16, 16]
    for shape in ((2, 32), (2, 3, 32), (1, 32)):
        values = torch.randn(shape).to(torch.bfloat16)
        with torch.inference_mode():
            expected, found = plain(values), packed(values)
        assert found.dtype == torch.bfloat16
        torch.testing.assert_close(found, expected, atol=0.02, rtol=0.05)


def test_where_the_processor_or_the_library_cannot_the_model_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    model = small()
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False)
    assert not pack_linear_layers(model)
    assert [type(layer) for layer in model] == [torch.nn.Linear, torch.nn.Linear, OwnLinear]
