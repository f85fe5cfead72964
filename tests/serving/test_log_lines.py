"""Lines of JSON on stderr."""

import json
import os
import sys

import pytest

from clf.serving.log_lines import LogLines


def test_what_is_none_is_left_out(capfd: pytest.CaptureFixture[str]) -> None:
    LogLines().write(path="/predict", texts=None, seconds=0.5)
    line = json.loads(capfd.readouterr().err)
    assert list(line) == ["time", "path", "seconds"]


def test_lines_that_nobody_takes_are_counted_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    lines = LogLines()
    with os.fdopen(writing, "w") as stream, os.fdopen(reading) as reader:
        monkeypatch.setattr(sys, "stderr", stream)
        for _ in range(200):
            lines.write(message="x" * 1000)
        lost = lines.lost
        assert lost > 100
        os.read(reading, 65_536)
        lines.write(message="the last")
        stream.close()
        assert json.loads(reader.read().splitlines()[-1])["lines_lost"] == lost
    assert lines.lost == 0


def test_without_stderr_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = LogLines()
    monkeypatch.setattr(sys, "stderr", None)
    lines.write(message="for nobody")
    assert lines.lost == 0
