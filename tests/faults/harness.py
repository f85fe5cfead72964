"""Lets clf's commands fail, or die, at every call that changes a file, and judges what they leave.

The library `fail.c` is preloaded into this process, which imports clf once; each run is a fork of it, so a fault costs
a second and not ten. Each fault is judged by four rules:

    said      one `error:` line (or success), no traceback, nothing that clf calls unexpected
    result    what was there before, byte for byte, or the new result, whole (`belonging` says what of several results);
              where two folders cannot be swapped, a run that was killed may have moved the old one aside: then it is
              there, whole, and the next command puts it back
    left      no file that neither the start nor an undisturbed run has (a run that was killed may leave some, and so
              may one on a disk that stays broken, or does not delete)
    again     the same command, minutes later, then succeeds, and leaves what an undisturbed run leaves
"""

import atexit
import ctypes
import errno
import os
import shutil
import signal
import struct
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faults.belonging import of_two_runs, settings_are_told, settings_fit
from faults.commands import ANEW, COMMANDS, KINDS, Command, Kind

# --- the library ----------------------------------------------------------------------------------------------


class Library:
    """The variables of the preloaded library in this process."""

    def __init__(self) -> None:
        self._all = ctypes.CDLL(None)

    def count_below(self, folder: Path | None) -> None:
        """Count the calls below a folder from now on; or no calls."""
        ctypes.c_long.in_dll(self._all, "fail_count").value = 0
        self._text("fail_below", 4096).value = os.fsencode(folder) if folder else b""

    def fail(self, at: int, kind: Kind) -> None:
        """Let the call of this number fail."""
        ctypes.c_int.in_dll(self._all, "fail_errno").value = kind.number
        ctypes.c_int.in_dll(self._all, "fail_for_good").value = kind.for_good
        ctypes.c_long.in_dll(self._all, "fail_at").value = at

    def trace(self, to: int, folder: Path) -> None:
        """Record every change to a descriptor, and what was synced to a folder."""
        self._text("trace_folder", 4096).value = os.fsencode(folder)
        ctypes.c_int.in_dll(self._all, "trace_to").value = to

    def tell(self, report: Path, log: Path) -> None:
        """Let this process tell its calls in a file, and the name of each in another."""
        self._all.fail_tell(os.fsencode(report))
        ctypes.c_int.in_dll(self._all, "log_to").value = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)

    def forbid_exchange(self) -> None:
        """Let no two folders be swapped from now on, in this process and its forks."""
        ctypes.c_int.in_dll(self._all, "fail_exchange").value = 1

    def can_exchange(self) -> bool:
        """Return whether two folders can be swapped."""
        return not ctypes.c_int.in_dll(self._all, "fail_exchange").value

    def _text(self, name: str, size: int) -> Any:
        return (ctypes.c_char * size).in_dll(self._all, name)


# --- runs -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ended:
    """How a run ended: its exit code (negative: a signal), stderr, the calls there were, and the one that failed."""

    code: int
    stderr: str
    calls: int = 0
    what: str = ""


class Place:
    """A folder in which a command runs again and again, each time from the same beginning."""

    def __init__(self, scratch: Path, command: Command) -> None:
        self.command, self.library = command, Library()
        self.base, self.work, self.aside = scratch / "base", scratch / "work", scratch / "aside"
        self.aside.mkdir()
        self.log = self.aside / "calls"
        """The names of the calls of the last run, in order."""

    def begin(self) -> None:
        """Put everything back to the beginning."""
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.base, self.work, symlinks=True)

    def run(
        self, arguments: Sequence[str], at: int = 0, kind: Kind = KINDS["full"], trace: Path | None = None
    ) -> Ended:
        """Run clf in a fork, with a fault at its call number `at` if that is not 0."""
        said, report = self.aside / "stderr", self.aside / "report"
        report.unlink(missing_ok=True)
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            self._become(arguments, said, report, at, kind, trace)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if not report.exists():
            return Ended(code, said.read_text(errors="replace"))
        told = report.read_bytes()
        calls, what = struct.unpack("l", told[:SIZE])[0], os.fsdecode(told[SIZE:].split(b"\0")[0])
        return Ended(code, said.read_text(errors="replace"), calls, what)

    def _become(
        self, arguments: Sequence[str], said: Path, report: Path, at: int, kind: Kind, trace: Path | None
    ) -> None:
        code = 70
        try:
            os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
            os.dup2(os.open(os.devnull, os.O_RDWR), 1)
            signal.alarm(120)
            os.chdir(self.work)
            if self.command.stdin and "-" in arguments:
                os.dup2(_pipe_with(self.work / self.command.stdin), 0)
            if self.command.in_child:
                os.environ |= {"FAIL_BELOW": str(self.work), "FAIL_AT": str(at), "FAIL_ERRNO": str(kind.number),
                               "FAIL_FOR_GOOD": str(int(kind.for_good)), "FAIL_REPORT": str(report)}  # fmt: skip
            else:
                self.library.tell(report, self.log)
                self.library.fail(at, kind)
                self.library.count_below(self.work)
            if trace:
                self.library.trace(os.open(trace / "trace", os.O_WRONLY | os.O_CREAT, 0o600), trace)
            code = _main(arguments)
        finally:
            os._exit(code)


