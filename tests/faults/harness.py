"""Lets clf's commands fail, or die, at every call that changes a file, and judges what they leave.

The library `fail.c` is preloaded into this process, which imports clf once; each run is a fork of it, so a fault costs
a second and not ten. Each fault is judged by four rules:

    said      one `error:` line (or success), no traceback, nothing that clf calls unexpected
    result    what was there before, byte for byte, or the new result, whole
    left      no file that neither the start nor an undisturbed run has (a run that was killed may leave some, and so
              may one on a disk that stays broken, or does not delete)
    again     the same command then succeeds, and leaves what an undisturbed run leaves
"""

import ctypes
import errno
import os
import shutil
import signal
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Kind:
    """A kind of fault: its error number (0: the process is killed), and whether it stays."""

    number: int
    for_good: bool = False


KINDS = {
    "full": Kind(errno.ENOSPC),
    "full-for-good": Kind(errno.ENOSPC, for_good=True),
    "broken": Kind(errno.EIO),
    "broken-for-good": Kind(errno.EIO, for_good=True),
    "killed": Kind(0),
}


@dataclass(frozen=True)
class Command:
    """A command, the commands that run before it in the same folder, and where its results are."""

    arguments: Sequence[str]
    before: Sequence[Sequence[str]] = ()
    results: Sequence[str] = ("out",)
    kept_on_failure: Sequence[str] = ()
    """What may be left after a failure: a run folder, from which `--resume` continues."""
    in_child: bool = False
    """Whether the work is done in a process that the command starts: that one then meets the faults."""
    needs_hub: bool = False


TRAIN = ["train", "--dataset", "reviews.csv", "--model", "encoder", "--batch-size", "8", "--max-length", "32",
         "--head-init", "random", "--offline"]  # fmt: skip
MODEL = [*TRAIN, "--epochs", "1", "--output-dir", "model"]
MEASURED = ["--dataset", "test.csv", "--offline"]
PREPARE = ["prepare", "--dataset", "reviews.csv", "--output-dir", "out", "--offline"]
TRAINED = [*TRAIN, "--epochs", "2", "--save-steps", "4", "--output-dir", "out"]
EVALUATE = ["evaluate", "model", *MEASURED, "--output-dir", "out", "--report", "report.html"]
COMPARE = ["compare", "model", *MEASURED, "--baseline", "majority", "--baseline", "tfidf", "--output-dir", "out",
           "--markdown", "report.md", "--junit", "report.xml"]  # fmt: skip
PREDICT = ["predict", "model", "test.csv", "--output", "out.csv"]
EXPORT = ["export", "model", *MEASURED, "--output-dir", "out"]
DOWNLOAD = ["download-models", "acme/tiny", "--manifest", "out.json"]
ANEW = "--overwrite"

COMMANDS = {
    "prepare": Command([*PREPARE, ANEW], [[*PREPARE, "--seed", "7"]]),
    "train": Command([*TRAINED, ANEW], [[*TRAINED, "--seed", "7"]], kept_on_failure=["out.run"]),
    "train, the first": Command([*TRAINED, ANEW], kept_on_failure=["out.run"]),
    "evaluate": Command([*EVALUATE, ANEW], [MODEL, [*EVALUATE, "--seed", "7"]], ["out", "report.html"]),
    "compare": Command([*COMPARE, ANEW], [MODEL, [*COMPARE, "--seed", "7"]], ["out", "report.md", "report.xml"]),
    "predict": Command([*PREDICT, ANEW], [MODEL, [*PREDICT, "--threshold", "0.6"]],
                       ["out.csv", "out.csv.settings.json"],
                       kept_on_failure=[".out.csv.parts"]),
    "export": Command([*EXPORT, ANEW], [MODEL, [*EXPORT, "--seed", "7"]]),
    "download-models": Command([*DOWNLOAD, ANEW], results=["out.json", "hub/hub/models--acme--tiny/clf.json"],
                               needs_hub=True),
    "download-models, its child": Command([*DOWNLOAD, ANEW], in_child=True, needs_hub=True,
                                          kept_on_failure=["hub/hub/models--acme--tiny/blobs"],
                                          results=["out.json", "hub/hub/models--acme--tiny/clf.json"]),
}  # fmt: skip


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


def _main(arguments: Sequence[str]) -> int:
    from clf.cli.app import main

    sys.argv = ["clf", *arguments]
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    finally:
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
            varying[name] = {line for line, (left, right) in pairs if left != right} if same else None
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

    def fault(self, at: int, kind: Kind) -> tuple[str, list[str]]:
        """Let one call fail; return how it ended ("" if no call failed), and the rules that were broken."""
        self.place.begin()
        ended = self.place.run(self.command.arguments, at, kind)
        broken = self._said(ended, kind) + self._results(ended)
        not_deleted = ended.what.startswith(("unlink", "rmdir"))
        may_leave = not_deleted or kind in (KINDS["killed"], KINDS["broken-for-good"])
        left = [name for name in self._new_names() if self._is_stray(name)]
        if left and not may_leave:
            broken.append(f"left: {left[:3]}")
        again = self.place.run(self.command.arguments)
        found = content(self.place.work, self.command.results)
        if again.code != self.code:
            broken.append(f"again: exit {again.code}: {again.stderr[-500:]}")
        elif not self.expected.is_new(found):
            broken.append("again: another result")
        elif strays := [name for name in self._new_names() if not (may_leave and name.startswith("tmp/clf-scratch-"))]:
            broken.append(f"again: left {strays[:3]}")  # a temporary folder of the killed is deleted after a minute
        outcome = "killed" if ended.code == -signal.SIGKILL else f"exit {ended.code}"
        return outcome if ended.what else "", [
            f"{at} {ended.what} ({errno.errorcode.get(kind.number, 'SIGKILL')}): {one}" for one in broken
        ]

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

    def _results(self, ended: Ended) -> list[str]:
        found = content(self.place.work, self.command.results)
        if ended.code == self.code:
            return [] if self.expected.is_new(found) else ["result: success, but not the new one, whole"]
        broken = []
        for place in self.command.results:  # each is replaced by itself
            one = {name: held for name, held in found.items() if name == place or name.startswith(f"{place}/")}
            if one != _part(self.expected.before, place) and not self._is_new_part(one, place):
                broken.append(f"result: {place} is neither the old one nor the new one, whole")
        return broken

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
            write_tiny_encoder(place.work / "encoder")
            (place.work / "tmp").mkdir()
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
