"""What a disk holds after a power loss, at every moment of a run: replayed from a trace of `fail.c`.

There are three kinds of disks, and clf must survive each:

    lazy       a name that was made, renamed or deleted is so only once its folder was synced; a file holds what it held
               when it was last synced, and nothing if it never was
    eager      names change at once, as with a journal; a file that was written in place holds half of what it is going
               to hold, or nothing, until it is synced again
    partial    of the names that changed in a folder since it was last synced, some have changed and some have not; files
               are as on an eager disk

A rename within one folder is one change. One between two folders is two: the name in the one appears, and the name in the
other goes; the latter is kept until its folder is synced, since no disk deletes a file that was renamed.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from faults.harness import Content

ROOT = 0
Names = dict[str, int]
"""The files and folders in a folder, by name."""
Named = dict[str, int | None]
"""One change of the names in a folder: those that mean something else now, or nothing (None)."""


Survives = Callable[[int, bool, Random], bool]
SURVIVORS: dict[str, Survives] = {
    "the newest": lambda age, _, __: age == 0,
    "every second": lambda age, _, __: age % 2 == 0,
    "the others": lambda age, _, __: age % 2 == 1,
    "one folder": lambda _, is_last, __: is_last,
    "at random": lambda _, __, generator: generator.random() < 0.5,
}
"""Whether a change survives on a partial disk, by how many came after it in its folder, and whether the newest change of
all was in that folder."""


@dataclass(frozen=True)
class Change:
    """One recorded call: its number, its name, and its paths below the work folder."""

    number: int
    name: str
    path: str
    other: str = ""
    next_sync: int = 0
    """The number of the call that synced the same file next; 0: none did."""


def read_trace(trace: Path, work: Path) -> list[Change]:
    """Read the changes in the order in which they were made."""
    lines = [line.split(b"\0") for line in (trace / "trace").read_bytes().split(b"\0\n") if line]
    found, synced = [], dict[bytes, int]()
    for parts in sorted(lines, key=lambda parts: int(parts[0]), reverse=True):
        number, name, inode = int(parts[0]), os.fsdecode(parts[1]), parts[2]
        path, other = (os.path.relpath(os.fsdecode(part), work) if part else "" for part in parts[3:5])
        found.append(Change(number, name, path, other, synced.get(inode, 0)))
        if name == "sync":
            synced[inode] = number
        elif name in ("create", "mkdir", "symlink"):  # the inode was that of another file before
            synced.pop(inode, None)
    return found[::-1]


@dataclass(frozen=True)
class Left:
    """A disk after a power loss. It changes with the `PowerLoss` that made it, until the next change.

    Files and folders are numbers, since a rename changes none of them but only the folder that names them.
    """

    disk: str
    names: dict[int, Names]
    """The names in each folder."""
    contents: dict[int, bytes]
    """What is in each file; nothing, unless it is here."""

    def at(self, place: str) -> Content:
        """Return what is at a place, as `harness.content` would find it."""
        number = _find(self.names, place)
        return {} if number is None else self._below(number, place)

    def _below(self, number: int, path: str) -> Content:
        if number not in self.names:
            return {path: self.contents.get(number, b"")}
        found: Content = {path: None}
        for name, inner in self.names[number].items():
            found |= self._below(inner, f"{path}/{name}")
        return found

    def write(self, place: str, folder: Path) -> None:
        """Write what is at a place into a folder."""
        for name, held in self.at(place).items():
            path = folder / name
            if held is None:
                path.mkdir(parents=True, exist_ok=True)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(held)


@dataclass
class PowerLoss:
    """The disks during a run: what the process sees in each folder, and what would be left of it."""

    trace: Path
    seen: dict[int, Names] = field(default_factory=lambda: {ROOT: {}})
    """The names in each folder, as the process sees them."""
    synced: dict[int, Names] = field(default_factory=lambda: {ROOT: {}})
    """The names in each folder when it was last synced."""
    changed: dict[int, list[Named]] = field(default_factory=dict)
    """How the names in each folder were changed since, in order."""
    last: int = ROOT
    """The folder in which a name was changed last."""
    contents: dict[int, bytes] = field(default_factory=dict)
    """What was in each file when it was last synced."""
    torn: dict[int, bytes] = field(default_factory=dict)
    """The same, but of a file that was written in place since, half of what it is going to hold."""
    numbers: int = ROOT
    """The newest file or folder."""
    number: int = 0
    """The call that happened last."""

    @classmethod
    def of(cls, base: Path, trace: Path) -> "PowerLoss":
        """Begin with what is in a folder, all of which was synced long ago."""
        one = cls(trace)
        for path in sorted(base.rglob("*")):
            number = one._make(str(path.relative_to(base)), is_folder=path.is_dir())
            if path.is_file():
                one.contents[number] = one.torn[number] = path.read_bytes()
        one.synced, one.changed = {folder: dict(names) for folder, names in one.seen.items()}, {}
        return one

    def losses(self) -> Iterator[Left]:
        """Yield what each disk holds if the power is lost now."""
        yield Left("lazy disk", self.synced, self.contents)
        yield Left("eager disk", self.seen, self.torn)
        for kind, survives in SURVIVORS.items():
            generator = Random(self.number)
            names = {folder: self._mixed(folder, survives, generator) for folder in self.seen}
            yield Left(f"partial disk, {kind}", names, self.torn)

    def _mixed(self, folder: int, survives: Survives, generator: Random) -> Names:
        """Return the names in a folder if only some of the changes since it was last synced have survived."""
        changed = self.changed.get(folder, [])
        names: Named = dict(self.synced[folder])
        for number, change in enumerate(changed, start=1):
            if survives(len(changed) - number, folder == self.last, generator):
                names |= change
        return _without_none(names)

    def apply(self, change: Change) -> None:
        """Let one call happen."""
        self.number = change.number
        self._notice(change)
        if change.name in ("create", "mkdir", "symlink"):
            self._make(change.path, is_folder=change.name == "mkdir")
        elif change.name in ("unlink", "rmdir"):
            self._name(os.path.dirname(change.path), {os.path.basename(change.path): None})
        elif change.name in ("rename", "link", "exchange"):
            self._move(change)
        elif change.name == "sync folder":
            if (folder := _find(self.seen, change.path)) is not None:
                self.synced[folder] = dict(self.seen[folder])
                self.changed.pop(folder, None)
        elif (file := _find(self.seen, change.path)) is not None:  # or it has no name any more
            self._write(file, change)

    def _write(self, file: int, change: Change) -> None:
        """Let a file be synced, cut or written in place; it matters only if it held something before."""
        if change.name == "sync":
            self.contents[file] = self.torn[file] = self._synced_by(change.number)
        elif self.torn.get(file):
            begun = self.contents[file] if change.name == "append" else b""
            rest = self._synced_by(change.next_sync)[len(begun) :] if change.name != "cut" else b""
            self.torn[file] = begun + rest[: len(rest) // 2]

    def _synced_by(self, number: int) -> bytes:
        return (self.trace / str(number)).read_bytes() if number else b""

    def _notice(self, change: Change) -> None:
        """Rename the file that safetensors wrote, once its final name appears: it asks the kernel without the library."""
        if change.name in ("create", "mkdir", "symlink") or _find(self.seen, change.path) is not None:
            return
        folder = os.path.dirname(change.path)
        here = self._names(folder)
        written = [name for name in here if name.startswith(".tmp")]
        assert written, change
        self._name(folder, {os.path.basename(change.path): here[written[0]], written[0]: None})

    def _make(self, path: str, *, is_folder: bool) -> int:
        self.numbers += 1
        if is_folder:
            self.seen[self.numbers], self.synced[self.numbers] = {}, {}
        self._name(os.path.dirname(path), {os.path.basename(path): self.numbers})
        return self.numbers

    def _move(self, change: Change) -> None:
        here, there = os.path.dirname(change.path), os.path.dirname(change.other)
        one, other = os.path.basename(change.path), os.path.basename(change.other)
        moved = self._names(here)[one]
        left = self._names(there)[other] if change.name == "exchange" else None
        if change.name == "link":
            self._name(there, {other: moved})
        elif here == there:
            self._name(there, {one: left, other: moved})
        else:
            self._name(there, {other: moved})
            self._name(here, {one: left}, survives=left is not None)

    def _name(self, folder: str, named: Named, *, survives: bool = True) -> None:
        """Change the names in a folder; with `survives` the change may outlast a power loss before the folder is synced."""
        number = _find(self.seen, folder)
        assert number is not None, folder
        self.seen[number] = _without_none(self.seen[number] | named)
        if survives:
            self.changed.setdefault(number, []).append(named)
            self.last = number

    def _names(self, folder: str) -> Names:
        """Return what the process sees in a folder."""
        number = _find(self.seen, folder)
        assert number is not None, folder
        return self.seen[number]


def _find(names: dict[int, Names], place: str) -> int | None:
    """Return the file or folder at a place."""
    number: int | None = ROOT
    for part in Path(place).parts:
        number = names.get(number, {}).get(part) if number is not None else None
    return number


def _without_none(named: Named) -> Names:
    return {name: number for name, number in named.items() if number is not None}
