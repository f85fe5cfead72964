"""How the local Hub receives requests and sends its answers, spoilt by the faults that it was told to have."""

import contextlib
import re
import socket
import struct
import sys
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import unquote

from support.hub_contents import Answer

if TYPE_CHECKING:
    from support.local_hub import LocalHub

FaultKind = Literal["status", "reset", "truncate", "corrupt", "hang", "slow"]


class Request(NamedTuple):
    """One request as it arrived; the path is decoded and keeps its query."""

    method: str
    path: str


@dataclass
class Fault:
    """What goes wrong, and for which requests: `path` is searched for, `method` must match whole.

    status    answers `code`, `headers` and `body` (code=200 and an HTML body make a captive portal)
    reset     breaks the connection, before the answer or `after` so many bytes of the body
    truncate  sends half of the body (or `after` bytes), and calls that its whole length
    corrupt   sends the right number of bytes, one of them wrong
    hang      falls silent until the hub closes, before the answer or `after` so many bytes of the body
    slow      sends the body at `rate` bytes a second

    `times` is how often it goes wrong (None: always). A fault of the body passes over HEAD requests.
    Without a `path`, a fault strikes every request: those for the listing of the files too.
    """

    kind: FaultKind
    path: str = ""
    method: str = ".*"
    times: int | None = None
    code: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    after: int | None = None
    rate: int = 1000
    fired: int = 0

    def strikes(self, request: Request) -> bool:
        """Count and report a request that this fault spoils."""
        spent = self.times is not None and self.fired >= self.times
        of_the_body = self.after is not None or self.kind in ("truncate", "corrupt", "slow")
        harmless = of_the_body and request.method == "HEAD"
        meant = re.fullmatch(self.method, request.method) and re.search(self.path, request.path)
        if spent or harmless or not meant:
            return False
        self.fired += 1
        return True


def _cut(answer: Answer, asked: str) -> Answer:
    """Cut a file down to the bytes that a Range header asks for."""
    size = len(answer.body)
    match = re.fullmatch(r"bytes=(\d+)-(\d*)", asked)
    if match is None or answer.status != 200 or "Accept-Ranges" not in answer.headers:
        return answer
    first, last = int(match[1]), min(int(match[2] or size), size - 1)
    if first >= size:
        return Answer(416, {"Content-Range": f"bytes */{size}"})
    headers = answer.headers | {"Content-Range": f"bytes {first}-{last}/{size}"}
    return Answer(206, headers, answer.body[first : last + 1])


def _spoil(answer: Answer, fault: Fault) -> Answer:
    """Apply the faults that show in the answer itself, rather than in how it is sent."""
    middle = len(answer.body) // 2
    if fault.kind == "status":
        return Answer(fault.code, fault.headers, fault.body)
    if fault.kind == "truncate":
        return replace(answer, body=answer.body[: middle if fault.after is None else fault.after])
    if fault.kind == "corrupt" and answer.body:
        wrong = bytes([answer.body[middle] ^ 0xFF])
        return replace(answer, body=answer.body[:middle] + wrong + answer.body[middle + 1 :])
    return answer


class HubServer(ThreadingHTTPServer):
    """A thread for each connection; closing ends the connections, then joins the threads."""

    daemon_threads = False

    def __init__(self, hub: "LocalHub") -> None:
        self.hub = hub
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over the clients that went away; print anything else, for it is an error of the hub."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Reads a request, asks the hub, and sends the answer with the fault that was found for it."""

    protocol_version = "HTTP/1.1"
    server: HubServer

    def do_GET(self) -> None:
        hub = self.server.hub
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = hub.receive(Request(self.command, unquote(self.path)))
        answer = hub.answer(self.path, body, self.headers.get("Authorization"))
        if self.command == "GET":
            hub.ranges += [value] if (value := self.headers.get("Range")) else []
            answer = _cut(answer, self.headers.get("Range", ""))
        self._send(_spoil(answer, fault) if fault else answer, fault)

    do_HEAD = do_POST = do_GET

    def _send(self, answer: Answer, fault: Fault | None) -> None:
        stop = {"reset": self._reset, "hang": self._hang}.get(fault.kind) if fault else None
        if fault and stop and fault.after is None:
            return stop()
        self._send_head(answer)
        if self.command == "HEAD":
            return None
        if fault and fault.kind == "slow":
            return self._drip(answer.body, fault.rate)
        if fault and stop:
            self.wfile.write(answer.body[: fault.after])
            self.server.hub.closing.wait(0.05)  # let the client read so far
            return stop()
        self.wfile.write(answer.body)
        return None

    def _send_head(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in ({"Content-Length": str(len(answer.body))} | answer.headers).items():
            self.send_header(name, value)
        self.end_headers()

    def _drip(self, body: bytes, rate: int) -> None:
        step = max(1, rate // 10)
        for start in range(0, len(body), step):
            self.wfile.write(body[start : start + step])
            if self.server.hub.closing.wait(step / rate):
                break

    def _hang(self) -> None:
        self.server.hub.closing.wait()
        self.close_connection = True

    def _reset(self) -> None:
        """Close so that the client gets a reset (RST) where it expects the rest of the answer."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Stay quiet."""
