"""Deadlines and limits of connections, on the wire."""

import asyncio.selector_events
import inspect
import logging
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import h11
import pytest
from uvicorn.protocols.http import h11_impl

from clf.serving.guard import Guard
from clf.serving.problems import Problem
from clf.serving.protocol import (
    KEEP_ALIVE,
    READ_AT_ONCE,
    Deadlines,
    connections_that_fit,
    protocol_with_deadline,
    uvicorn_config,
)
from support.wire import LARGE, Address, echo, get, is_problem, read_all, read_answer, serving

SECONDS, PATIENCE = 0.25, 1.5
REFUSED: list[Problem] = []


@pytest.fixture(scope="module")
def server() -> Iterator[Address]:
    with serving(Guard(echo, [], None, 1_000_000), SECONDS, refused=REFUSED.append) as address:
        yield address


@pytest.fixture(scope="module")
def patient() -> Iterator[Address]:
    """A server for what takes a while where much else runs."""
    with serving(Guard(echo, [], None, 1_000_000), PATIENCE) as address:
        yield address


def lives(server: Address) -> bool:
    return server.ask(get()).body == b"GET / 0"


@pytest.mark.parametrize(
    "sent",
    [
        b"", b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ",
        get(method="POST", body=b"abc")[:-1], get("/", "Transfer-Encoding: chunked", method="POST"),
        get("/", "Transfer-Encoding: chunked", method="POST") + b"3\r\nabc\r\n", get("/", "Transfer-Encoding: chunked", method="POST") + b"3\r\nab",
        get("/unread", method="POST", body=b"abc")[:-1],
    ],
)  # fmt: skip
def test_a_request_that_does_not_arrive_is_answered_with_408(server: Address, sent: bytes) -> None:
    started = time.monotonic()
    with server.connect() as client:
        client.sendall(sent)
        answer = read_answer(client)
        assert is_problem(answer, 408, "timeout")
        assert answer.headers["connection"] == "close"
        assert "0.25 s" in answer.json["error"]
        assert client.recv(1) == b""
    assert time.monotonic() - started >= SECONDS
    assert REFUSED[-1].status == 408
    assert lives(server)


@pytest.mark.parametrize(
    "beginning", [b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ", get("/", "Content-Length: 1000", method="POST")]
)
def test_a_trickle_of_bytes_does_not_prolong_the_time(server: Address, beginning: bytes) -> None:
    started = time.monotonic()
    with server.connect() as client:
        client.sendall(beginning)
        client.settimeout(SECONDS / 10)
        while True:
            client.sendall(b"x")
            try:
                client.recv(1, socket.MSG_PEEK)
                break
            except TimeoutError:
                assert time.monotonic() - started < 20 * SECONDS
        client.settimeout(10)
        assert is_problem(read_answer(client), 408, "timeout")


def test_the_time_is_that_of_each_request_and_not_of_the_connection(server: Address) -> None:
    with server.connect() as client:
        started = time.monotonic()
        while time.monotonic() - started < 2 * SECONDS:
            client.sendall(get(method="POST", body=b"abc"))
            assert read_answer(client).body == b"POST / 3"
            time.sleep(SECONDS / 3)  # idle, longer than a request may take in all
        time.sleep(2 * SECONDS)
        client.sendall(get() + get()[:20])
        assert read_answer(client).body == b"GET / 0"
        assert is_problem(read_answer(client), 408, "timeout")


def test_a_connection_is_kept_alive_for_a_bounded_time(server: Address) -> None:
    assert server.server.config.timeout_keep_alive == KEEP_ALIVE
    server.server.config.timeout_keep_alive = 0
    try:
        with server.connect() as client:
            client.sendall(get())
            assert read_answer(client).status == 200
            assert client.recv(1) == b""
    finally:
        server.server.config.timeout_keep_alive = KEEP_ALIVE


def test_requests_that_were_sent_together_are_answered_in_their_order(server: Address) -> None:
    together = b"".join(get(f"/{number}", method="POST", body=b"x" * number) for number in range(1, 40))
    with server.connect() as client:
        client.sendall(together + get("/last")[:30])
        for number in range(1, 40):
            assert read_answer(client).body == f"POST /{number} {number}".encode()
        client.sendall(get("/last")[30:])
        assert read_answer(client).body == b"GET /last 0"


def test_a_client_that_asks_first_is_told_to_send_its_body(server: Address) -> None:
    with server.connect() as client:
        client.sendall(get("/", "Content-Length: 3", "Expect: 100-continue", method="POST"))
        assert client.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"[:25]
        client.sendall(b"abc")
        assert read_answer(client).body == b"POST / 3"


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)), b"\0" * 100, b"hello\r\n\r\n", b"GET /\r\n\r\n", b"\r\n\r\n", b"\r",
        b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        get("/", "Content-Length: 3", "Content-Length: 4"), get("/", "Content-Length: -1"), get("/", "Content-Length: 1_0"),
        get("/", "Transfer-Encoding: gzip"), get("/", "X\x00: 1"), get("/", "Content-Length: " + "9" * 30),
        get("/", "Transfer-Encoding: chunked", method="POST") + b"zz\r\nabc\r\n",
    ],
)  # fmt: skip
def test_what_is_not_http_is_answered_with_400(server: Address, sent: bytes) -> None:
    answer = server.ask(sent)
    assert answer.headers["connection"] == "close"
    assert is_problem(answer, 400, "http")
    assert lives(server)


