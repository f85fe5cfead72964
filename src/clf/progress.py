"""Progress of long operations: a live bar on a terminal, a plain line every few seconds elsewhere."""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

SECONDS_BETWEEN_LINES = 10.0

log = logging.getLogger(__name__)
Advance = Callable[..., None]
_live: "Progress | None" = None


class Notes(logging.Handler):
    """The handler that shows notes to the user; `introduces` means that a person reads them on a terminal."""

    introduces = False


def is_watched() -> bool:
    """Return whether a person reads the notes on a terminal."""
    return any(isinstance(handler, Notes) and handler.introduces for handler in logging.getLogger("clf").handlers)


def say(line: str) -> None:
    """Show a line on the terminal, and in no log file, if a person reads the notes there."""
    for handler in logging.getLogger("clf").handlers:
        if isinstance(handler, Notes) and handler.introduces:
            handler.handle(log.makeRecord(__name__, logging.INFO, "", 0, "%s", (line,), None))


@contextmanager
def track(what: str, total: int | None, unit: str = "texts", done: int = 0) -> Iterator[Advance]:
    """Show the progress of `total` units: call the yielded function with the number of units just finished.

    `note=` adds a remark. When the total is unknown (None), only a count and a rate are shown; `total=` in a later
    call sets or corrects it. Nothing is shown when the user wants no notes (`--quiet`). Progress always goes to stderr,
    because stdout is for results. Units that were `done` before count towards the total but not towards the rate.
    """
    if not _notes_are_wanted() or (total is not None and total <= 0):
        yield lambda count=1, note="", total=None: None
    elif sys.stderr.isatty():
        with _bar(what, total, unit, done) as advance:
            yield advance
    else:
        yield _lines(what, total, unit, done)


def _notes_are_wanted() -> bool:
    """Return whether the user sees notes; log files do not count."""
    clf = logging.getLogger("clf")
    shown = [handler for handler in clf.handlers if not isinstance(handler, logging.FileHandler)]
    return any(handler.level <= logging.INFO for handler in shown) if shown else clf.isEnabledFor(logging.INFO)


@contextmanager
def _bar(what: str, total: int | None, unit: str, done: int) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    global _live
    if _live is not None:  # only one live display can exist: add a line to it
        yield from _task(_live, what, total, done)
        return
    counted = [DownloadColumn(), TransferSpeedColumn()] if unit == "bytes" else [
        MofNCompleteColumn(), TextColumn(unit), TextColumn("{task.fields[rate]}")]  # fmt: skip
    columns = [TextColumn("{task.description}", markup=False), BarColumn(), *counted, TextColumn("elapsed:"),
               TimeElapsedColumn(), TextColumn("left:"), TimeRemainingColumn(),
               TextColumn("{task.fields[note]}", markup=False)]  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        _live = progress
        try:
            yield from _task(progress, what, total, done)
        finally:
            _live = None


def _task(progress: "Progress", what: str, total: int | None, done: int) -> Iterator[Advance]:
    """Show one line of the display until its work is done."""
    from clf.safety import one_line

    task = progress.add_task(one_line(what), total=total, completed=done, note="", rate="")

    def advance(count: int = 1, note: str = "", total: int | None = None) -> None:
        progress.update(task, advance=count, total=total)
        if speed := next(each for each in progress.tasks if each.id == task).speed:
            progress.update(task, rate=f"{speed:.1f}/s")
        if note:
            progress.update(task, note=one_line(note))

    try:
        yield advance
    finally:
        progress.remove_task(task)


def live_console() -> "Console | None":
    """Return the console of the live bar, if there is one: other output printed through it appears above the bar."""
    return _live.console if _live else None


def _lines(what: str, total: int | None, unit: str, done: int) -> Advance:
    started = spoken = time.monotonic()
    before, known = done, total

    def advance(count: int = 1, note: str = "", total: int | None = None) -> None:
        nonlocal done, spoken, known
        done += count
        known = total or known
        now = time.monotonic()
        if now - spoken >= SECONDS_BETWEEN_LINES:
            spoken = now
            rate = (done - before) / (now - started)
            written = size if unit == "bytes" else (lambda count: f"{count:.0f}")
            log.info(
                "%s: %s%s%s, %s per second%s%s",
                what,
                written(done),
                f" of {written(known)}" if known else "",
                "" if unit == "bytes" else f" {unit}",
                size(rate) if unit == "bytes" else f"{rate:.1f}",
                f", {duration((known - done) / rate)} left" if known and rate else "",
                f", {note}" if note else "",
            )

    return advance


def size(count: float) -> str:
    """Format a number of bytes for people: 1.2 kB, 268 MB, 3.4 GB."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            break
        count /= 1000
    return f"{count:.0f} {unit}" if count >= 10 or unit == "bytes" else f"{count:.1f} {unit}"


def duration(seconds: float) -> str:
    """Format seconds for people: 42 s, 3 min 20 s, 2 h 5 min."""
    whole = round(max(0.0, seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
