"""What the table of families says of an architecture is true of a tiny model of it."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForSequenceClassification

from clf.models.classifier import position_limit
from clf.models.cpu.attention import attend_text_by_text, keep_activations_in_bf16
from clf.models.families import FAMILIES, NARROW, NARROW_RATE, UNKNOWN, family_of, suggested_rate

POSITIONS = 20
SMALL: dict[str, Any] = {
    "vocab_size": 99, "num_labels": 3, "max_position_embeddings": POSITIONS, "pad_token_id": 1,
    "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "dropout": 0.0, "attention_dropout": 0.0,
    "seq_classif_dropout": 0.0,
}  # fmt: skip
BERT = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
SHAPES: dict[str, dict[str, Any]] = {
    "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64},
    "longformer": {**BERT, "attention_window": [4, 4]},
}
READS_ALL = SimpleNamespace(model_max_length=10**9)


def model_of(kind: str) -> Any:
    torch.manual_seed(0)
    config = AutoConfig.for_model(kind, **(SMALL | SHAPES.get(kind, BERT)))
    return AutoModelForSequenceClassification.from_config(config).eval()


def read(model: Any, tokens: int) -> torch.Tensor:
    ids = torch.full((2, tokens), 7)
    with torch.no_grad():
        logits: torch.Tensor = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
    return logits


@pytest.mark.parametrize("kind", FAMILIES)
def test_the_longest_text_that_is_allowed_can_be_read(kind: str) -> None:
    model = model_of(kind)
    limit = position_limit(model, READS_ALL)
    assert limit == POSITIONS - 2 * family_of(kind).positions_after_padding
    assert read(model, limit).isfinite().all()
    if kind != "longformer":  # which pads to its window
        with pytest.raises((IndexError, RuntimeError)):
            read(model, limit + 1)


@pytest.mark.parametrize("kind", [kind for kind in FAMILIES if family_of(kind).plain_attention])
def test_fast_attention_and_activations_fit(kind: str) -> None:
    model = model_of(kind)
    expected = read(model, 9)
    assert attend_text_by_text(model)
    assert keep_activations_in_bf16(model)
    torch.testing.assert_close(read(model, 9), expected, atol=2e-6, rtol=1e-4)
    ids = torch.full((2, 9), 7)
    loss = model.train()(input_ids=ids, attention_mask=torch.ones_like(ids)).logits.sum()
    loss.backward()
    assert all(weight.grad is None or weight.grad.isfinite().all() for weight in model.parameters())


def test_an_architecture_that_is_not_in_the_table_works_plainly() -> None:
    assert family_of("modernbert") == UNKNOWN == family_of("")


def test_a_narrow_encoder_gets_a_larger_rate_under_any_name() -> None:
    assert suggested_rate("sentence-transformers/all-MiniLM-L6-v2") == 1e-4
    assert suggested_rate("google/electra-small-discriminator") == 3e-4
    assert suggested_rate("google/bert_uncased_L-2_H-128_A-2") == 1e-4
    assert suggested_rate("distilbert-base-uncased", 768) is None
    assert suggested_rate("./my/folder", 384) == 1e-4


def test_narrow_is_up_to_a_width_and_a_known_name_says_more_than_the_width() -> None:
    assert suggested_rate("./encoder", NARROW) == NARROW_RATE
    assert suggested_rate("./encoder", NARROW + 1) is None
    assert suggested_rate("./encoder") is None
    assert suggested_rate("./encoder", 0) is None
    assert suggested_rate("Google/ELECTRA-large-discriminator", 1024) == 5e-5
    assert suggested_rate("google/electra-small-discriminator", 256) == 3e-4
