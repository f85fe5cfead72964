"""Kills `clf train` at chosen file-system actions or moments, resumes it, and tells whether the end is the same.

    PYTHONPATH=tests python -m support.crashes sweep --stride 12
    PYTHONPATH=tests python -m support.crashes moments --count 50
    PYTHONPATH=tests python -m support.crashes signals

The libraries are imported once; each run is a fork, which computes nothing before it is one. Prints JSON.
"""

import argparse
import builtins
import hashlib
import io
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.tiny import review_rows, write_csv, write_tiny_encoder

ARGUMENTS = ["train", "--dataset", "reviews.csv", "--model", "encoder", "--output-dir", "model", "--epochs", "9",
             "--learning-rate", "5e-2", "--batch-size", "8", "--max-length", "32", "--save-steps", "5",
             "--early-stopping-patience", "3", "--select-by", "macro_f1", "--eval-steps", "4", "--no-final-test", "--json",
             "--resume"]  # fmt: skip
ACTIONS = ("rename", "replace", "remove", "unlink", "mkdir", "rmdir", "link", "symlink")


def forked(work: Callable[[], object]) -> int:
    """Run `work` in a fork, and return its wait status."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            sink = os.open(os.devnull if not os.environ.get("SHOW") else "/dev/stderr", os.O_WRONLY)
            os.dup2(sink, 1)
            os.dup2(sink, 2)
            code = int(work() or 0)  # type: ignore[call-overload]
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1]


def train(folder: Path, *more: str, threads: int = 1) -> int:
    """Run the command in `folder`, in this process."""
    import torch

    from clf.cli.app import run
    from clf.training.keeping import Pace

    Pace.is_due = lambda self, at_evaluation: False  # type: ignore[method-assign]  # it follows the clock: other actions
    torch.set_num_threads(threads)
    os.environ["OMP_NUM_THREADS"] = str(threads)
    os.chdir(folder)
    return run([*ARGUMENTS, *more])


def fresh(base: Path, name: str) -> Path:
    folder = base / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for file in ("reviews.csv", "encoder"):
        (folder / file).symlink_to(base / file)
    return folder


def outcome(folder: Path) -> dict[str, Any]:
    """Return what must be the same: weights, metrics, history."""
    model = folder / "model"
    record = json.loads((model / "clf.json").read_text())
    history = (folder / "model.run" / "history.jsonl").read_text()
    return {
        "weights": hashlib.sha256((model / "model.safetensors").read_bytes()).hexdigest()[:16],
        "metrics": record["metrics"],
        "steps": record["steps"],
        "history": hashlib.sha256(history.encode()).hexdigest()[:16],
    }


class Killer:
    """Ends this process with SIGKILL at the k-th action that changes a file below `folder`; counts them."""

    def __init__(self, folder: Path, at: int) -> None:
        self.folder, self.at, self.count = str(folder), at, 0

    def hit(self, path: object) -> None:
        if str(os.path.abspath(os.fspath(path))).startswith(self.folder):  # type: ignore[arg-type]
            self.count += 1
            if self.count == self.at:
                os.kill(os.getpid(), signal.SIGKILL)

    def install(self) -> None:
        import safetensors.torch
        import torch
        import transformers.modeling_utils

        for name in ACTIONS:
            self._wrap(os, name)
        for module in (builtins, io):
            self._wrap_open(module)
        self._wrap(torch, "save", position=1)
        self._wrap(safetensors.torch, "save_file", position=1)
        if hasattr(transformers.modeling_utils, "safe_save_file"):
            self._wrap(transformers.modeling_utils, "safe_save_file", position=1)

    def _wrap(self, module: Any, name: str, position: int = 0) -> None:
        original = getattr(module, name)

        def wrapped(*arguments: Any, **options: Any) -> Any:
            path = arguments[position]
            named = isinstance(path, (str, os.PathLike))
            if named:
                self.hit(path)
            result = original(*arguments, **options)
            if named and position:  # a large file: once more with half of its bytes
                if self.count + 1 == self.at:
                    os.truncate(path, os.path.getsize(path) // 2)
                self.hit(path)
            return result

        setattr(module, name, wrapped)

    def _wrap_open(self, module: Any) -> None:
        original = module.open

        def wrapped(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
            if isinstance(file, (str, os.PathLike)) and set(mode) & set("wax+"):
                self.hit(file)
            return original(file, mode, *arguments, **options)

        module.open = wrapped


def killed_at(folder: Path, at: int) -> int:
    killer = Killer(folder, at)
    killer.install()
    code = train(folder)
    (folder / "count").write_text(str(killer.count))
    return code


def resumed_step(folder: Path) -> int | None:
    found = json.loads((folder / "model.run" / "result.json").read_text())["result"]["resumed_from_step"]
    return None if found is None else int(found)


def kept_step(folder: Path) -> int:
    """Return the step whose weights were kept."""
    lines = [json.loads(line) for line in (folder / "model.run" / "history.jsonl").read_text().splitlines()]
    return int(
        max((line for line in lines if "eval_selection" in line), key=lambda line: line["eval_selection"])["step"]
    )


def checkpoints(folder: Path) -> int:
    return len(list((folder / "model.run" / "checkpoints").glob("checkpoint-*")))


def sweep(base: Path, stride: int, start: int) -> dict[str, Any]:
    """Kill at every `stride`-th action."""
    whole = fresh(base, "whole")
    assert forked(lambda: train(whole)) == 0
    expected = outcome(whole)
    counted = fresh(base, "counted")
    assert forked(lambda: killed_at(counted, 10**9)) == 0
    points = int((counted / "count").read_text())
    bad, resumed, began = [], 0, time.monotonic()
    for at in range(start, points + 1, stride):
        folder = fresh(base, "killed")
        status = forked(lambda: killed_at(folder, at))  # noqa: B023
        had, published = checkpoints(folder), (folder / "model").exists()
        again = forked(lambda: train(folder))  # noqa: B023
        same = again == 0 and outcome(folder) == expected
        step = resumed_step(folder) if again == 0 else None
        resumed += step is not None
        if not same or (had and status and step is None and not published):
            bad.append([at, status, again])
    return {"points": points, "tried": len(range(start, points + 1, stride)), "resumed": resumed, "bad": bad,
            "steps": expected["steps"], "kept": kept_step(whole),
            "seconds": round(time.monotonic() - began, 1)}  # fmt: skip


def moments(base: Path, count: int) -> dict[str, Any]:
    """Kill at random moments of a run."""
    whole = fresh(base, "whole")
    began = time.monotonic()
    assert forked(lambda: train(whole)) == 0
    lasted, expected = time.monotonic() - began, outcome(whole)
    generator, bad, resumed = random.Random(7), [], 0
    for number in range(count):
        folder, wait = fresh(base, "killed"), generator.uniform(0.05, lasted)
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            os._exit(train(folder))
        if number % 2:  # half of them after the first checkpoint, however busy the machine
            while not checkpoints(folder) and not (folder / "model").exists():
                time.sleep(0.005)
            wait /= 4
        time.sleep(wait)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        again = forked(lambda: train(folder))  # noqa: B023
        if again or outcome(folder) != expected:
            bad.append([number, round(wait, 2), again])
        elif resumed_step(folder):
            resumed += 1
    return {"tried": count, "resumed": resumed, "bad": bad}


SIGNALS = [
    (signal.SIGTERM, "step 2"),
    (signal.SIGINT, "step 4"),
    (signal.SIGTERM, "evaluation"),
    (signal.SIGINT, "evaluation"),
    (signal.SIGTERM, "step 4"),
    (signal.SIGTERM, "step 7"),
    (signal.SIGINT, "step 2"),
    (signal.SIGINT, "step 7"),
]


def signals(base: Path, count: int) -> dict[str, Any]:
    """Send SIGTERM or SIGINT at chosen steps and in the middle of an evaluation."""
    from clf.training import trainer

    whole = fresh(base, "whole")
    assert forked(lambda: train(whole)) == 0
    expected, results = outcome(whole), []
    for number, where in SIGNALS[:count]:
        folder = fresh(base, "stopped")

        def stopped() -> int:
            signal_at(trainer, where, number)  # noqa: B023
            return train(folder)  # noqa: B023

        code = os.waitstatus_to_exitcode(forked(stopped))
        published = (folder / "model").exists()
        again = forked(lambda: train(folder))  # noqa: B023
        results.append([number.name, where, code, published, again == 0 and outcome(folder) == expected])
    return {"results": results}


def signal_at(trainer: Any, where: str, number: int) -> None:
    """Let the process signal itself once: at the end of a step, or while it evaluates."""
    if where == "evaluation":
        original = trainer.predict_tokens

        def predict(*arguments: Any) -> Any:
            os.kill(os.getpid(), number)
            return original(*arguments)

        trainer.predict_tokens = predict
        return
    original_step = trainer.Milestones.on_step_end

    def on_step_end(self: Any, args: Any, state: Any, control: Any, **options: Any) -> None:
        if state.global_step == int(where.split()[1]):
            os.kill(os.getpid(), number)
        original_step(self, args, state, control, **options)

    trainer.Milestones.on_step_end = on_step_end


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["sweep", "moments", "signals"])
    parser.add_argument("--stride", type=int, default=12)
    parser.add_argument("--start", type=int, default=1)
    parser.add_argument("--count", type=int, default=50)
    options = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    import support.preloaded  # noqa: F401

    with tempfile.TemporaryDirectory() as scratch:
        base = Path(scratch).resolve()
        write_csv(base / "reviews.csv", review_rows(60))
        write_tiny_encoder_aside(base / "encoder")
        if options.what == "sweep":
            result = sweep(base, options.stride, options.start)
        elif options.what == "moments":
            result = moments(base, options.count)
        else:
            result = signals(base, options.count)
    sys.stdout.write(json.dumps(result) + "\n")


def write_tiny_encoder_aside(folder: Path) -> None:
    """Make the encoder in a fork: the parent computes nothing."""
    assert forked(lambda: bool(write_tiny_encoder(folder)) - 1) == 0


if __name__ == "__main__":
    main()
