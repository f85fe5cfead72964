"""The batcher: texts of many requests wait in one bounded queue, and one thread runs the model on them.

No text waits for others to come. Each step takes one text, and with it those closest to it in length, as many as fit
the token budget, so that a batch has little padding. That text is in turn the one that has waited longest, so that none
is passed over for long, and one of the request that has had least of the model so far, so that a client with one text
does not wait for the hundred of another.
"""

import logging
import math
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clf.serving.model_thread import ModelThread
from clf.serving.problems import place_of

Array = NDArray[np.float32]
TokenIds = Sequence[NDArray[np.int32]]
LEAST_FULL, SMALL = 0.9, 128
"""A batch of more than SMALL tokens consists of at least this share of real tokens; the rest is padding."""
PACE = 0.2
"""How much the latest batch counts for the pace."""

log = logging.getLogger(__name__)


class QueueFull(Exception):
    """More texts wait than the queue may hold."""


class Stopped(Exception):
    """The batcher was stopped before it answered."""


class Observer(Protocol):
    """What the batcher tells of each batch."""

    def __call__(self, texts: int, tokens: int, seconds: float) -> None:
        """Take note of a batch: its texts, its tokens without padding, and the seconds that the model took."""


class Answer(Protocol):
    """Runs the model on one batch; `raw` asks for logits instead of probabilities."""

    def __call__(self, token_ids: TokenIds, raw: bool) -> Array:
        """Return the scores, shape (texts, labels)."""


def ignore_batch(texts: int, tokens: int, seconds: float) -> None:
    """Take no note of a batch."""


@dataclass
class _Request:
    """The texts of one request, and where their scores are gathered."""

    raw: bool
    left: int
    answers: list[Array]
    tokens_taken: int = 0
    """The tokens of its texts that the model was given so far."""
    future: "Future[Array]" = field(default_factory=Future)


@dataclass(frozen=True)
class _Waiting:
    """One text in the queue."""

    ids: NDArray[np.int32]
    request: _Request
    row: int


