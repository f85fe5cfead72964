"""Reads a settings file once and within limits, and keeps one that nobody named from doing harm.

The file that the user names (`--config`, CLF_CONFIG) is trusted. A `clf.toml` that merely lies in the working folder
may have come with a download: it may set how clf works, but not replace results, write elsewhere, or send data away.
"""

import os
import select
import stat
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clf.errors import UsageError
from clf.settings import DataSettings, ServeSettings, Settings, flag

CONFIG_FILE = Path("clf.toml")
MOST_BYTES = 1_000_000
LONGEST_LINE = 10_000
"""Bounds how deeply a dotted key can nest, and so the time to read it."""
SECONDS_FOR_A_PIPE = 30.0
WRITTEN = (("run", "output_dir"), ("report", "report"), ("report", "junit"), ("report", "markdown"))
"""The settings that are paths clf writes to."""
REACHABLE = ("host", "allowed_host", "allow_anonymous")
"""The settings of the server that decide who can reach it."""
LOCAL_TRACKERS = {"tensorboard"}
TOO_DEEP = "write [section] and name = value"

Tables = dict[str, Any]
"""The tables of a settings file, before they are validated."""
Name = tuple[str, str]
"""The section and the name of a setting."""


@dataclass(frozen=True)
class SettingsFile:
    """A settings file: its path, whether the user named it, and the tables in it."""

    path: Path
    named: bool
    values: Tables = field(default_factory=dict)

    @property
    def names(self) -> list[Name]:
        """The settings that the file sets, in its order."""
        tables = {section: table for section, table in self.values.items() if isinstance(table, dict)}
        return [(section, name) for section, table in tables.items() for name in table]

    @property
    def note(self) -> str:
        """One line for the log: which file was read, and what it sets; empty without a file."""
        said = ", ".join(f"{section}.{name}" for section, name in self.names)
        return f"settings from {self.path}: {said}" if said else ""


def read_settings_file(config: Path | None) -> SettingsFile:
    """Read the file that was named, or else `clf.toml` in the working folder if there is one.

    Raises UsageError for anything but a regular file (or a pipe, if it was named) of at most 1 MB of TOML.
    """
    path, named = config or CONFIG_FILE, config is not None
    try:
        content = _read(path, named)
    except FileNotFoundError as error:
        if named:
            raise UsageError(f"no settings file {path}", "pass --config the path of a TOML file") from error
        return SettingsFile(path, named)
    except OSError as error:
        raise UsageError(f"cannot read the settings file {path}: {error.strerror}", "check what it is") from error
    return SettingsFile(path, named, _parsed(content, path))


def _read(path: Path, named: bool) -> bytes:
    """Read a file without waiting for it, and without following a link to one that was only found."""
    if not named and path.is_symlink():
        raise UsageError(f"{path} is a link, expected a regular file", f"name it: --config {path}")
    # Opening a pipe must not wait for a writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if named else os.O_NOFOLLOW))
    try:
        kind = os.fstat(descriptor).st_mode
        if not (stat.S_ISREG(kind) or (named and stat.S_ISFIFO(kind))):
            found = "a folder" if stat.S_ISDIR(kind) else "not a regular file"
            raise UsageError(f"{path} is {found}, expected a settings file", "pass --config the path of a TOML file")
        return _all_of(descriptor, path)
    finally:
        os.close(descriptor)


def _all_of(descriptor: int, path: Path) -> bytes:
    content, deadline = b"", time.monotonic() + SECONDS_FOR_A_PIPE
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    while waiting.poll(max(0.0, deadline - time.monotonic()) * 1000):
        part = os.read(descriptor, 65_536)
        content += part
        if len(content) > MOST_BYTES:
            raise UsageError(f"{path} has more than {MOST_BYTES // 1_000_000} MB, too much for settings", TOO_DEEP)
        if not part:
            return content
    raise UsageError(f"nothing came from {path} within {SECONDS_FOR_A_PIPE:.0f} s", "pass --config a TOML file")


def _parsed(content: bytes, path: Path) -> Tables:
    if any(len(line) > LONGEST_LINE for line in content.splitlines()):
        raise UsageError(f"{path} has a line of more than {LONGEST_LINE:,} bytes", TOO_DEEP)
    try:
        values = tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text (byte {error.start})", "save it as UTF-8") from error
    except ValueError as error:
        raise UsageError(f"{path} is not valid TOML: {error}", "fix that line") from error
    except RecursionError as error:
        raise UsageError(f"{path} is nested too deeply", TOO_DEEP) from error
    for section, table in values.items():
        for name, value in table.items() if isinstance(table, dict) else ():
            texts = value if isinstance(value, list) else [value]
            if any(isinstance(text, str) and "\0" in text for text in texts):
                raise UsageError(f"{section}.{name} in {path}: it contains a NUL character", "remove it")
    return values


def check_reach(file: SettingsFile, settings: Settings, overridden: set[Name]) -> None:
    """Refuse what a file that was found and not named must not set, where nothing overrides it.

    Raises UsageError, with exit code 2.
    """
    if file.named:
        return
    own = set(file.names) - overridden
    if ("run", "overwrite") in own and settings.run.overwrite:
        raise _refused(file, ("run", "overwrite"), "only a file that you name may replace results")
    if ("run", "resume") in own and settings.run.resume:
        raise _refused(file, ("run", "resume"), "only a file that you name may load checkpoints")
    if ("data", "max_inflation") in own and settings.data.max_inflation > DataSettings().max_inflation:
        raise _refused(file, ("data", "max_inflation"), "only a file that you name may raise this limit")
    away = set(settings.train.report_to) - LOCAL_TRACKERS
    if ("train", "report_to") in own and away:
        what = f"only a file that you name may send data to {', '.join(sorted(away))}"
        raise _refused(file, ("train", "report_to"), what)
    for name in REACHABLE:
        if ("serve", name) in own and getattr(settings.serve, name) != getattr(ServeSettings(), name):
            raise _refused(file, ("serve", name), "only a file that you name may open the server to others")
    for section, name in WRITTEN:
        value: Path | None = getattr(getattr(settings, section), name)
        if (section, name) in own and value is not None and not _is_inside(value):
            raise _refused(file, (section, name), f"{value} is not inside the folder of {file.path.name}, or is hidden")


def _is_inside(path: Path) -> bool:
    """Return whether a path leads to a place inside the working folder, links followed, and to nothing hidden there."""
    folder, place = (Path(os.path.realpath(each)) for each in (".", path))
    if ".." in path.parts or not place.is_relative_to(folder):
        return False
    return not any(part.startswith((".", "~")) for part in place.relative_to(folder).parts)


def _refused(file: SettingsFile, setting: Name, why: str) -> UsageError:
    section, name = setting
    return UsageError(f"{section}.{name} in {file.path}: {why}", f"pass {flag(name)}, or name it: --config {file.path}")
