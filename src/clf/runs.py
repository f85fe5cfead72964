"""The folders on disk: where a result goes, how it is published whole, and what a run leaves beside it."""

import errno
import fcntl
import hashlib
import json
import logging
import os
import resource
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clf import __version__
from clf.errors import DataError, ModelError, OutputError
from clf.settings import Settings

MODELS = Path("trained_models")
PREPARED = Path("prepared")
EVALUATIONS = Path("evaluations")
COMPARISONS = Path("comparisons")

MODEL_FILE = "clf.json"
MANIFEST_FILE = "manifest.json"
SETTINGS_FILE = "settings.json"
TRAIN_ROWS_FILE = "train_rows.npy"
SCHEMA_VERSION = 1
OWN_FOLDER = "give --output-dir a folder of its own, such as ./result"

log = logging.getLogger(__name__)


# --- where a result goes ------------------------------------------------------------------------------------


def output_folder(settings: Settings, default: Path, inputs: Sequence[Path] = ()) -> Path:
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
    replaceable = settings.run.overwrite or (explicit is None and is_clf_result(folder))
    if not replaceable:
        found = ", ".join(sorted(path.name for path in folder.iterdir())[:4])
        what = "exists" if is_clf_result(folder) else "holds something else"
        raise OutputError(
            f"the output folder {explicit or default} {what} ({found})",
            "give another --output-dir, or pass --overwrite to replace it",
        )
    log.info("%s exists and will be replaced", shown(folder))
    return folder


def _check_place(folder: Path, asked: Path, inputs: Sequence[Path]) -> None:
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"the output folder {asked} is a file", "give --output-dir the path of a folder")
    if Path.cwd().resolve().is_relative_to(folder) or folder == Path.home():
        raise OutputError(f"the output folder {asked} is the working folder, or holds it", OWN_FOLDER)
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
    """Put back a result whose replacement was cut off between two renames."""
    for kept in sorted(folder.parent.glob(f".{folder.name}.replaced-*")):
        if not folder.exists():
            kept.rename(folder)
            log.warning("%s is back: its replacement was interrupted", shown(folder))


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
    for left in folder.parent.glob(f".{folder.name}.staging-*"):  # of a process that was killed
        shutil.rmtree(left, ignore_errors=True)
    stage = folder.parent / f".{folder.name}.staging-{os.getpid()}"
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir()
    try:
        yield stage
        publish(stage, folder)
    except OSError as error:
        of_ours = str(error.filename or "").startswith(str(folder.parent))
        if not of_ours and error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise
        hint = "free some space, or choose another --output-dir"
        raise OutputError(f"cannot write {folder}: {error.strerror or error}", hint) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def publish(stage: Path, folder: Path) -> None:
    """Make the finished `stage` stand at `folder`; what stood there goes only once the new one is in place."""
    for path in [*sorted(stage.rglob("*")), stage]:
        if path.is_file():
            path.chmod(0o666 & ~_umask())  # safetensors writes 0600, unreadable for others on a shared volume
        _flush(path)
    foreign = folder.exists() and any(folder.iterdir()) and not is_clf_result(folder)
    old = folder.parent / f"{'' if foreign else '.'}{folder.name}.replaced-{os.getpid()}"
    if folder.exists():
        folder.rename(old)
    try:
        stage.rename(folder)
    except BaseException:  # an interrupt here must not cost the old result
        if old.exists() and not folder.exists():
            old.rename(folder)
        raise
    _flush(folder.parent)
    if foreign:
        log.warning("what %s held was not made by clf and is kept at %s", shown(folder), shown(old))
    else:
        shutil.rmtree(old, ignore_errors=True)


def _flush(path: Path) -> None:
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


