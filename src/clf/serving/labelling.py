"""The texts of one request: cleaned and tokenized in a thread, queued, and answered as `clf predict` answers them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from clf.data.cleaning import clean_text
from clf.models.cpu.memory import copy_weights_into_memory
from clf.models.inference import TOKENS_PER_BATCH
from clf.models.onnx import OnnxModel
from clf.models.tokens import READ_AT_MOST, TokenIds, tokenize
from clf.outcomes.prediction import Prediction
from clf.serving.batcher import Array, Batcher
from clf.serving.model_thread import ModelThread
from clf.serving.small_first import SmallFirst

if TYPE_CHECKING:
    from clf.predictor import Predictor

TOKENS_ON_CPU = 2_048
"""Half of what a batch of `clf predict` has: as fast, and a text that comes meanwhile waits half as long."""
LONG = 10_000
"""Characters of a request: with so many, preparing it takes long enough to let shorter ones go first."""
WARM_UP = "Is the first text answered?"


class TooLong(Exception):
    """A text has more tokens than the model reads; `place` counts from 0."""

    def __init__(self, place: int, tokens: int) -> None:
        super().__init__(f"text {place} has {tokens} tokens")
        self.place, self.tokens = place, tokens


@dataclass(frozen=True)
class Labelled:
    """What the model says of one text: its prediction, a score for each label in order, and its tokens."""

    prediction: Prediction
    scores: list[float]
    tokens: int
    tokens_cut: int


@dataclass(frozen=True)
class _Prepared:
    texts: list[str]
    ids: TokenIds
    cut: list[int]
    """Of the texts that are not empty: how many tokens were cut."""


class Labeller:
    """A model behind a queue: labels the texts of many requests, with the same answers as `clf predict`."""

    def __init__(self, predictor: "Predictor", places: int, thread: ModelThread | None = None) -> None:
        """Prepare a queue of `places` texts; the model runs in `thread`, best the one that loaded it."""
        self.predictor = predictor
        inference = predictor.inference
        is_export = isinstance(inference.model, OnnxModel)
        if not is_export:  # ONNX Runtime reads a whole file by itself
            copy_weights_into_memory(inference.model)
        kind = "onnx" if is_export else inference.compute.device.type
        budget = TOKENS_ON_CPU if kind == "cpu" else TOKENS_PER_BATCH[kind]
        self.batcher = Batcher(self._answer, places, budget, thread)
        self._preparing = SmallFirst("prepare", LONG)  # a single thread: two cannot use a tokenizer at once

    def _answer(self, token_ids: Sequence[NDArray[np.int32]], raw: bool) -> Array:
        inference = self.predictor.inference
        return inference.logits(list(token_ids)) if raw else inference.predict_tokens(list(token_ids))

    async def label(
        self, texts: list[str], *, raw: bool = False, cut: bool = True, count: bool = False
    ) -> list[Labelled]:
        """Label texts; `raw` gives logits as scores, `count` counts the tokens that were cut.

        Raises QueueFull if there is no room for them, Stopped while the server stops, and TooLong for a text that
        would have to be cut if `cut` is off.
        """
        self.batcher.reserve(len(texts))
        work = partial(self._prepare, texts, count or not cut)
        try:
            prepared = await asyncio.wrap_future(self._preparing.submit(sum(map(len, texts)), work))
            if not cut:
                _check_length(prepared)
        except BaseException:  # also when the client left
            self.batcher.release(len(texts))
            raise
        self.batcher.release(len(texts) - len(prepared.ids))
        if not prepared.ids:
            return self._labelled(prepared, np.empty((0, len(self.predictor.labels)), np.float32), raw)
        return self._labelled(prepared, await asyncio.wrap_future(self.batcher.submit(prepared.ids, raw)), raw)

    def warm_up(self) -> None:
        """Answer a first text, which allocates what the model needs; raises what the model raises."""
        prepared = self._prepare([WARM_UP], count=False)
        self.batcher.reserve(1)
        self.batcher.submit(prepared.ids).result()
        self.batcher.known = prepared.ids

    def close(self) -> None:
        """Stop both threads; what still waits fails."""
        self.batcher.stop()
        self._preparing.close()

    def _prepare(self, texts: list[str], count: bool) -> _Prepared:
        predictor = self.predictor
        cleaned = [predictor.cleaned(text) for text in texts]
        ids = predictor.inference.tokenize([text for text in cleaned if text])
        if not count:
            return _Prepared(cleaned, ids, [0] * len(ids))
        one = predictor.classifier
        whole = [clean_text(text, one.cleaning) for text, kept in zip(texts, cleaned, strict=True) if kept]
        lengths = map(len, tokenize(whole, one.tokenizer, READ_AT_MOST))
        return _Prepared(cleaned, ids, [max(0, full - len(kept)) for full, kept in zip(lengths, ids, strict=True)])

    def _labelled(self, prepared: _Prepared, scores: Array, raw: bool) -> list[Labelled]:
        probabilities = _probabilities(scores, self.predictor.multi_label) if raw else scores
        rows = iter(zip(scores.tolist(), map(len, prepared.ids), prepared.cut, strict=True))
        found = []
        for text, prediction in zip(prepared.texts, self.predictor.answers(prepared.texts, probabilities), strict=True):
            row, tokens, cut = next(rows) if text else ([], 0, 0)
            found.append(Labelled(prediction, row, tokens, cut))
        return found


def _check_length(prepared: _Prepared) -> None:
    places = [place for place, text in enumerate(prepared.texts) if text]
    for place, ids, cut in zip(places, prepared.ids, prepared.cut, strict=True):
        if cut:
            raise TooLong(place, len(ids) + cut)


def _probabilities(logits: Array, each_alone: bool) -> Array:
    """Return the probabilities: of each label alone (sigmoid), or of all labels together (softmax)."""
    found: Array = expit(logits) if each_alone else softmax(logits, axis=1)
    return found
