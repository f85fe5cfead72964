"""Checkpoints that are whole or absent: staged, hashed, flushed, renamed; a damaged one is named and passed over.

checkpoints/checkpoint-120/clf-checkpoint.json     what it is, of which run, and the SHA-256 of its files
checkpoints/.staging/                              what is being written; thrown away at the next start

What a new version adds to clf-checkpoint.json needs a default for the checkpoints of those before; a change that they
cannot be read with raises CHECKPOINT_SCHEMA.
"""

import json
import logging
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from clf.errors import UsageError
from clf.models.record import VERSION_0_1
from clf.settings import TrainSettings, flag
from clf.storage.disk import flush, read_json, sha256
from clf.training.keeping import BEST_FILE
from clf.training.schedule import CAPPED, warmup_within

MANIFEST = "clf-checkpoint.json"
CHECKPOINT_SCHEMA = 1
STAGING, TRASH, REPLACED, DAMAGED = ".staging", ".trash-", ".replaced-", ".damaged-"
KEPT = 2
ATTENTION_DROPOUT = "--attention-dropout"
DEFAULTS = {flag(name): value for name, value in TrainSettings().model_dump(mode="json").items()}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fingerprint:
    """What must be the `same` for a run to go on, and what may be only `alike`, at the price of other bits."""

    same: dict[str, JsonValue]
    alike: dict[str, JsonValue]

    @property
    def device(self) -> str | None:
        """The kind of device it was computed on."""
        device = self.alike.get("device")
        return device if isinstance(device, str) else None


@dataclass(frozen=True)
class RunPosition:
    """How far a run was, beside what the Trainer's own files say."""

    evaluated: bool
    """Whether the evaluation that was due at this step, if any, was made."""
    loss: float
    """The sum of losses since the last line of history, so that the next line is the same after a resume."""
    loss_since: int
    """The step of that line."""
    seconds: float = 0.0
    """Seconds of training so far."""


@dataclass(frozen=True)
class Checkpoint:
    """One whole checkpoint."""

    folder: Path
    step: int
    best_step: int | None
    """The step of the best weights so far, which have a checkpoint too."""
    fingerprint: Fingerprint
    progress: RunPosition


