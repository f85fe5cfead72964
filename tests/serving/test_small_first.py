"""The order of work in one thread."""

import threading
import time
from concurrent.futures import CancelledError, wait

import pytest

from clf.serving.small_first import SmallFirst
from support.serving import until


def test_smaller_work_comes_first_and_equal_work_in_its_order() -> None:
    worker, gate, done = SmallFirst("test", 10), threading.Event(), list[int]()
    held = worker.submit(0, gate.wait)
    futures = [worker.submit(size, lambda size=size: done.append(size)) for size in (500, 7, 90, 3, 95)]  # type: ignore[misc]
    time.sleep(0.1)  # three times as long, smaller work comes first
    gate.set()
    wait([held, *futures], 10)
    worker.close()
    assert done == [7, 3, 90, 95, 500]


def test_large_work_has_its_turn_also_while_smaller_work_never_ends() -> None:
    worker, ended = SmallFirst("test", 10), threading.Event()

    def again() -> None:
        time.sleep(0.001)
        if not ended.is_set():
            worker.submit(0, again)

    worker.submit(0, again)
    large = worker.submit(500, lambda: "done")
    try:
        assert large.result(10) == "done"
    finally:
        ended.set()
        worker.close()


def test_work_that_was_cancelled_is_not_begun_and_errors_reach_who_waits() -> None:
    worker, gate, done = SmallFirst("test", 10), threading.Event(), list[int]()
    held = worker.submit(0, gate.wait)
    cancelled, fails = worker.submit(1, lambda: done.append(1)), worker.submit(2, lambda: 1 // 0)
    assert cancelled.cancel()
    gate.set()
    assert held.result(10)
    with pytest.raises(ZeroDivisionError):
        fails.result(10)
    worker.close()
    assert done == []


def test_what_waits_at_the_end_is_cancelled() -> None:
    worker, gate = SmallFirst("test", 10), threading.Event()
    held = worker.submit(0, gate.wait)
    waits = worker.submit(1, lambda: None)
    closing = threading.Thread(target=worker.close)
    closing.start()
    until(lambda: worker._pool._shutdown)
    with worker._pool._shutdown_lock:  # what waited is out by now
        gate.set()
    closing.join(10)
    assert held.result(0)
    with pytest.raises(CancelledError):
        waits.result(0)
    with pytest.raises(RuntimeError):
        worker.submit(1, lambda: None)
