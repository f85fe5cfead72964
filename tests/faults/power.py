"""What a disk holds after a power loss, at every moment of a run: replayed from a trace of `fail.c`.

A file holds what it held when it was last synced, and nothing if it never was. For the names in folders there are two
disks, and clf must survive both:

    lazy    a name that was made, renamed or deleted is so only once its folder was synced
    eager   names change at once, as with a journal, whatever became of the contents
"""

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from faults.harness import Content, Sweep, content

Disk = Literal["lazy", "eager"]
DISKS: tuple[Disk, ...] = ("lazy", "eager")
ROOT = 0


@dataclass(frozen=True)
class Change:
    """One recorded call: its number, its name, and its paths below the work folder."""

    number: int
    name: str
    path: str
    other: str = ""


def read_trace(trace: Path, work: Path) -> list[Change]:
    """Read the changes in the order in which they were made."""
    found = []
    for line in (trace / "trace").read_bytes().split(b"\0\n"):
        if line:
            number, name, _, path, other = (os.fsdecode(part) for part in line.split(b"\0"))
            found.append(Change(int(number), name, _relative(path, work), _relative(other, work) if other else ""))
    return sorted(found, key=lambda change: change.number)


def _relative(path: str, work: Path) -> str:
    return os.path.relpath(path, work)


@dataclass
class PowerLoss:
    """A disk during a run: what the process sees in each folder, and what would be left of it.

    Files and folders are numbers, since a rename changes none of them but only the folder that names them.
    """

    disk: Disk
    trace: Path
    seen: dict[int, dict[str, int]] = field(default_factory=lambda: {ROOT: {}})
    """The names in each folder, as the process sees them."""
    kept: dict[int, dict[str, int]] = field(default_factory=lambda: {ROOT: {}})
    """The names in each folder that a power loss leaves."""
    contents: dict[int, bytes] = field(default_factory=dict)
    """What a power loss leaves in each file."""
    numbers: int = ROOT

    @classmethod
    def of(cls, base: Path, trace: Path, disk: Disk) -> "PowerLoss":
        """Begin with what is in a folder, all of which was synced long ago."""
        one = cls(disk, trace)
        for path in sorted(base.rglob("*")):
            number = one._make(str(path.relative_to(base)), is_folder=path.is_dir())
            if path.is_file():
                one.contents[number] = path.read_bytes()
        one.kept = {folder: dict(names) for folder, names in one.seen.items()}
        return one

    def apply(self, change: Change) -> None:
        """Let one call happen."""
        self._notice(change)
        if change.name in ("create", "mkdir", "symlink"):
            self._make(change.path, is_folder=change.name == "mkdir")
        elif change.name in ("unlink", "rmdir"):
            self._names(change.path).pop(os.path.basename(change.path))
        elif change.name in ("rename", "link", "exchange"):
            self._move(change)
        elif change.name == "cut" and (file := self._number(change.path)) is not None:
            if self.disk == "eager":
                self.contents[file] = b""
        elif change.name == "sync" and (file := self._number(change.path)) is not None:  # or it has no name any more
            self.contents[file] = (self.trace / str(change.number)).read_bytes()
        elif change.name == "sync folder" and (folder := self._number(change.path)) is not None:
            self.kept[folder] = dict(self.seen[folder])
        if self.disk == "eager":
            self.kept = self.seen

    def _notice(self, change: Change) -> None:
        """Rename the file that safetensors wrote, once its final name appears: it asks the kernel without the library."""
        if change.name in ("create", "mkdir", "symlink") or change.path == "." or self._number(change.path) is not None:
            return
        here = self._names(change.path)
        written = [name for name in here if name.startswith(".tmp")]
        assert written, change
        here[os.path.basename(change.path)] = here.pop(written[0])

    def _make(self, path: str, *, is_folder: bool) -> int:
        self.numbers += 1
        self._names(path)[os.path.basename(path)] = self.numbers
        if is_folder:
            self.seen[self.numbers] = {}
        return self.numbers

    def _move(self, change: Change) -> None:
        here, there = self._names(change.path), self._names(change.other)
        one, other = os.path.basename(change.path), os.path.basename(change.other)
        if change.name == "exchange":
            here[one], there[other] = there[other], here[one]
        else:
            there[other] = here[one]
            if change.name == "rename":
                del here[one]

    def _names(self, path: str) -> dict[str, int]:
        """Return what the process sees in the folder around a path."""
        folder = self._number(os.path.dirname(path))
        assert folder is not None, path
        return self.seen[folder]

    def _number(self, path: str) -> int | None:
        number: int | None = ROOT
        for part in Path(path).parts:
            number = self.seen.get(number, {}).get(part) if number is not None else None
        return number

    def left(self, place: str) -> Content:
        """Return what a power loss leaves at a place, as `harness.content` would find it."""
        number: int | None = ROOT
        for part in Path(place).parts:
            number = self.kept.get(number, {}).get(part) if number is not None else None
        return {} if number is None else self._below(number, place)

    def _below(self, number: int, path: str) -> Content:
        if number not in self.seen:
            return {path: self.contents.get(number, b"")}
        found: Content = {path: None}
        for name, inner in self.kept.get(number, {}).items():
            found |= self._below(inner, f"{path}/{name}")
        return found

    def write(self, place: str, folder: Path) -> None:
        """Write what a power loss leaves at a place into a folder."""
        for name, held in self.left(place).items():
            path = folder / name
            if held is None:
                path.mkdir(parents=True)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(held)


