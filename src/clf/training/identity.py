"""What makes a training run what it is: its settings and its data. A second run of the same has nothing to add."""

from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from clf.models.record import VERSION_0_1
from clf.outcomes.training import TrainResult
from clf.settings import AUTO, Settings, TrainSettings, flag
from clf.storage.disk import read_json
from clf.storage.run_folder import Run

KEPT_OTHERWISE = {"keep_checkpoints", "save_steps", "report_to", "gradient_accumulation"}
"""Settings of [train] that change how a run is kept, not what it makes."""
ResolvedRecipe = dict[str, float | int | str]
"""Settings of [train], with a value wherever `auto` stood."""
SECTIONS = {"data", "cleaning", "compute", "train", "confidence"}


class Identity(BaseModel):
    """The settings that count, as they were recorded, perhaps by an older clf; the data by `origin` and `content`."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    settings: dict[str, dict[str, JsonValue]]
    seed: int
    origin: str
    content: str


class FinishedRun(BaseModel):
    """What a run folder keeps of a run that is done: `result.json`."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    of: Identity
    created: str
    """When the model was, as its record says too."""
    result: TrainResult
    recipe: ResolvedRecipe = {}
    """What `auto` came to."""


def run_identity(settings: Settings, origin: str, content: str) -> Identity:
    """Return the identity of a run of these settings on data of this origin and content."""
    same = settings.model_dump(mode="json", include=SECTIONS)
    return Identity(settings=same, seed=settings.run.seed, origin=origin, content=content)


def read_finished(run: Run) -> FinishedRun | None:
    """Return what a run folder keeps of a run that is done; None where there is none."""
    try:
        return FinishedRun.model_validate(read_json(run.result))
    except ValidationError:
        return None


def differences(one: Identity, other: Identity, recipe: ResolvedRecipe | None = None) -> list[str]:
    """Say what two identities differ in, as `--epochs was 3, is now 5`.

    A setting that an older clf did not record had its default; `recipe` is what `auto` came to in the run of `one`, and
    means in the other.
    """
    old = any("eval_steps" not in identity.settings.get("train", {}) for identity in (one, other))
    then, now = _essence(one, recipe or {}, old), _essence(other, recipe or {}, old)
    changed = [name for name in then | now if then.get(name) != now.get(name)]
    return [f"{name} was {then.get(name)}, is now {now.get(name)}" for name in changed]


def _essence(identity: Identity, recipe: ResolvedRecipe, old: bool) -> dict[str, JsonValue]:
    """Return what counts, by its flag; `old` says that one of the two is of version 0.1: `auto` is what it did then."""
    defaults: dict[str, Any] = TrainSettings().model_dump(mode="json")
    train: dict[str, JsonValue] = {**defaults, **identity.settings.get("train", {})}
    for known in (recipe, VERSION_0_1 if old else {}):
        train |= {name: value for name, value in known.items() if train.get(name) == AUTO}
    train = {name: value for name, value in train.items() if name not in KEPT_OTHERWISE}
    sections = {**identity.settings, "train": train}
    settings = {flag(name): value for section in sections.values() for name, value in section.items()}
    return {**settings, "--seed": identity.seed, "the source": identity.origin, "the data": identity.content}