def _pipe_with(file: Path) -> int:
    """Return the end of a pipe from which a small file is read: all of it fits into the pipe."""
    reading, writing = os.pipe()
    content = file.read_bytes()
    assert os.write(writing, content) == len(content)
    os.close(writing)
    return reading


def _main(arguments: Sequence[str]) -> int:
    from clf.cli.app import main

    sys.argv = ["clf", *arguments]
    atexit._clear()  # what the process before the fork would do at its end
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    finally:
        atexit._run_exitfuncs()
        sys.stderr.flush()
    return 0


# --- what is left ---------------------------------------------------------------------------------------------

SIZE = struct.calcsize("l")
Content = dict[str, bytes | None]
"""The files below a folder with their content, and the folders (None)."""


def content(root: Path, places: Sequence[str]) -> Content:
    """Read some places of a folder."""
    found: Content = {}
    for place in places:
        top = root / place
        paths = [top, *sorted(top.rglob("*"))] if top.is_dir() else [top] if top.exists() else []
        found |= {str(path.relative_to(root)): path.read_bytes() if path.is_file() else None for path in paths}
    return found


@dataclass(frozen=True)
class Expected:
    """What undisturbed runs leave: the results, and the lines in which two of them differ (times, the run's id)."""

    before: Content
    after: Content
    varying: dict[str, set[int] | None] = field(default_factory=dict)
    names: frozenset[str] = frozenset()

    @classmethod
    def of(cls, before: Content, one: Content, other: Content, names: frozenset[str]) -> "Expected":
        """Compare two undisturbed runs."""
        varying: dict[str, set[int] | None] = {}
        for name in one:
            mine, others = (one[name] or b"").split(b"\n"), (other.get(name) or b"").split(b"\n")
            same = len(mine) == len(others)
            pairs = enumerate(zip(mine, others, strict=False))
            differ = {line for line, (left, right) in pairs if left != right or b"second" in left}
            varying[name] = differ if same else None  # two runs may take equally long
        return cls(before, one, varying, names)

    def is_new(self, found: Content) -> bool:
        """Return whether a result is the new one, whole."""
        return found.keys() == self.after.keys() and all(self._same(name, found[name]) for name in found)

    def _same(self, name: str, found: bytes | None) -> bool:
        expected, varying = self.after[name], self.varying[name]
        if expected is None or found is None or varying is None:
            return (expected is None) == (found is None)
        left, right = expected.split(b"\n"), found.split(b"\n")
        lines = enumerate(zip(left, right, strict=False))
        return len(left) == len(right) and all(one == other or line in varying for line, (one, other) in lines)


def names_in(folder: Path) -> frozenset[str]:
    """Return the paths of everything in a folder."""
    return frozenset(str(path.relative_to(folder)) for path in folder.rglob("*"))


# --- the judge ------------------------------------------------------------------------------------------------


