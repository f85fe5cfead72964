"""Progress is one line now and then where there is no terminal, and silence when quiet."""

import io
import logging
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from clf import progress
from clf.progress import duration, live_console, size, track
from clf.storage.run_folder import log_to


def test_lines_tell_count_rate_and_time_left(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)
    caplog.set_level(logging.INFO, "clf")
    with track("reading", 10) as advance:
        advance(4, note="file 1")
    assert caplog.messages[0].startswith("reading: 4 of 10 texts, ")
    assert caplog.messages[0].endswith("left, file 1")


def test_a_quiet_log_is_silent(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)
    caplog.set_level(logging.ERROR, "clf")
    with track("reading", 10) as advance:
        advance(4)
    assert caplog.messages == []


def test_a_log_file_brings_no_bar_back(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    log = logging.getLogger("clf")
    log.addHandler(handler := logging.StreamHandler())
    handler.setLevel(logging.ERROR)
    with log_to(tmp_path / "run.log"):
        assert not progress._notes_are_wanted()
        handler.setLevel(logging.INFO)
        assert progress._notes_are_wanted()


@pytest.mark.parametrize(("seconds", "said"), [(4.4, "4 s"), (200, "3 min 20 s"), (7500, "2 h 5 min"), (-1, "0 s")])
def test_durations_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (3599.4, "59 min 59 s"),
        (3600, "1 h 0 min"),
        (90_061, "25 h 1 min"),
        (0.4, "0 s"),
    ],
)
def test_a_duration_moves_to_the_next_unit_when_it_is_full(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 bytes"), (1, "1 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (1234, "1.2 kB"), (9_949, "9.9 kB"),
        (10_000, "10 kB"), (268_000_000, "268 MB"), (3_400_000_000, "3.4 GB"), (12e12, "12000 GB"),
    ],
)  # fmt: skip
def test_a_size_has_two_digits_at_least_and_a_unit(count: float, said: str) -> None:
    assert size(count) == said


@pytest.fixture
def every_line(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    """Let progress write a line at each step, once a second by its own clock."""
    clock = iter(range(100, 10_000))
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: float(next(clock))))
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 1.0)
    caplog.set_level(logging.INFO, "clf")
    return caplog


def test_the_rate_leaves_out_what_was_done_before(every_line: pytest.LogCaptureFixture) -> None:
    with track("training", 100, "steps", done=40) as advance:
        advance(10)
        advance(30, note="loss 0.5")
    assert every_line.messages == [
        "training: 50 of 100 steps, 10.0 per second, 5 s left",
        "training: 80 of 100 steps, 20.0 per second, 1 s left, loss 0.5",
    ]


def test_bytes_are_said_in_their_units_and_a_total_may_come_later(every_line: pytest.LogCaptureFixture) -> None:
    with track("fetching", None, "bytes") as advance:
        advance(1_500)
        advance(500, total=8_000)
        advance(0)
    assert every_line.messages == [
        "fetching: 1.5 kB, 1.5 kB per second",
        "fetching: 2.0 kB of 8.0 kB, 1.0 kB per second, 6 s left",
        "fetching: 2.0 kB of 8.0 kB, 667 bytes per second, 9 s left",
    ]


def test_lines_come_no_more_often_than_every_few_seconds(
    every_line: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 10.0)
    with track("reading", 100) as advance:
        for _ in range(25):
            advance()
    assert [message.partition(" of")[0] for message in every_line.messages] == ["reading: 10", "reading: 20"]


@pytest.mark.parametrize("total", [0, -1])
def test_nothing_to_do_needs_no_line(every_line: pytest.LogCaptureFixture, total: int) -> None:
    with track("reading", total) as advance:
        advance(1, note="x", total=5)
    assert every_line.messages == []


class Terminal(io.StringIO):
    """A terminal that keeps what is written to it."""

    def isatty(self) -> bool:
        return True

    def shown(self) -> str:
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.getvalue())


def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Let stderr be a terminal for the rest of the test."""
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    logging.getLogger("clf").setLevel(logging.INFO)
    return screen


def test_on_a_terminal_there_is_one_bar_and_others_are_lines_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = on_terminal(monkeypatch)
    assert live_console() is None
    with track("training [1]", 10, "steps") as advance:
        console = live_console()
        assert console is not None
        advance(5, note="loss [0.5]")
        with track("evaluating", 4, "texts") as inner:
            assert live_console() is console
            inner(4)
            progress._live.refresh()  # type: ignore[union-attr]
        assert live_console() is console
    assert live_console() is None
    assert "training [1]" in screen.shown()
    assert "5/10 steps" in screen.shown()
    assert "loss [0.5]" in screen.shown()
    assert "4/4" in screen.shown().partition("evaluating")[2]


def test_a_foreign_name_beside_a_bar_is_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = on_terminal(monkeypatch)
    with track("fetching x\x1b]0;t\x07\ny [/z]", 2) as advance:
        advance(1, note="\x1b[2Jnote")
        progress._live.refresh()  # type: ignore[union-attr]
    shown = stream.getvalue()
    assert "\x1b]0;" not in shown
    assert "\x1b[2Jnote" not in shown
    assert "\\x1b]0;t\\x07 y [/z]" in re.sub(r"\s+", " ", shown)


def test_a_bar_ends_with_the_error_that_ends_its_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        with track("training", 10):
            assert live_console() is not None
            raise ZeroDivisionError

    on_terminal(monkeypatch)
    with pytest.raises(ZeroDivisionError):
        fail()
    assert live_console() is None
