"""Dropout with masks drawn in bulk: on a CPU, PyTorch draws values singly, which takes an eighth of a step's time."""

# ruff: noqa: TID253 - this module computes
from typing import Any

import numpy as np
import torch

LEVELS = 1 << 16
INFINITY = 0x7F80  # its bits in bfloat16
threshold = torch.ops.aten.threshold_backward


class FastDropout(torch.nn.Module):
    """`torch.nn.Dropout` with the probability rounded to 1/65536, for probabilities below a half.

    Each mask comes from its own generator (SFC64), seeded by one draw from PyTorch's generator. The state of PyTorch's
    generator, which checkpoints contain, therefore determines all future masks.

    Each value gets 16 random bits, read as a bfloat16, and is dropped if that number is at most `limit`. The limit is
    negative and chosen so that the numbers from minus infinity up to it are exactly as many as should be dropped. (NaNs
    count as above the limit.) PyTorch can then compare and select in one pass, where a boolean mask takes four.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p  # read by attention, which draws its own masks
        dropped = max(1, round(p * LEVELS))
        bits = torch.tensor(INFINITY + 1 - dropped - LEVELS // 2, dtype=torch.int16)
        self.limit, self.scale = float(bits.view(torch.bfloat16)), LEVELS / (LEVELS - dropped)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Zero a share `p` of the values and scale the others by 1 / (1 - p); in evaluation, change nothing."""
        if not self.training:
            return values
        masked: torch.Tensor = _Masked.apply(values, self.limit, self.scale)  # type: ignore[no-untyped-call]
        return masked


class _Masked(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, values: torch.Tensor, limit: float, scale: float) -> torch.Tensor:
        size = values.numel()
        drawn = np.random.SFC64(int(torch.randint(0, 2**62, (1,)))).random_raw(-(-size // 4))
        levels = torch.from_numpy(drawn.view(np.int16)[:size]).view(torch.bfloat16).view(values.shape)
        context.save_for_backward(levels)
        context.limit, context.scale = limit, scale
        masked: torch.Tensor = threshold(values, levels.to(values.dtype), limit).mul_(scale)
        return masked

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (levels,) = context.saved_tensors
        gradient = gradients[0]
        return threshold(gradient, levels.to(gradient.dtype), context.limit).mul_(context.scale), None, None


def draw_masks_fast(model: torch.nn.Module) -> None:
    """Replace every dropout layer of a model that is trained on a CPU with `FastDropout`."""
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, torch.nn.Dropout) and 0 < child.p < 0.49:
                setattr(module, name, FastDropout(child.p).train(child.training))
