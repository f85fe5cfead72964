"""Output folders: checked before anything is computed, and rejected if a result must not or cannot be written."""

import logging
import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue

from clf import __version__
from clf.errors import OutputError
from clf.safety import redacted
from clf.storage.leftovers import recover
from clf.storage.locks import locked_place
from clf.storage.places import check_place, resolved_place
from clf.storage.result_folders import SETTINGS_FILE, shown, strangers
from clf.storage.writing import token, write_json

if TYPE_CHECKING:
    from clf.settings import RunSettings, Settings

log = logging.getLogger(__name__)


@contextmanager
def claimed(run: "RunSettings", default: Path, inputs: Sequence[Path] = ()) -> Iterator[Path]:
    """Check the folder for the result, yield it, and hold the lock of its place while the block runs.

    Raises OutputError if it must not be written, or if another process is using it.
    """
    folder = place_of_result(run, default)
    check_place(folder, run.output_dir or default, inputs)
    with locked_place(folder):
        check_output_folder(folder, run, default, inputs)
        yield folder


def clear_leftovers(folder: Path) -> None:
    """Delete what killed processes left beside a result that is not replaced, unless somebody is at work there."""
    with suppress(OutputError), locked_place(folder):
        recover(folder)


def place_of_result(run: "RunSettings", default: Path) -> Path:
    """Return the folder that the result's path stands for, without links; raise OutputError if its name is invalid."""
    return resolved_place(run.output_dir or default)


def check_output_folder(folder: Path, run: "RunSettings", default: Path, inputs: Sequence[Path] = ()) -> None:
    """Raise OutputError if the result must not be written to its resolved `folder`. Its place must be locked.

    A complete clf result at the default path is replaced. Replacing a folder with files that clf did not write, or an
    explicit `--output-dir` that exists, needs `--overwrite`; files that clf did not write are kept in a folder beside
    the result. The working directory, its parents, and folders that contain one of the `inputs` are always rejected.
    A result that stands elsewhere, because a link leads the default path there, is not replaced without `--overwrite`.
    """
    explicit = run.output_dir
    check_place(folder, explicit or default, inputs)
    recover(folder)
    try:
        if not (folder.is_dir() and any(folder.iterdir())):
            return
        foreign = strangers(folder)
    except OSError as error:
        said = f"the output folder {explicit or default} cannot be examined: {error.filename}: {error.strerror}"
        raise OutputError(said, "make it readable, or choose another --output-dir") from error
    if explicit is None and not run.overwrite and folder != Path(os.path.abspath(default)):
        raise OutputError(
            f"the default output folder {default} leads through a link to {folder}, which already exists",
            f"pass --overwrite to replace it, or choose another --output-dir than {shlex.quote(str(folder))}",
        )
    if not (run.overwrite or (explicit is None and not foreign)):
        what = f"contains files that clf did not write ({', '.join(foreign[:4])})" if foreign else "already exists"
        raise OutputError(
            f"the output folder {explicit or default} {what}",
            "choose another --output-dir, or pass --overwrite to replace it",
        )
    log.info("%s exists and will be replaced", shown(folder))


def save_settings(folder: Path, command: str, settings: "Settings") -> None:
    """Save the resolved settings in the folder of a result, with a random id of the run that made it."""
    write_json(folder / SETTINGS_FILE, {**resolved(command, settings), "run": token()})


def settings_file_beside(file: Path) -> Path:
    """Return the path of the settings of a result that is a single file: `x.csv.settings.json`."""
    return file.with_name(f"{file.name}.{SETTINGS_FILE}")


def resolved(command: str, settings: "Settings") -> dict[str, JsonValue]:
    """Return the record of a command and its settings that is saved with the result, without secrets."""
    said = redacted(settings.model_dump(mode="json"))
    return {"clf_version": __version__, "command": command, "settings": said}
