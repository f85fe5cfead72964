"""A classifier: a pre-trained encoder with a classification head, its tokenizer and its label names."""

# ruff: noqa: TID253 - this module computes
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from transformers.utils import logging as transformers_logging

from clf.data.cleaning import clean_ends
from clf.errors import UsageError
from clf.models.families import family_of
from clf.models.record import ModelRecord
from clf.models.tokens import CHARACTERS_PER_TOKEN, Truncation
from clf.settings import DEFAULT_MAX_LENGTH, CleaningSettings


@dataclass
class Classifier:
    """A model that labels texts. `record` is its `clf.json`, None for a model that clf did not make."""

    name: str
    model: Any
    tokenizer: Any
    labels: list[str]
    max_length: int
    cleaning: CleaningSettings
    record: ModelRecord | None = None
    head: str = "its own"
    """Whether the head is the checkpoint's own, or fresh."""
    truncation: Truncation = "head"
    """Which part of a text that is too long is read."""

    def clean(self, text: str) -> str:
        """Return a text as the model reads it; of a very long one what can be read of it, at least."""
        return clean_ends(text, self.cleaning, self.max_length * CHARACTERS_PER_TOKEN)

    @property
    def parameters(self) -> int:
        """The number of weights."""
        return sum(weight.numel() for weight in self.model.parameters())


def position_limit(model: Any, tokenizer: Any) -> int:
    """Return how many tokens the model can read at most."""
    positions = getattr(model.config, "max_position_embeddings", None) or DEFAULT_MAX_LENGTH
    if family_of(model.config.model_type).positions_after_padding:
        positions -= (model.config.pad_token_id or 1) + 1
    return int(min(positions, tokenizer.model_max_length))


def choose_max_length(wanted: int | None, limit: int, name: str) -> int:
    """Return the length to cut at: the one asked for, else DEFAULT_MAX_LENGTH, capped by the model.

    Raises UsageError when more is asked for than the model can read.
    """
    if wanted is not None and wanted > limit:
        raise UsageError(
            f"--max-length {wanted} is more than {name} can read ({limit} tokens)",
            f"pass --max-length {limit} or less",
        )
    return wanted or min(DEFAULT_MAX_LENGTH, limit)


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep the library's own reports and bars off the terminal: what matters is checked and said by clf."""
    verbosity = transformers_logging.get_verbosity()
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        if bars:
            transformers_logging.enable_progress_bar()
