"""Loses the power after each call of a command, judges what every disk holds then, and lets clf go on from some of them.

results        the old one or the new one, whole, at every place
checkpoints    one is intact, from the first that was committed until the model is there
again          from a sample of what was left: the same command succeeds, and its results are new and whole; a
               training resumes, if a checkpoint was left, and ends in the same weights
"""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from faults.commands import MEASURED
from faults.harness import Content, Expected, Sweep, content
from faults.power import SURVIVORS, Change, Left, PowerLoss, read_trace

PARTIAL = [f"partial disk, {kind}" for kind in SURVIVORS]
CHECKPOINTS, REPLACED = ".run/checkpoints", ".replaced-"
Held = frozenset[tuple[str, bytes | None]]
HISTORY = "out.run/history.jsonl"
TELLING = ("out/clf.json", "out/README.md")
"""What a model tells about how it was made."""
SEEN = 20
"""The broken rules that are shown, at most."""


def lose_power(scratch: Path, name: str, reruns: int) -> dict[str, Any]:
    """Record one run of a command, lose the power after each of its calls, and judge what the disks hold then.

    From `reruns` of the moments on each kind of disk, clf goes on.
    """
    one = Sweep(scratch, name)
    one.prepare()
    one.place.begin()
    trace = scratch / "trace"
    trace.mkdir()
    ended = one.place.run(one.command.arguments, trace=trace)
    assert ended.code == one.code, ended.stderr
    changes = read_trace(trace, one.place.work)
    judge = Judge.of(one.place.base, one.place.work, one.command.results, scratch / "checkpoints")
    again = Reruns(one, len(changes), reruns)
    judge.judge(changes, PowerLoss.of(one.place.base, trace), again.after)
    broken = [*judge.broken, *again.broken]
    return {"command": name, "judged_checkpoints": len(judge.checkpoints.states), "calls": len(changes),
            "losses": judge.losses, "reruns": again.done, "broken": broken[:SEEN], "all_broken": len(broken)}  # fmt: skip


@dataclass
class Judge:
    """Judges what each disk holds after each call."""

    before: dict[str, Content]
    """The old result at each place."""
    after: dict[str, Content]
    checkpoints: "Checkpoints"
    broken: list[str] = field(default_factory=list)
    losses: int = 0

    @classmethod
    def of(cls, base: Path, work: Path, results: Sequence[str], scratch: Path) -> "Judge":
        """Compare with what was there before a run and after it."""
        before, after = ({place: content(folder, [place]) for place in results} for folder in (base, work))
        return cls(before, after, Checkpoints(scratch))

    def judge(
        self, changes: Sequence[Change], power: PowerLoss, go_on: Callable[[int, str, Left], None] | None = None
    ) -> None:
        """Let the changes happen, and judge after each what the disks hold; let clf `go_on` from there."""
        for number, change in enumerate(changes):
            power.apply(change)
            self.checkpoints.follow(change)
            for left in power.losses():
                self.losses += 1
                at = f"{left.disk}, after {change.number} {change.name} {change.path}"
                self.broken += [f"{at}: {wrong}" for wrong in self._wrong(left)]
                if go_on:
                    go_on(number, at, left)
        for left in power.losses():
            self.broken += [f"{left.disk}, at the end: {place} is not the new one" for place in self.after
                            if left.at(place) != self.after[place]]  # fmt: skip

    def _wrong(self, left: Left) -> list[str]:
        found = {place: left.at(place) for place in self.after}
        wrong = [
            f"{place} is neither the old one nor the new one, whole"
            for place in found
            if found[place] not in (self.before[place], self.after[place])
        ]
        if found != self.after and not self.checkpoints.have_intact(left):
            wrong.append("no checkpoint is intact")
        return wrong


