"""Where a result goes, and how it is published: whole or not at all, and never over what is not clf's."""

import ctypes
import errno
import fcntl
import glob
import hashlib
import json
import logging
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clf import __version__
from clf.errors import OutputError

if TYPE_CHECKING:
    from clf.settings import Settings

MODELS = Path("trained_models")
PREPARED = Path("prepared")
EVALUATIONS = Path("evaluations")
COMPARISONS = Path("comparisons")
EXPORTS = Path("exported_models")

MODEL_FILE = "clf.json"
MANIFEST_FILE = "manifest.json"
SETTINGS_FILE = "settings.json"
TRAIN_ROWS_FILE = "train_rows.npy"
SCHEMA_VERSION = 1
# What results hold beside the files that clf.json and manifest.json list; of a run folder, what a run leaves there.
WRITTEN = {MODEL_FILE, MANIFEST_FILE, SETTINGS_FILE, "README.md", "labels.json", "audit.json", "metrics.json",
           "predictions.parquet", "report.md", "comparison.json", "label_issues.csv"}  # fmt: skip
OWN_FOLDER = "give --output-dir a folder of its own, such as ./result"

log = logging.getLogger(__name__)


# --- where a result goes ------------------------------------------------------------------------------------


def output_folder(settings: "Settings", default: Path, inputs: Sequence[Path] = ()) -> Path:
    """Return the folder for the result, refusing early one that must not be written.

    A complete clf result at the default place is replaced; a foreign folder, or an explicit `--output-dir`
    that exists, needs `--overwrite`, and what is foreign in it is kept beside it. The working folder, those
    above it, and folders that hold one of the `inputs` are never an output folder.
    """
    explicit = settings.run.output_dir
    folder = Path(os.path.realpath(explicit or default))
    _check_place(folder, explicit or default, inputs)
    _recover(folder)
    if not (folder.is_dir() and any(folder.iterdir())):
        return folder
    strangers = _strangers(folder)
    if not (settings.run.overwrite or (explicit is None and not strangers)):
        what = f"holds something else ({', '.join(strangers[:4])})" if strangers else "exists"
        raise OutputError(
            f"the output folder {explicit or default} {what}",
            "give another --output-dir, or pass --overwrite to replace it",
        )
    log.info("%s exists and will be replaced", shown(folder))
    return folder


def _strangers(folder: Path) -> list[str]:
    """Name what in a folder was not written by clf: all of it, or what was added to a result."""
    names = sorted(path.name for path in folder.iterdir())
    if not is_clf_result(folder):
        return names
    listed: set[str] = set()
    for record in (MODEL_FILE, MANIFEST_FILE):
        with suppress(OSError, ValueError, KeyError, TypeError):
            listed |= set(json.loads((folder / record).read_text(encoding="utf-8"))["files"])
    return [name for name in names if name not in listed | WRITTEN]


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


def _recover(folder: Path) -> None:
    """Put back a result whose replacement was cut off between two renames; clear what such an end left."""
    for kept in _leftovers(folder, "replaced"):
        if not folder.exists() and is_clf_result(kept):
            kept.rename(folder)
            log.warning("%s is back: its replacement was interrupted", shown(folder))
        else:
            shutil.rmtree(kept, ignore_errors=True)


def _leftovers(folder: Path, kind: str) -> list[Path]:
    """Find the hidden folders beside `folder` that ended processes left there.

    In a container each process may have the number of the last, so this one's own number says nothing.
    """
    found = sorted(folder.parent.glob(f".{glob.escape(folder.name)}.{kind}-*"))
    owners = [(path, path.name.rsplit("-", 1)[1]) for path in found]
    return [path for path, owner in owners if owner.isdigit() and not _is_running(int(owner))]


def shown(folder: Path) -> str:
    """Write a path as short as it can be: relative to the working folder when it lies below."""
    here = Path.cwd().resolve()
    return str(folder.relative_to(here) if folder.is_relative_to(here) else folder)


def is_clf_result(folder: Path) -> bool:
    """Tell whether clf itself wrote `folder`, whole."""
    for name in (MODEL_FILE, MANIFEST_FILE, SETTINGS_FILE):
        try:
            if "clf_version" in json.loads((folder / name).read_text()):
                return True
        except (OSError, ValueError, TypeError):
            continue
    return False


