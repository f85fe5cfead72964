"""The run folder `X.run` beside a trained model: checkpoints, history, log, timing and result."""

import json
import logging
import os
import re
import resource
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn, cast

from clf.errors import (
    INTERRUPTED,
    TERMINATED,
    ClfError,
    Interrupted,
    OutputError,
    Terminated,
    TooLittleMemory,
    first_line,
    ran_out_of_memory,
)
from clf.safety import safe
from clf.settings import Settings
from clf.storage.disk import disk_fails, files_of, why_it_fails
from clf.storage.documents import MOST_BYTES, open_regular, parse_json
from clf.storage.leftovers import delete_folder
from clf.storage.locks import locked
from clf.storage.output import save_settings
from clf.storage.result_folders import HISTORY_FILE, SETTINGS_FILE, is_clf_result, shown
from clf.storage.writing import (
    appended,
    make_folder,
    refuse_all_but_folder,
    replacing,
    way_out,
    what_stands_at,
    without_links,
    write_json,
)

BEGUN = re.compile(rf"lock|{SETTINGS_FILE}\.part|\.{SETTINGS_FILE}\.part-[0-9a-f]{{16}}")
"""The only files of a run that was killed at its start."""
CHECKPOINT = re.compile(r"checkpoint-([0-9]{1,12})")
OF_CHECKPOINTS = re.compile(r"(\.(trash|replaced|damaged)-)?checkpoint-[0-9]+|\.staging")
"""The folders of checkpoints, complete or not."""
OF_A_RUN = {
    **dict.fromkeys((SETTINGS_FILE, HISTORY_FILE, "run.log", "result.json", "timing.json", "lock"), ("a file",)),
    **dict.fromkeys(("checkpoints", "dataset", "tokens"), ("a folder",)),
}
"""What may stand at each name in the folder of a run."""

log = logging.getLogger(__name__)


class Run:
    """The run folder of a training run: `X.run` for the model folder `X`."""

    def __init__(self, model_folder: Path) -> None:
        self.model = model_folder
        self.folder = model_folder.with_name(model_folder.name + ".run")
        self.checkpoints = self.folder / "checkpoints"
        self.history = self.folder / HISTORY_FILE
        self.log = self.folder / "run.log"
        self.result = self.folder / "result.json"

    @contextmanager
    def open(self, settings: Settings, command: str) -> Iterator["Run"]:
        """Lock the folder for this process, and write all log lines, and the error if there is one, to `run.log`."""
        self.claim()
        with locked(self.folder / "lock", self.folder):
            (self.folder / f"{SETTINGS_FILE}.part").unlink(missing_ok=True)  # of version 0.1
            self._begin_records(settings, command)
            with log_to(self.log):
                log.debug("%s with %s", command, settings.model_dump_json())
                yield self

    def _begin_records(self, settings: Settings, command: str) -> None:
        try:
            if not is_clf_result(self.folder):
                save_settings(self.folder, command, settings)
            appended(self.log).close()
        except OSError as error:
            hint = "free some space, or choose another --output-dir"
            raise OutputError(f"cannot write to {shown(self.folder)}: {error.strerror}", hint) from error

    @contextmanager
    def told(self) -> Iterator[None]:
        """Report how to resume a run that a signal, lack of memory or a full disk stopped, if it has a checkpoint."""
        try:
            yield
        except (KeyboardInterrupt, Terminated) as ended:
            if not (steps := self.saved_steps()):
                raise
            code = INTERRUPTED if isinstance(ended, KeyboardInterrupt) else TERMINATED
            raise Interrupted(f"stopped; training up to step {max(steps)} is saved", code) from ended
        except Exception as error:
            if isinstance(error, ClfError):
                raise
            if ran_out_of_memory(error):
                hint = (
                    "pass --resume to continue from the last checkpoint"
                    if self.saved_steps()
                    else "use a smaller model"
                )
                raise TooLittleMemory(f"memory ran out: {first_line(error)}", f"free memory and {hint}") from error
            if not disk_fails(error):
                self._refuse_changed(error)
            resume = " and pass --resume" if self.saved_steps() else ""
            hint = f"free some space{resume}, or choose another --output-dir"
            raise OutputError(f"cannot write to {shown(self.folder)}: {why_it_fails(error)}", hint) from error

    def _refuse_changed(self, error: Exception) -> NoReturn:
        """Raise OutputError if the error is about a file of the run, which somebody deleted or changed meanwhile."""
        if isinstance(error, OSError) and any(file.is_relative_to(self.folder) for file in files_of(error)):
            hint = "run the command again, and leave its folders alone meanwhile"
            raise OutputError(f"{shown(self.folder)} was changed meanwhile: {error}", hint) from error
        raise error

    def saved_steps(self) -> list[int]:
        """Return the steps that have a checkpoint."""
        names = (CHECKPOINT.fullmatch(folder.name) for folder in self.checkpoints.glob("checkpoint-*"))
        return [int(name[1]) for name in names if name]

    def begin(self, settings: Settings, command: str, *, resume: bool = False) -> None:
        """Start over or resume, once the data and model have been checked."""
        if not resume:
            self.discard_checkpoints()
        self.result.unlink(missing_ok=True)
        save_settings(self.folder, command, settings)

    def keep_history(self, step: int, evaluated: bool = True) -> None:
        """Keep the history up to a step, and its evaluation if `evaluated`; the resumed run records the rest again."""
        if not self.history.exists():
            return
        last = step if evaluated else step - 1
        kept = [
            line for line in self.read_history() if line["step"] <= last or (line["step"] == step and "loss" in line)
        ]
        with replacing(self.history) as file:
            file.write("".join(json.dumps(line) + "\n" for line in kept if step).encode("utf-8"))

    def claim(self) -> None:
        """Create the folder, or raise OutputError if it has links or files that clf did not write."""
        if self.folder.is_symlink():
            raise OutputError(f"the run folder {shown(self.folder)} is a symbolic link", "choose another --output-dir")
        if self.folder.exists() and not self.folder.is_dir():
            raise OutputError(f"the run folder {shown(self.folder)} is a file", "choose another --output-dir")
        try:
            make_folder(self.folder)
        except OSError as error:
            hint = "free some space, or choose another --output-dir"
            raise OutputError(f"cannot make the run folder {shown(self.folder)}: {error.strerror}", hint) from error
        self._check_kinds()
        foreign = sorted(path.name for path in self.folder.iterdir() if not BEGUN.fullmatch(path.name))
        try:
            is_ours = not foreign or is_clf_result(self.folder)
        except OSError as error:
            said = f"the run folder {shown(self.folder)} cannot be examined: {error.filename}: {error.strerror}"
            raise OutputError(said, "make it readable, or choose another --output-dir") from error
        if not is_ours:
            raise OutputError(
                f"the run folder {shown(self.folder)} contains files that clf did not write ({', '.join(foreign[:4])})",
                "choose another --output-dir",
            )

    def _check_kinds(self) -> None:
        """Raise OutputError if something in the folder is a link or a pipe, or a folder in place of a file of clf."""
        for path in (*self.folder.iterdir(), *self.folder.glob("checkpoints/*"), *self.folder.glob("dataset/*")):
            found = what_stands_at(path) or "a file"
            named = path.name if path.parent == self.folder else ""
            if found not in OF_A_RUN.get(named, ("a file", "a folder")):
                hint = way_out(path, "choose another --output-dir")
                raise OutputError(f"{shown(path)} in the run folder is {found}, which clf did not write", hint)

    def discard_left_checkpoints(self) -> None:
        """Delete the checkpoints of a finished run that ended before it did; raise OutputError if it is in use."""
        if os.path.lexists(self.checkpoints):
            for folder in (self.folder, self.checkpoints):
                refuse_all_but_folder(folder, "choose another --output-dir")
            with locked(self.folder / "lock", self.folder):
                self.discard_checkpoints()

    def discard_checkpoints(self) -> None:
        """Delete the checkpoints; what else lies in their folder stays, and so does what a link leads to."""
        if self.checkpoints.is_symlink():
            return
        for path in self.checkpoints.glob("*"):
            if OF_CHECKPOINTS.fullmatch(path.name):
                delete_folder(path)
        with suppress(OSError):  # it is missing, or not empty
            self.checkpoints.rmdir()

    def read_history(self) -> list[dict[str, float]]:
        """Return the lines of the history; one that is damaged, such as one cut off by a crash, is left out."""
        try:
            with open_regular(self.history) as file:
                lines = file.read(MOST_BYTES).decode("utf-8", "replace").splitlines()
        except OSError:
            return []
        return [line for line in map(_line_of_history, lines) if line]

    def record(self, **values: float) -> None:
        """Append one line to the history."""
        with appended(self.history) as file:
            file.write(json.dumps(values) + "\n")


