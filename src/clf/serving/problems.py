"""Errors as answers of the server: each has a status, a kind and a hint, in one JSON shape."""

import json
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

Message = MutableMapping[str, Any]
"""A message of the Asynchronous Server Gateway Interface (ASGI)."""
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

CONTENT_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS: Headers = [
    (b"content-security-policy", CONTENT_POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]
"""What every answer carries: only the page's own files run in a browser, and nothing keeps texts or answers."""
CLOSE = (b"connection", b"close")
REFUSED = "clf.refused"
"""The mark in a request's state that its connection was closed for a problem, which was told: it is counted once."""
MOST_CHARACTERS = 1000


class Problem(Exception):
    """An error to answer a request with; `hint` says what to do instead, `headers` go with the answer."""

    def __init__(self, status: int, kind: str, message: str, hint: str = "", headers: Headers | None = None) -> None:
        super().__init__(message)
        self.status, self.kind, self.message, self.hint = status, kind, message, hint
        self.extra = headers or []

    def body(self) -> dict[str, str]:
        """Return the JSON of the answer, with the names that Text Embeddings Inference uses, and a hint."""
        return {"error": self.message[:MOST_CHARACTERS], "error_type": self.kind, "hint": self.hint[:MOST_CHARACTERS]}

    def encoded(self) -> bytes:
        """Return the JSON of the answer as bytes; a lone surrogate in it is escaped."""
        return json.dumps(self.body()).encode("ascii")

    def headers(self) -> Headers:
        """Return the headers of the answer, but those that every answer has."""
        length = str(len(self.encoded())).encode("ascii")
        return [(b"content-type", b"application/json"), (b"content-length", length), *self.extra]

    def on_the_wire(self, more: Headers) -> bytes:
        """Return the whole answer as HTTP/1.1, after which the connection is closed, with `more` headers."""
        headers = [*more, *self.headers(), *SECURITY_HEADERS, CLOSE]
        first = f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}\r\n".encode("ascii")
        return first + b"".join(name + b": " + value + b"\r\n" for name, value in headers) + b"\r\n" + self.encoded()


Refused = Callable[[Problem], None]
"""What is called with each problem that a request was refused for."""


def place_of(error: BaseException) -> str:
    """Return where an error was raised, as `clf/models/inference.py, line 312`: all that a log may say of it."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{'/'.join(Path(frames[-1].filename).parts[-3:])}, line {frames[-1].lineno}" if frames else "no known place"


def internal() -> Problem:
    """Return the answer to a request that clf failed at; what happened stands only in the log."""
    return Problem(500, "internal", "clf failed at this request", "the log of the server says where")


def timed_out(seconds: float) -> Problem:
    """Return the answer to a request that did not arrive within `seconds`."""
    return Problem(408, "timeout", f"the request did not arrive within {seconds:g} s", "send it in one go")


def ignore(problem: Problem) -> None:
    """Do nothing with a problem: what is called where nobody counts."""


async def answer(problem: Problem, send: Send) -> None:
    """Answer a request with a problem."""
    await send({"type": "http.response.start", "status": problem.status, "headers": problem.headers()})
    await send({"type": "http.response.body", "body": problem.encoded(), "more_body": False})
