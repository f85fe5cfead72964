"""Three commands of clf at a time write their results to the same places, and are killed at random moments.

    PYTHONPATH=tests python -m faults.together --series 8 --rounds 5 --seed 1 --namespaces

Each run reads a file of its own, and the run's mark stands in the file's name, its texts and its labels: so every file
of a result tells which run made it, by itself or through the hash that a record of clf keeps of it. The judge looks at
the places after each round, and while it lasts. With `--namespaces`, each run is the first process of a namespace with
a host name of its own, as in a container. Prints JSON.
"""

import argparse
import ctypes
import hashlib
import json
import math
import os
import random
import re
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Set
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from support.forks import ForkedClf
from support.tiny import review_rows, write_csv, write_tiny_encoder

TINY = ["--model", "encoder", "--batch-size", "8", "--max-length", "32", "--head-init", "random", "--epochs", "1"]
COMMANDS = {
    "prepare": ["prepare", "--output-dir", "out"],
    "train": ["train", *TINY, "--save-steps", "2", "--output-dir", "out", "--report", "page.html"],
    "evaluate": ["evaluate", "model", "--output-dir", "out", "--report", "page.html"],
    "compare": ["compare", "model", "--baseline", "majority", "--output-dir", "out", "--report", "page.html"],
    "export": ["export", "model", "--output-dir", "out"],
    "predict": ["predict", "model", "--output", "out.csv"],
}
SECONDS = {"prepare": 1.0, "train": 4.0, "evaluate": 2.0, "compare": 2.0, "export": 4.0, "predict": 1.5}
"""How long each takes at first; later, as long as it took. It is killed some time before that, or shortly after."""
PLACES = {name: "out.csv" if name == "predict" else "out" for name in COMMANDS}
LANES = 3
HANGS = 120.0
MARK = re.compile(r"mark([0-9]{4})")
REFUSED = re.compile(r"error: (process [0-9]+ on (\S+)|another process) is using (\S+)")
LEFT = {"inputs", "encoder", "model", "model.run", "out", "out.run", "out.csv", "out.csv.settings.json", "page.html",
        "comparisons"}  # fmt: skip
"""All that is there once undisturbed runs have ended; the last holds the baselines that compare keeps."""


# --- one run ------------------------------------------------------------------------------------------------


@dataclass
class Attempt:
    """One run of a command: which mark it has, when it is killed, and how it ended."""

    number: int
    command: str
    process: ForkedClf
    began: float
    killed_at: float | None
    code: int | None = None
    stderr: str = ""
    was_struck: bool = False
    """Whether the harness sent it a signal before it had ended."""
    ended: float = math.inf

    @property
    def mark(self) -> str:
        return mark(self.number)

    @property
    def was_killed(self) -> bool:
        return self.was_struck and self.code == -signal.SIGKILL

    @property
    def was_refused(self) -> bool:
        return self.code == 1 and " is using " in self.stderr

    @property
    def has_published(self) -> bool:
        return self.code == 0 or (self.command == "compare" and self.code in (3, 4))

    def met(self, other: "Attempt") -> bool:
        """Return whether another run had the same place while this one ran."""
        return (
            other is not self
            and PLACES[other.command] == PLACES[self.command]
            and max(other.began, self.began) < min(other.ended, self.ended)
        )


def mark(number: int) -> str:
    return f"mark{number:04d}"


def become(name: str) -> None:
    """Run clf as the first process of namespaces of its own, on a host of that name; SIGUSR1 kills it."""
    libc = ctypes.CDLL(None, use_errno=True)
    mounts, names, processes = 0x00020000, 0x04000000, 0x20000000
    child = 0

    def kill(number: int, frame: FrameType | None) -> None:
        if child:
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(child, signal.SIGKILL)
        else:
            os._exit(128 + signal.SIGKILL)

    signal.signal(signal.SIGUSR1, kill)
    if libc.unshare(mounts | names | processes):
        sys.exit(77)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGUSR1, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
    if child:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os._exit(code if code >= 0 else 128 - code)
    recursively, privately = 0x4000, 0x40000
    if libc.mount(b"none", b"/", None, recursively | privately, None) or libc.mount(
        b"proc", b"/proc", b"proc", 0, None
    ):
        os._exit(77)
    socket.sethostname(name)
    from clf.cli.app import main

    main()


