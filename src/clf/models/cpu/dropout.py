"""Dropout whose masks are drawn many at a time: on a CPU, PyTorch draws them one by one, an eighth of a step's time."""

# ruff: noqa: TID253 - this module computes
from typing import Any

import numpy as np
import torch

LEVELS = 1 << 16
INFINITY = 0x7F80  # the bits of it in bfloat16
threshold = torch.ops.aten.threshold_backward


class FastDropout(torch.nn.Module):
    """As `torch.nn.Dropout`, with a probability rounded to 1/65536; for a probability below a half.

    Each mask comes from a generator of its own (SFC64), seeded by one draw from PyTorch's: so the state of that one,
    which checkpoints keep, says all there is to say of the masks to come.

    The 16 random bits of a value are read as a bfloat16, and the value is dropped where that is at most `limit`, the
    negative number with as many others, down to minus infinity, as should be dropped. (Those that are no number are
    above each limit.) PyTorch compares and selects in one pass then, where a mask of booleans takes four.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p  # attention reads it, which draws its own
        dropped = max(1, round(p * LEVELS))
        bits = torch.tensor(INFINITY + 1 - dropped - LEVELS // 2, dtype=torch.int16)
        self.limit, self.scale = float(bits.view(torch.bfloat16)), LEVELS / (LEVELS - dropped)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Zero a share `p` of the values, and scale the others by 1 / (1 - p); nothing in evaluation."""
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
    """Put `FastDropout` in the place of every dropout of a model that is trained on a CPU."""
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, torch.nn.Dropout) and 0 < child.p < 0.49:
                setattr(module, name, FastDropout(child.p).train(child.training))
