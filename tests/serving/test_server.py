"""The socket of the server, and how the server ends."""

import asyncio
import errno
import json
import logging
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

from clf.errors import UsageError
from clf.serving.batcher import Array, TokenIds
from clf.serving.server import NO_FILES, LoopErrors, address_of, give_way, let_in, listen, without_signals
from support.serving import JSON, Served, serving, until


def test_an_address_that_is_taken_or_unknown_is_refused_with_what_to_do() -> None:
    with listen("127.0.0.1", 0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port}: Address already in use") as error:
            listen("127.0.0.1", port)
        assert "--port" in error.value.hint
    with pytest.raises(UsageError, match="--host"):
        listen("no-such-host.invalid", 0)
    with pytest.raises(UsageError, match=r"cannot listen on 192\.0\.2\.1"):
        listen("192.0.2.1", 0)


def test_of_two_servers_that_start_at_once_on_one_port_the_second_says_so() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with listen("127.0.0.1", port) as second:
            let_in(first)
            with pytest.raises(UsageError, match=f"port {port}: Address already in use") as error:
                let_in(second)
    assert "--port" in error.value.hint


def test_the_address_can_be_typed_into_a_browser() -> None:
    for host, shown in (("127.0.0.1", "http://127.0.0.1:"), ("0.0.0.0", "http://127.0.0.1:"), ("localhost", "http://")):
        with listen(host, 0) as taken:
            assert address_of(taken) == f"{address_of(taken).rpartition(':')[0]}:{taken.getsockname()[1]}"
            assert address_of(taken).startswith(shown)


def test_an_answer_is_sent_at_once(trained: Path) -> None:
    with listen("127.0.0.1", 0) as taken:
        assert taken.proto == socket.IPPROTO_TCP  # asyncio turns Nagle's algorithm off for such sockets only
    with serving(trained) as running:
        connection, spent = running.connect(), []
        for _ in range(9):
            started = time.perf_counter()
            connection.request("GET", "/health")
            connection.getresponse().read()
            spent.append(time.perf_counter() - started)
        connection.close()
    assert min(spent) < 0.03  # with Nagle's algorithm each takes 40 ms


@pytest.mark.skipif(not socket.has_ipv6, reason="needs IPv6")
def test_an_address_of_version_six_is_written_in_brackets() -> None:
    try:
        taken = listen("::1", 0)
    except UsageError:
        pytest.skip("this machine has no address of version 6")
    with taken:
        assert address_of(taken).startswith("http://[::1]:")


class Held:
    """Lets the model of a server wait before it answers."""

    def __init__(self, running: Served) -> None:
        self.reached, self.gate = threading.Event(), threading.Event()
        batcher = running.serving.labeller.batcher
        answer = batcher._answer

        def waiting(token_ids: TokenIds, raw: bool) -> Array:
            self.reached.set()
            self.gate.wait(20)
            return answer(token_ids, raw)

        batcher._answer = waiting


def test_what_was_received_is_answered_before_the_server_ends(trained: Path) -> None:
    with serving(trained, drain_timeout=20) as running:
        held = Held(running)
        connection = running.connect()
        connection.request("POST", "/predict", json.dumps({"inputs": "a film"}), JSON)
        assert held.reached.wait(10)
        running.server.handle_exit(15, None)
        until(lambda: not running.server.servers[0].is_serving())
        with pytest.raises(OSError, match="refused"):
            running.connect().connect()
        held.gate.set()
        response = connection.getresponse()
        assert (response.status, len(json.loads(response.read()))) == (200, 2)
        connection.close()
    assert running.server.observed.cut_off == 0


def test_what_is_not_answered_in_time_is_cut_off_and_counted(trained: Path) -> None:
    with serving(trained, drain_timeout=0.1) as running:
        held = Held(running)
        connection = running.connect()
        connection.request("POST", "/predict", json.dumps({"inputs": "a film"}), JSON)
        assert held.reached.wait(10)
        running.server.handle_exit(15, None)
        response = connection.getresponse()
        assert (response.status, json.loads(response.read())["error_type"]) == (503, "unavailable")
        connection.close()
        held.gate.set()
    assert running.server.observed.cut_off == 1


def test_when_no_file_is_left_for_a_connection_it_is_told_once(
    trained: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept, full = socket.socket.accept, threading.Event()

    def fails(taken: socket.socket) -> tuple[socket.socket, object]:
        if full.is_set():
            raise OSError(errno.EMFILE, "Too many open files")
        return accept(taken)

    monkeypatch.setattr(socket.socket, "accept", fails)
    with serving(trained) as running, caplog.at_level(logging.WARNING):
        full.set()
        connection = running.connect()
        connection.request("GET", "/health")
        until(lambda: bool(caplog.records))
        full.clear()
        assert connection.getresponse().status == 200
        connection.close()
    assert [record.getMessage() for record in caplog.records] == [NO_FILES]


def test_an_error_in_the_event_loop_is_told_without_its_message(caplog: pytest.LogCaptureFixture) -> None:
    loop, tell = asyncio.new_event_loop(), LoopErrors()
    try:
        raise ValueError("a secret text")
    except ValueError as error:
        for _ in range(3):
            tell(loop, {"message": "a secret text", "exception": error})
    tell(loop, {"message": "a secret text"})
    loop.close()
    [record] = caplog.records
    assert "ValueError in" in record.getMessage()
    assert "secret" not in record.getMessage()


def test_signals_do_not_disturb_the_end() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with without_signals():
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(os.getpid(), number)
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have no priority of their own")
def test_only_the_thread_that_receives_requests_gives_way() -> None:
    turn, own = sys.getswitchinterval(), os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    found: list[int] = []

    def receive() -> None:
        give_way()
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    receiving = threading.Thread(target=receive)
    receiving.start()
    receiving.join()
    assert sys.getswitchinterval() < turn
    sys.setswitchinterval(turn)
    assert found == [min(own + 5, 19)]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == own
