"""Fold a scale and a bias for each label's logit into the weights, so that any tool gives calibrated probabilities."""

# ruff: noqa: TID253 - this module computes
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from clf.models.temperature import TOLERANCE, last_layer, try_out

Values = NDArray[np.float64]


def takes_biases(model: Any) -> bool:
    """Return whether the last linear layer has a bias for each label."""
    last = last_layer(model)
    return last is not None and last.bias is not None


def fold_label_scaling(model: Any, scales: Values, biases: Values) -> bool:
    """Replace each logit z by scale * z + bias, by changing the last linear layer; `scales`, `biases`: shape (labels,).

    The weights w and the bias b of a label become scale * w and scale * b + bias. Returns whether it worked, which the
    logits of each label show; otherwise the model is left unchanged. Biases must be 0 for a layer that has none.
    """
    last = last_layer(model)
    if last is None or (last.bias is None and biases.any()):
        return False
    before = try_out(model)
    kept = {name: value.clone() for name, value in last.state_dict().items()}
    scale, bias = (torch.as_tensor(values, dtype=torch.float32, device=before.device) for values in (scales, biases))
    with torch.no_grad():
        last.weight.mul_(scale[:, None])
        if last.bias is not None:
            last.bias.mul_(scale).add_(bias)
    if torch.allclose(try_out(model), before * scale + bias, rtol=TOLERANCE, atol=TOLERANCE):
        return True
    last.load_state_dict(kept)
    return False
