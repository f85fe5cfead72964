"""A signal during training is noted, whatever the process is doing, and told once."""

import io
import logging
import os
import signal

import pytest

from clf.training.interrupts import stop_on_signals


class Interrupted(io.RawIOBase):
    """A stream whose reader sends a signal in the middle of a line."""

    def __init__(self) -> None:
        self.sent = False

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        if not self.sent:
            self.sent = True
            os.kill(os.getpid(), signal.SIGTERM)
        return len(data)


class ToStream(logging.Handler):
    """Writes at once, and hides no error: as clf's own does."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        super().__init__()
        self.stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        self.stream.write(record.getMessage() + "\n")
        self.stream.flush()


def test_a_signal_in_the_middle_of_a_line_is_no_error() -> None:
    stream = io.TextIOWrapper(io.BufferedWriter(Interrupted()), write_through=True)
    handler = ToStream(stream)
    log = logging.getLogger("clf")
    log.addHandler(handler)
    try:
        with stop_on_signals() as stop:
            stream.write("epoch 1\n")
            stream.flush()
            assert stop.number == signal.SIGTERM
            assert stop.exit_code == 143
    finally:
        log.removeHandler(handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_is_told_once_and_the_handlers_are_put_back(number: int, caplog: pytest.LogCaptureFixture) -> None:
    before = signal.getsignal(number)
    with caplog.at_level(logging.WARNING), stop_on_signals() as stop:
        os.kill(os.getpid(), number)
    assert stop.number == number
    assert caplog.text.count("stopping: saving a checkpoint") == 1
    assert signal.getsignal(number) == before


def test_without_a_signal_nothing_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with stop_on_signals() as stop:
        pass
    assert stop.number == 0
    assert caplog.text == ""
