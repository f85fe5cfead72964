"""The folders that stay: what a training run leaves beside its model, and what models and datasets record."""

import json
import logging
import resource
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clf.errors import (
    INTERRUPTED,
    TERMINATED,
    ClfError,
    DataError,
    Interrupted,
    ModelError,
    OutputError,
    Terminated,
    TooLittleMemory,
    first_line,
    ran_out_of_memory,
)
from clf.results import (
    MANIFEST_FILE,
    MODEL_FILE,
    MODELS,
    SCHEMA_VERSION,
    SETTINGS_FILE,
    disk_is_full,
    held,
    is_clf_result,
    save_settings,
    shown,
    write_json,
)
from clf.settings import AUTO, Settings, TrainSettings, flag

KEPT_OTHERWISE = {"keep_checkpoints", "save_steps", "report_to", "gradient_accumulation"}
"""Settings of [train] that change how a run is kept, not what it makes."""
VERSION_0_1 = {
    "learning_rate": 2e-5, "epochs": 3, "warmup_steps": 500, "eval_steps": "epoch", "select_by": "macro_f1",
    "head_init": "random",
}  # fmt: skip
"""What version 0.1 did where today's default is auto; its last three were no settings yet."""

log = logging.getLogger(__name__)


# --- the run folder -----------------------------------------------------------------------------------------


class Run:
    """What a training run leaves beside its model: `X.run` for the model folder `X`."""

    def __init__(self, model_folder: Path) -> None:
        self.folder = model_folder.with_name(model_folder.name + ".run")
        self.checkpoints = self.folder / "checkpoints"
        self.history = self.folder / "history.jsonl"
        self.log = self.folder / "run.log"
        self.result = self.folder / "result.json"

    @contextmanager
    def open(self, settings: Settings, command: str) -> Iterator["Run"]:
        """Hold the folder for this process alone, with every log line, and the error if there is one, in `run.log`."""
        self.claim()
        with held(self.folder / "lock", self.folder):
            if not is_clf_result(self.folder):
                save_settings(self.folder, command, settings)
            with log_to(self.log):
                log.debug("%s with %s", command, settings.model_dump_json())
                yield self

    @contextmanager
    def told(self) -> Iterator[None]:
        """Say how a run goes on that a signal or a full disk ended, once there is a checkpoint to go on from."""
        try:
            yield
        except (KeyboardInterrupt, Terminated) as ended:
            if not (steps := self.saved_steps()):
                raise
            code = INTERRUPTED if isinstance(ended, KeyboardInterrupt) else TERMINATED
            raise Interrupted(f"stopped; what was trained up to step {max(steps)} is saved", code) from ended
        except Exception as error:
            if isinstance(error, ClfError):
                raise
            if ran_out_of_memory(error):
                hint = (
                    "pass --resume to go on from the last checkpoint" if self.saved_steps() else "take a smaller model"
                )
                raise TooLittleMemory(f"memory ran out: {first_line(error)}", f"free memory and {hint}") from error
            if not disk_is_full(error):
                raise
            resume = " and pass --resume" if self.saved_steps() else ""
            hint = f"free some space{resume}, or choose another --output-dir"
            raise OutputError(f"cannot write in {shown(self.folder)}: {error}", hint) from error

    def saved_steps(self) -> list[int]:
        """Return the steps that have a checkpoint."""
        return [int(folder.name.partition("-")[2]) for folder in self.checkpoints.glob("checkpoint-*")]

    def begin(self, settings: Settings, command: str, *, resume: bool = False) -> None:
        """Start afresh, or go on, once data and model are known to be good."""
        if not resume:
            shutil.rmtree(self.checkpoints, ignore_errors=True)
        self.result.unlink(missing_ok=True)
        save_settings(self.folder, command, settings)

    def keep_history(self, step: int, evaluated: bool = True) -> None:
        """Keep the lines of history up to a step; what came after it, or of its evaluation, will come again."""
        if not self.history.exists():
            return
        lines = self.history.read_text(encoding="utf-8").splitlines(keepends=True)
        last = step if evaluated else step - 1
        kept = [
            line
            for line in lines
            if line.endswith("\n")
            and (json.loads(line)["step"] <= last or (json.loads(line)["step"] == step and "loss" in json.loads(line)))
        ]
        part = self.history.with_name(self.history.name + ".part")
        part.write_text("".join(kept) if step else "", encoding="utf-8")
        part.replace(self.history)

    def claim(self) -> None:
        """Make the folder, or refuse one that clf did not make."""
        if self.folder.exists() and not self.folder.is_dir():
            raise OutputError(f"{shown(self.folder)}, the folder for the run, is a file", "choose another --output-dir")
        self.folder.mkdir(parents=True, exist_ok=True)
        begun = {"lock", f"{SETTINGS_FILE}.part"}  # all there is of a run that was killed as it began
        foreign = sorted(path.name for path in self.folder.iterdir() if path.name not in begun)
        if foreign and not is_clf_result(self.folder):
            raise OutputError(
                f"the run folder {shown(self.folder)} holds something else ({', '.join(foreign[:4])})",
                "choose another --output-dir",
            )

    def read_history(self) -> list[dict[str, Any]]:
        """Return the lines of the history."""
        lines = self.history.read_text(encoding="utf-8").splitlines() if self.history.exists() else []
        return [json.loads(line) for line in lines]

    def record(self, **values: Any) -> None:
        """Append one line to the history."""
        with self.history.open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")