class Checkpoints:
    """The checkpoints of one run.

    They go only with a run of this `fingerprint`. A setting that the checkpoint of an older clf does not know had its
    default.
    """

    def __init__(self, folder: Path, fingerprint: Fingerprint, steps_per_epoch: int = 1) -> None:
        self.folder, self.fingerprint, self.steps_per_epoch = folder, fingerprint, steps_per_epoch

    @property
    def stage(self) -> Path:
        """The folder to write the next checkpoint into."""
        return self.folder / STAGING

    def begin(self) -> None:
        """Clear what an earlier process left unfinished, and open the stage."""
        for old in self.folder.glob(f"{REPLACED}*"):
            place = self.folder / old.name.removeprefix(REPLACED)
            if not place.exists():  # the process ended between two renames
                old.rename(place)
        for left in [self.stage, *self.folder.glob(f"{TRASH}*"), *self.folder.glob(f"{REPLACED}*")]:
            shutil.rmtree(left, ignore_errors=True)
        self.stage.mkdir(parents=True)

    def newest(self) -> Checkpoint | None:
        """Return the newest whole checkpoint whose best weights are here too; damaged ones are named.

        Raises UsageError when it was made with other settings or data.
        """
        for folder in self._folders():
            found = self._read(folder)
            if found:
                self._check_fingerprint(found.folder, found.fingerprint)
                return found
        return None

    def check(self) -> None:
        """Refuse what is here early, before anything of it is replaced.

        Raises UsageError when the newest checkpoint that can be read was made with other settings or data.
        """
        if found := self._newest_readable():
            self._check_fingerprint(*found)

    def begun_with(self) -> dict[str, JsonValue]:
        """Return what the newest checkpoint that can be read says its run was begun with, by flag."""
        found = self._newest_readable()
        return _known(found[1], self.steps_per_epoch) if found else {}

    def _newest_readable(self) -> tuple[Path, Fingerprint] | None:
        """Return the newest checkpoint that says of what run it is; whether it is whole is not looked at."""
        for folder in self._folders():
            with suppress(KeyError, TypeError, ValueError):
                manifest = read_json(folder / MANIFEST) or {}
                _check_schema(folder, manifest)
                return folder, _fingerprint(manifest["fingerprint"])
        return None

    def commit(self, name: str, step: int, best_step: int | None, progress: RunPosition) -> Path:
        """Let the staged folder `name` become a checkpoint, in one rename, once every byte is on the disk."""
        stage, final = self.stage / name, self.folder / name
        files = {}
        for path in sorted(stage.iterdir()):
            path.chmod(0o644)
            files[path.name] = sha256(path)
            flush(path)
        manifest = {
            "schema_version": CHECKPOINT_SCHEMA, "step": step, "best_step": best_step, "files": files,
            "fingerprint": asdict(self.fingerprint), "extra": asdict(progress),
        }  # fmt: skip
        (stage / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        flush(stage / MANIFEST)
        flush(stage)
        old = self.folder / f"{REPLACED}{name}"
        shutil.rmtree(old, ignore_errors=True)
        if final.exists():  # the same step again, now with what its evaluation gave
            final.rename(old)
        stage.rename(final)
        flush(self.folder)
        shutil.rmtree(old, ignore_errors=True)
        for damaged in self.folder.glob(f"{DAMAGED}*"):
            shutil.rmtree(damaged, ignore_errors=True)
        self._rotate(step, best_step)
        return final

    def drop_after(self, step: int) -> None:
        """Set aside what is newer than `step`: it is damaged, and must not be counted or found again.

        It goes once a newer checkpoint stands.
        """
        for folder in self._folders():
            if _step(folder) > step:
                aside = folder.with_name(f"{DAMAGED}{folder.name}")
                shutil.rmtree(aside, ignore_errors=True)
                folder.rename(aside)

    def _folders(self) -> list[Path]:
        return sorted(self.folder.glob("checkpoint-*"), key=_step, reverse=True)

    def _read(self, folder: Path, best: bool = True) -> Checkpoint | None:
        try:
            manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            _check_schema(folder, manifest)
            if wrong := [name for name, stated in manifest["files"].items() if sha256(folder / name) != stated]:
                raise ValueError(f"{wrong[0]} does not match its hash")
            known = {field.name for field in fields(RunPosition)}
            progress = RunPosition(**{name: value for name, value in manifest["extra"].items() if name in known})
            fingerprint = _fingerprint(manifest["fingerprint"])
            found = Checkpoint(folder, manifest["step"], manifest["best_step"], fingerprint, progress)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("%s is damaged and passed over: %s", folder, error)
            return None
        if best and found.best_step not in (None, found.step) and BEST_FILE not in manifest["files"]:
            best_folder = folder.with_name(f"checkpoint-{found.best_step}")
            if self._read(best_folder, best=False) is None:
                log.warning("%s is passed over: its best weights, %s, are damaged", folder, best_folder.name)
                return None
        return found

    def _check_fingerprint(self, folder: Path, found: Fingerprint) -> None:
        now, then = self.fingerprint, _known(found, self.steps_per_epoch)
        earlier = {key: then.get(key, DEFAULTS.get(key, value)) for key, value in now.same.items()}
        if changed := [key for key in sorted(earlier) if earlier[key] != now.same[key]]:
            shown = "; ".join(f"{key} was {earlier[key]!r}, is now {now.same[key]!r}" for key in changed[:5])
            raise UsageError(
                f"the interrupted run in {folder.parent.parent} was another: {shown}",
                f"{_way_back(changed, earlier)}, or start afresh without --resume",
            )
        for key in sorted(now.alike):
            if key in then and then[key] != now.alike[key]:
                was, is_now = then[key], now.alike[key]
                log.warning("%s was %s, is now %s: the weights will not be the same bit for bit", key, was, is_now)

    def _rotate(self, step: int, best_step: int | None) -> None:
        """Keep the newest, the one with the best weights, and where they are one, another that needs no third."""
        keep = {step, best_step} & {_step(folder) for folder in self._folders()}
        others = [folder for folder in self._folders() if _step(folder) not in keep]
        others.sort(key=lambda folder: not _is_complete_alone(folder))
        for folder in others[max(0, KEPT - len(keep)) :]:
            self._remove(folder)

    def _remove(self, folder: Path) -> None:
        """Remove a checkpoint so that never half of it stands under its name."""
        trash = folder.with_name(f"{TRASH}{folder.name}")
        shutil.rmtree(trash, ignore_errors=True)
        folder.rename(trash)
        shutil.rmtree(trash, ignore_errors=True)


def _check_schema(folder: Path, manifest: Mapping[str, JsonValue]) -> None:
    """Refuse what a later clf wrote: it is whole, and must not be passed over as damaged ones are."""
    schema = manifest.get("schema_version", 1)
    if isinstance(schema, int) and schema > CHECKPOINT_SCHEMA:
        raise UsageError(
            f"{folder} has schema {schema}, this clf reads up to {CHECKPOINT_SCHEMA}",
            "install a newer clf, or start afresh without --resume",
        )


def _fingerprint(written: Any) -> Fingerprint:
    """Read a fingerprint; raises KeyError or TypeError when it is none."""
    return Fingerprint(dict(written["same"]), dict(written["alike"]))


def _known(fingerprint: Fingerprint, steps_per_epoch: int) -> dict[str, JsonValue]:
    """Return all that a checkpoint's fingerprint says, with what version 0.1 did without saying so."""
    known = {**fingerprint.alike, **fingerprint.same}
    if known.get(ATTENTION_DROPOUT) == "auto":
        known[ATTENTION_DROPOUT] = "off" if known.get("device") == "cpu" else "keep"
    epochs, warmup = known.get("--epochs"), known.get("--warmup-steps")
    if "--eval-steps" not in known and isinstance(epochs, int) and isinstance(warmup, int):
        known |= {"--eval-steps": steps_per_epoch, CAPPED: True}
        known |= {"--select-by": VERSION_0_1["select_by"], "--head-init": VERSION_0_1["head_init"]}
        known["--warmup-steps"] = warmup_within(warmup, steps_per_epoch * epochs)
    return known


def _way_back(changed: list[str], earlier: dict[str, JsonValue]) -> str:
    """Say how a command line becomes that of the interrupted run; what can be auto is then as the run has it."""
    if set(changed) <= {flag(name) for name in VERSION_0_1}:
        return f"leave out {' and '.join(changed)}"
    flags = [f"{key} {earlier[key]}" for key in changed if key.startswith("--")]
    return f"pass {' '.join(flags) if len(flags) == len(changed) else 'the same settings and data'}"


def _is_complete_alone(folder: Path) -> bool:
    """Tell whether a checkpoint holds the best weights up to it, or none were measured."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return BEST_FILE in manifest["files"] or manifest["best_step"] in (None, _step(folder))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _step(folder: Path) -> int:
    number = folder.name.rpartition("-")[2]
    return int(number) if number.isdigit() else -1
