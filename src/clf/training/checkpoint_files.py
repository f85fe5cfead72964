"""The files of a checkpoint: which it may have, and what clf-checkpoint.json and trainer_state.json must say.

A field that a new version adds to clf-checkpoint.json needs a default, for checkpoints of earlier versions. A change
that makes those unreadable must increase CHECKPOINT_SCHEMA.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationError

from clf.errors import UsageError
from clf.settings import TrainSettings, flag
from clf.storage.disk import sha256
from clf.storage.documents import SchemaVersion, load_json, what_is_wrong
from clf.storage.names import Count, Hash

MANIFEST = "clf-checkpoint.json"
CHECKPOINT_SCHEMA = 1
STATE = "trainer_state.json"
FILES = re.compile(
    r"config\.json|(model|best)\.safetensors|(optimizer|scheduler|scaler)\.pt|rng_state(_[0-9]+)?\.pth|trainer_state\.json"
)
"""The files that a checkpoint may have; those that PyTorch reads are read with weights only."""
STEP = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True)
class Fingerprint:
    """What must be the `same` for a run to resume, and what should be `alike` for bit-identical weights."""

    same: dict[str, JsonValue]
    alike: dict[str, JsonValue]

    @property
    def device(self) -> str | None:
        """The type of device that the run used."""
        device = self.alike.get("device")
        return device if isinstance(device, str) else None


@dataclass(frozen=True)
class RunPosition:
    """The progress of a run, in addition to what the Trainer's own files record."""

    evaluated: bool
    """False when an evaluation was due at this step and has not been done."""
    loss: float
    """The sum of losses since the last line of history, so that the next line is the same after resuming."""
    loss_since: int
    """The step of that last line of history."""
    seconds: float = 0.0
    """Seconds spent training so far."""


def _file_of_a_checkpoint(name: str) -> str:
    if not FILES.fullmatch(name):
        raise ValueError(f"{name[:100]!r} is not a file of a checkpoint")
    return name


def _with_sound_settings(fingerprint: Fingerprint) -> Fingerprint:
    """Check the settings in a fingerprint; it holds other values too, and perhaps settings of a newer clf."""
    names = {flag(name): name for name in TrainSettings.model_fields}
    values = {names[key]: value for key, value in fingerprint.same.items() if key in names}
    try:
        TrainSettings.model_validate(values)
    except ValidationError as error:
        raise ValueError(what_is_wrong(error)) from error
    return fingerprint


class Begun(BaseModel):
    """The part of `clf-checkpoint.json` that says how the run was begun."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    schema_version: SchemaVersion = 1
    fingerprint: Annotated[Fingerprint, AfterValidator(_with_sound_settings)]


class CheckpointManifest(Begun):
    """The contents of `clf-checkpoint.json`."""

    step: Count
    best_step: Count | None
    files: dict[Annotated[str, AfterValidator(_file_of_a_checkpoint)], Hash]
    extra: RunPosition


class TrainerControl(BaseModel):
    """What the Trainer had decided when it saved."""

    should_training_stop: bool = False


class Callback(BaseModel):
    """The state of one callback of the Trainer."""

    args: TrainerControl = TrainerControl()


class SavedState(BaseModel):
    """What clf reads of the Trainer's own `trainer_state.json`."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    global_step: Count
    max_steps: Count
    epoch: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    best_global_step: Count | None = None
    best_metric: float | None = None
    log_history: list[dict[str, JsonValue]] = []
    stateful_callbacks: dict[str, Callback | list[JsonValue]] = {}

    @property
    def is_finished(self) -> bool:
        """Whether no steps were left."""
        control = self.stateful_callbacks.get("TrainerControl")
        stopped = isinstance(control, Callback) and control.args.should_training_stop
        return stopped or self.global_step >= self.max_steps


def check_schema(folder: Path, manifest: Mapping[str, JsonValue]) -> None:
    """Refuse a checkpoint of a later clf: it is intact, and must not be skipped like a damaged one."""
    schema = manifest.get("schema_version", 1)
    if isinstance(schema, int) and schema > CHECKPOINT_SCHEMA:
        raise UsageError(
            f"{folder} has schema {schema}, but this version of clf reads up to {CHECKPOINT_SCHEMA}",
            "install a newer clf, or start over without --resume",
        )


def read_manifest(folder: Path) -> CheckpointManifest:
    """Read the manifest of a checkpoint; raise OSError or ValueError if it is damaged, UsageError if it is newer."""
    written = load_json(folder / MANIFEST)
    if not isinstance(written, dict):
        raise ValueError(f"{MANIFEST} is not a JSON object")
    check_schema(folder, written)
    try:
        manifest = CheckpointManifest.model_validate(written)
    except ValidationError as error:
        raise ValueError(f"in {MANIFEST}, {what_is_wrong(error)}") from error
    if manifest.step != step_of(folder):
        raise ValueError(f"{MANIFEST} is of step {manifest.step}")
    return manifest


def check_files(folder: Path, files: Mapping[str, str]) -> None:
    """Raise OSError or ValueError unless the folder holds exactly these files, each with its hash."""
    present = {path.name for path in folder.iterdir()} - {MANIFEST}
    if odd := sorted(present ^ files.keys()):
        raise ValueError(f"{odd[0]} is {'not listed' if odd[0] in present else 'missing'}")
    if wrong := [name for name, stated in files.items() if sha256(folder / name) != stated]:
        raise ValueError(f"{wrong[0]} does not match its hash")
    if STATE in files:
        read_state(folder)


def check_state(folder: Path, manifest: CheckpointManifest) -> None:
    """Raise ValueError if the Trainer's state, if there is one, is of other steps than the manifest."""
    if STATE not in manifest.files:
        return
    state = read_state(folder)
    if state.global_step != manifest.step:
        raise ValueError(f"{STATE} is of step {state.global_step}")
    if state.best_global_step != manifest.best_step:
        best, other = state.best_global_step, manifest.best_step
        raise ValueError(f"in {STATE}, the best step is {best}, in {MANIFEST} {other}")


def read_state(folder: Path) -> SavedState:
    """Read the Trainer's state; raise OSError or ValueError if it is damaged."""
    try:
        return SavedState.model_validate(load_json(folder / STATE, of_another_tool=True))
    except ValidationError as error:
        raise ValueError(f"in {STATE}, {what_is_wrong(error)}") from error


def step_of(folder: Path) -> int:
    """Return the step in the name of a checkpoint; -1 if it has none."""
    number = folder.name.rpartition("-")[2]
    return int(number) if STEP.fullmatch(number) else -1
