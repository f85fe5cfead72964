"""Atomic checkpoints: staged, hashed, flushed to disk, then renamed; a damaged one is reported and skipped.

checkpoints/checkpoint-120/clf-checkpoint.json     its step, the fingerprint of its run, the SHA-256 of its files
checkpoints/.staging/                              the checkpoint being written; deleted at the next start
"""

import json
import logging
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import JsonValue, ValidationError

from clf.errors import UsageError
from clf.models.record import VERSION_0_1
from clf.settings import TrainSettings, flag
from clf.storage.disk import sha256
from clf.storage.documents import read_object
from clf.storage.leftovers import delete_folder
from clf.storage.result_folders import HISTORY_FILE
from clf.storage.writing import flush, make_folder, umask
from clf.training.checkpoint_files import (
    CHECKPOINT_SCHEMA,
    MANIFEST,
    Begun,
    Fingerprint,
    RunPosition,
    check_files,
    check_schema,
    check_state,
    read_manifest,
    step_of,
)
from clf.training.keeping import BEST_FILE
from clf.training.schedule import CAPPED, warmup_within

STAGING, TRASH, REPLACED, DAMAGED = ".staging", ".trash-", ".replaced-", ".damaged-"
KEPT = 2
ATTENTION_DROPOUT = "--attention-dropout"
DEFAULTS = {flag(name): value for name, value in TrainSettings().model_dump(mode="json").items()}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    """One complete checkpoint."""

    folder: Path
    step: int
    best_step: int | None
    """The step of the best weights so far, which are stored in this checkpoint or in that step's own."""
    fingerprint: Fingerprint
    progress: RunPosition


