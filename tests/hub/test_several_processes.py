"""Several processes share a download, and one that is killed or interrupted leaves no process and nothing lost."""

import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from conftest import HANGS
from support.local_hub import LocalHub
from support.tiny import tiny_encoder_files


def test_the_waiting_fail_with_the_one_they_waited_for(hub: LocalHub, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    environment = os.environ | hub.environment(tmp_path / "home") | {"HF_HUB_CACHE": str(cache)}
    command = [sys.executable, "-m", "clf", "download-models", "distilbert-base-uncased"]
    lock = cache / ".locks" / "models--distilbert-base-uncased" / "clf.lock"
    lock.parent.mkdir(parents=True)
    with lock.open("w+") as file:  # this process fetches, and they come meanwhile
        fcntl.flock(file, fcntl.LOCK_EX)
        started = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        for process in started:
            assert process.stderr
            assert "another process is fetching" in process.stderr.readline()
        json.dump({"at": time.time(), "message": "a mole has bitten the cable", "hint": "see the mole"}, file)
    for process in started:
        _, said = process.communicate(timeout=HANGS)
        assert process.returncode == 1
        assert said.startswith("error: a mole has bitten the cable\nhint: ")
    assert hub.requests == []


def test_several_at_once_fetch_each_file_once(hub: LocalHub, tmp_path: Path) -> None:
    hub.fault("slow", path="safetensors", rate=100_000)
    environment = os.environ | hub.environment(tmp_path / "home")
    command = [sys.executable, "-m", "clf", "download-models", "distilbert-base-uncased", "--json"]
    started = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    rows = [json.loads(process.communicate(timeout=HANGS)[0])[0] for process in started]
    assert len({row["folder"] for row in rows}) == 1
    fetched = [request.path for request in hub.requests if request.method == "GET" and "/resolve/" in request.path]
    assert sorted(fetched) == sorted(set(fetched))


def test_a_killed_download_leaves_no_process_and_the_next_goes_on(hub: LocalHub, tmp_path: Path) -> None:
    hub.fault("slow", path="safetensors", rate=30_000)
    environment = os.environ | hub.environment(tmp_path / "home")
    command = [sys.executable, "-m", "clf", "download-models", "distilbert-base-uncased", "--json"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    parts = tmp_path / "home" / "hub" / "models--distilbert-base-uncased" / "blobs"
    part = parts / f"{hashlib.sha256(tiny_encoder_files()['model.safetensors']).hexdigest()}.clf.incomplete"
    wait_for(lambda: part.exists() and part.stat().st_size > 10_000)
    [child] = psutil.Process(process.pid).children()
    process.kill()
    process.communicate()
    wait_for(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    received = part.stat().st_size
    hub.clear()
    assert subprocess.run(command, env=environment, capture_output=True, timeout=HANGS, check=False).returncode == 0
    assert hub.ranges == [f"bytes={received}-"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_download_at_once(hub: LocalHub, tmp_path: Path, number: int, code: int) -> None:
    hub.fault("hang", path="safetensors")
    environment = os.environ | hub.environment(tmp_path / "home")
    command = [sys.executable, "-m", "clf", "download-models", "distilbert-base-uncased"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: any("safetensors" in request.path for request in hub.requests))
    children = psutil.Process(process.pid).children()
    process.send_signal(number)
    _, said = process.communicate(timeout=HANGS)
    assert process.returncode == code, said
    assert "Traceback" not in said
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


def wait_for(condition: Callable[[], Any]) -> Any:
    end = time.monotonic() + HANGS
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("it never came")