def test_the_preface_of_http_2_is_refused(server: Address) -> None:
    assert is_problem(server.ask(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505, "http")


@pytest.mark.parametrize("size", [60_000, 3_000_000])
def test_a_large_header_is_answered_with_431(server: Address, size: int) -> None:
    with server.connect() as client:
        client.sendall(get("/", "X: " + "x" * size))
        assert is_problem(read_answer(client), 431, "too_large")


def test_a_wish_for_another_protocol_is_ignored(server: Address, caplog: pytest.LogCaptureFixture) -> None:
    answer = server.ask(get("/", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x"))
    assert answer.body == b"GET / 0"
    assert server.ask(get("/", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c")).body == b"GET / 0"
    with server.connect() as client:
        client.sendall(get("host:443", method="CONNECT").replace(b"127.0.0.1", b"host"))
        assert is_problem(read_answer(client), 421, "host")
        client.sendall(get())
        assert read_answer(client).body == b"GET / 0"
    assert caplog.records == []


def test_a_client_that_does_not_read_is_cut_off(server: Address) -> None:
    with server.connect() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(get("/large"))
        wait_until(lambda: not server.server.server_state.connections)
    assert lives(server)


def test_clients_that_do_not_read_many_small_answers_are_cut_off(server: Address) -> None:
    with server.connect() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sender = threading.Thread(target=send_until_reset, args=(client, get("/middle") * 100), daemon=True)
        sender.start()
        wait_until(lambda: not server.server.server_state.connections)
        sender.join(20)
        assert not sender.is_alive()


def send_until_reset(client: socket.socket, requests: bytes) -> None:
    with suppress(OSError):
        while True:
            client.sendall(requests)


def test_a_client_that_reads_slowly_is_given_its_answer(patient: Address) -> None:
    with patient.connect() as client:
        client.sendall(get("/large", "Connection: close"))
        received, started = 0, time.monotonic()
        while part := client.recv(1_000_000):
            received += len(part)
            if time.monotonic() - started < 2 * PATIENCE:
                time.sleep(PATIENCE / 20)
    assert received > LARGE


def test_a_client_that_left_in_mid_answer_leaves_no_trace(server: Address, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(5):
        with server.connect() as client:
            client.sendall(get("/large"))
            client.recv(1000)
    wait_until(lambda: not server.server.server_state.connections)
    assert caplog.records == []
    assert lives(server)


def test_a_client_that_left_while_sending_leaves_no_trace(server: Address, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(5):
        with server.connect() as client:
            client.sendall(get("/", method="POST", body=b"x" * 1000)[:-500])
    wait_until(lambda: not server.server.server_state.connections and not server.server.server_state.tasks)
    assert caplog.records == []


def test_an_answer_to_a_refused_body_is_read_before_the_connection_closes(patient: Address) -> None:
    with patient.connect() as client:  # all is sent before anything is read
        client.sendall(get("/", "Connection: close", method="POST", body=bytes(10_000_000)))
        assert is_problem(read_answer(client), 413, "too_large")
        assert client.recv(1) == b""


def test_a_body_without_end_is_refused_at_once_and_cut_off_at_the_deadline(patient: Address) -> None:
    with patient.connect() as client:
        client.sendall(get("/", "Transfer-Encoding: chunked", method="POST"))
        sender = threading.Thread(
            target=send_until_reset, args=(client, b"10000\r\n" + bytes(0x10000) + b"\r\n"), daemon=True
        )
        sender.start()
        assert is_problem(read_answer(client), 413, "too_large")
        sender.join(20)
        assert not sender.is_alive()
    assert lives(patient)


def test_garbage_in_the_body_of_a_request_that_is_answered_closes_the_connection(
    patient: Address, caplog: pytest.LogCaptureFixture
) -> None:
    with patient.connect() as client:
        client.sendall(
            get("/", "Transfer-Encoding: chunked", method="POST") + b"F4240\r\n" + bytes(1_000_000) + b"\r\n"
        )
        client.sendall(b"F4240\r\n" + bytes(1_000_000) + b"\r\n")
        assert read_answer(client).status == 413
        client.sendall(b"garbage\r\n\r\n")
        with suppress(ConnectionResetError):
            assert read_all(client) == b""
    assert caplog.records == []


def test_too_many_connections_are_refused_in_the_same_shape() -> None:
    with serving(Guard(echo, [], None, 1000), 10, most_connections=2) as address:
        busy = [address.connect() for _ in range(2)]
        for client in busy:
            client.sendall(get(method="POST", body=b"abc")[:-1])
        wait_until(lambda: len(address.server.server_state.tasks) == 2)
        with address.connect() as third:
            third.sendall(get())
            refusal = read_answer(third)
            assert is_problem(refusal, 503, "unavailable")
            assert refusal.headers["retry-after"] == "1"
            assert third.recv(1) == b""
        for client in busy:
            client.sendall(b"c")
            assert read_answer(client).body == b"POST / 3"
        wait_until(lambda: len(address.server.server_state.connections) == 2)
        with address.connect() as third:  # takes the place of one that is only kept alive
            third.sendall(get())
            assert read_answer(third).status == 200
            wait_until(lambda: len(address.server.server_state.connections) == 2)
        for client in busy:
            client.close()


def test_connections_leave_files_to_the_rest_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for allowed, fit in ((64, 32), (256, 128), (1024, 512), (1_000_000, 512), (resource.RLIM_INFINITY, 512)):
        monkeypatch.setattr(resource, "getrlimit", lambda kind, allowed=allowed: (allowed, allowed))
        assert connections_that_fit() == fit
        protocol = protocol_with_deadline(1)
        assert protocol.most_connections == fit
        assert fit + protocol.most_refused < allowed * 0.6 or allowed == resource.RLIM_INFINITY


def test_the_server_stops_while_clients_are_in_the_middle() -> None:
    received = [(False, b""), (False, b"GET"), (True, b""), (True, b"")]
    with serving(Guard(echo, [], None, 1000), 0.3) as address:
        waiting = [address.connect() for _ in range(4)]
        for client, said in zip(waiting, (b"", b"GET", get(), get("/", method="POST", body=b"abc")[:-1]), strict=True):
            client.sendall(said)
        found = address.server.server_state.connections
        wait_until(
            lambda: sorted((one.cycle is not None, one.conn.trailing_data[0]) for one in list(found)) == received
        )
        address.server.should_exit = True
        ends = [read_all(client) for client in waiting]
        for client in waiting:
            client.close()
    assert ends[:2] == [b"", b""]
    assert ends[2].startswith(b"HTTP/1.1 200")
    assert ends[3].startswith(b"HTTP/1.1 408")


def test_no_connection_keeps_the_others_waiting_for_long(server: Address) -> None:
    with server.connect() as client:
        client.sendall(get())
        read_answer(client)
        assert {one.transport.max_size for one in server.server.server_state.connections} == {READ_AT_ONCE}
    assert "self.max_size" in inspect.getsource(asyncio.selector_events._SelectorSocketTransport)


def test_uvicorn_is_told_to_say_nothing() -> None:
    uvicorn_config(echo, Deadlines, 1)
    for name in ("uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        assert not logging.getLogger(name).isEnabledFor(logging.ERROR)
    assert not logging.getLogger("uvicorn.access").propagate


def test_uvicorn_still_has_what_the_deadlines_are_built_on() -> None:
    overridden = {
        "connection_made", "connection_lost", "data_received", "on_response_complete", "_unsupported_upgrade_warning",
        "send_400_response", "pause_writing", "resume_writing", "shutdown", "_unset_keepalive_if_required",
    }  # fmt: skip
    assert overridden <= vars(h11_impl.H11Protocol).keys()
    assert overridden - {"_unset_keepalive_if_required"} <= vars(Deadlines).keys()
    used = set(h11_impl.H11Protocol.__init__.__code__.co_names)
    assert {"timeout_keep_alive_task", "cycle", "conn", "connections", "server_state"} <= used
    of_a_cycle = set(h11_impl.RequestResponseCycle.__init__.__code__.co_names)
    assert {"disconnected", "message_event", "response_started", "response_complete"} <= of_a_cycle
    assert h11.IDLE is not h11.SEND_BODY


def wait_until(met: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not met():
        assert time.monotonic() < ends
        time.sleep(0.01)
