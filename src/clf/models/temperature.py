"""Fold a temperature into the weights, so that any tool that loads the model gives calibrated confidence."""

# ruff: noqa: TID253 - this module computes
from typing import Any

import torch

TOLERANCE = 1e-3


def fold_temperature(model: Any, temperature: float) -> bool:
    """Divide the logits by `temperature`, by dividing the weights and bias of the last linear layer.

    Returns whether it worked. A model whose logits are not the direct output of that layer is left unchanged.
    """
    last = last_layer(model)
    if last is None:
        return False
    before = try_out(model)
    _divide(last, temperature)
    if torch.allclose(try_out(model) * temperature, before, rtol=TOLERANCE, atol=TOLERANCE):
        return True
    _divide(last, 1 / temperature)
    return False


def last_layer(model: Any) -> torch.nn.Linear | None:
    """Return the last linear layer with one output per label, or None."""
    found = [
        module
        for module in model.modules()
        if isinstance(module, torch.nn.Linear) and module.out_features == model.config.num_labels
    ]
    return found[-1] if found else None


def _divide(layer: torch.nn.Linear, temperature: float) -> None:
    with torch.no_grad():
        layer.weight.div_(temperature)
        if layer.bias is not None:
            layer.bias.div_(temperature)


def try_out(model: Any) -> torch.Tensor:
    """Return the logits of a fixed text of eight tokens; changes neither the model nor the random state."""
    was_training = model.training
    ids = torch.arange(1, 9, device=next(model.parameters()).device)[None]
    try:
        with torch.inference_mode():
            logits: torch.Tensor = model.eval()(input_ids=ids, attention_mask=torch.ones_like(ids)).logits.float()
        return logits
    finally:
        model.train(was_training)
