"""Many changed files, each read by a command in a fork, and what is wrong with how that ended."""

import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as some

from fuzz.mutations import OUTSIDE, strategy_for
from fuzz.stand import Stand
from fuzz.targets import CACHES, WRITES, Command, Target

CODES = {0, 1, 2, 3, 4}
VERDICTS = {3, 4}
UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that must not reach a terminal."""
SAID_OF_A_BUG = ("Traceback", "error: unexpected", "bug in clf")


@dataclass(frozen=True)
class Tried:
    """One changed file: the command that read it, how that ended, and what is wrong with it."""

    target: str
    command: Command
    code: int | None
    error: str
    wrong: list[str]
    seconds: float
    content: bytes


def tried(target: Target, base: Stand, root: Path, examples: int, start: int) -> list[Tried]:
    """Let hypothesis change a file in `examples` different ways, and a command read each."""
    found: list[Tried] = []
    original = target.find(base.work).read_bytes()
    seen = {original}

    @seed(start)
    @settings(
        max_examples=3 * examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(content=strategy_for(target.file, original), turn=some.integers(0, 11))
    def once(content: bytes, turn: int) -> None:
        if content not in seen and len(found) < examples:
            seen.add(content)
            found.append(attempt(target, base, root, content, turn))

    once()
    return found


def attempt(target: Target, base: Stand, root: Path, content: bytes, turn: int) -> Tried:
    """Put the content in the place of the file, run a command that reads it, and judge how it ended."""
    stand = base.copy(root, *target.needs)
    content = content.replace(OUTSIDE.encode(), str(stand.outside).encode())
    file = target.find(stand.work)
    file.write_bytes(content)
    if target.seals:
        target.seals[turn % len(target.seals)](stand.work, file)
    command = target.commands[turn % len(target.commands)]
    before, began = stand.content(), time.monotonic()
    try:
        done: subprocess.CompletedProcess[str] | None = stand.run(*command)
    except subprocess.TimeoutExpired:
        done = None
    lasted = time.monotonic() - began
    wrong = [*_ending(done), *_written(command, before, stand)]
    errors = [line for line in (done.stderr if done else "").splitlines() if line.startswith("error:")]
    return Tried(target.file, command, done.returncode if done else None, (errors or [""])[0], wrong, lasted, content)


def _ending(done: "subprocess.CompletedProcess[str] | None") -> Iterator[str]:
    """Yield what is wrong with the code and the words of a command; None if it did not end in time."""
    if done is None:
        yield "it did not end"
        return
    if done.returncode not in CODES:
        yield f"it ended with {done.returncode}"
    errors = sum(line.startswith("error:") for line in done.stderr.splitlines())
    if errors != (done.returncode not in {0, *VERDICTS}):
        yield f"it ended with {done.returncode} and {errors} errors"
    if errors and "\nhint: " not in f"\n{done.stderr}":
        yield "it gave no hint"
    for said in (done.stdout, done.stderr):
        if found := UNSEEN.search(said):
            yield f"it printed {found[0]!r}"
        yield from (f"it said {words!r}" for words in SAID_OF_A_BUG if words in said)


def _written(command: Command, before: dict[str, str], stand: Stand) -> Iterator[str]:
    """Yield the files that a command must not have changed."""
    after = stand.content()
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name) and not name.startswith((*WRITES[command[0]], *CACHES)):
            yield f"it changed {name}"
    if planted := sorted(path.name for path in stand.root.parent.iterdir() if "planted" in path.name):
        yield f"it wrote {planted[0]}"


def figures(found: list[Tried]) -> dict[str, Any]:
    """Return how many files of each kind were tried, how the commands ended, and what was wrong."""
    codes = Counter("too late" if one.code is None else str(one.code) for one in found)
    refusals = len({re.sub(r"\d+|'[^']*'", "", one.error)[:80] for one in found if one.error})
    return {
        "changed files": len(found),
        "kinds of files": len({one.target for one in found}),
        "seconds": round(sum(one.seconds for one in found), 1),
        "slowest": round(max((one.seconds for one in found), default=0), 1),
        "exit codes": dict(sorted(codes.items())),
        "different errors": refusals,
        "wrong": [[one.target, " ".join(one.command), one.wrong] for one in found if one.wrong],
    }
