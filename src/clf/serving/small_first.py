"""A thread that does the smaller pieces of work first, so that a short text does not wait for long ones of others."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from queue import Empty, PriorityQueue
from typing import Any, TypeVar

T = TypeVar("T")


class SmallFirst:
    """A single thread. Work of the smallest class of size comes first, and in a class what was given first."""

    def __init__(self, name: str, class_size: int) -> None:
        """Start no thread yet; sizes that differ by less than `class_size` are about as good as equal."""
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._class_size, self._numbers = class_size, count()
        self._waiting: PriorityQueue[tuple[int, int, Future[Any], Callable[[], Any]]] = PriorityQueue()

    def submit(self, size: int, what: Callable[[], T]) -> "Future[T]":
        """Do something when nothing smaller waits; it is not begun if its future is cancelled before.

        Raises RuntimeError after `close`.
        """
        future: Future[T] = Future()
        self._waiting.put((size // self._class_size, next(self._numbers), future, what))
        self._pool.submit(self._do_next)
        return future

    def close(self) -> None:
        """Finish what is being done, and cancel what waits."""
        self._pool.shutdown(cancel_futures=True)
        while True:
            try:
                *_, future, _ = self._waiting.get_nowait()
            except Empty:
                return
            future.cancel()

    def _do_next(self) -> None:
        *_, future, what = self._waiting.get_nowait()
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(what())
        except BaseException as error:  # whoever waits for it gets it
            future.set_exception(error)
