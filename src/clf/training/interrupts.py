"""Signals during training: the run finishes its step and saves a checkpoint before it stops."""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from clf.errors import INTERRUPTED, TERMINATED

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

log = logging.getLogger(__name__)


class StopRequest:
    """A request to stop: `number` is that of the signal received, 0 for none."""

    number = 0

    @property
    def exit_code(self) -> int:
        """The exit code of the command: 130 after Ctrl-C, 143 after any other."""
        return INTERRUPTED if self.number == signal.SIGINT else TERMINATED


@contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Record SIGINT, SIGTERM and SIGHUP instead of being killed by them; a second one ends the process immediately.

    A signal may arrive while a log line is being written, so its handler does not log: a thread does.
    """
    request, asked, over = StopRequest(), threading.Event(), False
    if threading.current_thread() is not threading.main_thread():
        yield request  # only the main thread receives signals
        return

    def ask(number: int, frame: FrameType | None) -> None:
        if request.number:
            os._exit(128 + number)
        request.number = number
        asked.set()

    def tell() -> None:
        asked.wait()
        if not over:
            log.warning("stopping: saving a checkpoint (interrupt again to stop without saving)")

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, ask) for number in heard}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        over = not request.number
        asked.set()
        teller.join()