# --- publishing whole ---------------------------------------------------------------------------------------


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Give an empty folder to fill; on success it becomes `folder`, on failure nothing of it stays."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    for left in _leftovers(folder, "staging"):
        shutil.rmtree(left, ignore_errors=True)
    stage = folder.parent / f".{folder.name}.staging-{os.getpid()}"
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir()
    try:
        yield stage
        publish(stage, folder)
    except Exception as error:
        of_ours = isinstance(error, OSError) and str(error.filename or "").startswith(str(folder.parent))
        if not (of_ours or disk_is_full(error)):
            raise
        hint = "free some space, or choose another --output-dir"
        raise OutputError(f"cannot write {folder}: {error}", hint) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


@contextmanager
def held(lock: Path, what: Path) -> Iterator[None]:
    """Hold the lock file for this process alone while the block runs; `what` it stands for.

    Raises OutputError that names the owner when it is taken, or says that the place cannot be written.
    """
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        opened = lock.open("a+")
    except OSError as error:
        raise OutputError(f"{what} cannot be written: {error.strerror}", "choose another output") from error
    mine = False
    with opened as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            owner = file.read().strip() or "another process"
            raise OutputError(f"{owner} is using {what}", "wait for it, or choose another output") from error
        except OSError as error:
            raise OutputError(f"{lock} cannot be locked: {error.strerror}", "choose another output") from error
        with suppress(FileNotFoundError):
            mine = os.path.samestat(os.fstat(file.fileno()), lock.stat())
        if mine:
            file.truncate(0)
            file.write(f"process {os.getpid()} on {os.uname().nodename}")
            file.flush()
            try:
                yield
            finally:
                lock.unlink(missing_ok=True)
            return
    with held(lock, what):  # its last owner removed the file between our opening and locking it
        yield


def disk_is_full(error: BaseException) -> bool:
    """Tell whether an error means that the disk is full or read-only, in the words of any library that writes."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG):
        return True
    said = str(error)
    return (
        "No space left" in said or "File too large" in said or ("inline_container" in said and "unexpected pos" in said)
    )


def _is_running(process: int) -> bool:
    """Tell whether another process of this number runs."""
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def publish(stage: Path, folder: Path) -> None:
    """Make the finished `stage` stand at `folder`; what stood there goes only once the new one is in place."""
    for path in [*sorted(stage.rglob("*")), stage]:
        if path.is_file() and path.stat().st_nlink == 1:  # a linked file is the user's too
            path.chmod(0o666 & ~_umask())  # safetensors writes 0600, unreadable for others on a shared volume
        flush(path)
    foreign = folder.exists() and bool(_strangers(folder))
    old = (
        _unused(folder, f"{folder.name}.replaced")
        if foreign
        else folder.parent / f".{folder.name}.replaced-{os.getpid()}"
    )
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists() and not foreign and _exchange(stage, folder):
        old = stage
    else:
        if folder.exists():
            folder.rename(old)
        try:
            stage.rename(folder)
        except BaseException:  # an interrupt here must not cost the old result
            if old.exists() and not folder.exists():
                old.rename(folder)
            raise
    flush(folder.parent)
    if foreign:
        log.warning("what %s held was not made by clf and is kept at %s", shown(folder), shown(old))
    else:
        shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change places in one step, where the system can (Linux, most disks); tell whether it did."""
    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None) if sys.platform == "linux" else None
    here, exchange = -100, 2  # AT_FDCWD and RENAME_EXCHANGE
    return renameat2 is not None and renameat2(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0


def _unused(folder: Path, name: str) -> Path:
    return next(path for number in count(1) if not (path := folder.with_name(f"{name}-{number}")).exists())


def flush(path: Path) -> None:
    """Wait until a file or folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_json(path: Path, value: Any) -> None:
    """Write `value` as readable JSON, replacing `path` in one step."""
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    part.replace(path)


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


def read_json(path: Path) -> dict[str, Any] | None:
    """Read a JSON object; None when there is none that can be read."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def sha256(path: Path) -> str:
    """Return the SHA-256 of the file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def save_settings(folder: Path, command: str, settings: "Settings") -> None:
    """Leave the resolved settings in the folder of a result."""
    write_json(folder / SETTINGS_FILE, resolved(command, settings))


def settings_file_beside(file: Path) -> Path:
    """Return where the settings of a result that is one file are: `x.csv.settings.json`."""
    return file.with_name(f"{file.name}.{SETTINGS_FILE}")


def resolved(command: str, settings: "Settings") -> dict[str, Any]:
    """Return what is left of a command's settings beside its result."""
    return {"clf_version": __version__, "command": command, "settings": settings.model_dump(mode="json")}
