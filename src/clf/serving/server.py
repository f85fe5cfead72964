"""The process of the server: the socket it listens on, uvicorn, and how it ends."""

# ruff: noqa: TID253 - this module serves
import asyncio
import errno
import ipaddress
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from uvicorn import Server as UvicornServer

from clf.errors import Terminated, UsageError
from clf.safety import one_line
from clf.serving.app import Serving, create_app
from clf.serving.guard import Guard
from clf.serving.observed import Observed
from clf.serving.problems import place_of
from clf.serving.protocol import protocol_with_deadline, uvicorn_config
from clf.settings import ServeSettings

NO_FILES = "the process cannot open another file, so new connections wait; raise its limit (ulimit -n)"
SECONDS_OF_A_TURN = 0.0005
NICER = 5
"""With 400 clients that ask again at once, the model answers 12 reviews a second instead of 5, on two cores.

With 10 it answers 16, but then what needs no model takes a tenth of a second.
"""
LoopError = dict[str, Any]
"""What asyncio tells of an error: a message, and mostly the exception."""

log = logging.getLogger(__name__)


def listen(host: str, port: int) -> socket.socket:
    """Take the address, so that a port in use is found before the model is loaded; connections are accepted later.

    Raises UsageError if the address cannot be had.
    """
    try:
        [(*kind, _, address), *_] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        told = f"--host {one_line(host)} has no address: {error}"
        raise UsageError(told, "pass an address, such as --host 127.0.0.1") from error
    taken = socket.socket(*kind)  # with its protocol, or asyncio leaves Nagle's delay on, 40 ms an answer
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
    except OSError as error:
        taken.close()
        raise _refused(host, port, error) from error
    return taken


def let_in(taken: socket.socket) -> None:
    """Let connections come in, which wait until the server answers.

    Raises UsageError if another server let them in first at this address: until then, both may have taken it.
    """
    try:
        taken.listen()
    except OSError as error:
        host, port = taken.getsockname()[:2]
        raise _refused(host, port, error) from error


def _refused(host: str, port: int, error: OSError) -> UsageError:
    in_use = error.errno == errno.EADDRINUSE
    hint = "pass another --port, or 0 for a free one" if in_use else "pass another --host or --port"
    return UsageError(f"cannot listen on {one_line(host)}, port {port}: {error.strerror}", hint)


def address_of(taken: socket.socket) -> str:
    """Return the address to type into a browser on this machine."""
    host, port = taken.getsockname()[:2]
    place = ipaddress.ip_address(host.partition("%")[0])
    if place.is_unspecified:
        host = "::1" if place.version == 6 else "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def give_way() -> None:
    """Let the thread of the model go before this one, in which requests are received and refused.

    Python lets a thread that waits for its turn interrupt another after 5 ms; the model waits for its turn at each of
    some hundred steps of a batch. And where cores are short, refusing requests would take the time of answering them.
    """
    sys.setswitchinterval(SECONDS_OF_A_TURN)
    if sys.platform == "linux":  # elsewhere the priority is that of the whole process
        with suppress(OSError):
            own = threading.get_native_id()
            os.setpriority(os.PRIO_PROCESS, own, os.getpriority(os.PRIO_PROCESS, own) + NICER)


class LoopErrors:
    """Tells what goes wrong in the event loop outside of a request, each kind once.

    asyncio itself writes a traceback each time: thousands a second while the process has no file left for a
    connection, and it waits until they are read.
    """

    def __init__(self) -> None:
        self._told: set[str] = set()

    def __call__(self, loop: asyncio.AbstractEventLoop, context: LoopError) -> None:
        """Tell of an error, without its message, which may repeat what a request holds."""
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
            what = NO_FILES
        elif isinstance(error, BaseException):
            what = f"an error outside of a request: {type(error).__name__} in {place_of(error)}"
        else:
            return
        if what not in self._told:
            self._told.add(what)
            log.warning("%s", what)


@contextmanager
def without_signals() -> Iterator[None]:
    """Ignore the signals that end a process: it is about to end, and must not leave a running thread behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Server(UvicornServer):
    """uvicorn's server around one model; `observed` counts what it answers."""

    def __init__(self, serving: Serving, token: str | None, settings: ServeSettings, *, tell: bool = False) -> None:
        """Prepare to answer those who show the `token` (all, if None); `tell` writes a line for each request."""
        guarded = Guard(
            create_app(serving, asks_token=token is not None), settings.allowed_host, token, settings.max_body
        )
        self.serving, self.observed = serving, Observed(guarded, serving.metrics, tell=tell)
        protocol = protocol_with_deadline(settings.receive_timeout, refused=self.observed.refused)
        super().__init__(uvicorn_config(self.observed, protocol, settings.drain_timeout))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to accept connections; what goes wrong in the event loop is told by clf from then on."""
        asyncio.get_running_loop().set_exception_handler(LoopErrors())
        await super().startup(sockets)

    async def on_tick(self, counter: int) -> bool:
        """Return whether to stop: a model that has failed for good needs a new process."""
        return await super().on_tick(counter) or not self.serving.labeller.batcher.alive

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop accepting requests; a second signal ends the server at once."""
        self.force_exit = self.should_exit
        self.serving.draining = True
        super().handle_exit(sig, frame)

    def answer(self, taken: socket.socket) -> int:
        """Answer requests until a signal comes, then those that were received; `taken` is where they come in.

        Returns how many requests were left without an answer.
        """
        with (
            self._hanging_up_stops(),
            suppress(KeyboardInterrupt, Terminated),
        ):  # uvicorn raises the signal again after it has ended
            self.run(sockets=[taken])
        return self.observed.cut_off

    @contextmanager
    def _hanging_up_stops(self) -> Iterator[None]:
        """Let SIGHUP, which a terminal sends when it is closed, stop the server as SIGTERM does."""
        in_main = threading.current_thread() is threading.main_thread()
        if not in_main or signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # as under nohup
            yield
            return
        before = signal.signal(signal.SIGHUP, self.handle_exit)
        try:
            yield
        finally:
            signal.signal(signal.SIGHUP, before)
