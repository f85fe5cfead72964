"""Token ids -> probabilities: the one inference engine behind train, evaluate, compare and predict."""

# ruff: noqa: TID253 - this module computes
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from clf.data.tokens import pad_rows, tokenize
from clf.errors import ModelError
from clf.models.classifier import Classifier
from clf.models.compute import Compute

TOKENS_PER_BATCH = {"cpu": 8_192, "mps": 16_384, "cuda": 65_536}
TEXTS_PER_BATCH = 512

Advance = Callable[[int], None]


def predict_texts(
    classifier: Classifier, texts: Sequence[str], compute: Compute, advance: Advance | None = None
) -> NDArray[np.float32]:
    """Return the probabilities of cleaned texts, shape (texts, classes)."""
    token_ids = tokenize(texts, classifier.tokenizer, classifier.max_length, classifier.truncation)
    return predict_tokens(classifier.model, token_ids, classifier.tokenizer.pad_token_id, compute, advance)


def embed_texts(
    classifier: Classifier, texts: Sequence[str], compute: Compute, advance: Advance | None = None
) -> NDArray[np.float32]:
    """Return the encoder's mean last hidden state of each cleaned text, shape (texts, width), without its head."""
    token_ids = tokenize(texts, classifier.tokenizer, classifier.max_length, classifier.truncation)
    encoder, width = classifier.model.base_model, classifier.model.config.hidden_size

    def mean_hidden_state(ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        weights = mask[:, :, None].float()
        hidden = encoder(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        mean: torch.Tensor = (hidden * weights).sum(1) / weights.sum(1)
        return mean

    return _answer(encoder, mean_hidden_state, width, token_ids, classifier.tokenizer.pad_token_id, compute, advance)


def predict_tokens(
    model: Any,
    token_ids: Sequence[Any],
    padding: int,
    compute: Compute,
    advance: Advance | None = None,
) -> NDArray[np.float32]:
    """Return the probabilities of encoded texts, shape (texts, classes), rows in the order given.

    Texts of similar length are read together, as many as the device's token budget takes. Draws nothing from
    the global random state. Raises ModelError when a probability is not a number.
    """

    def probabilities(ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return torch.softmax(model(input_ids=ids, attention_mask=mask).logits.float(), dim=-1)

    return _answer(model, probabilities, model.config.num_labels, token_ids, padding, compute, advance)


def _answer(
    model: Any,
    ask: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    width: int,
    token_ids: Sequence[Any],
    padding: int,
    compute: Compute,
    advance: Advance | None,
) -> NDArray[np.float32]:
    """Return what `ask` gives for ids and mask of each batch, shape (texts, width), rows in the order given."""
    answers = np.empty((len(token_ids), width), dtype=np.float32)
    was_training = model.training
    model.to(compute.device).eval()
    with torch.inference_mode(), compute.autocast():
        for rows in _batches(token_ids, TOKENS_PER_BATCH.get(compute.device.type, 8_192)):
            padded = pad_rows([token_ids[row] for row in rows], padding)
            ids, mask = (torch.from_numpy(part).to(compute.device) for part in padded)
            answers[rows] = ask(ids, mask).cpu().numpy()
            if advance:
                advance(len(rows))
    model.train(was_training)
    _check_finite(answers)
    return answers


def _check_finite(answers: NDArray[np.float32]) -> None:
    if not np.isfinite(answers).all():
        raise ModelError(
            "the model's answers are not numbers (NaN or infinite)",
            "train it again, with a smaller --learning-rate or --precision fp32",
        )


def _batches(token_ids: Sequence[Any], budget: int) -> Iterator[list[int]]:
    """Yield row numbers, longest texts first, so that the largest batch fails early or never."""
    order = sorted(range(len(token_ids)), key=lambda row: len(token_ids[row]), reverse=True)
    batch: list[int] = []
    for row in order:
        longest = len(token_ids[batch[0]]) if batch else 0
        if batch and ((len(batch) + 1) * longest > budget or len(batch) == TEXTS_PER_BATCH):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch
