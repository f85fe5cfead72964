"""Progress is one line now and then where there is no terminal, and silence when quiet."""

import logging
from pathlib import Path

import pytest

from clf import progress
from clf.progress import duration, track
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
