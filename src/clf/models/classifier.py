"""A classifier: a pre-trained encoder with a classification head, its tokenizer and its label names."""

# ruff: noqa: TID253 - this module computes
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from transformers.utils import logging as transformers_logging

from clf.data.cleaning import clean_ends
from clf.errors import UsageError
from clf.models.configs import MULTI_LABEL
from clf.models.families import family_of
from clf.models.tokens import CHARACTERS_PER_TOKEN, Truncation
from clf.scoring.answers import confidence_of
from clf.scoring.multi_label import EVEN
from clf.settings import DEFAULT_MAX_LENGTH, CleaningSettings

if TYPE_CHECKING:
    from clf.models.record import ModelRecord

OFF = 0.03
"""By how much a probability may be off where it is computed in bf16; see `clf.models.inference.Inference`."""


@dataclass
class Classifier:
    """A model that labels texts; `record` is its `clf.json`, or None for a model made by another tool."""

    name: str
    model: Any
    tokenizer: Any
    labels: list[str]
    max_length: int
    cleaning: CleaningSettings
    record: "ModelRecord | None" = None
    head: str = "its own"
    """Where the classification head came from: "its own" (the checkpoint's) or "fresh" (newly initialised)."""
    truncation: Truncation = "head"
    """Which part of a text is kept when it is too long."""
    given_threshold: float | None = None
    """The threshold that the user set instead of what the record holds: of the confidence with one label per text, and
    of every label where a text may have several."""

    def clean(self, text: str) -> str:
        """Return the cleaned text; a very long one may be shortened, but never below what the model can read."""
        return clean_ends(text, self.cleaning, self.max_length * CHARACTERS_PER_TOKEN)

    @property
    def multi_label(self) -> bool:
        """Whether a text may have several labels: each then has a probability of its own (sigmoid)."""
        return bool(getattr(self.model.config, "problem_type", None) == MULTI_LABEL)

    @property
    def thresholds(self) -> NDArray[np.float64] | None:
        """The probability from which on each label is predicted, shape (labels,); None with one label per text."""
        if not self.multi_label:
            return None
        if self.given_threshold is not None:
            return np.full(len(self.labels), self.given_threshold)
        stored = (self.record.thresholds if self.record else None) or {}
        return np.array([stored.get(name, EVEN) for name in self.labels])

    @property
    def abstains_below(self) -> float | None:
        """The confidence below which the model gives no answer; None if it answers every text."""
        if self.given_threshold is not None and not self.multi_label:
            return self.given_threshold
        return self.record.threshold if self.record else None

    def least_sure(self, probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the confidence of the least sure decision on each text, shape (texts,).

        A text is one decision with one label per text, and one for each label where it may have several. A decision
        within OFF of its threshold is as unsure as can be, wherever the threshold is.
        """
        thresholds = self.thresholds
        if thresholds is None:
            return confidence_of(probabilities)
        least: NDArray[np.float64] = np.maximum(probabilities, 1 - probabilities).min(axis=1).astype(np.float64)
        least[(np.abs(probabilities - thresholds) < OFF).any(axis=1)] = EVEN
        return least

    @property
    def parameters(self) -> int:
        """The number of weights."""
        return sum(weight.numel() for weight in self.model.parameters())


def position_limit(model: Any, tokenizer: Any) -> int:
    """Return the maximum number of tokens that the model can read."""
    positions = getattr(model.config, "max_position_embeddings", None) or DEFAULT_MAX_LENGTH
    if family_of(model.config.model_type).positions_after_padding:
        positions -= (model.config.pad_token_id or 1) + 1
    return int(min(positions, tokenizer.model_max_length))


def choose_max_length(wanted: int | None, limit: int, name: str) -> int:
    """Return the max length: `wanted` if set, otherwise DEFAULT_MAX_LENGTH or the model's limit if that is smaller.

    Raises UsageError when `wanted` is more than the model can read.
    """
    if wanted is not None and wanted > limit:
        raise UsageError(
            f"--max-length {wanted} is more than {name} can read ({limit} tokens)",
            f"pass --max-length {limit} or less",
        )
    return wanted or min(DEFAULT_MAX_LENGTH, limit)


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Silence the logs, warnings and progress bars of transformers: clf checks and reports what matters itself."""
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