class Batcher:
    """Runs a model in a thread of its own on the tokenized texts of waiting requests."""

    def __init__(
        self,
        answer: Answer,
        places: int,
        budget: int,
        thread: ModelThread | None = None,
    ) -> None:
        """Prepare a queue of at most `places` texts, and batches of about `budget` tokens, padding included.

        The model runs in `thread`, which does nothing else from now on; by default in a new one.
        """
        self._answer, self._places, self._budget = answer, places, budget
        self.observe: Observer = ignore_batch
        """Called after each batch, in the thread of the model."""
        self.known: TokenIds = []
        """A text that the model has answered, if there is one: when it fails at this too, it has failed for good."""
        self._waiting: list[_Waiting] = []
        self._taken = 0
        self._seconds_a_text = 0.0
        self._by_age = False
        self._changed = threading.Condition()
        self._stopping = False
        self._working = (thread or ModelThread()).start(self._work)

    @property
    def alive(self) -> bool:
        """Whether the thread of the model runs, and takes texts."""
        return not self._working.done() and not self._stopping

    @property
    def taken(self) -> int:
        """The places that are taken: texts that wait, and those that are being prepared for the queue."""
        return self._taken

    @property
    def seconds_to_empty(self) -> float:
        """About how long the model needs for the texts in the queue, at the pace of the latest batches."""
        return self._taken * self._seconds_a_text

    def reserve(self, texts: int) -> None:
        """Take places in the queue, to be given back by `submit` in time, or by `release`.

        Raises QueueFull if there are too few, Stopped after `stop`.
        """
        with self._changed:
            if self._stopping:
                raise Stopped
            if self._taken + texts > self._places:
                raise QueueFull
            self._taken += texts

    def release(self, texts: int) -> None:
        """Give back places that were reserved and are not needed."""
        with self._changed:
            self._taken -= texts

    def submit(self, token_ids: TokenIds, raw: bool = False) -> "Future[Array]":
        """Put the tokenized texts of a request into places that were reserved; the scores have shape (texts, labels).

        A text that is still waiting when the future is cancelled is never run. `raw` asks for logits.
        """
        request = _Request(raw, len(token_ids), [np.empty(0, np.float32)] * len(token_ids))
        with self._changed:
            if self._stopping:
                self._taken -= len(token_ids)
                raise Stopped
            self._waiting += [_Waiting(ids, request, row) for row, ids in enumerate(token_ids)]
            self._changed.notify()
        return request.future

    def stop(self) -> None:
        """Let the thread end after the batch that it runs; what still waits fails with Stopped."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._working.result()

    # --- the thread ---------------------------------------------------------------------------------------------

    def _work(self) -> None:
        batch: list[_Waiting] = []
        try:
            while batch := self._next():
                started = time.perf_counter()
                self._run(batch)
                seconds = time.perf_counter() - started
                self._seconds_a_text += (seconds / len(batch) - self._seconds_a_text) * PACE
                self.observe(len(batch), sum(len(one.ids) for one in batch), seconds)
        except BaseException as error:  # its message may hold a text
            log.error("the thread of the model has ended: %s in %s", type(error).__name__, place_of(error))
        finally:
            self._end(batch)

    def _end(self, batch: list[_Waiting]) -> None:
        """Take no more texts, and fail those that have no answer, so that nobody waits for a thread that is gone."""
        with self._changed:
            self._stopping = True
            left, self._waiting = [*batch, *self._waiting], []
        for request in {id(one.request): one.request for one in left}.values():
            _fail(request, Stopped())

    def _next(self) -> list[_Waiting]:
        """Wait for texts, and return the next batch; nothing after `stop`."""
        with self._changed:
            while True:
                wanted = [one for one in self._waiting if not one.request.future.done()]  # not cancelled, nor failed
                self._taken -= len(self._waiting) - len(wanted)
                self._waiting = wanted
                if self._stopping:
                    return []
                if self._waiting:
                    return self._take()
                self._changed.wait()

    def _take(self) -> list[_Waiting]:
        first = self._first()
        raw = self._waiting[first].request.raw
        others = (place for place, one in enumerate(self._waiting) if one.request.raw == raw and place != first)
        alike = [first, *others]
        chosen = choose_batch([len(self._waiting[place].ids) for place in alike], self._budget)
        places = {alike[place] for place in chosen}
        batch = [self._waiting[place] for place in sorted(places)]
        self._waiting = [one for place, one in enumerate(self._waiting) if place not in places]
        self._taken -= len(batch)
        for one in batch:
            one.request.tokens_taken += len(one.ids)
        return batch

    def _first(self) -> int:
        """Return the place of the text that the next batch starts from."""
        self._by_age = not self._by_age
        waiting = self._waiting
        return 0 if self._by_age else min(range(len(waiting)), key=lambda place: waiting[place].request.tokens_taken)

    def _run(self, batch: list[_Waiting]) -> None:
        """Run one batch; if the model fails, run each of its texts alone, so that one text cannot fail the others."""
        try:
            scores = self._answer([one.ids for one in batch], batch[0].request.raw)
            answered = list(zip(batch, scores, strict=True))
        except Exception as error:
            if len(batch) == 1:
                _fail(batch[0].request, error)
                if self.known:
                    self._answer(self.known, raw=False)  # otherwise this ends the thread, as after an error of CUDA
            else:
                for one in batch:
                    if not one.request.future.done():  # otherwise another of its texts has failed
                        self._run([one])
            return
        for one, row in answered:
            _gather(one, row)


def _gather(one: _Waiting, scores: Array) -> None:
    request = one.request
    request.answers[one.row] = scores
    request.left -= 1
    if not request.left:
        with suppress(InvalidStateError):  # the client left
            request.future.set_result(np.stack(request.answers))


def _fail(request: _Request, error: Exception) -> None:
    with suppress(InvalidStateError):
        request.future.set_exception(error)


def choose_batch(lengths: Sequence[int], budget: int) -> list[int]:
    """Return which texts to run together: the first, and those closest to it in length, by their places in `lengths`.

    `lengths` are in tokens. The batch grows, from the first text towards shorter and longer ones, wherever the padding
    is least, while it fits `budget` (tokens, padding included) and is not mostly padding.
    """
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    ordered = [lengths[place] for place in order]
    start = order.index(0)
    end, tokens = start + 1, lengths[0]
    while end - start < len(order):
        longest, texts = ordered[end - 1], end - start
        shorter = longest - ordered[start - 1] if start > 0 else math.inf
        longer = (ordered[end] - longest) * texts if end < len(order) else math.inf
        place = start - 1 if shorter <= longer else end
        padded = max(longest, ordered[place]) * (texts + 1)
        if padded > budget or (padded > SMALL and tokens + ordered[place] < LEAST_FULL * padded):
            break
        start, end, tokens = min(start, place), max(end, place + 1), tokens + ordered[place]
    return order[start:end]
