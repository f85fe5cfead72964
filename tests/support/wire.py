"""A server of the tests on 127.0.0.1, an app for it without a model, and clients that say what they like."""

import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn

from clf.serving.problems import App, Receive, Refused, Scope, Send, ignore
from clf.serving.protocol import protocol_with_deadline, uvicorn_config

LARGE, MIDDLE = 20_000_000, 60_000
HANGS = 60


@dataclass(frozen=True)
class Address:
    """Where a server of the tests listens, and the server."""

    port: int
    server: uvicorn.Server

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=HANGS)

    def ask(self, request: bytes) -> "Answer":
        """Send bytes, read one answer, and close."""
        with self.connect() as client:
            client.sendall(request)
            return read_answer(client)

    def talk(self, request: bytes, *, end: bool = False) -> bytes:
        """Send bytes and read until the server closes."""
        with self.connect() as client:
            client.sendall(request)
            if end:
                client.shutdown(socket.SHUT_WR)
            return read_all(client)


@dataclass(frozen=True)
class Answer:
    """One answer of a server."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def read_all(client: socket.socket) -> bytes:
    received = bytearray()
    while part := client.recv(1 << 20):
        received += part
    return bytes(received)


def read_answer(client: socket.socket, *, body: bool = True) -> Answer:
    """Read one answer of a known length; `body` is false for those to HEAD."""
    received = b""
    while b"\r\n\r\n" not in received:
        part = client.recv(1)
        assert part, f"closed after {received!r}"
        received += part
    status, _, lines = received[:-4].decode("latin-1").partition("\r\n")
    headers = dict(line.split(": ", 1) for line in lines.split("\r\n"))
    left, whole = int(headers.get("content-length", 0)) if body else 0, bytearray()
    while left > len(whole):
        part = client.recv(left - len(whole))
        assert part, "closed in the middle of a body"
        whole += part
    return Answer(int(status.split()[1]), headers, bytes(whole))


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with what arrived; some addresses are answered badly."""
    body = b""
    if scope["path"] != "/unread":
        message = {"more_body": True}
        while message.get("more_body"):
            message = dict(await receive())
            body += message.get("body", b"")
    if scope["path"] == "/fails":
        raise ValueError(body.decode())
    answer = f"{scope['method']} {scope['path']} {len(body)}".encode()
    answer = {"/large": bytes(LARGE), "/middle": bytes(MIDDLE)}.get(scope["path"], answer)
    await send({
        "type": "http.response.start", "status": 200,
        "headers": [(b"content-length", str(len(answer)).encode()), (b"x-frame-options", b"own"), (b"cache-control", b"public")],
    })  # fmt: skip
    if scope["path"] == "/breaks":
        raise ValueError(body.decode())
    await send({"type": "http.response.body", "body": answer, "more_body": False})


@contextmanager
def serving(
    app: App, seconds: float = 10, most_connections: int | None = None, refused: Refused = ignore
) -> Iterator[Address]:
    """Serve an app in a thread."""
    server = uvicorn.Server(uvicorn_config(app, protocol_with_deadline(seconds, most_connections, refused), 5))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        running = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        running.start()
        try:
            while not server.started:
                assert running.is_alive()
                time.sleep(0.01)
            yield Address(port, server)
        finally:
            server.should_exit = True
            running.join(HANGS)
            assert not running.is_alive()


def get(path: str = "/", *headers: str, method: str = "GET", body: bytes = b"", host: str = "127.0.0.1") -> bytes:
    """Return the bytes of a request."""
    lines: Sequence[str] = [f"{method} {path} HTTP/1.1", f"Host: {host}", *headers]
    lines = [*lines, f"Content-Length: {len(body)}"] if body else lines
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def is_problem(answer: Answer, status: int, kind: str) -> bool:
    """Assert that an answer is an error in the one shape."""
    assert (answer.status, answer.headers["content-type"]) == (status, "application/json")
    assert list(answer.json) == ["error", "error_type", "hint"]
    assert answer.json["error_type"] == kind
    assert answer.json["error"]
    assert_secure(answer)
    return True


def assert_secure(answer: Answer) -> None:
    """Assert that an answer has the headers of all, and none that says more than it must."""
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert not {"server", "x-powered-by", "access-control-allow-origin"} & answer.headers.keys()