class Checkpoints:
    """The checkpoints of a training: from the first that was committed, one is always intact."""

    def __init__(self, scratch: Path) -> None:
        self.scratch, self.committed, self.renamed, self.place = scratch, False, False, ""
        self.states: set[Held] = set()
        """What was judged."""
        self.known: dict[tuple[str, Held], bool] = {}
        """Whether a folder of this name that holds this is an intact checkpoint."""

    def follow(self, change: Change) -> None:
        """Notice the first commit: a checkpoint has its name, and clf goes on to more than the folder around it."""
        folder = next((path for path in (change.other, change.path) if CHECKPOINTS in path), "")
        place = self.place = folder[: folder.index(CHECKPOINTS)] + CHECKPOINTS if folder else self.place
        if change.name == "rename" and os.path.basename(change.other).startswith("checkpoint-"):
            self.renamed = True
        elif not (change.name == "sync folder" and change.path == place):
            self.committed |= self.renamed

    def have_intact(self, left: Left) -> bool:
        """Return whether a checkpoint is intact, or none was committed so far."""
        if not self.committed:
            return True
        held = left.at(self.place)
        self.states.add(frozenset(held.items()))
        folders: dict[str, Content] = {}
        for path, inner in held.items():
            name, _, file = path.removeprefix(f"{self.place}/").partition("/")
            folders.setdefault(name, {})[file] = inner
        for name in [name for name in folders if name.startswith(REPLACED)]:
            folders.setdefault(name.removeprefix(REPLACED), folders[name])  # the next run renames it back
        return any(self._is_intact(name, folders[name]) for name in folders if name.startswith("checkpoint-"))

    def _is_intact(self, name: str, inner: Content) -> bool:
        key = name, frozenset(inner.items())
        if key not in self.known:
            folder = self.scratch / str(len(self.known)) / name
            folder.mkdir(parents=True)
            for file, held in inner.items():
                if held is not None:
                    (folder / file).write_bytes(held)
            self.known[key] = _is_checkpoint(folder)
        return self.known[key]


def _is_checkpoint(folder: Path) -> bool:
    from clf.training.checkpoint_files import check_files, check_state, read_manifest

    try:
        manifest = read_manifest(folder)
        check_files(folder, manifest.files)
        check_state(folder, manifest)
    except (OSError, ValueError):
        return False
    return True


class Reruns:
    """Lets clf go on from a sample of what was left, evenly spread over the run, on each kind of disk."""

    def __init__(self, one: Sweep, moments: int, wanted: int) -> None:
        """Look at the result of an undisturbed run, which is there now."""
        self.one, self.done, self.broken = one, 0, list[str]()
        self.whole = content(one.place.work, [*one.command.results, HISTORY])
        self.expected = _compared_with(one.expected, content(one.place.work, one.command.results))
        spread = [round((place + 0.5) * moments / (3 * wanted)) for place in range(3 * wanted)]
        disks = [
            ("lazy disk", "eager disk", PARTIAL[place // 3 % len(PARTIAL)])[place % 3] for place in range(3 * wanted)
        ]
        self.chosen = set(zip(spread, disks, strict=True))
        """The moments, and the disk of each."""

    def after(self, moment: int, at: str, left: Left) -> None:
        """Let clf go on, if this is one of the chosen."""
        if (moment, left.disk) not in self.chosen:
            return
        self.done += 1
        place, command = self.one.place, self.one.command
        shutil.rmtree(place.work)
        left.write(".", place.work)
        is_resumed = any((place.work / "out.run" / "checkpoints").glob("checkpoint-*"))
        ended = place.run([*command.arguments, *(["--resume"] if is_resumed else [])])
        if ended.code != self.one.code:
            self.broken.append(f"{at}: again: exit {ended.code}: {ended.stderr[-500:]}")
        elif command.arguments[0] == "train":
            self.broken += [f"{at}: again: {wrong}" for wrong in self._wrong_model()]
        elif not self.expected.is_new(content(place.work, command.results)):
            self.broken.append(f"{at}: again: another result")

    def _wrong_model(self) -> list[str]:
        """Compare all but what tells when the training was, and whether it resumed; and evaluate the model."""
        place = self.one.place
        found = content(place.work, [*self.one.command.results, HISTORY])
        wrong = [f"{name} is another" for name in sorted(self.whole.keys() | found.keys())
                 if found.get(name, "") != self.whole.get(name, "") and not (name in TELLING and found.get(name))]  # fmt: skip
        ended = place.run(["evaluate", "out", *MEASURED, "--output-dir", "measured"])
        return wrong + ([f"evaluate: {ended.stderr[-500:]}"] if ended.code else [])


def _compared_with(expected: Expected, found: Content) -> Expected:
    """Compare one more undisturbed run: two may begin in the same second."""
    more = Expected.of(expected.before, expected.after, found, expected.names).varying
    varying = {
        name: None if lines is None or more[name] is None else lines | (more[name] or set())
        for name, lines in expected.varying.items()
    }
    return replace(expected, varying=varying)
