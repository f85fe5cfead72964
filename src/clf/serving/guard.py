"""What every request passes before the app sees it: name of the host, token, limits on its size.

All answers pass here too: each carries the same headers, and an error that nothing caught becomes an answer that says
nothing of the inside. What a request holds is never logged.
"""

import asyncio
import hmac
import ipaddress
import logging
import traceback
from collections.abc import Collection

from clf.errors import ModelError, TooLittleMemory
from clf.serving.problems import (
    CLOSE,
    SECURITY_HEADERS,
    App,
    Headers,
    Message,
    Problem,
    Receive,
    Scope,
    Send,
    answer,
    internal,
    place_of,
)

OPEN_PATHS = frozenset({"/", "/page.css", "/page.js", "/favicon.ico", "/health", "/ready", "/openapi.json"})
"""What needs no token: the page and its files, and what supervisors of services ask."""
MOST_HEADERS = 100
LARGEST_HEAD = 32_768
"""The most bytes of a request before its body: address and headers."""
WAITING_BODIES = 64
"""How many of the largest bodies the server holds at once, in bytes, before it is overloaded."""

LENGTH_HINT = "send either Content-Length or Transfer-Encoding"
MOST_CAUSES = 5
PLAIN_HINT = "send it as it is, without the header Content-Encoding"

log = logging.getLogger(__name__)


class Guard:
    """An ASGI app around another, which then sees only requests that may be answered, each with its whole body.

    `hosts` are names that the Host header may have beside addresses and localhost (`*`: any), `token` is what clients
    must show, None for nothing, and `max_body` is in bytes.
    """

    def __init__(self, app: App, hosts: Collection[str], token: str | None, max_body: int) -> None:
        self.app, self.max_body = app, max_body
        self.hosts = {host.lower().rstrip(".") for host in hosts}
        self.token = None if token is None else token.encode("ascii")
        self.held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass the server's start and end on to the app."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await _Exchange(self, scope, receive, send).run()
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})

    def check(self, scope: Scope) -> None:
        """Raise a Problem for a request that may not be answered, whatever its body."""
        if scope["http_version"] not in {"1.0", "1.1"}:
            raise Problem(505, "http", "this server speaks HTTP/1.1", headers=[CLOSE])
        headers: Headers = scope["headers"]
        size = (
            len(scope["raw_path"]) + len(scope["query_string"]) + sum(len(name) + len(value) for name, value in headers)
        )
        if size > LARGEST_HEAD or len(headers) > MOST_HEADERS:
            raise too_large_head()
        if _values(headers, b"content-length") and _values(headers, b"transfer-encoding"):
            # A proxy in front may go by the other one, and take the rest of the body for a request of its own.
            raise Problem(400, "http", "the request says twice how long its body is", LENGTH_HINT, [CLOSE])
        self._check_host(_values(headers, b"host"), scope["http_version"])
        if self.token is not None and scope["path"] not in OPEN_PATHS:
            self._check_token(_values(headers, b"authorization"), self.token)
        if _values(headers, b"content-encoding") not in ([], [b"identity"]):
            raise Problem(415, "media_type", "the body is compressed, and this server reads plain JSON", PLAIN_HINT)

    def _check_host(self, given: list[bytes], version: str) -> None:
        """Refuse a name that is not the server's own: a page elsewhere may have given it this machine's address.

        A request of HTTP/1.0 may name none. Browsers always do, and old health checks never.
        """
        if not given and version == "1.0":
            return
        host = host_of(given[0]) if len(given) == 1 else None
        if host is None or not ("*" in self.hosts or host in self.hosts or host == "localhost" or _is_address(host)):
            raise Problem(
                421,
                "host",
                "this server does not answer under the name in the address",
                "use its number instead of its name, or start clf serve with --allowed-host NAME",
            )

    @staticmethod
    def _check_token(given: list[bytes], token: bytes) -> None:
        scheme, _, shown = given[0].partition(b" ") if len(given) == 1 else (b"", b"", b"")
        if not (hmac.compare_digest(shown.strip(b" \t"), token) and scheme.lower() == b"bearer"):
            found = "the request showed none" if not given else "what the request showed is not `Bearer` and the token"
            raise Problem(
                401,
                "unauthorized",
                f"this server asks for its token, and {found}",
                "send the header `Authorization: Bearer TOKEN`",
                [(b"www-authenticate", b"Bearer")],
            )

    def check_length(self, given: list[bytes]) -> None:
        """Raise a Problem for a body that says that it is too large."""
        if given and (len(given[0]) > 18 or int(given[0]) > self.max_body):
            raise self.too_large()

    def hold(self, size: int) -> None:
        """Count bytes of a body as held in memory, or raise a Problem if there are too many of all requests."""
        if self.held + size > WAITING_BODIES * self.max_body:
            raise Problem(
                429, "overloaded", "too many requests wait", "ask again in a second", [(b"retry-after", b"1")]
            )
        self.held += size

    def too_large(self) -> Problem:
        """Return the answer to a body of too many bytes."""
        return Problem(
            413, "too_large", f"the body has more than {self.max_body:,} bytes", "send fewer texts in a request"
        )