def _line_of_history(line: str) -> dict[str, float] | None:
    try:
        value = parse_json(line, of_another_tool=True)  # the norm of a gradient may be NaN
    except ValueError:
        return None
    if not isinstance(value, dict) or type(value.get("step")) is not int:
        return None
    sound = all(type(one) in (int, float, type(None)) for one in value.values())
    return cast("dict[str, float]", value) if sound else None


@contextmanager
def log_to(path: Path) -> Iterator[None]:
    """Append all log lines of clf to `path`, with times in UTC, while the block runs, and any error that ends it."""
    handler = _LogFile(path, encoding="utf-8", errors="backslashreplace")
    formatter = _OneLine("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    handler.setLevel(logging.DEBUG)
    handler.handleError = lambda record: None  # type: ignore[method-assign]  # a full disk is reported elsewhere
    root = logging.getLogger("clf")
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield
    except BaseException as error:
        for line in _ending(error):
            handler.handle(root.makeRecord(__name__, logging.ERROR, "", 0, "%s", (line,), None))
        raise
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
        with suppress(OSError):  # on a full disk, the error that ended the run must not be lost
            handler.close()


def _ending(error: BaseException) -> list[str]:
    """Return what to log about the error that ended a run: of an unknown one also the traceback, line by line."""
    is_known = isinstance(error, (ClfError, Interrupted, Terminated, KeyboardInterrupt))
    return [f"ended by {error!r}", *([] if is_known else "".join(traceback.format_exception(error)).splitlines())]


class _LogFile(logging.FileHandler):
    """A log file that is never opened through a link."""

    def _open(self) -> TextIOWrapper:
        file = open(self.baseFilename, self.mode, encoding=self.encoding, errors=self.errors, opener=without_links)  # noqa: SIM115
        assert isinstance(file, TextIOWrapper)
        return file


class _OneLine(logging.Formatter):
    """Writes each record on one line: what a text from a dataset holds must not look like a line of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record with its line breaks and control characters made visible, and secrets hidden."""
        return safe(super().format(record).replace("\n", "\\n"))


class Clock:
    """The duration of each phase of a run in seconds, and its peak memory."""

    def __init__(self) -> None:
        self.last = time.perf_counter()
        self.seconds: dict[str, float] = {}

    def lap(self, phase: str) -> None:
        """End a phase, and store its duration."""
        ended = time.perf_counter()
        self.seconds[phase] = round(ended - self.last, 2)
        self.last = ended

    def save(self, path: Path, **more: float) -> None:
        """Write `timing.json`."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
        write_json(path, {"seconds": self.seconds, "peak_memory_megabytes": round(peak), **more})


def now() -> str:
    """Return the current UTC time in ISO 8601 format, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
