"""Tokenize cleaned texts, truncated to `max_length`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from clf.errors import ModelError, first_line
from clf.models.tokenizer_file import check_tokenizer_file

# Every tokenizer in use makes at least one token per this many characters of ordinary text. So only the part
# of a very long text that the model can read needs to be tokenized.
CHARACTERS_PER_TOKEN = 100
READ_AT_MOST = 100_000  # characters per text that are tokenized to count tokens
CHUNK = 1000
LEAST_LENGTH = 16  # tokens; error hints suggest no smaller --max-length


Truncation = Literal["head", "tail", "head-tail"]
TokenIds = list[NDArray[np.int32]]


def tokenize(texts: Sequence[str], tokenizer: Any, max_length: int, truncation: Truncation = "head") -> TokenIds:
    """Tokenize each text into at most `max_length` token ids, special tokens included.

    `truncation` is the part of a longer text that is kept; "head-tail" keeps a quarter from its beginning and the rest
    from its end (Sun et al. 2019, "How to Fine-Tune BERT for Text Classification?"). "[SEP]" in a text is treated as
    five ordinary characters, never as the special token. Raises ModelError when the tokenizer fails.
    """
    encode = _encode_heads if truncation == "head" else partial(_encode_parts, truncation=truncation)
    ids: TokenIds = []
    with telling_tokenizer(f"the tokenizer in {getattr(tokenizer, 'name_or_path', '')}"):
        for start in range(0, len(texts), CHUNK):
            rows = encode(texts[start : start + CHUNK], tokenizer, max_length)
            if (longest := max(map(len, rows))) > max_length:
                told = f"the tokenizer made {longest} tokens of a text, expected at most {max_length}"
                raise ModelError(told, "pass a larger --max-length, or save the tokenizer again")
            ids += [np.asarray(row, dtype=np.int32) for row in rows]
    return ids


@contextmanager
def telling_tokenizer(tokenizer: object) -> Iterator[None]:
    """Raise ModelError when the library of tokenizers fails; its panics are not Exceptions."""
    try:
        yield
    except BaseException as error:
        if type(error) is not Exception and type(error).__name__ != "PanicException":
            raise
        raise ModelError(f"{tokenizer} is damaged: {first_line(error)}", "download or save the model again") from error


def _encode_heads(texts: Sequence[str], tokenizer: Any, max_length: int) -> list[list[int]]:
    limit = max_length * CHARACTERS_PER_TOKEN
    encoded = tokenizer(
        [text[:limit] for text in texts],
        truncation=True,
        max_length=max_length,
        return_attention_mask=False,
        return_token_type_ids=False,
        split_special_tokens=True,
    )
    return list(encoded["input_ids"])


def frame_of(tokenizer: Any) -> list[int]:
    """Return the special tokens around each text."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:  # one in Python, such as BERTweet's
        return list(tokenizer("")["input_ids"])
    backend.no_padding()  # tokenizer.json may set any length, and the library would allocate it
    backend.no_truncation()
    # Not a batch, for which the library starts threads: a process that is forked later would wait for them for ever.
    return list(backend.encode("").ids)


def largest_id(tokenizer: Any) -> int:
    """Return the largest id of the tokens that a tokenizer can make."""
    return int(max(len(tokenizer) - 1, *tokenizer.get_vocab().values(), *frame_of(tokenizer)))


def _encode_parts(texts: Sequence[str], tokenizer: Any, max_length: int, truncation: Truncation) -> list[list[int]]:
    limit = max_length * CHARACTERS_PER_TOKEN
    frame = frame_of(tokenizer)
    room = max_length - len(frame)
    before = room // 4 if truncation == "head-tail" else 0
    shortened = [text if len(text) <= 2 * limit else f"{text[:limit]} {text[-limit:]}" for text in texts]
    encoded = tokenizer(
        shortened,
        add_special_tokens=False,
        return_attention_mask=False,
        return_token_type_ids=False,
        split_special_tokens=True,
        verbose=False,  # otherwise the library warns about texts longer than the model can read
    )
    opening = len(frame) // 2
    return [
        [*frame[:opening], *(ids if len(ids) <= room else ids[:before] + ids[before - room :]), *frame[opening:]]
        for ids in encoded["input_ids"]
    ]


def pad_rows(
    token_ids: Sequence[Any], padding: int, multiple: int = 1, most: int | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pad to the longest text, rounded up to `multiple`; return ids and attention mask, both of shape (texts, tokens).

    Rounding up stops at `most`, the maximum number of tokens that the model can read.
    """
    lengths = np.array([len(ids) for ids in token_ids])
    longest = int(lengths.max())
    width = -(-longest // multiple) * multiple
    width = width if most is None else max(longest, min(width, most))
    ids = np.full((len(token_ids), width), padding, dtype=np.int64)
    mask = np.arange(ids.shape[1]) < lengths[:, None]
    ids[mask] = np.concatenate([np.asarray(row, dtype=np.int64) for row in token_ids])
    return ids, mask.astype(np.int64)


def plain_tokenizer(file: Path) -> Any:
    """Load a `tokenizer.json` for counting: no truncation or padding, and special tokens in texts are plain text.

    Raises ModelError when it is damaged.
    """
    from tokenizers import Tokenizer

    check_tokenizer_file(file)
    with telling_tokenizer(file):
        tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True
    return tokenizer