def too_large_head() -> Problem:
    """Return the answer to an address and headers that are too large together."""
    most = f"{LARGEST_HEAD:,} bytes and {MOST_HEADERS} headers"
    return Problem(431, "too_large", f"address and headers are larger than {most}", "leave out some headers")


class _Exchange:
    """One request and its answer."""

    def __init__(self, guard: Guard, scope: Scope, receive: Receive, send: Send) -> None:
        self.guard, self.scope, self._receive, self._send = guard, scope, receive, send
        headers: Headers = scope["headers"]
        self.length = _values(headers, b"content-length")
        self.body_left = bool(_values(headers, b"transfer-encoding")) or self.length not in ([], [b"0"])
        self.expects = bool(_values(headers, b"expect"))
        self.body, self.size, self.disconnected = bytearray(), 0, False
        self.given = self.started = False

    async def run(self) -> None:
        """Answer the request."""
        try:
            self.guard.check(self.scope)
            self.guard.check_length(self.length)
            await self._read()
            if not self.disconnected:
                await self.guard.app(self._for_the_app(), self.receive, self.send)
        except Problem as problem:
            await self._fail(problem)
        except asyncio.CancelledError:
            await self._fail(Problem(503, "unavailable", "the server stops", headers=[CLOSE]))
            raise
        except Exception as error:  # whatever the app did not expect
            log_failure(error)
            await self._fail(internal())
        finally:
            self.guard.held -= self.size

    def _for_the_app(self) -> Scope:
        """Return what the app sees; a request for the headers of an answer is one for the answer, cut by the server."""
        return {**self.scope, "method": "GET" if self.scope["method"] == "HEAD" else self.scope["method"]}

    async def _read(self) -> None:
        """Read the whole body, so that nothing waits for a slow client but its own connection."""
        while self.body_left:
            message = await self._receive()
            self._take(message)
            part = message.get("body", b"")
            if len(self.body) + len(part) > self.guard.max_body:
                raise self.guard.too_large()
            self.guard.hold(len(part))
            self.size += len(part)
            self.body += part

    def _take(self, message: Message) -> None:
        self.disconnected = message["type"] == "http.disconnect"
        self.body_left = bool(message.get("more_body")) and not self.disconnected

    async def receive(self) -> Message:
        """Give the app the body, and then what comes after it: that the client has left."""
        if self.given:
            return await self._receive()
        self.given = True
        body, self.body = bytes(self.body), bytearray()
        return {"type": "http.request", "body": body, "more_body": False}

    async def _fail(self, problem: Problem) -> None:
        """Answer with a problem, unless an answer has begun: the server then closes the connection."""
        if not self.started and not self.disconnected:
            await answer(problem, self.send)

    async def send(self, message: Message) -> None:
        """Send a part of the answer.

        The last part waits until the request has arrived: a client that is still sending would otherwise find its
        connection reset before it has read the answer. One that asked whether to send the body does not send it.
        """
        if message["type"] == "http.response.start":
            self.started = True
            message = {**message, "headers": self._headers(message.get("headers", []))}
        elif self.body_left and not self.expects:  # a problem, in one part: the app answers whole requests only
            await self._send({**message, "more_body": True})
            message = {"type": "http.response.body", "body": b"", "more_body": False}
            while self.body_left:
                self._take(await self._receive())
        await self._send(message)

    def _headers(self, given: Headers) -> Headers:
        own = {name for name, _ in SECURITY_HEADERS}
        kept = [(name, value) for name, value in given if name.lower() not in own]
        close = [CLOSE] if self.body_left and self.expects and CLOSE not in kept else []
        return [*kept, *SECURITY_HEADERS, *close]


def host_of(header: bytes) -> str | None:
    """Return the name or address in a Host header in lower case, without its port; None if it has no valid form."""
    text = header.decode("latin-1").strip().lower()
    if text.startswith("["):
        host, bracket, port = text[1:].partition("]")
        valid = bool(bracket) and _is_address(host) and (not port or port.startswith(":"))
    else:
        host, _, port = text.partition(":")
        valid = bool(host)
    port = port.removeprefix(":")
    return host.removesuffix(".") if valid and (not port or (port.isascii() and port.isdecimal())) else None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _values(headers: Headers, name: bytes) -> list[bytes]:
    return [value for given, value in headers if given == name]


def log_failure(error: BaseException) -> None:
    """Log an error and where it happened, without its message, which may repeat what a request holds.

    What clf itself says of the model or of memory holds no text, and tells the remedy. But where it quotes the library
    of tokenizers, it may: a panic over a wrong index holds the text that was to be cut.
    """
    told = type(error).__name__
    if isinstance(error, ModelError) and (error.__cause__ is None or isinstance(error, TooLittleMemory)):
        told = f"{error.message} ({error.hint})"
    log.warning("a request failed: %s in %s", told, place_of(error))
    seen: BaseException | None = error
    for _ in range(MOST_CAUSES):
        if seen is None:
            break
        log.debug("%s in\n%s", type(seen).__name__, "".join(traceback.format_tb(seen.__traceback__)))
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
