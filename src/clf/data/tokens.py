"""Cleaned texts -> token ids, cut at `max_length`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clf.errors import ModelError

# No tokenizer in use makes fewer tokens than one per this many characters of ordinary text; a text of
# megabytes costs no more than the part that can be read.
CHARACTERS_PER_TOKEN = 100
READ_AT_MOST = 100_000  # characters of a text whose tokens are counted
CHUNK = 1000


def tokenize(texts: Sequence[str], tokenizer: Any, max_length: int) -> list[list[int]]:
    """Encode each text as token ids, special tokens included, at most `max_length` of them.

    "[SEP]" in a text is five characters like any others, never the token of that name.
    """
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
            split_special_tokens=True,
        )
        ids += encoded["input_ids"]
    return ids


def plain_tokenizer(file: Path) -> Any:
    """Load a `tokenizer.json` to count tokens with: no truncation, no padding, special tokens in texts are text.

    Raises ModelError when it is damaged.
    """
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # the library raises nothing narrower
        raise ModelError(f"{file} is damaged: {error}", "fetch or save the model again") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True
    return tokenizer
