"""Output paths: checked before anything is computed, and rejected if a result must not or cannot be written there."""

import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue

from clf import __version__
from clf.errors import OutputError
from clf.storage.disk import write_json
from clf.storage.publish import recover
from clf.storage.result_folders import SETTINGS_FILE, shown, strangers

if TYPE_CHECKING:
    from clf.settings import RunSettings, Settings

OWN_FOLDER = "set --output-dir to a separate folder, such as ./result"

log = logging.getLogger(__name__)


def output_folder(run: "RunSettings", default: Path, inputs: Sequence[Path] = ()) -> Path:
    """Return the folder for the result, and raise OutputError if it must not be written.

    A complete clf result at the default path is replaced. Replacing a folder with files that clf did not write, or an
    explicit `--output-dir` that exists, needs `--overwrite`; files that clf did not write are kept in a folder beside
    the result. The working directory, its parents, and folders that contain one of the `inputs` are always rejected.
    """
    explicit = run.output_dir
    folder = Path(os.path.realpath(explicit or default))
    _check_place(folder, explicit or default, inputs)
    recover(folder)
    if not (folder.is_dir() and any(folder.iterdir())):
        return folder
    foreign = strangers(folder)
    if not (run.overwrite or (explicit is None and not foreign)):
        what = f"contains files that clf did not write ({', '.join(foreign[:4])})" if foreign else "already exists"
        raise OutputError(
            f"the output folder {explicit or default} {what}",
            "choose another --output-dir, or pass --overwrite to replace it",
        )
    log.info("%s exists and will be replaced", shown(folder))
    return folder


def _check_place(folder: Path, asked: Path, inputs: Sequence[Path]) -> None:
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"the output folder {asked} is a file", "set --output-dir to a folder")
    if Path.cwd().resolve().is_relative_to(folder) or folder == Path.home():
        raise OutputError(f"the output folder {asked} is the working directory or contains it", OWN_FOLDER)
    if os.path.ismount(folder):
        hint = f"set --output-dir to a folder inside it, such as {asked / 'result'}"
        raise OutputError(f"the output folder {asked} is a mount point, which cannot be replaced", hint)
    for path in inputs:
        if path.exists() and path.resolve().is_relative_to(folder):
            raise OutputError(f"the output folder {asked} contains {path}, which the command reads", OWN_FOLDER)
    parent = next(path for path in folder.parents if path.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise OutputError(
            f"the output folder {asked} cannot be created: {parent} is not writable",
            "choose another --output-dir",
        )


def check_reports(*paths: Path | None) -> None:
    """Check before anything is computed that the reports can be written, and create their folders.

    Raises OutputError if a report cannot be written.
    """
    for path in paths:
        if path is None:
            continue
        if path.is_dir():
            raise OutputError(f"{path} is a folder, expected a file for a report", "pass the path of a file")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot write {path}: {error.strerror}", "choose another file") from error
        if not os.access(path.parent, os.W_OK):
            raise OutputError(f"cannot write {path}: its folder is read-only", "choose another file")


def write_report(path: Path, text: str) -> None:
    """Write a report to `path`, replacing an existing file atomically.

    Raises OutputError if it cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise OutputError(f"cannot write {path}: {error.strerror}", "choose another file") from error


def save_settings(folder: Path, command: str, settings: "Settings") -> None:
    """Save the resolved settings in the folder of a result."""
    write_json(folder / SETTINGS_FILE, resolved(command, settings))


def settings_file_beside(file: Path) -> Path:
    """Return the path of the settings of a result that is a single file: `x.csv.settings.json`."""
    return file.with_name(f"{file.name}.{SETTINGS_FILE}")


def resolved(command: str, settings: "Settings") -> dict[str, JsonValue]:
    """Return the record of a command and its settings that is saved with the result."""
    return {"clf_version": __version__, "command": command, "settings": settings.model_dump(mode="json")}
