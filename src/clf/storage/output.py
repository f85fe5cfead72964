"""Output folders: checked before anything is computed, and rejected if a result must not or cannot be written."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
    asked = run.output_dir or default
    check_place(resolved_place(asked), asked, inputs)
    with locked_place(resolved_place(asked)):
        yield output_folder(run, default, inputs)


def output_folder(run: "RunSettings", default: Path, inputs: Sequence[Path] = ()) -> Path:
    """Return the folder for the result, and raise OutputError if it must not be written. Its place must be locked.

    A complete clf result at the default path is replaced. Replacing a folder with files that clf did not write, or an
    explicit `--output-dir` that exists, needs `--overwrite`; files that clf did not write are kept in a folder beside
    the result. The working directory, its parents, and folders that contain one of the `inputs` are always rejected.
    """
    explicit = run.output_dir
    folder = resolved_place(explicit or default)
    check_place(folder, explicit or default, inputs)
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