def namespaces_can_be_had() -> bool:
    """Return whether a process may have namespaces of its own here."""
    if not sys.platform.startswith("linux"):
        return False
    child = os.fork()
    if child == 0:
        os._exit(int(ctypes.CDLL(None).unshare(0x00020000 | 0x04000000 | 0x20000000) != 0))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


# --- the judge ----------------------------------------------------------------------------------------------


def marks_in(path: Path) -> set[str]:
    """Return the marks that a file holds."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        return set(MARK.findall(str(pq.read_table(path).to_pydict())))
    return set(MARK.findall(path.read_bytes().decode("utf-8", "replace")))


def judge_folder(folder: Path) -> tuple[set[str], list[str]]:
    """Return the marks in a published folder, and what is wrong with it: files of no run, or other than recorded."""
    hashes: dict[str, str] = {}
    for record in ("clf.json", "manifest.json"):
        if (folder / record).is_file():
            read = json.loads((folder / record).read_text())
            hashes |= read["files"] | ({"README.md": read["readme"]} if "readme" in read else {})
    marks, wrong = set[str](), [f"{name} is missing" for name in hashes if not (folder / name).is_file()]
    for path in sorted(folder.iterdir()):
        found = marks_in(path)
        marks |= found
        if path.name in hashes:
            if hashlib.sha256(path.read_bytes()).hexdigest() != hashes[path.name]:
                wrong.append(f"{path.name} is not as it is recorded")
        elif path.name.startswith("."):
            wrong.append(f"{path.name} is not of a result")
        elif len(found) != 1:
            wrong.append(f"{path.name} is of {sorted(found)}")
    if not (folder / "clf.json").is_file() and len(json.loads((folder / "settings.json").read_text())["run"]) != 16:
        wrong.append("settings.json has no run")
    return marks, wrong


def judge_file(output: Path, killed: Set[str] = frozenset()) -> tuple[set[str], list[str]]:
    """Return the marks in predictions, and what is wrong: settings of others beside them, if no kill explains that."""
    marks, records = marks_in(output), [output.with_name(f"{output.name}.settings.json")]
    if marks <= killed:  # the run may have ended between two renames
        records.append(output.with_name(f".{output.name}.parts") / "told.json")
    here = hashlib.sha256(output.read_bytes()).hexdigest()
    beside = [json.loads(path.read_text())["sha256"] for path in records if path.exists()]
    return marks, [] if here in beside else ["no settings are of this output"]


# --- rounds -------------------------------------------------------------------------------------------------


@dataclass
class Figures:
    """What happened."""

    runs: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    published: Counter[str] = field(default_factory=Counter)
    """How often each command's result stood at the end of a round, or of a run."""
    looks: int = 0
    lost: list[str] = field(default_factory=list)
    mixed: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @property
    def broken(self) -> list[str]:
        return [*self.lost, *self.mixed, *self.said, *self.left]