class Sweep:
    """Faults in one command."""

    def __init__(self, scratch: Path, name: str) -> None:
        self.command = COMMANDS[name]
        self.place = Place(scratch, self.command)

    def prepare(self) -> None:
        """Make the beginning, and let the command run undisturbed twice."""
        self.place.base.mkdir()
        made = self.place.base
        shutil.copytree(made, self.place.work)
        _write_inputs(self.place)
        for arguments in self.command.before:
            ended = self.place.run(arguments)
            assert ended.code in (0, 3, 4), ended.stderr
        shutil.rmtree(made)
        shutil.copytree(self.place.work, made, symlinks=True)
        found = []
        for _ in range(2):
            self.place.begin()
            ended = self.place.run(self.command.arguments)
            assert ended.code in (0, 3, 4), ended.stderr
            found.append(content(self.place.work, self.command.results))
        self.code, self.points = ended.code, ended.calls
        self.calls = self.place.log.read_text().split() if self.place.log.exists() else []
        self.first = names_in(made)
        self.expected = Expected.of(content(made, self.command.results), *found, names_in(self.place.work))
        for place in self.command.results:  # or nobody could tell the old one from the new one
            assert not self._is_new_part(_part(self.expected.before, place), place), place
        assert not of_two_runs(self.place.work)
        self.swaps, self.between = self.place.library.can_exchange(), 0
        """Whether two folders can be swapped; how often a run was stopped between two renames."""

    def fault(self, at: int, kind: Kind) -> tuple[str, list[str]]:
        """Let one call fail; return how it ended ("" if no call failed), and the rules that were broken."""
        self.place.begin()
        ended = self.place.run(self.command.arguments, at, kind)
        broken = self._said(ended, kind) + self._results(ended, kind)
        not_deleted = ended.what.startswith(("unlink", "rmdir"))
        may_leave = not_deleted or kind in (KINDS["killed"], KINDS["broken-for-good"])
        left = [name for name in self._new_names() if self._is_stray(name)]
        if left and not may_leave:
            broken.append(f"left: {left[:3]}")
        self._let_minutes_pass()
        again = self.place.run(self.command.arguments)
        found = content(self.place.work, self.command.results)
        if again.code != self.code:
            broken.append(f"again: exit {again.code}: {again.stderr[-500:]}")
        elif not self.expected.is_new(found):
            broken.append("again: another result")
        else:
            strays = self._new_names()
            broken += [f"again: {one}" for one in of_two_runs(self.place.work)]
            broken += [f"again: left {strays[:3]}"] if strays else []
        outcome = "killed" if ended.code == -signal.SIGKILL else f"exit {ended.code}"
        return outcome if ended.what else "", [
            f"{at} {ended.what} ({errno.errorcode.get(kind.number, 'SIGKILL')}): {one}" for one in broken
        ]

    def _let_minutes_pass(self) -> None:
        """Make what a killed run left in the temporary folder so old that the next one takes it for a leftover."""
        then = time.time() - 120
        for folder in (self.place.work / "tmp").glob("*"):
            os.utime(folder, (then, then), follow_symlinks=False)

    def _new_names(self) -> list[str]:
        """Return what is there that neither the start nor an undisturbed run has."""
        return sorted(names_in(self.place.work) - self.first - self.expected.names)

    def _is_stray(self, name: str) -> bool:
        return not any(name == kept or name.startswith(f"{kept}/") for kept in self.command.kept_on_failure)

    def _said(self, ended: Ended, kind: Kind) -> list[str]:
        if ended.code == -signal.SIGKILL and not kind.number:
            return []
        errors = [line for line in ended.stderr.splitlines() if line.startswith("error:")]
        broken = []
        if "Traceback" in ended.stderr or "error: unexpected" in ended.stderr or "bug in clf" in ended.stderr:
            broken.append(f"said: {ended.stderr[-1500:]}")
        elif ended.code not in (self.code, 1) or len(errors) != (ended.code == 1):
            broken.append(f"said: exit {ended.code}: {ended.stderr[-1500:]}")
        return broken

    def _results(self, ended: Ended, kind: Kind) -> list[str]:
        found = content(self.place.work, self.command.results)
        if ended.code == self.code:
            if not self.expected.is_new(found):
                return ["result: success, but not the new one, whole"]
            return [f"result: {one}" for one in of_two_runs(self.place.work)]
        broken: list[str] = []
        stopped = kind in (KINDS["killed"], KINDS["broken-for-good"])
        for place in self.command.results:  # each is replaced by itself
            one, before = _part(found, place), _part(self.expected.before, place)
            if before and not one and stopped and not self.swaps:
                broken += self._recovered(place, before)
            elif one != before and not self._is_new_part(one, place):
                broken.append(f"result: {place} is neither the old one nor the new one, whole")
        return broken + self._settings(self.place.work / "out.csv")

    def _settings(self, output: Path) -> list[str]:
        """Return what is wrong with the settings beside predictions: those of others must be noticed by the next run."""
        if settings_fit(output):
            return []
        if not settings_are_told(output):
            return [f"result: the settings beside {output.name} are of other predictions"]
        self.between += 1
        ended = self.place.run(["--resume" if one == ANEW else one for one in self.command.arguments])
        fit = ended.code == self.code and settings_fit(output)
        return [] if fit else [f"result: the next run does not find its settings: exit {ended.code}: {ended.stderr}"]

    def _recovered(self, place: str, before: Content) -> list[str]:
        """Return what is wrong where the old result was moved aside: it must be whole, and the next command find it.

        The next command does not replace it: it restores it, and says that it exists.
        """
        self.between += 1
        kept = [stage for stage in self.place.work.glob(f".{place}.staging-*") if (stage / "old").exists()]
        aside = [
            {name.replace("old", place, 1): held for name, held in content(stage, ["old"]).items()} for stage in kept
        ]
        if aside != [before]:
            return [f"result: {place} is gone, and not kept whole: {[str(stage) for stage in kept]}"]
        ended = self.place.run([one for one in self.command.arguments if one != ANEW])
        restored = content(self.place.work, [place]) == before
        said = "already exists" in ended.stderr and ended.code == 1
        return (
            [] if restored and said else [f"recovery: exit {ended.code}, restored: {restored}: {ended.stderr[-500:]}"]
        )

    def _is_new_part(self, one: Content, place: str) -> bool:
        after = Expected(self.expected.before, _part(self.expected.after, place), self.expected.varying)
        return after.is_new(one)


def _part(whole: Content, place: str) -> Content:
    return {name: held for name, held in whole.items() if name == place or name.startswith(f"{place}/")}


def _write_inputs(place: Place) -> None:
    """Write what the commands read: in a fork, since this process must compute nothing before it is forked."""
    child = os.fork()
    if child == 0:
        from support.tiny import review_rows, write_csv, write_tiny_encoder

        code = 1
        try:
            write_csv(place.work / "reviews.csv", review_rows(60))
            write_csv(place.work / "test.csv", review_rows(90)[60:])
            write_csv(place.work / "older.csv", review_rows(120)[90:])
            write_tiny_encoder(place.work / "encoder")
            (place.work / "tmp").mkdir()
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
