"""Signals during training: the step is finished, a checkpoint saved, and only then the run ends."""

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
    """Whether a signal asked the run to stop; `number` is the signal's, 0 for none."""

    number = 0

    @property
    def exit_code(self) -> int:
        """The exit code of the command: 130 after Ctrl-C, 143 after any other."""
        return INTERRUPTED if self.number == signal.SIGINT else TERMINATED


@contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Note SIGINT, SIGTERM and SIGHUP instead of dying of them; a second one ends the process at once.

    A signal may come in the middle of a line that is being written, so its handler writes none: a thread does.
    """
    request, asked, over = StopRequest(), threading.Event(), False
    if threading.current_thread() is not threading.main_thread():
        yield request  # signals are the main thread's
        return

    def ask(number: int, frame: FrameType | None) -> None:
        if request.number:
            os._exit(128 + number)
        request.number = number
        asked.set()

    def tell() -> None:
        asked.wait()
        if not over:
            log.warning("stopping: a checkpoint is being saved (once more to stop without)")

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
