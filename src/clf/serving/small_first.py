"""A thread that does the smaller pieces of work first, so that a short text does not wait for long ones of others."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")
SMALLER_AFTER = 3
"""How many times as long as the oldest work took, smaller work comes first after it."""


@dataclass(frozen=True)
class _Work:
    size_class: int
    future: "Future[Any]"
    what: Callable[[], Any]


class SmallFirst:
    """A single thread. Work of the smallest class of size comes first, and in a class what was given first.

    What has waited longest has a quarter of the time for it, so that smaller work that never ends cannot pass it over
    for ever.
    """

    def __init__(self, name: str, class_size: int) -> None:
        """Start no thread yet; sizes that differ by less than `class_size` are about as good as equal."""
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._class_size = class_size
        self._waiting: list[_Work] = []
        """The oldest first."""
        self._changing = threading.Lock()
        self._smaller_until = 0.0

    def submit(self, size: int, what: Callable[[], T]) -> "Future[T]":
        """Do something when its turn comes; it is not begun if its future is cancelled before.

        Raises RuntimeError after `close`.
        """
        future: Future[T] = Future()
        with self._changing:
            self._pool.submit(self._do_next)
            self._waiting.append(_Work(size // self._class_size, future, what))
        return future

    def close(self) -> None:
        """Finish what is being done, and cancel what waits."""
        self._pool.shutdown(cancel_futures=True)
        for work in self._waiting:
            work.future.cancel()

    def _do_next(self) -> None:
        work, is_oldest = self._take()
        if not work.future.set_running_or_notify_cancel():
            return
        started = time.perf_counter()
        try:
            work.future.set_result(work.what())
        except BaseException as error:  # whoever waits for it gets it
            work.future.set_exception(error)
        if is_oldest:
            ended = time.perf_counter()
            self._smaller_until = ended + SMALLER_AFTER * (ended - started)

    def _take(self) -> tuple[_Work, bool]:
        """Return what to do next, and whether it has waited longest."""
        with self._changing:
            places = range(len(self._waiting))
            smaller_first = time.perf_counter() < self._smaller_until
            place = min(places, key=lambda place: self._waiting[place].size_class) if smaller_first else 0
            return self._waiting.pop(place), place == 0