# --- the judge ------------------------------------------------------------------------------------------------


def lose_power(scratch: Path, name: str) -> dict[str, Any]:
    """Record one run of a command, lose the power after each of its calls, and judge what both disks hold then."""
    one = Sweep(scratch, name)
    one.prepare()
    one.place.begin()
    trace = scratch / "trace"
    trace.mkdir()
    ended = one.place.run(one.command.arguments, trace=trace)
    assert ended.code == one.code, ended.stderr
    changes = read_trace(trace, one.place.work)
    results = one.command.results
    after = {place: content(one.place.work, [place]) for place in results}
    before = {place: content(one.place.base, [place]) for place in results}
    broken, judged = [], 0
    for disk in DISKS:
        power = PowerLoss.of(one.place.base, trace, disk)
        checkpoints = Checkpoints(scratch / "checkpoints")
        for change in changes:
            power.apply(change)
            at = f"{disk} disk, after {change.number} {change.name} {change.path}"
            broken += [
                f"{at}: {place} is neither the old one nor the new one, whole"
                for place in results
                if power.left(place) not in (before[place], after[place])
            ]
            published = all(power.left(place) == after[place] for place in results)
            if (lost := checkpoints.lost(power, change)) and not published:
                broken.append(f"{at}: {lost}")
        judged += checkpoints.judged
        broken += [f"{disk} disk, at the end: {place} is not the new one" for place in results
                   if power.left(place) != after[place]]  # fmt: skip
    return {"command": name, "judged_checkpoints": judged, "calls": len(changes), "losses": len(DISKS) * len(changes), "broken": broken[:20],
            "all_broken": len(broken)}  # fmt: skip


class Checkpoints:
    """The checkpoints of a training: from the first that was committed, one is always intact."""

    def __init__(self, scratch: Path) -> None:
        self.scratch, self.committed, self.judged = scratch, False, 0
        self.renamed, self.place = False, ""
        self.known: tuple[str, Content | None] = ("", None)

    def lost(self, power: PowerLoss, change: Change) -> str:
        """Return what is wrong with the checkpoints after a change, if anything is.

        A checkpoint is committed once it has its name and clf goes on to something else than the folder around it.
        """
        folder = next((path for path in (change.other, change.path) if ".run/checkpoints" in path), "")
        place = self.place = folder[: folder.index(".run/checkpoints")] + ".run/checkpoints" if folder else self.place
        if change.name == "rename" and os.path.basename(change.other).startswith("checkpoint-"):
            self.renamed = True
        elif not (change.name == "sync folder" and change.path == place):
            self.committed |= self.renamed
        if not self.committed:
            return ""
        held = power.left(place)
        if held != self.known[1]:
            self.judged += 1
            self.known = "" if self._has_intact(power, place) else "no checkpoint is intact", held
        return self.known[0]

    def _has_intact(self, power: PowerLoss, place: str) -> bool:
        from clf.training.checkpoint_files import check_files, read_manifest

        shutil.rmtree(self.scratch, ignore_errors=True)
        power.write(place, self.scratch)
        for kept in (self.scratch / place).glob(".replaced-*"):  # which the next run renames back
            if not (whole := kept.with_name(kept.name.removeprefix(".replaced-"))).exists():
                kept.rename(whole)
        for folder in (self.scratch / place).glob("checkpoint-*"):
            try:
                check_files(folder, read_manifest(folder).files)
            except (OSError, ValueError):
                continue
            return True
        return False
