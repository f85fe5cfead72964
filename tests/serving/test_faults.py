"""Requests that are wrong, hostile or broken off: each has its status and the one JSON shape, and the server lives on."""

import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from support.classifiers import write_tiny_classifier
from support.serving import Served, serving
from support.wire import HANGS, Answer, assert_secure, get, is_problem, read_all, read_answer

SECONDS = 2.0
TOKEN = "canary-TOKEN-0123456789"
SHOWN = f"Authorization: Bearer {TOKEN}"
JSON = "Content-Type: application/json"
CHUNKED = "Transfer-Encoding: chunked"
SECRET = "canary text"
WORKING = {"inputs": [f"{SECRET} one", f"{SECRET} two"]}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = write_tiny_classifier(tmp_path_factory.mktemp("model") / "tiny")
    with serving(folder, TOKEN, receive_timeout=SECONDS) as running:
        yield running


@pytest.fixture(autouse=True)
def lives_on(served: Served, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """After each fault a good request is answered, nothing is held, and neither text nor token was told."""
    caplog.set_level(logging.DEBUG)
    yield
    answer = served.ask("/predict", WORKING)
    assert (answer.status, [len(one) for one in answer.json]) == (200, [2, 2])
    assert served.ask("/health").json == {"status": "ok"}
    out, err = capfd.readouterr()
    assert "canary" not in caplog.text + out + err
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def connect(served: Served) -> socket.socket:
    return socket.create_connection(("127.0.0.1", served.port), timeout=HANGS)


def send(served: Served, sent: bytes) -> Answer:
    with connect(served) as client:
        client.sendall(sent)
        answer = read_answer(client)
    assert "canary" not in answer.body.decode()
    return answer


def post(body: bytes, *headers: str) -> bytes:
    return get("/predict", SHOWN, *(headers or [JSON]), method="POST", body=body)


def nested(depth: int) -> bytes:
    return b'{"inputs": ' + b"[" * depth + b"]" * depth + b"}"


BODIES: dict[str, tuple[bytes, int, str]] = {
    "not JSON": (b"a text", 422, "validation"),
    "half of a JSON": (b'{"inputs": "canary', 422, "validation"),
    "two documents": (b'{"inputs": "a"} {"inputs": "a"}', 422, "validation"),
    "single quotes": (b"{'inputs': 'canary'}", 422, "validation"),
    "NUL bytes": (b"\0" * 100, 422, "validation"),
    "invalid UTF-8": (b'{"inputs": "canary \xff\xfe"}', 422, "validation"),
    "NaN": (b'{"inputs": NaN}', 422, "validation"),
    "Infinity": (b'{"inputs": ["a", -Infinity]}', 422, "validation"),
    "5,000 digits": (b'{"inputs": ' + b"9" * 5_000 + b"}", 422, "validation"),
    "a million digits": (b'{"inputs": ' + b"9" * 1_000_000 + b"}", 422, "validation"),
    "a large exponent": (b'{"inputs": 1e999999}', 422, "validation"),
    "500 levels": (nested(500), 422, "validation"),
    "100,000 levels": (nested(100_000), 422, "validation"),
    "100,000 objects": (b'{"inputs":' * 100_000 + b"1" + b"}" * 100_000, 422, "validation"),
    "100,000 levels that never close": (b"[" * 100_000, 422, "validation"),
    "null": (b"null", 422, "validation"),
    "a number": (b"1", 422, "validation"),
    "a JSON text": (b'"canary"', 422, "validation"),
    "a list": (b'["canary"]', 422, "validation"),
    "an empty object": (b"{}", 422, "validation"),
    "inputs of null": (b'{"inputs": null}', 422, "validation"),
    "inputs of a number": (b'{"inputs": 1}', 422, "validation"),
    "inputs of true": (b'{"inputs": true}', 422, "validation"),
    "inputs of an object": (b'{"inputs": {"text": "canary"}}', 422, "validation"),
    "no texts": (b'{"inputs": []}', 422, "validation"),
    "lists without texts": (b'{"inputs": [[]]}', 422, "validation"),
    "pairs": (b'{"inputs": [["canary", "canary"]]}', 422, "validation"),
    "numbers": (b'{"inputs": [1, 2]}', 422, "validation"),
    "a null among texts": (b'{"inputs": ["canary", null]}', 422, "validation"),
    "lists among texts": (b'{"inputs": ["canary", ["canary"]]}', 422, "validation"),
    "a wrong name": (b'{"input": "canary"}', 422, "validation"),
    "a name too many": (b'{"inputs": "canary", "canary": 1}', 422, "validation"),
    "a flag of text": (b'{"inputs": "canary", "truncate": "canary"}', 422, "validation"),
    "a flag of one": (b'{"inputs": "canary", "raw_scores": 1}', 422, "validation"),
    "a flag of null": (b'{"inputs": "canary", "details": null}', 422, "validation"),
    "10,000 texts": (json.dumps({"inputs": ["canary"] * 10_000}).encode(), 413, "too_large"),
    "129 texts": (json.dumps({"inputs": ["canary"] * 129}).encode(), 413, "too_large"),
    "100,001 characters": (json.dumps({"inputs": "x" * 100_001}).encode(), 413, "too_large"),
    "a text that must not be cut": (json.dumps({"inputs": "a b " * 5_000, "truncate": False}).encode(), 413, "too_large"),
    "10 MB": (b'{"inputs": "' + b"x" * 10_000_000 + b'"}', 413, "too_large"),
    "one byte too many": (b" " * 2_000_001, 413, "too_large"),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_a_bad_body_is_refused(served: Served, name: str) -> None:
    body, status, kind = BODIES[name]
    assert is_problem(send(served, post(body)), status, kind)


WIRE: dict[str, tuple[bytes, int, str]] = {
    "no body": (get("/predict", SHOWN, JSON, method="POST"), 422, "validation"),
    "an empty body": (get("/predict", SHOWN, JSON, "Content-Length: 0", method="POST"), 422, "validation"),
    "no type": (post(b'{"inputs": "a"}', "X: y"), 415, "media_type"),
    "plain text": (post(b'{"inputs": "a"}', "Content-Type: text/plain"), 415, "media_type"),
    "a form": (post(b"inputs=a", "Content-Type: application/x-www-form-urlencoded"), 415, "media_type"),
    "a form of parts": (post(b"--x--", "Content-Type: multipart/form-data; boundary=x"), 415, "media_type"),
    "no type at all": (post(b'{"inputs": "a"}', "Content-Type:"), 415, "media_type"),
    "compressed": (post(b"\x1f\x8b\x08\x00", JSON, "Content-Encoding: gzip"), 415, "media_type"),
    "no token": (get("/predict", JSON, method="POST", body=b'{"inputs": "a"}'), 401, "unauthorized"),
    "a wrong token": (get("/info", SHOWN + "x"), 401, "unauthorized"),
    "no token, and 10 MB": (get("/predict", JSON, method="POST", body=bytes(10_000_000)), 401, "unauthorized"),
    "metrics without the token": (get("/metrics"), 401, "unauthorized"),
    "nothing there, without the token": (get("/canary"), 401, "unauthorized"),
    "another host": (get("/health", host="evil.example"), 421, "host"),
    "another host, with the token": (get("/predict", SHOWN, host="127.0.0.1.evil.example"), 421, "host"),
    "no such page": (get("/canary?canary=canary", SHOWN), 404, "not_found"),
    "a way out": (get("/page.css/../../../../etc/passwd", SHOWN), 404, "not_found"),
    "a coded way out": (get("/%2e%2e/%2e%2e/etc/passwd%00", SHOWN), 404, "not_found"),
    "a slash too many": (get("/predict/", SHOWN, JSON, method="POST", body=b'{"inputs": "a"}'), 404, "not_found"),
    "docs": (get("/docs", SHOWN), 404, "not_found"),
    "GET for a POST": (get("/predict", SHOWN), 405, "method"),
    "POST for a GET": (get("/info", SHOWN, method="POST", body=b"{}"), 405, "method"),
    "OPTIONS of another origin": (
        get("/predict", SHOWN, "Origin: http://evil.example", "Access-Control-Request-Method: POST", method="OPTIONS"),
        405,
        "method",
    ),
    "TRACE": (get("/predict", SHOWN, method="TRACE"), 405, "method"),
    "an invented method": (get("/predict", SHOWN, method="CANARY"), 405, "method"),
    "garbage": (bytes(range(256)) * 10, 400, "http"),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(200)), 400, "http"),
    "HTTP/0.9": (b"GET /canary\r\n\r\n", 400, "http"),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "http"),
    "no host": (b"GET /health HTTP/1.1\r\n\r\n", 400, "http"),
    "two lengths": (get("/predict", SHOWN, "Content-Length: 1", "Content-Length: 2", method="POST"), 400, "http"),
    "a length and chunks": (
        get("/predict", SHOWN, JSON, CHUNKED, "Content-Length: 99", method="POST") + b"0\r\n\r\n" + get("/ready"),
        400,
        "http",
    ),
    "a negative length": (get("/predict", SHOWN, "Content-Length: -1", method="POST"), 400, "http"),
    "an unknown coding": (get("/predict", SHOWN, "Transfer-Encoding: gzip", method="POST"), 400, "http"),
    "a chunk without a size": (get("/predict", SHOWN, JSON, CHUNKED, method="POST") + b"canary\r\n", 400, "http"),
    "a huge header": (get("/health", "X: " + "canary" * 20_000), 431, "too_large"),
    "a huge address": (get("/" + "canary" * 20_000), 431, "too_large"),
    "many headers": (get("/health", *(f"X{number}: canary" for number in range(1_000))), 431, "too_large"),
}  # fmt: skip


