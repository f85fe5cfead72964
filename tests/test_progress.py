"""Progress is one line now and then where there is no terminal, and silence when quiet."""

import logging

import pytest

from clf import progress
from clf.progress import duration, track


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


@pytest.mark.parametrize(("seconds", "said"), [(4.4, "4 s"), (200, "3 min 20 s"), (7500, "2 h 5 min"), (-1, "0 s")])
def test_durations_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said
