"""Lets commands of clf fail at a sample of their calls, and the power at every call.

    python -m faults prepare predict --points 60 --kinds full broken-for-good killed --seed 1
    python -m faults train --power

The library `fail.c` must be preloaded: `start` compiles it and does that. Prints a JSON list with one object a command:
the points there are, the faults tried, how they ended, and the rules that were broken.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from faults.commands import COMMANDS, KINDS
from faults.harness import Library, Sweep
from faults.losses import lose_power

HERE = Path(__file__).parent
RESULTS = "FAULTS_RESULTS"
"""The variable that names a file to which each result is added as a line of JSON, for `python -m faults.results`."""


def start(folder: Path, *options: object) -> list[dict[str, Any]] | None:
    """Start this program in a process of its own, with the library; return None where nothing can be preloaded."""
    library = compile_library(folder)
    if library is None:
        return None
    environment = {
        **os.environ, "LD_PRELOAD": str(library), "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false",
        "CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")]),
    }  # fmt: skip
    command = [sys.executable, "-m", "faults", *map(str, options), "--scratch", str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    results = list(json.loads(done.stdout))
    if RESULTS in os.environ:
        with Path(os.environ[RESULTS]).open("a", encoding="utf-8") as file:
            file.writelines(json.dumps({"options": list(map(str, options))} | one) + "\n" for one in results)
    return results


def compile_library(folder: Path) -> Path | None:
    """Compile the library that fails; return None if there is no compiler, or it cannot be preloaded here."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or not sys.platform.startswith("linux"):
        return None
    library = folder / "fail.so"
    built = subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", library, HERE / "fail.c", "-ldl"], check=False)
    return library if built.returncode == 0 else None


def chosen(one: Sweep, wanted: int, seed: int, near: str = "") -> list[int]:
    """Return which calls fail: all, a sample with the first and the last, or for `wanted` 0 one of each kind of call.

    With `near`, only calls of that name and those just after them: the last two, which put the result into place, and a
    sample.
    """
    points = one.points
    if near:
        found = [at for at, name in enumerate(one.calls, start=1) if name == near]
        close = sorted({*found, *(at + 1 for at in found if at < points)})
        return (
            close if len(close) <= wanted else sorted(random.Random(seed).sample(close[:-2], wanted - 2)) + close[-2:]
        )
    if points <= wanted:
        return list(range(1, points + 1))
    if not wanted:
        generator = random.Random(seed)
        return [
            generator.choice([at for at, name in enumerate(one.calls, start=1) if name == kind])
            for kind in sorted(set(one.calls))
        ]
    return sorted({1, points, *random.Random(seed).sample(range(2, points), max(wanted - 2, 0))})


def sweep(
    scratch: Path, name: str, points: int, kinds: Sequence[str], seed: int, near: str = "", *, in_turn: bool = False
) -> dict[str, Any]:
    """Let a command fail at a sample of its calls, and return what happened: each kind of fault at each call, or one."""
    one = Sweep(scratch, name)
    one.prepare()
    began, ends, broken = time.monotonic(), Counter[str](), []
    at_calls = chosen(one, points, seed, near)
    for number, at in enumerate(at_calls):
        first = number % len(kinds)
        for kind in [*kinds[first:], *kinds[:first]]:
            outcome, wrong = one.fault(at, KINDS[kind])
            broken += wrong
            if outcome:  # a full disk does not stop a call that needs no space
                ends[f"{kind}: {outcome}"] += 1
                if in_turn:
                    break
    return {"command": name, "points": one.points, "tried_points": len(at_calls), "tried": ends.total(), "seed": seed,
            "ends": dict(ends), "broken": broken, "between_renames": one.between,
            "seconds": round(time.monotonic() - began, 1)}  # fmt: skip


def _sync_less(ending: str) -> None:
    synced = os.fsync

    def fsync(number: int) -> None:
        if not os.readlink(f"/proc/self/fd/{number}").endswith(ending):
            synced(number)

    os.fsync = fsync  # type: ignore[assignment]


def _serve() -> str:
    """Start a Hub in a process of its own, which ends with this one, and return its address."""
    reading, writing = os.pipe()
    parent = os.getpid()
    if os.fork() == 0:
        from support.local_hub import LocalHub
        from support.tiny import tiny_encoder_files

        os.close(1)  # or whoever waits for the end of the output of this program would wait for the Hub
        with LocalHub() as hub:
            hub.publish("models", "acme/tiny", tiny_encoder_files())
            os.write(writing, hub.url.encode())
            while os.getppid() == parent:
                time.sleep(0.2)
        os._exit(0)
    os.close(writing)
    return os.read(reading, 1000).decode()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commands", nargs="+", choices=list(COMMANDS))
    parser.add_argument("--points", type=int, default=60)
    parser.add_argument("--kinds", nargs="*", choices=list(KINDS), default=list(KINDS), help="instead of all")
    parser.add_argument("--in-turn", action="store_true", help="the next of the kinds at each call, instead of each")
    parser.add_argument("--near", default="", help="only at calls of this name, such as rename, and just after them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--power", action="store_true", help="lose the power at every call, instead of faults")
    parser.add_argument(
        "--power-of", choices=list(COMMANDS), help="lose the power in this command too, after the faults"
    )
    parser.add_argument(
        "--kill", choices=list(COMMANDS), help="kill this command too, at three of its renames or just after"
    )
    parser.add_argument("--reruns", type=int, default=0, help="from how many power losses on each disk clf goes on")
    parser.add_argument("--unsynced", action="store_true", help="let clf sync nothing: the judge must see it")
    parser.add_argument("--without-sync-of", help="let clf sync nothing whose path ends so")
    parser.add_argument("--no-exchange", action="store_true", help="as on a disk where two folders cannot be swapped")
    parser.add_argument("--scratch", type=Path)
    options = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory(dir=options.scratch) as made:
        top = Path(made).resolve()
        place = top / "place"
        os.environ |= {"TMPDIR": str(place / "work" / "tmp"), "HF_HOME": str(place / "work" / "hub")}
        if any(COMMANDS[name].needs_hub for name in options.commands):
            os.environ["HF_ENDPOINT"] = _serve()
        else:
            os.environ["HF_HUB_OFFLINE"] = "1"
        import support.preloaded  # noqa: F401

        if options.unsynced or options.without_sync_of:
            _sync_less(options.without_sync_of or "")
        if options.no_exchange:
            Library().forbid_exchange()
        for name in options.commands:
            place.mkdir()
            if options.power:
                results.append(lose_power(place, name, options.reruns))
            else:
                results.append(sweep(place, name, options.points, options.kinds, options.seed, options.near,
                                     in_turn=options.in_turn))  # fmt: skip
            shutil.rmtree(place)
        if options.kill:
            place.mkdir()
            results.append(sweep(place, options.kill, 3, ["killed"], options.seed, "rename"))
            shutil.rmtree(place)
        if options.power_of:
            place.mkdir()
            results.append(lose_power(place, options.power_of, options.reruns))
    sys.stdout.write(json.dumps(results) + "\n")


if __name__ == "__main__":
    main()
