"""What operators do to a server, and what happens to its surroundings while it runs."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.predicting import environment
from support.serving import JSON, Served, serving

MAIN = "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL); from clf.__main__ import main; main()"
"""clf, also where the tests run under nohup."""


@pytest.fixture(scope="module")
def served(trained: Path) -> Iterator[Served]:
    with serving(trained) as running:
        yield running


@pytest.mark.parametrize(
    ("path", "status"), [("/", 200), ("/health", 200), ("/metrics", 200), ("/predict", 405), ("/x", 404)]
)
def test_head_is_answered_as_get_without_a_body(served: Served, path: str, status: int) -> None:
    head, get = served.ask(path, method="HEAD"), served.ask(path, method="GET")
    assert (head.status, head.content, get.status) == (status, b"", status)
    assert head.headers["content-type"] == get.headers["content-type"]
    assert int(head.headers["content-length"]) > 0


def test_options_says_which_method_there_is_and_opens_nothing_to_other_origins(served: Served) -> None:
    asked = {"origin": "http://elsewhere.invalid", "access-control-request-method": "POST"}
    for path, allowed in (("/predict", "POST"), ("/info", "GET"), ("/", "GET")):
        answer = served.ask(path, method="OPTIONS", headers=asked)
        assert (answer.status, answer.headers["allow"]) == (405, allowed)
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_one_connection_serves_many_requests(served: Served) -> None:
    connection = served.connect()
    connection.connect()
    first = connection.sock
    for _ in range(200):
        connection.request("GET", "/health")
        assert connection.getresponse().read() == b'{"status":"ok"}'
    assert connection.sock is first
    connection.close()


def test_a_clock_that_jumps_changes_nothing(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    connection, now = served.connect(), time.time()
    for jump in (0, 1e8, -1e8):
        monkeypatch.setattr(time, "time", lambda jump=jump: now + jump)
        connection.request("POST", "/predict", json.dumps({"inputs": "a film"}), JSON)
        response = connection.getresponse()
        assert (response.status, len(json.loads(response.read()))) == (200, 2)
    connection.close()


def test_a_log_that_nobody_reads_holds_nothing_up_and_closing_the_terminal_lets_requests_end(
    trained: Path, own_folder: Path
) -> None:
    command = [sys.executable, "-P", "-c", MAIN, "serve", str(trained), "--port", "0", "--json"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment(), text=True, cwd=own_folder, **pipes) as server:
        try:
            assert server.stdout is not None
            told = json.loads("".join(iter(server.stdout.readline, "}\n")) + "}")
            connection = http.client.HTTPConnection(told["address"].removeprefix("http://"), timeout=20)
            for _ in range(700):  # lines of 100 bytes: more than a pipe holds
                connection.request("GET", "/page.css")
                assert connection.getresponse().read()
            connection.request("POST", "/predict", json.dumps({"inputs": ["a wonderful film " * 150] * 30}), JSON)
            time.sleep(0.05)
            server.send_signal(signal.SIGHUP)
            response = connection.getresponse()
            assert (response.status, len(json.loads(response.read()))) == (200, 30)
            connection.close()
            _, log = server.communicate(timeout=60)
        finally:
            server.kill()
    assert server.returncode == 0
    assert 400 < len(log.splitlines()) < 701
    assert os.listdir(own_folder) == []
