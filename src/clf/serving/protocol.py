# ruff: noqa: TID253 - this module serves
"""Connections of the server: uvicorn's protocol, with deadlines and limits that it has none of.

A client that sends slowly, stops in the middle, reads nothing or says something that is not HTTP costs a connection for
a bounded time and nothing else. A connection waits for a request under one of two timers: that of uvicorn for
connections that are kept alive, until the first byte, and then the one here, which nothing that arrives prolongs.
"""

import asyncio
import logging
import resource
import sys

import h11
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol

from clf.serving.guard import LARGEST_HEAD, too_large_head
from clf.serving.problems import REFUSED, App, Problem, Refused, ignore, timed_out

MOST_CONNECTIONS = 512
"""Further connections are answered with 503; fewer where a process may have fewer than twice as many files open."""
REFUSED_SHARE = 8
"""Of the connections that a server may have, one in so many more is told that there are too many.

The others are closed without a word: where a process may open few files, they would be its last ones.
"""
LEAST_READ = 16_384
"""How many bytes of an answer, or what is left of it, a client must read within the time for a request."""
LINGER = 1.0
"""Seconds for which what a client still sends is read and dropped, so that it can read why it was refused."""
KEEP_ALIVE = 75
"""Seconds for which a connection without a request is kept open after an answer.

Longer than nginx keeps those to a server behind it (60 s), or it would send requests into closed ones.
"""
READ_AT_ONCE = 32_768
"""Bytes of a connection that are read before the others have their turn: a body of tiny chunks takes long to parse."""
HTTP_HINT = "send HTTP/1.1, without TLS"

log = logging.getLogger(__name__)


class Deadlines(H11Protocol):
    """One connection with deadlines; `protocol_with_deadline` makes a class with the limits of a server."""

    seconds: float
    most_connections: int
    most_refused: int
    refused: Refused
    receiving: asyncio.TimerHandle | None = None
    sending: asyncio.TimerHandle | None = None
    lingering: asyncio.TimerHandle | None = None
    unsent = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time for the first request, or refuse the connection if there are too many."""
        transport.set_write_buffer_limits(high=0)  # pause_writing is then called whenever the client must read first
        transport.max_size = READ_AT_ONCE  # type: ignore[attr-defined]
        super().connection_made(transport)
        if len(self.connections) > self.most_connections + self.most_refused:
            transport.abort()
        elif len(self.connections) > self.most_connections and not self._make_room():
            self._refuse(too_many_connections())
        else:
            self._watch()

    def _make_room(self) -> bool:
        """Close a connection that is only kept alive, as its client must expect; return whether there was one."""
        for one in self.connections:
            if (
                isinstance(one, Deadlines)
                and one.timeout_keep_alive_task is not None
                and not one.transport.is_closing()
            ):
                one.timeout_keep_alive_handler()
                return True
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all timers."""
        for timer in (self.receiving, self.sending, self.lingering):
            if timer is not None:
                timer.cancel()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    # --- the request ----------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Take what the client sent, unless it was refused already."""
        if self.lingering is None:
            super().data_received(data)
            self._watch()

    def on_response_complete(self) -> None:
        """Go on to the next request of the connection, which may have arrived in part."""
        super().on_response_complete()
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self._unset_keepalive_if_required()
        self._watch()

    def _watch(self) -> None:
        """Start the time for a request, or stop it when the request has arrived."""
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            if self.receiving is not None:
                self.receiving.cancel()
                self.receiving = None
        elif self.receiving is None and self.timeout_keep_alive_task is None and not self.transport.is_closing():
            self.receiving = self.loop.call_later(self.seconds, self._expire)

    def _expire(self) -> None:
        self.receiving = None
        if self.conn.their_state is h11.SEND_BODY and self.cycle.response_started:
            self._close()
        else:
            self._refuse(timed_out(self.seconds))

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing of it: a request that asks for another protocol is answered in HTTP/1.1."""

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP; called by uvicorn where it caught the error of its parser."""
        error = sys.exception()
        if getattr(error, "error_status_hint", 400) == 431:
            self._refuse(too_large_head())
        else:
            self._refuse(Problem(400, "http", "this is not a valid request of HTTP", HTTP_HINT))

    def _refuse(self, problem: Problem) -> None:
        """Answer with a problem and close the connection; if an answer has begun, only close it."""
        if self.transport.is_closing() or self.lingering is not None:
            return
        if self._is_answering():
            self._close()
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.scope["state"][REFUSED] = True
        self._leave_the_app()
        self.refused(problem)
        log.debug("refused: %d %s", problem.status, problem.kind)
        self.transport.write(problem.on_the_wire(self.server_state.default_headers))
        self.lingering = self.loop.call_later(LINGER, self.transport.abort)
        self.transport.write_eof()

    def _is_answering(self) -> bool:
        return self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete

    def _leave_the_app(self) -> None:
        """Let the app see that the client has left."""
        self._unset_keepalive_if_required()
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def _close(self) -> None:
        self._leave_the_app()
        self.transport.abort()

    # --- the answer -----------------------------------------------------------------------------------------------

    def pause_writing(self) -> None:
        """Start the time for the client to read."""
        super().pause_writing()
        self._expect_reading()

    def _expect_reading(self) -> None:
        self.unsent = self.transport.get_write_buffer_size()
        self.sending = self.loop.call_later(self.seconds, self._check_reading)

    def _check_reading(self) -> None:
        if self.unsent - self.transport.get_write_buffer_size() < min(LEAST_READ, self.unsent):
            self._close()
        else:
            self._expect_reading()

    def resume_writing(self) -> None:
        """Stop the time for the client to read."""
        super().resume_writing()
        if self.sending is not None:
            self.sending.cancel()
            self.sending = None

    def shutdown(self) -> None:
        """Finish the request at hand and close; called by uvicorn when the server stops."""
        if self.lingering is None:
            super().shutdown()
        else:
            self.transport.close()


def too_many_connections() -> Problem:
    """Return the answer to a connection beyond those that the server may have."""
    what, again = "the server has too many connections", [(b"retry-after", b"1")]
    return Problem(503, "unavailable", what, "ask again in a second", again)


def connections_that_fit() -> int:
    """Return how many connections a server may have, which leave as many files to the rest of the process."""
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return MOST_CONNECTIONS if allowed == resource.RLIM_INFINITY else min(MOST_CONNECTIONS, allowed // 2)


def protocol_with_deadline(
    seconds: float, most_connections: int | None = None, refused: Refused = ignore
) -> type[Deadlines]:
    """Return a protocol for uvicorn that gives each request `seconds` to arrive, and each answer to be read.

    `refused` is called with each problem that a connection is closed for.
    """
    most = most_connections or connections_that_fit()
    limits = {"seconds": seconds, "most_connections": most, "most_refused": max(1, most // REFUSED_SHARE)}
    return type("DeadlineProtocol", (Deadlines,), {**limits, "refused": staticmethod(refused)})


def uvicorn_config(app: App, protocol: type[Deadlines], drain_timeout: float) -> Config:
    """Return how uvicorn is to serve an app: with nothing from the environment, and without words of its own.

    It would log addresses of requests, and tracebacks with what they hold; clf logs what happens itself. When the
    server stops, requests at hand have `drain_timeout` seconds.
    """
    return Config(
        app,
        http=protocol,
        ws="none",
        loop="asyncio",
        interface="asgi3",
        lifespan="off",
        workers=1,
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        forwarded_allow_ips=[],
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=drain_timeout,  # type: ignore[arg-type]  # it takes any number
        h11_max_incomplete_event_size=LARGEST_HEAD,
    )
