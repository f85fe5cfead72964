"""Where a result may go: refused before anything is computed when it must not or cannot be written there."""

import logging
import os
from collections.abc import Sequence
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

OWN_FOLDER = "give --output-dir a folder of its own, such as ./result"

log = logging.getLogger(__name__)


def output_folder(run: "RunSettings", default: Path, inputs: Sequence[Path] = ()) -> Path:
    """Return the folder for the result, refusing early one that must not be written.

    A complete clf result at the default place is replaced; a foreign folder, or an explicit `--output-dir`
    that exists, needs `--overwrite`, and what is foreign in it is kept beside it. The working folder, those
    above it, and folders that hold one of the `inputs` are never an output folder.
    """
    explicit = run.output_dir
    folder = Path(os.path.realpath(explicit or default))
    _check_place(folder, explicit or default, inputs)
    recover(folder)
    if not (folder.is_dir() and any(folder.iterdir())):
        return folder
    foreign = strangers(folder)
    if not (run.overwrite or (explicit is None and not foreign)):
        what = f"holds something else ({', '.join(foreign[:4])})" if foreign else "exists"
        raise OutputError(
            f"the output folder {explicit or default} {what}",
            "give another --output-dir, or pass --overwrite to replace it",
        )
    log.info("%s exists and will be replaced", shown(folder))
    return folder


def _check_place(folder: Path, asked: Path, inputs: Sequence[Path]) -> None:
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"the output folder {asked} is a file", "give --output-dir the path of a folder")
    if Path.cwd().resolve().is_relative_to(folder) or folder == Path.home():
        raise OutputError(f"the output folder {asked} is the working folder, or holds it", OWN_FOLDER)
    if os.path.ismount(folder):
        hint = f"give --output-dir a folder inside it, such as {asked / 'result'}"
        raise OutputError(f"the output folder {asked} is a mount point, which cannot be replaced", hint)
    for path in inputs:
        if path.exists() and path.resolve().is_relative_to(folder):
            raise OutputError(f"the output folder {asked} holds {path}, which the command reads", OWN_FOLDER)
    parent = next(path for path in folder.parents if path.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise OutputError(
            f"the output folder {asked} cannot be made: {parent} is not writable",
            "choose another --output-dir",
        )


def check_reports(*paths: Path | None) -> None:
    """Find out before anything is computed whether reports can be written where they are wanted.

    Raises OutputError when one cannot.
    """
    for path in paths:
        if path is None:
            continue
        if path.is_dir():
            raise OutputError(f"{path} is a folder, expected a file to write a report to", "give the path of a file")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot write {path}: {error.strerror}", "choose another file") from error
        if not os.access(path.parent, os.W_OK):
            raise OutputError(f"cannot write {path}: its folder is read-only", "choose another file")


def write_report(path: Path, text: str) -> None:
    """Write a report where the user wants it, replacing what stands there in one step.

    Raises OutputError when it cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutputError(f"cannot write {path}: {error.strerror}", "choose another file") from error


def save_settings(folder: Path, command: str, settings: "Settings") -> None:
    """Leave the resolved settings in the folder of a result."""
    write_json(folder / SETTINGS_FILE, resolved(command, settings))


def settings_file_beside(file: Path) -> Path:
    """Return where the settings of a result that is one file are: `x.csv.settings.json`."""
    return file.with_name(f"{file.name}.{SETTINGS_FILE}")


def resolved(command: str, settings: "Settings") -> dict[str, JsonValue]:
    """Return what is left of a command's settings beside its result."""
    return {"clf_version": __version__, "command": command, "settings": settings.model_dump(mode="json")}
