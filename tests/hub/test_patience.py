"""A whole download is not given up because its process starts slowly or gets no processor for a while."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from huggingface_hub import constants

from conftest import RunClf
from support.faults import MODEL, WEIGHTS, publish
from support.local_hub import LocalHub


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
