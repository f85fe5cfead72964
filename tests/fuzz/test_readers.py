"""Whatever is changed in a file that clf reads back, its reader returns what is within bounds, or says what is wrong."""

import resource
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from clf.errors import ClfError
from fuzz.mutations import strategy_for
from fuzz.readings import READINGS, Reading
from fuzz.stand import MEMORY, SECONDS

LIMITS_MEMORY = sys.platform.startswith("linux")
NAMES = [f"{one.file.split('/')[0]} by {getattr(one.read, '__name__', '')}" for one in READINGS]


def said_of(reading: Reading, place: Path) -> str | None:
    """Read the file; return what was said of it, or None if that lacks a hint or takes several lines."""
    try:
        reading.read(place)
    except ClfError as error:
        return error.message if error.hint and "\n" not in error.message else None
    except reading.may_raise as error:
        return None if isinstance(error, RecursionError) else str(error)
    return ""


@contextmanager
def bounded(seconds: float = SECONDS, memory: int = MEMORY) -> Iterator[None]:
    """Let what is done inside take this long and this many bytes at most, or fail with an error that no reader catches."""

    def stop(*_: object) -> None:
        raise Endless(f"still reading after {seconds} s")

    limits = resource.getrlimit(resource.RLIMIT_AS)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() if LIMITS_MEMORY else 0
    before, timer = signal.signal(signal.SIGALRM, stop), signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        if LIMITS_MEMORY:
            resource.setrlimit(resource.RLIMIT_AS, (taken + memory, limits[1]))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, *timer)  # that of the test's own limit


class Endless(BaseException):
    """A reader takes too long."""


def check(reading: Reading, place: Path, examples: int) -> None:
    """Read the file as it was written, and then changed in this many ways, within bounds and with nothing written."""
    folder, content = reading.prepare(place), reading.content()
    reading.read(folder)
    before = set(place.rglob("*")), set(Path.cwd().rglob("*"))

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(changed=strategy_for(reading.file, content))
    def once(changed: bytes) -> None:
        (folder / reading.file).write_bytes(changed)
        with bounded():
            assert said_of(reading, folder) is not None

    once()
    assert (set(place.rglob("*")), set(Path.cwd().rglob("*"))) == before


def test_what_takes_too_long_or_too_much_is_seen() -> None:
    with pytest.raises(Endless), bounded(seconds=0.01):
        time.sleep(SECONDS)
    if LIMITS_MEMORY:
        with pytest.raises(MemoryError), bounded(memory=1 << 26):
            bytearray(1 << 33)  # more than a process of tests has freed
    assert len(bytearray(1 << 20)) == 1 << 20


@pytest.mark.parametrize("reading", READINGS, ids=NAMES)
def test_a_changed_file_is_read_or_refused(reading: Reading, tmp_path: Path) -> None:
    check(reading, tmp_path, examples=6)


@pytest.mark.faults
@pytest.mark.parametrize("reading", READINGS, ids=NAMES)
def test_a_file_that_is_changed_in_many_ways_is_read_or_refused(reading: Reading, tmp_path: Path) -> None:
    check(reading, tmp_path, examples=100)
