"""A server on 127.0.0.1 that gives the page of `clf serve` to browsers and answers its requests as it was told."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any, Self

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
KINDS = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
INFO: dict[str, Any] = {
    "model": "all-MiniLM-L6-v2_reviews_final", "labels": ["negative", "positive"], "multi_label": False, "max_length": 512,
    "threshold": None, "thresholds": None, "device": "cpu", "precision": "fp32", "version": "1.0.0",
    "limits": {"texts": 128, "characters": 100_000, "body": 2_000_000, "queue": 256},
}  # fmt: skip


@dataclass
class Answer:
    """What the server answers: a value as JSON, or bytes as they are; `before` is called first."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    before: Callable[[], object] = bool


def labelled(scores: dict[str, float], label: str | list[str] | None = None, **more: Any) -> Answer:
    """Return the answer for a text with these scores, best first; its label is the best one if none is given."""
    best = sorted(scores, key=lambda name: -scores[name])
    told = {
        "label": best[0] if label is None else label, "confidence": scores[best[0]], "abstained": False,
        "scores": [{"label": name, "score": scores[name]} for name in best], "tokens": 12, "tokens_cut": 0, "error": "",
    }  # fmt: skip
    return Answer(told | more)


def refused(status: int, error: str, hint: str = "", **headers: str) -> Answer:
    """Return an error in the shape of clf's servers; `Retry_After` stands for the header `Retry-After`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer({"error": error, "error_type": "word", "hint": hint}, status, named)


POSITIVE = labelled({"positive": 0.982, "negative": 0.018})


class PageServer:
    """The server: what it says of its model, its next answers, its token, the folder of its addresses; and requests."""

    def __init__(
        self, answers: list[Answer] | None = None, *, token: str | None = None, prefix: str = "/", **info: Any
    ) -> None:
        self.answers, self.token, self.prefix, self.info = answers or [], token, prefix, INFO | info
        self.asked: list[str] = []
        """Methods and addresses that were asked for."""
        self.bodies: list[Any] = []
        """What came to `predict`, with the right token."""
        self.tokens: list[str | None] = []
        """The Authorization headers that came to `predict` and `info`."""
        handler = type("Handler", (_Handler,), {"of": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}{prefix}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, path: str, authorization: str | None, body: bytes) -> Answer:
        """Return the answer to a request; without a next one, everything is positive."""
        if path in {"", "page.css", "page.js"}:
            name = path or "index.html"
            data = (files("clf.serving") / "page" / name).read_bytes()
            return Answer(data, headers={"Content-Type": f"{KINDS[name.rpartition('.')[2]]}; charset=utf-8"})
        self.tokens.append(authorization)
        if self.token is not None and authorization != f"Bearer {self.token}":
            return refused(401, "this server asks for its token", "send the header", WWW_Authenticate="Bearer")
        if path == "info":
            return Answer(self.info)
        if path != "predict":
            return refused(404, "there is nothing at this address")
        self.bodies.append(json.loads(body))
        return self.answers.pop(0) if self.answers else POSITIVE


class _Handler(BaseHTTPRequestHandler):
    of: PageServer

    def do_GET(self) -> None:
        self.of.asked.append(f"{self.command} {self.path}")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        inside = self.path.removeprefix(self.of.prefix) if self.path.startswith(self.of.prefix) else "nowhere"
        answer = self.of.answer(inside, self.headers.get("Authorization"), body)
        answer.before()
        data = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        given = {"Content-Type": "application/json", "Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
        for name, value in (given | answer.headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_GET

    def log_message(self, *said: object) -> None:
        """Log nothing."""
