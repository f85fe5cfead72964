"""Text lengths in tokens, counted with the tokenizer of a local model; the network is never used."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clf.models.store import EMBEDDED_ID, local_tokenizer
from clf.models.tokens import READ_AT_MOST, plain_tokenizer, telling_tokenizer
from clf.settings import TrainSettings


class TokenCounter:
    """Counts tokens with a model's tokenizer, special tokens included; `file` is None if no tokenizer was found."""

    def __init__(self, model: str, file: Path | None) -> None:
        self.model, self.file = model, file

    @cached_property
    def _tokenizer(self) -> Any:
        assert self.file is not None
        return plain_tokenizer(self.file)

    def __call__(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Count the tokens of each text; a text longer than READ_AT_MOST characters is extrapolated from its beginning.

        Raises ModelError when the tokenizer's file is damaged.
        """
        assert self.file is not None
        with telling_tokenizer(self.file):
            encoded = self._tokenizer.encode_batch_fast([text[:READ_AT_MOST] for text in texts])
        pairs = zip(texts, encoded, strict=True)
        return np.array([round(len(ids) * max(1.0, len(text) / READ_AT_MOST)) for text, ids in pairs], dtype=np.int64)


def token_counter(train: TrainSettings) -> TokenCounter:
    """Return the token counter of the encoder to train; if the default one is not local, that of the embedded one."""
    model, file = train.model, local_tokenizer(train.model, train.revision)
    if file is None and "model" not in train.model_fields_set:
        model, file = EMBEDDED_ID, local_tokenizer(EMBEDDED_ID)
    return TokenCounter(model, file)
