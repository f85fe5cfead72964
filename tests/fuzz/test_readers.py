"""Whatever is changed in a file that clf reads back, its reader returns what is within bounds, or says what is wrong."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from clf.errors import ClfError
from fuzz.mutations import strategy_for
from fuzz.readings import READINGS, Reading

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


def check(reading: Reading, place: Path, examples: int) -> None:
    """Read the file as it was written, and then changed in this many ways, always the same."""
    folder, content = reading.prepare(place), reading.content()
    reading.read(folder)

    @settings(
        max_examples=examples, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(changed=strategy_for(reading.file, content))
    def once(changed: bytes) -> None:
        (folder / reading.file).write_bytes(changed)
        assert said_of(reading, folder) is not None

    once()


@pytest.mark.parametrize("reading", READINGS, ids=NAMES)
def test_a_changed_file_is_read_or_refused(reading: Reading, tmp_path: Path) -> None:
    check(reading, tmp_path, examples=6)


@pytest.mark.faults
@pytest.mark.parametrize("reading", READINGS, ids=NAMES)
def test_a_file_that_is_changed_in_many_ways_is_read_or_refused(reading: Reading, tmp_path: Path) -> None:
    check(reading, tmp_path, examples=100)
