"""Where a result must not be written: names that do not fit, mount points, system folders, folders that hold inputs."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from clf.errors import OutputError
from clf.storage.documents import LONGEST_NAME, longest_name

OWN_FOLDER = "set --output-dir to a separate folder, such as ./result"
LONGEST_RESULT = 243
"""The longest name of a result, in bytes: clf adds up to 12 for the names beside it."""
LONGEST_PATH = 4000
SYSTEM = ("/", "/Applications", "/Library", "/System", "/Users", "/Volumes", "/bin", "/boot", "/dev", "/etc", "/home",
          "/lib", "/lib64", "/media", "/mnt", "/opt", "/private", "/proc", "/root", "/run", "/sbin", "/srv", "/sys",
          "/tmp", "/usr", "/usr/local", "/var", "/var/lib", "/var/log", "/var/tmp")  # fmt: skip
"""Folders that are never a result themselves."""
SYSTEM_TREES = ("/System", "/bin", "/boot", "/etc", "/lib", "/lib64", "/proc", "/sbin", "/sys", "/usr/bin", "/usr/lib",
                "/usr/lib64", "/usr/sbin", "/usr/share")  # fmt: skip
"""Folders in which nothing is ever a result."""
MOUNTS = Path("/proc/self/mountinfo")


def resolved_place(asked: Path) -> Path:
    """Return the folder that a path stands for, without links. Raises OutputError if it has no valid name."""
    check_name(asked, "the output folder")
    folder = Path(os.path.realpath(asked))
    check_name(folder, "the output folder")
    if len(os.fsencode(folder.name)) > LONGEST_RESULT:
        raise OutputError(
            f"the name of the output folder is too long: {folder.name[:40]}… "
            f"has {len(os.fsencode(folder.name))} bytes, at most {LONGEST_RESULT} fit",
            "choose a shorter --output-dir",
        )
    return folder


def check_name(path: Path, what: str) -> None:
    """Raise OutputError if `path` cannot be a path, or cannot be recorded as text."""
    written = str(path)
    if "\0" in written:
        raise OutputError(f"{what} {written!r} contains a NUL character", "choose another path")
    try:
        written.encode("utf-8")
    except UnicodeEncodeError:
        shown = written.encode("utf-8", "backslashreplace").decode("utf-8")
        raise OutputError(f"{what} {shown} is not valid UTF-8", "choose a path of UTF-8 characters") from None
    if longest_name(written) > LONGEST_NAME or len(written.encode()) > LONGEST_PATH:
        raise OutputError(f"{what} {written[:60]}… has a name that is too long", "choose a shorter path")


def check_place(folder: Path, asked: Path, inputs: Sequence[Path]) -> None:
    """Raise OutputError if the resolved `folder` must not or cannot be written, whatever it contains."""
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"the output folder {asked} is a file", "set --output-dir to a folder")
    if any(inside.is_relative_to(folder) for inside in (_working_folder(), _home()) if inside):
        raise OutputError(f"the output folder {asked} is the working directory or contains it", OWN_FOLDER)
    if _is_of_the_system(folder):
        raise OutputError(
            f"the output folder {asked} belongs to the system, where results cannot be written", OWN_FOLDER
        )
    if mount := _mount_within(folder):
        hint = f"set --output-dir to a folder inside it, such as {asked / 'result'}"
        if mount == folder:
            raise OutputError(f"the output folder {asked} is a mount point, which cannot be replaced", hint)
        raise OutputError(f"the output folder {asked} contains the mount point {mount}", OWN_FOLDER)
    for path in inputs:
        if path.exists() and path.resolve().is_relative_to(folder):
            raise OutputError(f"the output folder {asked} contains {path}, which the command reads", OWN_FOLDER)
    parent = next(path for path in folder.parents if path.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise OutputError(
            f"the output folder {asked} cannot be created: {parent} is not writable",
            "choose another --output-dir",
        )


def _working_folder() -> Path | None:
    try:
        return Path.cwd().resolve()
    except OSError:  # it was deleted
        return None


def _home() -> Path | None:
    try:
        return Path(os.path.realpath(Path.home()))
    except RuntimeError:  # no HOME, and a user without an entry
        return None


def _is_of_the_system(folder: Path) -> bool:
    trees = {os.path.realpath(tree) for tree in SYSTEM_TREES} | set(SYSTEM_TREES)
    return (
        str(folder) in SYSTEM
        or str(folder) in map(os.path.realpath, SYSTEM)
        or any(folder.is_relative_to(tree) for tree in trees)
    )


def _mount_within(folder: Path) -> Path | None:
    """Return a mount point at or below a folder; bind mounts of the same file system count too."""
    if os.path.ismount(folder):
        return folder
    try:
        lines = os.fsdecode(MOUNTS.read_bytes()).splitlines()
    except OSError:  # not on Linux
        return None
    fields = [line.split(" ") for line in lines]
    points = [
        Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), field[4])) for field in fields if len(field) > 4
    ]
    return next((point for point in sorted(points) if point.is_relative_to(folder)), None)
