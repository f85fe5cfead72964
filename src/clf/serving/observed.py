"""Count every request, and write a line of JSON for each; no text, query or address of a client is part of it."""

import asyncio
import time

from clf.serving.guard import OPEN_PATHS
from clf.serving.log_lines import LogLines
from clf.serving.metrics import Metrics
from clf.serving.problems import REFUSED, App, Message, Problem, Receive, Scope, Send

METHODS = {"GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH"}
PATHS = OPEN_PATHS | {"/predict", "/info", "/metrics"}
"""The paths that are counted by name; any other may hold a text."""
PROBES = {"/health", "/ready", "/metrics"}
"""What supervisors ask again and again: it is counted, and logged only where it fails."""
OTHER = "other"
GONE = 499
"""The status, as nginx counts it, of a request whose client left before an answer began."""
KINDS = {
    400: "http", 401: "unauthorized", 404: "not_found", 405: "method", 408: "timeout", 413: "too_large",
    415: "media_type", 421: "host", 422: "validation", 429: "overloaded", 431: "too_large", GONE: "gone",
    500: "internal", 503: "unavailable", 505: "http",
}  # fmt: skip
"""The kind of error of each status, as answers name it."""


class Observed:
    """The outermost layer of the application."""

    def __init__(self, app: App, metrics: Metrics, *, tell: bool) -> None:
        self.app, self.metrics, self.log = app, metrics, LogLines() if tell else None
        metrics.expect_errors(set(KINDS.values()))
        self.answered = self.cut_off = 0
        """Requests that were answered, and those that were not, as the server ended before."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and take note of how it was answered."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started, status, is_cut_off = time.perf_counter(), GONE, False
        scope.setdefault("state", {})

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except asyncio.CancelledError:
            is_cut_off = True
            raise
        finally:
            self.cut_off += is_cut_off
            if REFUSED not in scope["state"]:
                self.answered += status != GONE and not is_cut_off
                path = scope["path"] if scope["path"] in PATHS else OTHER
                self._note(scope["method"], path, status, time.perf_counter() - started, scope["state"].get("texts"))

    def refused(self, problem: Problem) -> None:
        """Take note of a request that the connection was closed for, before it had arrived."""
        self.answered += 1
        self._note(OTHER, OTHER, problem.status, None, None)

    def _note(self, method: str, path: str, status: int, seconds: float | None, texts: int | None) -> None:
        self.metrics.request(path, status, seconds)
        kind = KINDS.get(status, "internal") if status >= 400 else None
        if kind:
            self.metrics.error(kind)
        if self.log and not (path in PROBES and status < 400):
            self.log.write(
                method=method if method in METHODS else OTHER,
                path=path,
                status=status,
                texts=texts,
                seconds=None if seconds is None else round(seconds, 4),
                error=kind,
            )
