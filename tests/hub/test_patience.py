"""What counts as getting on: bytes at a rate worth waiting for, whole files, hashing; and what does not."""

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from clf.errors import NetworkError
from clf.hub import download

ORDER = {"kind": "model", "repository": "acme/tiny", "revision": None, "pins": None}
COMMIT = "c" * 40


def talking(monkeypatch: pytest.MonkeyPatch, seconds: float, **each: int) -> None:
    """Let every attempt say for so many seconds, ten times a second, that its counts grew by `each`; then that it is done."""

    @contextmanager
    def transfer(order: dict[str, Any]) -> Iterator[queue.Queue[dict[str, Any]]]:
        messages: queue.Queue[dict[str, Any]] = queue.Queue()
        ended = threading.Event()

        def talk() -> None:
            messages.put({"asking": True})
            messages.put({"answered": True})
            for number in range(1, int(seconds * 10) + 1):
                counts = {name: number * each.get(name, 0) for name in ("received", "hashed")}
                messages.put({"bytes": 100 + counts["received"], "total": 10**9, **counts})
                if ended.wait(0.1):
                    return
            messages.put({"done": COMMIT})

        speaker = threading.Thread(target=talk)
        speaker.start()
        try:
            yield messages
        finally:
            ended.set()
            speaker.join()

    monkeypatch.setattr(download, "_transfer", transfer)


def test_hashing_for_longer_than_a_stall_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    talking(monkeypatch, 3.0, hashed=10_000_000)
    assert download._Download(ORDER, timeout=2.0).run() == COMMIT


def test_bytes_at_a_fair_rate_may_take_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    talking(monkeypatch, 3.0, received=1_000)
    assert download._Download(ORDER, timeout=2.0).run() == COMMIT


def test_a_trickle_ends_within_the_timeout_over_all_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    talking(monkeypatch, 30.0, received=10)
    started = time.monotonic()
    with pytest.raises(NetworkError, match="too little was received"):
        download._Download(ORDER, timeout=2.0).run()
    assert time.monotonic() - started < 4
