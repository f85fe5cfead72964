"""A signal during training is noted, whatever the process is doing, and told once."""

import io
import logging
import os
import signal
import threading

import pytest

from clf.training.interrupts import SIGNALS, StopRequest, stop_on_signals


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


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143), (0, 143)]
)
def test_the_exit_code_tells_ctrl_c_from_all_others(number: int, code: int) -> None:
    request = StopRequest()
    request.number = number
    assert request.exit_code == code


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_the_process_at_once(second: int, monkeypatch: pytest.MonkeyPatch) -> None:
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    with stop_on_signals():
        os.kill(os.getpid(), signal.SIGTERM)
        assert codes == []
        os.kill(os.getpid(), second)
        assert codes == [128 + second]


def test_a_signal_that_the_shell_had_ignored_stays_ignored(caplog: pytest.LogCaptureFixture) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with stop_on_signals() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert stop.number == 0
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
    assert caplog.text == ""


def test_an_error_puts_the_handlers_back(caplog: pytest.LogCaptureFixture) -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    with pytest.raises(ValueError, match="it failed"), stop_on_signals():
        raise ValueError("it failed")
    assert [signal.getsignal(number) for number in SIGNALS] == before
    assert caplog.text == ""


def test_another_thread_than_the_main_one_hears_no_signal() -> None:
    before, heard = signal.getsignal(signal.SIGTERM), []

    def train() -> None:
        with stop_on_signals() as stop:
            heard.append((stop.number, signal.getsignal(signal.SIGTERM)))

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    assert heard == [(0, before)]
