"""A scale and a bias for each label, folded into the last linear layer of real heads."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification

from clf.models.label_scaling import fold_label_scaling, takes_biases
from clf.models.temperature import last_layer, try_out

SCALES, BIASES = np.array([0.5, 2.0, 1.25]), np.array([0.3, -1.0, 0.0])


@pytest.fixture
def model(tiny_encoder: Path) -> torch.nn.Module:
    found: torch.nn.Module = AutoModelForSequenceClassification.from_pretrained(tiny_encoder, num_labels=3)
    return found.eval()


def test_each_logit_is_scaled_and_moved_by_its_own_values(model: torch.nn.Module) -> None:
    before = try_out(model)
    assert takes_biases(model)
    assert fold_label_scaling(model, SCALES, BIASES)
    expected = before * torch.tensor(SCALES) + torch.tensor(BIASES)
    assert torch.allclose(try_out(model).double(), expected.double(), atol=1e-6)


def test_a_head_without_a_bias_takes_scales_and_no_biases(model: torch.nn.Module) -> None:
    last = last_layer(model)
    assert last is not None
    last.bias = None
    before = try_out(model)
    assert not takes_biases(model)
    assert not fold_label_scaling(model, SCALES, BIASES)
    assert torch.equal(try_out(model), before)
    assert fold_label_scaling(model, SCALES, np.zeros(3))
    assert torch.allclose(try_out(model), before * torch.tensor(SCALES, dtype=torch.float32), atol=1e-6)


def test_a_model_whose_logits_are_not_those_of_the_layer_is_left_as_it_was(model: torch.nn.Module) -> None:
    class Squashed(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.config = model, model.config

        def forward(self, **inputs: torch.Tensor) -> object:
            output = self.inner(**inputs)
            output.logits = torch.tanh(output.logits)
            return output

    squashed = Squashed().eval()
    kept = {name: value.clone() for name, value in squashed.state_dict().items()}
    assert not fold_label_scaling(squashed, SCALES, BIASES)
    assert all(torch.equal(value, kept[name]) for name, value in squashed.state_dict().items())