def run_identity(settings: Settings, origin: str, content: str) -> dict[str, Any]:
    """Return what makes a run what it is, by its settings and its data: a second run of the same has nothing to add."""
    same = settings.model_dump(mode="json", include={"data", "cleaning", "compute", "train", "confidence"})
    return {"settings": same, "seed": settings.run.seed, "origin": origin, "content": content}


def differences(one: dict[str, Any], other: dict[str, Any], recipe: dict[str, Any] | None = None) -> list[str]:
    """Say what two identities differ in, as `--epochs was 3, is now 5`.

    A setting that an older clf did not record had its default; `recipe` is what `auto` came to in the run of `one`, and
    means in the other.
    """
    if recipe:
        one, other = _resolved(one, recipe), _resolved(other, recipe)
    old = any("eval_steps" not in identity["settings"]["train"] for identity in (one, other))
    then, now = _essence(one, old), _essence(other, old)
    return [
        f"{name} was {then.get(name)}, is now {now.get(name)}" for name in then | now if then.get(name) != now.get(name)
    ]


def _resolved(identity: dict[str, Any], recipe: dict[str, Any]) -> dict[str, Any]:
    train = identity["settings"]["train"]
    chosen = {name: value for name, value in recipe.items() if train.get(name) == AUTO}
    return {**identity, "settings": {**identity["settings"], "train": train | chosen}}


def _essence(identity: dict[str, Any], old: bool) -> dict[str, Any]:
    """Return what counts; `old` says that one of the two is of version 0.1, and `auto` then means what it did."""
    recipe = TrainSettings().model_dump(mode="json") | identity["settings"]["train"]
    if old:
        recipe |= {name: value for name, value in VERSION_0_1.items() if recipe[name] == AUTO}
    recipe = {name: value for name, value in recipe.items() if name not in KEPT_OTHERWISE}
    sections = {**identity["settings"], "train": recipe}
    settings = {flag(name): value for section in sections.values() for name, value in section.items()}
    return {**settings, "--seed": identity["seed"], "the source": identity["origin"], "the data": identity["content"]}


def recipe_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of [train] that a model was made with, from its record, with a value wherever auto stood."""
    train = dict(record["settings"]["train"])
    if "recipe" in record:
        return train | {name: value for name, value in record["recipe"].items() if name in VERSION_0_1}
    return VERSION_0_1 | train


@contextmanager
def log_to(path: Path) -> Iterator[None]:
    """Append every log line of clf to `path`, in UTC, while the block runs, and what ended it."""
    handler = logging.FileHandler(path, encoding="utf-8")
    formatter = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    handler.setLevel(logging.DEBUG)
    handler.handleError = lambda record: None  # type: ignore[method-assign]  # a full disk is told by what it stops
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
        temperature, threshold = record.get("temperature", 1.0), record.get("threshold")
        if not (isinstance(temperature, (int, float)) and temperature > 0):
            raise ValueError(f"its temperature is {temperature!r}")
        if threshold is not None and not isinstance(threshold, (int, float)):
            raise ValueError(f"its threshold is {threshold!r}")
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
