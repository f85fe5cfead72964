"""Attention over a few texts at a time, for training on a CPU, where the gradient of PyTorch's fused kernel is slow."""

# ruff: noqa: TID253 - this module computes
from collections.abc import Iterator
from typing import Any

import torch
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS

from clf.models.families import family_of

NAME = "clf_text_by_text"
WEIGHTS_AT_ONCE = 1 << 22  # measured: fewer leave cores idle, more fall out of the cache between two products


class _TextByText(torch.autograd.Function):
    """softmax(scale Q K') V for a few texts at a time, truncated to the longest of them to skip padding.

    The gradient: dV = P' dO, dP = dO V', dS = P (dP - rowsum(dP P)), dQ = scale dS K, dK = scale dS' Q.
    """

    @staticmethod
    def forward(
        context: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, lengths: list[int], scale: float
    ) -> torch.Tensor:
        """Map three tensors of shape (texts, heads, tokens, width) to one of shape (texts, tokens, heads, width)."""
        texts, heads, tokens, width = query.shape
        attended = query.new_zeros(texts, tokens, heads, width)
        kept: list[torch.Tensor] = []
        for rows, longest in _groups(lengths, heads):
            q, k, v = (_taken(part, rows, longest) for part in (query, key, value))
            q = q * scale
            scores = torch.bmm(q, k.transpose(1, 2))
            _hide_padding(scores, lengths[rows], heads)
            weights = torch.softmax(scores, -1)
            _put(torch.bmm(weights, v), attended, rows, longest)
            kept += [q, k, v, weights]
        context.save_for_backward(*kept)
        context.shape, context.lengths, context.scale = query.shape, lengths, scale
        return attended

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        texts, heads, tokens, width = context.shape
        d_query, d_key, d_value = (gradients[0].new_zeros(texts, tokens, heads, width) for _ in range(3))
        kept = iter(context.saved_tensors)
        for rows, longest in _groups(context.lengths, heads):
            q, k, v, weights = (next(kept) for _ in range(4))
            d_attended = _taken(gradients[0].transpose(1, 2), rows, longest)
            _put(torch.bmm(weights.transpose(1, 2), d_attended), d_value, rows, longest)
            d_weights = torch.bmm(d_attended, v.transpose(1, 2))
            d_scores = torch.ops.aten._softmax_backward_data(d_weights, weights, -1, weights.dtype)
            _put(torch.bmm(d_scores, k).mul_(context.scale), d_query, rows, longest)
            _put(torch.bmm(d_scores.transpose(1, 2), q), d_key, rows, longest)
        return d_query.transpose(1, 2), d_key.transpose(1, 2), d_value.transpose(1, 2), None, None


def attend_text_by_text(model: Any) -> bool:
    """Make a model that is trained on a CPU attend text by text; return whether its architecture supports it.

    Texts must be padded on the right, and dropout on attention weights must be off. Without a gradient, PyTorch's
    kernel is used.
    """
    if not family_of(model.config.model_type).plain_attention:
        return False
    AttentionInterface.register(NAME, _attend)
    ALL_MASK_ATTENTION_FUNCTIONS.register(NAME, _padding_mask)
    model.set_attn_implementation(NAME)
    return True


def keep_activations_in_bf16(model: Any) -> bool:
    """Keep the activations of a model that is trained on a CPU in bf16; return whether its architecture supports it.

    Autocast alone leaves the sums between the layers in fp32: twice the memory to read, and a cast for each product.
    Layer norms still sum in fp32, and the weights and their gradients stay in fp32.
    """
    if not family_of(model.config.model_type).activations_in_bf16:
        return False
    model.base_model.embeddings.register_forward_hook(_to_bf16)
    return True


def _to_bf16(module: Any, inputs: Any, embedded: torch.Tensor) -> torch.Tensor:
    training = torch.is_grad_enabled() and torch.is_autocast_enabled("cpu")
    return embedded.to(torch.bfloat16) if training else embedded


def _attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    if not torch.is_grad_enabled():
        seen = None if attention_mask is None or attention_mask.all() else attention_mask[:, None, None, :].bool()
        attended, _ = sdpa_attention_forward(module, query, key, value, seen, scaling=scale, is_causal=False)
        return attended, None
    texts, tokens = query.shape[0], query.shape[2]
    lengths = [tokens] * texts if attention_mask is None else attention_mask.sum(1).tolist()
    attended = _TextByText.apply(query, key, value, lengths, scale)  # type: ignore[no-untyped-call]
    return attended, None


def _padding_mask(*_: Any, attention_mask: torch.Tensor | None = None, **__: Any) -> torch.Tensor | None:
    """Return the tokenizer's mask unchanged, of shape (texts, tokens)."""
    return attention_mask


def _groups(lengths: list[int], heads: int) -> Iterator[tuple[slice, int]]:
    """Yield slices of neighbouring texts to compute together, each with the length of its longest text."""
    start = 0
    while start < len(lengths):
        end, longest = start + 1, lengths[start]
        while end < len(lengths):
            longer = max(longest, lengths[end])
            if (end + 1 - start) * heads * longer**2 > WEIGHTS_AT_ONCE:
                break
            end, longest = end + 1, longer
        yield slice(start, end), longest
        start = end


def _taken(part: torch.Tensor, rows: slice, longest: int) -> torch.Tensor:
    """Copy some texts of a (texts, heads, tokens, width) tensor to one of shape (texts * heads, tokens, width)."""
    chosen = part[rows, :, :longest]
    return chosen.contiguous().view(-1, longest, part.shape[-1])


def _put(values: torch.Tensor, target: torch.Tensor, rows: slice, longest: int) -> None:
    _, _, heads, width = target.shape
    target[rows, :longest] = values.view(-1, heads, longest, width).transpose(1, 2)


def _hide_padding(scores: torch.Tensor, lengths: list[int], heads: int) -> None:
    longest = scores.shape[-1]
    if min(lengths) < longest:
        padding = torch.arange(longest) >= torch.tensor(lengths)[:, None]
        scores.view(len(lengths), heads, longest, longest).masked_fill_(padding[:, None, None, :], float("-inf"))
