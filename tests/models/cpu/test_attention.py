"""Attention text by text gives what PyTorch's gives, forward and backward, with and without padding."""

from pathlib import Path

import pytest
import torch
from transformers import AutoConfig, AutoModelForSequenceClassification

from clf.models.cpu import attention
from clf.models.cpu.attention import attend_text_by_text

SHAPE = {"vocab_size": 99, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "num_labels": 3}
BERT = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
DISTILBERT = {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64, "dropout": 0.0, "attention_dropout": 0.0,
              "seq_classif_dropout": 0.0}  # fmt: skip
KINDS = {"bert": BERT, "roberta": BERT, "electra": BERT, "distilbert": DISTILBERT}
LENGTHS = [12, 5, 9, 12, 1]


def results(model: torch.nn.Module, lengths: list[int]) -> tuple[torch.Tensor, list[torch.Tensor]]:
    ids = torch.randint(2, 99, (len(lengths), max(lengths)), generator=torch.Generator().manual_seed(1))
    mask = (torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]).long()
    model.zero_grad()
    logits = model(input_ids=ids, attention_mask=mask).logits
    torch.nn.functional.cross_entropy(logits, torch.arange(len(lengths)) % 3).backward()
    return logits.detach(), [weight.grad.clone() for weight in model.parameters() if weight.grad is not None]


@pytest.mark.parametrize("at_once", [1, 4 * 12 * 12 * 2, 1 << 20], ids=["one text", "two texts", "all"])
@pytest.mark.parametrize("kind", KINDS)
def test_logits_and_gradients_are_those_of_pytorch(kind: str, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "WEIGHTS_AT_ONCE", at_once)
    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_config(AutoConfig.for_model(kind, **SHAPE, **KINDS[kind])).train()
    for lengths in (LENGTHS, [8, 8, 8]):
        expected = results(model, lengths)
        assert attend_text_by_text(model)
        found = results(model, lengths)
        model.set_attn_implementation("sdpa")
        torch.testing.assert_close(found, expected, atol=2e-6, rtol=1e-4)


def test_without_a_gradient_the_answers_are_the_same() -> None:
    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_config(AutoConfig.for_model("bert", **SHAPE, **BERT)).eval()
    ids, mask = torch.randint(2, 99, (2, 6)), torch.tensor([[1] * 6, [1] * 4 + [0] * 2])
    with torch.inference_mode():
        expected = model(input_ids=ids, attention_mask=mask).logits, model(input_ids=ids).logits
        assert attend_text_by_text(model)
        found = model(input_ids=ids, attention_mask=mask).logits, model(input_ids=ids).logits
    torch.testing.assert_close(found, expected)


def test_other_architectures_are_left_alone_and_the_choice_is_not_saved_with_the_model(tmp_path: Path) -> None:
    model = AutoModelForSequenceClassification.from_config(AutoConfig.for_model("bert", **SHAPE, **BERT))
    attend_text_by_text(model)
    model.save_pretrained(tmp_path)
    assert attention.NAME not in (tmp_path / "config.json").read_text()
    model.config.model_type = "modernbert"
    assert not attend_text_by_text(model)


def test_activations_are_bf16_in_training_and_not_in_evaluation() -> None:
    model = AutoModelForSequenceClassification.from_config(AutoConfig.for_model("bert", **SHAPE, **BERT))
    attention.keep_activations_in_bf16(model)
    seen: list[torch.dtype] = []
    model.base_model.encoder.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].dtype))
    ids = torch.randint(2, 99, (2, 6))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        model(input_ids=ids).logits.sum().backward()
        with torch.inference_mode():
            model(input_ids=ids)
    model(input_ids=ids)
    assert seen == [torch.bfloat16, torch.float32, torch.float32]
    assert all(weight.grad.dtype == torch.float32 for weight in model.parameters() if weight.grad is not None)


def test_activations_of_other_architectures_are_left_alone() -> None:
    model = AutoModelForSequenceClassification.from_config(AutoConfig.for_model("bert", **SHAPE, **BERT))
    model.config.model_type = "modernbert"
    assert not attention.keep_activations_in_bf16(model)
    seen: list[torch.dtype] = []
    model.base_model.encoder.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].dtype))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        model(input_ids=torch.randint(2, 99, (2, 6)))
    assert seen == [torch.float32]


def test_padding_has_no_part_in_an_answer_whatever_stands_there() -> None:
    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_config(AutoConfig.for_model("bert", **SHAPE, **BERT)).train()
    assert attend_text_by_text(model)
    mask = torch.tensor([[1] * 4 + [0] * 2, [1] * 6])
    ids = torch.randint(2, 99, (2, 6), generator=torch.Generator().manual_seed(1))
    other = torch.where(mask == 1, ids, 1)
    answers = [model(input_ids=given, attention_mask=mask).logits.detach() for given in (ids, other)]
    torch.testing.assert_close(answers[0], answers[1])


@pytest.mark.parametrize(
    ("lengths", "at_once", "groups"),
    [
        ([3, 3, 3], 2 * 2 * 9, [(0, 2, 3), (2, 3, 3)]),  # two texts of two heads are just as much as there may be
        ([3, 3, 3], 2 * 2 * 9 - 1, [(0, 1, 3), (1, 2, 3), (2, 3, 3)]),
        ([1, 1, 3, 2], 4 * 2 * 9, [(0, 4, 3)]),
        ([1, 1, 3, 2], 4 * 2 * 9 - 1, [(0, 3, 3), (3, 4, 2)]),  # the longest counts for all of a group
        ([9], 1, [(0, 1, 9)]),
        ([], 1, []),
    ],
)
def test_texts_are_taken_together_as_long_as_their_weights_are_few_enough(
    monkeypatch: pytest.MonkeyPatch, lengths: list[int], at_once: int, groups: list[tuple[int, int, int]]
) -> None:
    monkeypatch.setattr(attention, "WEIGHTS_AT_ONCE", at_once)
    found = [(rows.start, rows.stop, longest) for rows, longest in attention._groups(lengths, 2)]
    assert found == groups
