"""One part of the measurement on a GPU; `run.sh` beside this file calls them all.

    python3 plan.py PART --work FOLDER [--assets FOLDER] [--root CHECKOUT] [--dry]

Prints one line of JSON: {"part", "figures", "ended", "seconds"}. A part that fails, or that SIGTERM stops, prints the
figures it has so far.
"""

import argparse
import json
import os
import signal
import sys
import time
import traceback
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path
from types import FrameType

from sizes import Failed, Plan, Skipped

PARTS = {
    "inputs": "inputs.inputs",
    "machine": "chip.machine",
    "steps": "chip.steps",
    "syncs": "chip.syncs",
    "full-training": "commands.full_training",
    "batch-64": "commands.batch_64",
    "batch-128": "commands.batch_128",
    "peer": "peer.peer",
    "minilm": "commands.minilm",
    "predict": "commands.predict",
    "repeat": "commands.repeat",
    "tests": "commands.tests",
    "minilm-64": "commands.minilm_64",
}


class TimeIsUp(BaseException):
    """The part was told to end."""


def main() -> None:
    """Run one part, and print its line whatever happens."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--work", type=Path, required=True, help="folder for models and data, thrown away later")
    parser.add_argument("--assets", type=Path, help="folder that pack.py made")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2], help="the project's folder")
    parser.add_argument("--dry", action="store_true", help="tiny sizes, on the CPU")
    options = parser.parse_args()
    work = options.work.resolve()
    plan = Plan(work, (options.assets or work / "none").resolve(), options.root.resolve(), options.dry)
    os.chdir(work)
    if device := plan.recall().get("device"):
        os.environ["CLF_COMPUTE__DEVICE"] = device
    signal.signal(signal.SIGTERM, _stop)
    started = time.perf_counter()
    with redirect_stdout(sys.stderr):
        ended = _ended(plan, options.part)
    line = {"part": options.part, "figures": plan.figures, "ended": ended}
    sys.stdout.write(json.dumps({**line, "seconds": round(time.perf_counter() - started, 1)}, default=str) + "\n")


def _stop(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it comes more than once
    raise TimeIsUp


def _ended(plan: Plan, part: str) -> str:
    """Run a part and say how it ended."""
    module, function = PARTS[part].split(".")
    try:
        getattr(import_module(module), function)(plan)
    except Skipped as why:
        return f"skipped: {why}"
    except Failed as error:
        return f"failed: {error}"
    except TimeIsUp:
        return "ran out of time"
    except BaseException as error:
        traceback.print_exc()
        return f"failed: {type(error).__name__}: {str(error)[:300]}"
    return "done"


if __name__ == "__main__":
    main()