class Checkpoints:
    """The checkpoints of one run.

    They can only be resumed by a run with this `fingerprint`. A setting missing from the checkpoint of an older clf is
    assumed to have had its default.
    """

    def __init__(self, folder: Path, fingerprint: Fingerprint, steps_per_epoch: int = 1) -> None:
        self.folder, self.fingerprint, self.steps_per_epoch = folder, fingerprint, steps_per_epoch

    @property
    def stage(self) -> Path:
        """The folder to write the next checkpoint into."""
        return self.folder / STAGING

    def begin(self) -> None:
        """Clean up after an earlier process that was interrupted, and create the staging folder."""
        newest = max(map(step_of, self._folders()), default=-1)
        for old in self.folder.glob(f"{REPLACED}*"):
            place = self.folder / old.name.removeprefix(REPLACED)
            # The process ended between two renames; an older one could not be deleted, and was rotated away since.
            if not os.path.lexists(place) and not old.is_symlink() and step_of(old) > newest:
                old.rename(place)
        for left in [self.stage, *self.folder.glob(f"{TRASH}*"), *self.folder.glob(f"{REPLACED}*")]:
            delete_folder(left)
        make_folder(self.stage)

    def newest(self) -> Checkpoint | None:
        """Return the newest intact checkpoint whose best weights are available; report damaged ones.

        Raises UsageError when it was made with other settings or data.
        """
        for folder in self._folders():
            found = self._read(folder)
            if found:
                self._check_fingerprint(found.folder, found.fingerprint)
                return found
        return None

    def check(self) -> None:
        """Check that the checkpoints belong to this run, before anything is replaced.

        Raises UsageError when the newest readable checkpoint was made with other settings or data.
        """
        if found := self._newest_readable():
            self._check_fingerprint(*found)

    def begun_with(self) -> dict[str, JsonValue]:
        """Return the settings that the run was started with, by flag, from the newest readable checkpoint."""
        found = self._newest_readable()
        return _known(found[1], self.steps_per_epoch) if found else {}

    def _newest_readable(self) -> tuple[Path, Fingerprint] | None:
        """Return the newest checkpoint with a readable fingerprint, without checking that its files are intact."""
        for folder in self._folders():
            written = read_object(folder / MANIFEST) or {}
            check_schema(folder, written)
            with suppress(ValidationError):
                return folder, Begun.model_validate(written).fingerprint
        return None

    def commit(self, name: str, step: int, best_step: int | None, progress: RunPosition) -> Path:
        """Flush the staged folder `name` to disk, then turn it into a checkpoint by an atomic rename."""
        stage, final = self.stage / name, self.folder / name
        files, mode = {}, 0o666 & ~umask()
        for path in sorted(stage.iterdir()):
            path.chmod(mode)
            files[path.name] = sha256(path)
            flush(path)
        manifest = {
            "schema_version": CHECKPOINT_SCHEMA, "step": step, "best_step": best_step, "files": files,
            "fingerprint": asdict(self.fingerprint), "extra": asdict(progress),
        }  # fmt: skip
        (stage / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        flush(stage / MANIFEST)
        flush(stage)
        if (history := self.folder.parent / HISTORY_FILE).exists():  # which the resumed run continues
            flush(history)
            flush(history.parent)
        old = self.folder / f"{REPLACED}{name}"
        delete_folder(old)
        if final.exists():  # the same step again, now with its evaluation
            final.rename(old)
        stage.rename(final)
        flush(self.folder)
        delete_folder(old)
        for damaged in self.folder.glob(f"{DAMAGED}*"):
            delete_folder(damaged)
        self._rotate(step, best_step)
        return final

    def drop_after(self, step: int) -> None:
        """Rename the checkpoints newer than `step`: they are damaged, and must not be counted or found again.

        They are deleted once the next checkpoint is complete.
        """
        for folder in self._folders():
            if step_of(folder) > step:
                aside = folder.with_name(f"{DAMAGED}{folder.name}")
                delete_folder(aside)
                folder.rename(aside)

    def _folders(self) -> list[Path]:
        return sorted(self.folder.glob("checkpoint-*"), key=step_of, reverse=True)

    def _read(self, folder: Path, best: bool = True) -> Checkpoint | None:
        try:
            manifest = read_manifest(folder)
            check_files(folder, manifest.files)
            check_state(folder, manifest)
        except (OSError, ValueError) as error:
            log.warning("%s is damaged, skipping it: %s", folder, error)
            return None
        found = Checkpoint(folder, manifest.step, manifest.best_step, manifest.fingerprint, manifest.extra)
        if best and found.best_step not in (None, found.step) and BEST_FILE not in manifest.files:
            best_folder = folder.with_name(f"checkpoint-{found.best_step}")
            if self._read(best_folder, best=False) is None:
                log.warning("skipping %s: its best weights, %s, are damaged", folder, best_folder.name)
                return None
        return found

    def _check_fingerprint(self, folder: Path, found: Fingerprint) -> None:
        now, then = self.fingerprint, _known(found, self.steps_per_epoch)
        earlier = {key: then.get(key, DEFAULTS.get(key, value)) for key, value in now.same.items()}
        if changed := [key for key in sorted(earlier) if earlier[key] != now.same[key]]:
            shown = "; ".join(f"{key} was {earlier[key]!r}, is now {now.same[key]!r}" for key in changed[:5])
            raise UsageError(
                f"the interrupted run in {folder.parent.parent} differs from this one: {shown}",
                f"{_way_back(changed, earlier)}, or start over without --resume",
            )
        for key in sorted(now.alike):
            if key in then and then[key] != now.alike[key]:
                was, is_now = then[key], now.alike[key]
                log.warning("%s was %s, is now %s: the weights will not be bit-identical", key, was, is_now)

    def _rotate(self, step: int, best_step: int | None) -> None:
        """Keep the newest and the best checkpoint; if they are the same, also one that holds its own best weights."""
        keep = {step, best_step} & {step_of(folder) for folder in self._folders()}
        others = [folder for folder in self._folders() if step_of(folder) not in keep]
        others.sort(key=lambda folder: not _is_complete_alone(folder))
        for folder in others[max(0, KEPT - len(keep)) :]:
            self._remove(folder)

    def _remove(self, folder: Path) -> None:
        """Rename a checkpoint before deleting it, so that its name never refers to half a checkpoint."""
        trash = folder.with_name(f"{TRASH}{folder.name}")
        delete_folder(trash)
        folder.rename(trash)
        delete_folder(trash)


def _known(fingerprint: Fingerprint, steps_per_epoch: int) -> dict[str, JsonValue]:
    """Return everything in a checkpoint's fingerprint, plus the behaviour that version 0.1 did not record."""
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
    """Return how to match the interrupted run; leaving out a flag that can be `auto` uses the run's own value."""
    if set(changed) <= {flag(name) for name in VERSION_0_1}:
        return f"leave out {' and '.join(changed)}"
    flags = [f"{key} {earlier[key]}" for key in changed if key.startswith("--")]
    return f"pass {' '.join(flags) if len(flags) == len(changed) else 'the same settings and data'}"


def _is_complete_alone(folder: Path) -> bool:
    """Return whether a checkpoint holds the best weights so far, or there are none because nothing was evaluated."""
    try:
        manifest = read_manifest(folder)
    except (OSError, ValueError, UsageError):
        return False
    return BEST_FILE in manifest.files or manifest.best_step in (None, manifest.step)
