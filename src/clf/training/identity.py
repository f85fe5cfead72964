"""The identity of a training run, its settings and data: a second run with the same identity is not needed."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue

from clf.errors import ModelError, UsageError
from clf.models.record import VERSION_0_1, read_model_record
from clf.outcomes.training import TrainResult
from clf.settings import DataSettings, Settings, TrainSettings, flag
from clf.settings_types import AUTO
from clf.storage.documents import SCHEMA_VERSION, SchemaVersion, try_document
from clf.storage.run_folder import Run

KEPT_OTHERWISE = {"keep_checkpoints", "save_steps", "report_to", "gradient_accumulation"}
"""Settings of [train] that do not affect the result of a run."""
ResolvedRecipe = dict[str, float | int | str]
"""Settings of [train], with `auto` replaced by the value that was chosen."""
SECTIONS = {"data", "cleaning", "compute", "train", "confidence"}


class Identity(BaseModel):
    """The relevant settings as recorded, perhaps by an older clf, and the `origin` and `content` of the data."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    settings: dict[str, dict[str, JsonValue]]
    seed: int
    origin: str
    content: str


class FinishedRun(BaseModel):
    """The contents of `result.json`, which the run folder of a finished run holds."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    schema_version: SchemaVersion = SCHEMA_VERSION
    of: Identity
    created: str
    """When the model was created, as in its own record."""
    result: TrainResult
    recipe: ResolvedRecipe = {}
    """The values chosen for `auto`."""


def run_identity(settings: Settings, origin: str, content: str) -> Identity:
    """Return the identity of a run with these settings, on data of this origin and content."""
    same = settings.model_dump(mode="json", include=SECTIONS)
    return Identity(settings=same, seed=settings.run.seed, origin=origin, content=content)


def read_finished(run: Run) -> FinishedRun | None:
    """Return the `result.json` of a finished run, or None when there is none; raise UsageError if it is a newer one."""
    return try_document(run.result, FinishedRun, UsageError)


def stands(folder: Path, created: str) -> bool:
    """Return whether the folder holds the model created at that time."""
    try:
        record = read_model_record(folder)
    except ModelError:
        return False
    return record is not None and record.created == created


def differences(one: Identity, other: Identity, recipe: ResolvedRecipe | None = None) -> list[str]:
    """Return the differences between two identities, each as in `--epochs was 3, is now 5`.

    A setting that an older clf did not record is assumed to have had its default. `recipe` holds the values chosen for
    `auto` in the run of `one`; they stand for `auto` in `other` too.
    """
    old = any("eval_steps" not in identity.settings.get("train", {}) for identity in (one, other))
    then, now = _essence(one, recipe or {}, old), _essence(other, recipe or {}, old)
    changed = [name for name in then | now if then.get(name) != now.get(name)]
    return [f"{name} was {then.get(name)}, is now {now.get(name)}" for name in changed]


def _essence(identity: Identity, recipe: ResolvedRecipe, old: bool) -> dict[str, JsonValue]:
    """Return the relevant values by flag; `old`: one of the runs is of version 0.1, so `auto` means what 0.1 did."""
    defaults: dict[str, Any] = TrainSettings().model_dump(mode="json")
    train: dict[str, JsonValue] = {**defaults, **identity.settings.get("train", {})}
    for known in (recipe, VERSION_0_1 if old else {}):
        train |= {name: value for name, value in known.items() if train.get(name) == AUTO}
    train = {name: value for name, value in train.items() if name not in KEPT_OTHERWISE}
    data: dict[str, JsonValue] = {**DataSettings().model_dump(mode="json"), **identity.settings.get("data", {})}
    sections = {**identity.settings, "data": data, "train": train}
    settings = {flag(name): value for section in sections.values() for name, value in section.items()}
    return {**settings, "--seed": identity.seed, "the source": identity.origin, "the data": identity.content}