def sha256(path: Path) -> str:
    """Return the SHA-256 of the file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def save_settings(folder: Path, command: str, settings: Settings) -> None:
    """Leave the resolved settings in the folder of a result."""
    write_json(folder / SETTINGS_FILE, _resolved(command, settings))


def save_settings_beside(file: Path, command: str, settings: Settings) -> None:
    """Leave the resolved settings beside a result that is one file: `x.csv.settings.json`."""
    write_json(file.with_name(f"{file.name}.{SETTINGS_FILE}"), _resolved(command, settings))


def _resolved(command: str, settings: Settings) -> dict[str, Any]:
    return {"clf_version": __version__, "command": command, "settings": settings.model_dump(mode="json")}


# --- the run folder -----------------------------------------------------------------------------------------


class Run:
    """What a training run leaves beside its model: `X.run` for the model folder `X`."""

    def __init__(self, model_folder: Path) -> None:
        self.folder = model_folder.with_name(model_folder.name + ".run")
        self.checkpoints = self.folder / "checkpoints"
        self.history = self.folder / "history.jsonl"
        self.log = self.folder / "run.log"

    @contextmanager
    def open(self, settings: Settings, command: str) -> Iterator["Run"]:
        """Hold the folder for this process alone, with every log line, and the error if there is one, in `run.log`."""
        self.claim()
        with _lock(self.folder):
            if not is_clf_result(self.folder):
                save_settings(self.folder, command, settings)
            with log_to(self.log):
                log.debug("%s with %s", command, settings.model_dump_json())
                yield self

    def begin(self, settings: Settings, command: str) -> None:
        """Start the history afresh, once data and model are known to be good."""
        shutil.rmtree(self.checkpoints, ignore_errors=True)
        self.history.unlink(missing_ok=True)
        save_settings(self.folder, command, settings)

    def claim(self) -> None:
        """Make the folder, or refuse one that clf did not make."""
        self.folder.mkdir(parents=True, exist_ok=True)
        foreign = sorted(path.name for path in self.folder.iterdir() if path.name != "lock")
        if foreign and not is_clf_result(self.folder):
            raise OutputError(
                f"the run folder {shown(self.folder)} holds something else ({', '.join(foreign[:4])})",
                "choose another --output-dir",
            )

    def record(self, **values: Any) -> None:
        """Append one line to the history."""
        with self.history.open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            owner = file.read().strip() or "another process"
            raise OutputError(f"{owner} is using {folder}", "wait for it, or choose another --output-dir") from error
        file.truncate(0)
        file.write(f"process {os.getpid()} on {os.uname().nodename}")
        file.flush()
        yield


@contextmanager
def log_to(path: Path) -> Iterator[None]:
    """Append every log line of clf to `path`, in UTC, while the block runs, and what ended it."""
    handler = logging.FileHandler(path, encoding="utf-8")
    formatter = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    handler.setLevel(logging.DEBUG)
    root = logging.getLogger("clf")
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield
    except BaseException as error:
        handler.handle(root.makeRecord(__name__, logging.ERROR, "", 0, "ended by %r", (error,), None))
        raise
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
        handler.close()


class Clock:
    """Seconds of each phase of a run, and its peak memory."""

    def __init__(self) -> None:
        self.last = time.perf_counter()
        self.seconds: dict[str, float] = {}

    def lap(self, phase: str) -> None:
        """End a phase."""
        ended = time.perf_counter()
        self.seconds[phase] = round(ended - self.last, 2)
        self.last = ended

    def save(self, path: Path, **more: float) -> None:
        """Write `timing.json`."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
        write_json(path, {"seconds": self.seconds, "peak_memory_megabytes": round(peak), **more})


def now() -> str:
    """Return the time in UTC as ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


# --- the model folder ---------------------------------------------------------------------------------------


def newest_model() -> Path:
    """Return the model folder under `trained_models/` that was published last, a test run only for want of others."""
    found = [path.parent for path in MODELS.glob(f"*/{MODEL_FILE}") if not path.parent.name.startswith(".")]
    if not found:
        raise ModelError(f"no model given, and none under {MODELS}/", "train one first: clf train --dataset imdb")
    return max(
        found, key=lambda folder: (not folder.name.endswith("_test_run"), (folder / MODEL_FILE).stat().st_mtime_ns)
    )


def read_model_record(folder: Path) -> dict[str, Any]:
    """Return what `clf.json` says of a model; {} for a model that clf did not make."""
    path = folder / MODEL_FILE
    if not path.exists():
        return {}
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["schema_version"] > SCHEMA_VERSION:
            raise ModelError(
                f"{path} has schema {record['schema_version']}, this clf reads up to {SCHEMA_VERSION}",
                "install a newer clf",
            )
        return dict(record)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} is damaged: {error}", "train the model again, or restore the file") from error


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a prepared dataset.

    Raises DataError when it is damaged.
    """
    path = folder / MANIFEST_FILE
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        return {
            key: manifest[key]
            for key in ("clf_version", "name", "labels", "cleaning", "files", "data", "seed", *manifest)
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} is damaged: {error}", "prepare the dataset again with clf prepare --overwrite"
        ) from error
