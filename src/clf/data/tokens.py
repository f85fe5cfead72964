"""Cleaned texts -> token ids, cut at `max_length`."""

from collections.abc import Sequence
from typing import Any

# No tokenizer in use makes fewer tokens than one per this many characters of ordinary text; a text of
# megabytes costs no more than the part that can be read.
CHARACTERS_PER_TOKEN = 100
CHUNK = 1000


def tokenize(texts: Sequence[str], tokenizer: Any, max_length: int) -> list[list[int]]:
    """Encode each text as token ids, special tokens included, at most `max_length` of them."""
    limit = max_length * CHARACTERS_PER_TOKEN
    ids: list[list[int]] = []
    for start in range(0, len(texts), CHUNK):
        chunk = [text[:limit] for text in texts[start : start + CHUNK]]
        encoded = tokenizer(
            chunk,
            truncation=True,
            max_length=max_length,
            return_attention_mask=False,
            return_token_type_ids=False,
        )
        ids += encoded["input_ids"]
    return ids