@pytest.mark.parametrize("name", WIRE)
def test_a_bad_request_is_refused(served: Served, name: str) -> None:
    sent, status, kind = WIRE[name]
    answer = send(served, sent)
    assert is_problem(answer, status, kind)
    assert status != 405 or answer.headers["allow"]
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_silence_and_trickles_end_after_the_time_for_a_request(served: Served) -> None:
    trickling = (b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ", post(b"x" * 1000)[:-900])
    stopping = (
        b"", b"SSH-2.0-OpenSSH_9.9\r\n", get("/health")[:-2], post(b'{"inputs": "canary"}')[:-2],
        get("/predict", SHOWN, JSON, CHUNKED, method="POST") + b"2\r\n{}\r\n",
    )  # fmt: skip
    beginnings = trickling + stopping
    clients = [connect(served) for _ in beginnings]
    for client, beginning in zip(clients, beginnings, strict=True):
        client.sendall(beginning)
    ends = time.monotonic() + 0.6 * SECONDS
    while time.monotonic() < ends:
        time.sleep(SECONDS / 10)
        for client in clients[: len(trickling)]:
            client.sendall(b"x")
    for client in clients:
        assert is_problem(read_answer(client), 408, "timeout")
        assert client.recv(1) == b""
        client.close()


def test_a_body_without_end_is_refused(served: Served) -> None:
    with connect(served) as client:
        client.sendall(get("/predict", SHOWN, JSON, CHUNKED, method="POST"))
        sender = threading.Thread(target=without_end, args=(client,), daemon=True)
        sender.start()
        assert is_problem(read_answer(client), 413, "too_large")
        sender.join(HANGS)
        assert not sender.is_alive()


def without_end(client: socket.socket) -> None:
    with suppress(OSError):
        while True:
            client.sendall(b"40000\r\n" + bytes(0x40000) + b"\r\n")
            time.sleep(0.005)


def test_clients_that_leave_are_forgotten(served: Served) -> None:
    whole = post(json.dumps(WORKING).encode())
    for sent in (whole, whole[:-5], whole[:40], b""):
        for read in (0, 1):
            with connect(served) as client:
                client.sendall(sent)
                if read and sent == whole:
                    client.recv(read)
    ends = time.monotonic() + HANGS
    while served.server.server_state.tasks or served.server.server_state.connections:
        assert time.monotonic() < ends
        time.sleep(0.01)
    assert served.serving.labeller.batcher.taken == 0


GOOD: dict[str, tuple[Any, int]] = {
    "empty": ("", 0),
    "white space": (" \n\t", 0),
    "NUL and controls": ("\0\x01\x7f\x1b[31m", 2),
    "right to left": ("\u202e\u2066 abc", 2),
    "noncharacters": ("\uffff\U0010ffff", 0),
    "a lone surrogate": ("a \ud800 b", 2),
    "a pair of surrogates": ("\U0001f600" * 10, 2),
    "one word of 90,000 letters": ("x" * 90_000, 2),
    "markup": ("<script>alert(1)</script>'; DROP TABLE--", 2),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_a_strange_text_is_a_text(served: Served, name: str) -> None:
    text, labels = GOOD[name]
    answer = send(served, post(json.dumps({"inputs": text}).encode()))
    assert answer.status == 200
    assert_secure(answer)
    assert len(answer.json) == labels
    [said] = served.predictor.predict([text])
    assert {one["label"]: one["score"] for one in answer.json} == pytest.approx(said.scores, abs=1e-5)


def test_of_two_fields_of_one_name_the_last_counts(served: Served) -> None:
    [twice, once] = [
        send(served, post(body)) for body in (b'{"inputs": ["a", "b"], "inputs": "b"}', b'{"inputs": "b"}')
    ]
    assert twice.json == once.json


def test_many_requests_at_once_on_one_connection_are_answered_in_order(served: Served) -> None:
    bodies = [json.dumps({"inputs": ["a"] * number}).encode() for number in range(1, 11)]
    with connect(served) as client:
        client.sendall(b"".join(map(post, bodies)) + b"garbage\r\n\r\n")
        assert [len(read_answer(client).json) for _ in bodies] == list(range(1, 11))
        assert is_problem(read_answer(client), 400, "http")
        assert read_all(client) == b""
