"""What counts as getting on: bytes at a rate worth waiting for, whole files, hashing; and whose seconds count: nobody's
who computes, starts, or gets no processor."""

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from huggingface_hub import constants

from clf.errors import NetworkError
from clf.hub import download
from clf.hub.messages import Message, Order
from clf.hub.transfer import Waiting, busy_seconds
from conftest import RunClf
from support.faults import MODEL, WEIGHTS, publish
from support.local_hub import LocalHub

ORDER = Order("model", "acme/tiny", None)
COMMIT = "c" * 40


def talking(monkeypatch: pytest.MonkeyPatch, seconds: float, waiting: float = 1.0, **each: int) -> None:
    """Let every attempt say ten times a second that its counts grew by `each`, then that it is done; `waiting` is the
    share of its seconds that it waited for others."""

    @contextmanager
    def transfer(order: Order) -> Iterator[queue.Queue[Message]]:
        messages: queue.Queue[Message] = queue.Queue()
        messages.put(Message(answered=True))
        for number in range(1, int(seconds * 10) + 1):
            counts = {name: number * each.get(name, 0) for name in ("received", "hashed")}
            messages.put(Message(bytes=100 + counts["received"], total=10**9, **counts))
            messages.put(Message(waited=waiting * number / 10))
        messages.put(Message(done=COMMIT))
        yield messages

    monkeypatch.setattr(download, "_transfer", transfer)


def test_hashing_for_longer_than_a_stall_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    talking(monkeypatch, 30.0, hashed=10_000_000)
    assert download._Download(ORDER, timeout=2.0).run() == COMMIT


def test_bytes_at_a_fair_rate_may_take_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    talking(monkeypatch, 30.0, received=1_000)
    assert download._Download(ORDER, timeout=2.0).run() == COMMIT


def test_a_trickle_ends_within_the_timeout_over_all_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    talking(monkeypatch, 30.0, received=10)
    attempts = download._Download(ORDER, timeout=2.0)
    with pytest.raises(NetworkError, match="too little data was received"):
        attempts.run()
    assert attempts.waited < 4


def test_a_process_that_gets_no_processor_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    talking(monkeypatch, 30.0, waiting=0.01, received=10)
    assert download._Download(ORDER, timeout=2.0).run() == COMMIT


def test_a_process_that_says_nothing_uses_up_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def silent(order: Order) -> Iterator[queue.Queue[Message]]:
        yield queue.Queue()

    monkeypatch.setattr(download, "_transfer", silent)
    monkeypatch.setattr(download, "SECONDS_TO_START", 0.5)
    attempts = download._Download(ORDER, timeout=1.0)
    with pytest.raises(NetworkError, match="was silent"):
        attempts.run()
    assert attempts.attempts <= 2


def test_computing_is_no_waiting_and_sleeping_is(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting, said = Waiting(), threading.Event()
    monkeypatch.setattr("clf.hub.transfer.report", lambda **_: said.set())
    waiting.start()
    began, busy = time.monotonic(), busy_seconds()
    while busy_seconds() - busy < 1.0:  # of this thread alone, computed or queued
        sum(range(10_000))
    computed, waited = time.monotonic() - began, waiting.waited
    time.sleep(1.5)
    assert said.is_set()
    assert waited < 0.5 * computed
    assert waiting.waited - waited > 0.7
    waiting.ended.set()
    waiting.join()


@pytest.fixture
def real_hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    with LocalHub() as server:
        publish(server)
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        yield server


def test_slow_starts_use_up_no_retry(
    clf: RunClf, real_hub: LocalHub, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = "import sys, time\nif 'clf.hub.transfer' in sys.orig_argv: time.sleep(1)\n"
    (own_folder / "slow").mkdir()
    (own_folder / "slow" / "sitecustomize.py").write_text(late)
    monkeypatch.setenv("PYTHONPATH", str(own_folder / "slow"))
    real_hub.fault("status", path=WEIGHTS, method="GET", times=2)
    done = clf("download-models", MODEL, "--download-timeout", 2)
    assert done.code == 0, done.err


def test_a_process_that_is_stopped_for_longer_than_the_timeout_goes_on(clf: RunClf, real_hub: LocalHub) -> None:
    weights = real_hub.fault("slow", path=WEIGHTS, rate=40_000)
    stopped: list[int] = []

    def stop_once() -> None:
        while not (stopped or over.is_set()):
            with suppress(psutil.NoSuchProcess):
                for child in psutil.Process().children():
                    if weights.fired and "clf.hub.transfer" in child.cmdline():
                        child.suspend()
                        time.sleep(2.5)
                        child.resume()
                        stopped.append(child.pid)
            time.sleep(0.02)

    over = threading.Event()
    thread = threading.Thread(target=stop_once)
    thread.start()
    done = clf("download-models", MODEL, "--download-timeout", 2)
    over.set()
    thread.join()
    assert done.code == 0, done.err
    assert stopped
    assert "trying again" not in done.err