class Together:
    """A folder in which commands run at the same time, round after round."""

    def __init__(
        self, folder: Path, seed: int, *, namespaces: bool, commands: tuple[str, ...] = tuple(COMMANDS)
    ) -> None:
        self.folder, self.namespaces, self.commands = folder, namespaces, commands
        self.random, self.figures, self.number = random.Random(seed), Figures(), 0
        self.standing: dict[str, str] = {}
        self.killed: set[str] = set()
        self.seconds = dict(SECONDS)
        self.environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": "",
                            "TMPDIR": str(folder / "inputs")}  # fmt: skip

    def prepare(self, model: Path | None) -> None:
        """Write what the commands read; a model is trained unless one is given."""
        (self.folder / "inputs").mkdir()
        if model:
            shutil.copytree(model, self.folder / "model")
            return
        write_tiny_encoder(self.folder / "encoder")
        write_csv(self.folder / "inputs" / "base.csv", review_rows(40))
        data = ["--dataset", "inputs/base.csv"]
        with ForkedClf(
            "train", *TINY, *data, "--output-dir", "model", folder=self.folder, environment=self.environment
        ) as run:
            done = run.finish(HANGS)
            assert done.returncode == 0, done.stderr

    def round(self, each: int) -> None:
        """Let three lanes run `each` commands one after the other, kill about half of them, and judge what stands."""
        waiting = [[self.random.choice(self.commands) for _ in range(each)] for _ in range(LANES)]
        running: list[Attempt | None] = [None] * LANES
        ended: list[Attempt] = []
        while any(waiting) or any(running):
            for lane in range(LANES):
                attempt = running[lane]
                if attempt is None and waiting[lane]:
                    running[lane] = self._start(waiting[lane].pop(), self.random.random() < 0.5)
                elif attempt is not None and self._has_ended(attempt):
                    ended.append(attempt)
                    running[lane] = None
            self._look()
            time.sleep(0.005)
        self._judge_ends(ended)
        self._judge_places(ended)

    def finish(self, *commands: str) -> None:
        """Let undisturbed runs of commands clear up, one after the other, and judge what is left."""
        ended = []
        for command in commands:
            attempt = self._start(command, to_be_killed=False)
            while not self._has_ended(attempt):
                time.sleep(0.005)
            ended.append(attempt)
        self._judge_ends(ended)
        self._judge_places(ended)
        if not all(attempt.has_published for attempt in ended):
            self.figures.lost.append("an undisturbed run failed")
        names = {path.name for path in self.folder.iterdir()}
        inside = [path for place in ("out", "out.run") for path in (self.folder / place).rglob("*")]
        odd = [str(path) for path in inside if path.name in ("lock", "checkpoints") or path.name.startswith(".")]
        self.figures.left += [*sorted(names - LEFT), *odd]

    def _start(self, command: str, to_be_killed: bool) -> Attempt:
        self.number += 1
        number, name = self.number, mark(self.number)
        rows = [(f"{text} of {name}", label) for text, label in review_rows(40 + number % 17)]
        if command in ("prepare", "train"):
            rows = [(text, f"{label} {name}") for text, label in rows]
        given = write_csv(self.folder / "inputs" / f"{name}.csv", rows).relative_to(self.folder)
        data = [str(given), "--threshold", f"0.5{number:04d}"] if command == "predict" else ["--dataset", str(given)]
        arguments = [*COMMANDS[command], *data, "--overwrite"]
        if command != "predict":
            arguments += ["--seed", str(number)]
        script = f"from faults.together import become; become('{name}')" if self.namespaces else ""
        process = ForkedClf(*arguments, folder=self.folder, environment=self.environment, script=script)
        wait, now = self.random.uniform(0, 1.2) * self.seconds[command], time.monotonic()
        self.figures.runs[command] += 1
        return Attempt(number, command, process, now, now + wait if to_be_killed else None)

    def _has_ended(self, attempt: Attempt) -> bool:
        if attempt.process.is_running:
            if attempt.killed_at is not None and time.monotonic() > attempt.killed_at:
                with suppress(ProcessLookupError):  # it has just ended by itself
                    attempt.process.send_signal(signal.SIGUSR1 if self.namespaces else signal.SIGKILL)
                    attempt.was_struck = True
                attempt.killed_at = None
            return False
        done = attempt.process.finish(HANGS)
        killed = (128 + signal.SIGKILL, -signal.SIGUSR1)  # the last: before it was in its namespace
        attempt.code = -signal.SIGKILL if done.returncode in killed else done.returncode
        attempt.stderr, attempt.ended = done.stderr, time.monotonic()
        if attempt.has_published:
            self.seconds[attempt.command] = attempt.ended - attempt.began
        return True

    def _look(self) -> None:
        """See that what stood in a place still does: it is replaced in one step."""
        for place in self.standing:
            self.figures.looks += 1
            if not os.path.lexists(self.folder / place):
                self.figures.lost.append(f"{place} is absent while others run")

    def _judge_ends(self, ended: list[Attempt]) -> None:
        for attempt in ended:
            errors = [line for line in attempt.stderr.splitlines() if line.startswith("error:")]
            if attempt.was_refused:
                end = "refused" if "another process is" not in errors[0] else "refused without a name"
                named = REFUSED.fullmatch(errors[0])
                if len(errors) != 1 or named is None or Path(named[3]).name != PLACES[attempt.command]:
                    self.figures.said.append(attempt.stderr)
                elif self.namespaces and named[2] is not None and named[2] not in {other.mark for other in ended}:
                    self.figures.said.append(f"{attempt.mark} names another: {errors[0]}")
                if not any(map(attempt.met, ended)):
                    self.figures.said.append(f"{attempt.mark} was alone: {errors[0]}")
            elif attempt.was_killed:
                end = "killed"
                self.killed.add(attempt.mark[4:])
            else:
                end = "published" if attempt.has_published else "failed"
            if end == "failed" or "Traceback" in attempt.stderr:
                self.figures.said.append(f"{attempt.command} ended with {attempt.code}: {attempt.stderr}")
            self.figures.ends[end] += 1

    def _judge_places(self, ended: list[Attempt]) -> None:
        for place, judge in (("out", judge_folder), ("out.csv", self._judge_file)):
            here = [attempt for attempt in ended if PLACES[attempt.command] == place]
            whole = {attempt.mark[4:] for attempt in here if attempt.has_published}
            perhaps = {attempt.mark[4:] for attempt in here if attempt.was_killed}
            before = self.standing.get(place)
            if not (self.folder / place).exists():
                if whole or before:
                    self.figures.lost.append(f"{place} is absent")
                continue
            marks, wrong = judge(self.folder / place)
            self.figures.mixed += [f"{place}: {one}" for one in wrong]
            if len(marks) != 1:
                self.figures.mixed.append(f"{place} is of {sorted(marks)}")
                continue
            [self.standing[place]] = marks
            if not marks <= (perhaps | (whole or {before})):
                self.figures.lost.append(f"{place} is of {marks}, expected {whole or before} or {perhaps}")
            self.figures.published[next((one.command for one in here if one.mark[4:] in marks), "as before")] += 1
        if (page := self.folder / "page.html").exists():
            self._judge_page(page)

    def _judge_file(self, output: Path) -> tuple[set[str], list[str]]:
        return judge_file(output, self.killed)

    def _judge_page(self, page: Path) -> None:
        if len(marks_in(page)) != 1 or not page.read_text().rstrip().endswith("</html>"):
            self.figures.mixed.append(f"page.html is of {marks_in(page)}")


def series(folder: Path, seed: int, rounds: int, *, namespaces: bool = False) -> Figures:
    """Let rounds of six commands run in an empty folder; return what happened."""
    together = Together(folder, seed, namespaces=namespaces)
    together.prepare(model=None)
    for _ in range(rounds):
        together.round(each=2)
    together.finish("predict", "train")
    return together.figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--namespaces", action="store_true")
    options = parser.parse_args()
    for seed in range(options.seed, options.seed + options.series):
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            found = series(Path(folder), seed, options.rounds, namespaces=options.namespaces)
        seconds = round(time.monotonic() - began, 1)
        sys.stdout.write(json.dumps({"seed": seed, **vars(found), "seconds": seconds}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
