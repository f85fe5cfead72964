"""Dropout whose masks are drawn many at a time: on a CPU, PyTorch draws them one by one, an eighth of a step's time."""

# ruff: noqa: TID253 - this module computes
from typing import Any

import numpy as np
import torch

LEVELS = 1 << 16


class FastDropout(torch.nn.Module):
    """As `torch.nn.Dropout`, with a probability rounded to 1/65536.

    Each mask comes from a generator of its own (SFC64), seeded by one draw from PyTorch's: so the state of that one,
    which checkpoints keep, says all there is to say of the masks to come.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Zero a share `p` of the values, and scale the others by 1 / (1 - p); nothing in evaluation."""
        if not self.training:
            return values
        masked: torch.Tensor = _Masked.apply(values, round(self.p * LEVELS))  # type: ignore[no-untyped-call]
        return masked


class _Masked(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, values: torch.Tensor, dropped: int) -> torch.Tensor:
        seed = int(torch.randint(0, 2**62, (1,)))
        drawn = np.random.Generator(np.random.SFC64(seed)).bytes(2 * values.numel())
        levels = torch.frombuffer(bytearray(drawn), dtype=torch.int16).view(values.shape)
        kept = levels >= dropped - LEVELS // 2
        context.save_for_backward(kept)
        context.scale = LEVELS / (LEVELS - dropped)
        masked: torch.Tensor = values * kept * context.scale
        return masked

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        (kept,) = context.saved_tensors
        return gradients[0] * kept * context.scale, None


def draw_masks_fast(model: torch.nn.Module) -> None:
    """Put `FastDropout` in the place of every dropout of a model that is trained on a CPU."""
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, torch.nn.Dropout) and 0 < child.p < 1:
                setattr(module, name, FastDropout(child.p).train(child.training))
