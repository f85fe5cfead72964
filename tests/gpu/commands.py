"""The parts that run clf as a user does: training, prediction, the same run twice, a stop and `--resume`."""

import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from sizes import Failed, Plan, Skipped

RATES = {16: "2e-5", 64: "4e-5", 128: "6e-5"}  # with the square root of the batch
MINILM_RATES = {16: "1e-4", 64: "2e-4"}
THREADS = "2"  # for each of several runs at a time


@dataclass(frozen=True)
class Command:
    """One clf command that runs in a process of its own."""

    process: subprocess.Popen[bytes]
    out: IO[bytes]

    def answer(self) -> Any:
        """Wait for its end, and return what it said as JSON."""
        try:
            code = self.process.wait()
        finally:
            self.process.kill()
        self.out.seek(0)
        return _answer(code, self.out.read().decode())


def clf(plan: Plan, *arguments: object) -> tuple[Any, float]:
    """Run one clf command to its end; returns what it says as JSON, and its seconds.

    A dry run stays in this process, where the libraries are loaded once.
    """
    started = time.perf_counter()
    answer = _run_here([*arguments, "--json"]) if plan.dry else start(plan, "clf", *arguments).answer()
    return answer, time.perf_counter() - started


def start(plan: Plan, name: str, *arguments: object, **environment: str) -> Command:
    """Start one clf command in the work folder; what it writes on stderr goes to the log."""
    sys.stderr.write(f"{name}: clf {' '.join(map(str, arguments))}\n")
    sys.stderr.flush()
    out = (plan.work / f"{name}.out").open("w+b")
    command = [sys.executable, "-m", "clf", *map(str, arguments), "--json"]
    return Command(subprocess.Popen(command, stdout=out, cwd=plan.work, env=os.environ | environment), out)


def _run_here(arguments: Sequence[object]) -> Any:
    from clf.cli.app import run

    said = io.StringIO()
    with redirect_stdout(said):
        code = run([str(part) for part in arguments])
    return _answer(code, said.getvalue())


def _answer(code: int, said: str) -> Any:
    try:
        told = json.loads(said)
    except ValueError:
        raise Failed(f"exit code {code}, no JSON on stdout; see the log") from None
    if code:
        raise Failed(f"exit code {code}: {told['error']['message']}")
    return told


# --- training -----------------------------------------------------------------------------------------------


def full_training(plan: Plan) -> None:
    """Train on the whole dataset: three epochs, 512 tokens, batches of 16."""
    size = plan.sizes.batch
    _train(plan, "full-training", plan.dataset, "--batch-size", size, "--epochs", plan.sizes.epochs)


def batch_64(plan: Plan) -> None:
    """Train one epoch in batches of 64."""
    _train(plan, "batch-64", plan.prepared, "--batch-size", 64, "--learning-rate", RATES[64], "--no-final-test")


def batch_128(plan: Plan) -> None:
    """Train one epoch in batches of 128."""
    _train(plan, "batch-128", plan.prepared, "--batch-size", 128, "--learning-rate", RATES[128], "--no-final-test")


def minilm(plan: Plan, size: int = 16) -> None:
    """Fine-tune MiniLM for one epoch, for its accuracy."""
    if not plan.minilm.is_dir():
        raise Skipped("no minilm-int8.npz")
    name = f"minilm-{size}"
    options = ("--batch-size", size, "--learning-rate", MINILM_RATES[size], "--model", plan.minilm)
    _train(plan, name, plan.prepared, *options)


def minilm_64(plan: Plan) -> None:
    """Fine-tune MiniLM in batches of 64."""
    minilm(plan, 64)


def _train(plan: Plan, name: str, dataset: Path, *options: object) -> dict[str, Any]:
    """Train into the folder `name`, one epoch unless told otherwise; fill in what it took and what it reached."""
    epochs = () if "--epochs" in options else ("--epochs", 1)
    model = () if "--model" in options else ("--model", plan.encoder)
    fixed = ("--max-length", plan.sizes.tokens, "--output-dir", plan.work / name)
    run = plan.work / f"{name}.run"
    try:
        told, seconds = clf(plan, "train", "--dataset", dataset, *model, *epochs, *fixed, *options)
    except BaseException:
        plan.figures["ended after step"] = last_step(run)
        raise
    timing = json.loads((run / "timing.json").read_text(encoding="utf-8"))
    plan.figures.update(_speed(plan, told, timing, seconds, of_encoder="--model" not in options))
    plan.figures["phases, seconds"] = timing["seconds"]
    plan.figures["memory of the process, MB"] = timing["peak_memory_megabytes"]
    plan.figures["accuracy on validation"] = told["metrics"].get("accuracy")
    if told["test_metrics"]:
        plan.figures["accuracy on test"] = told["test_metrics"].get("accuracy")
    shutil.rmtree(run / "tokens", ignore_errors=True)
    return told  # type: ignore[no-any-return]


def _speed(
    plan: Plan, told: dict[str, Any], timing: dict[str, Any], seconds: float, of_encoder: bool
) -> dict[str, Any]:
    """Return the seconds of the whole and of the loop, and the share of the chip's rate with its formula."""
    tokens = timing["tokens_per_second"]
    found = {
        "seconds, whole command": round(seconds, 1),
        "seconds in the loop": round(timing["loop_seconds"], 2),
        "steps": told["steps"],
        "ms a step": round(1e3 * timing["loop_seconds"] / max(1, told["steps"]), 2),
        "texts a second": told["examples_per_second"],
        "tokens a second": round(tokens),
    }
    weights, rate = (plan.recall().get(name) for name in ("weights", "rate"))
    if of_encoder and weights and rate:
        formula = f"6 x {weights / 1e6:.2f} M weights x {tokens:.0f} tokens a second / {rate / 1e12:.1f} TFLOP/s"
        found |= {"share of the rate": plan.share(tokens), "which is": formula}
    return found


def last_step(run: Path) -> int:
    """Return the step of the newest whole line of a run's history; 0 before there is one."""
    history = run / "history.jsonl"
    lines = history.read_text(encoding="utf-8").splitlines(keepends=True) if history.is_file() else []
    return max((int(json.loads(line)["step"]) for line in lines if line.endswith("\n")), default=0)


# --- prediction ---------------------------------------------------------------------------------------------


def predict(plan: Plan) -> None:
    """Label the texts of the test split in each precision, and compare the answers with those of fp32."""
    import pyarrow.parquet as pq

    names = ("full-training", "batch-64", "batch-128")
    model = next((plan.work / name for name in names if (plan.work / name / "clf.json").is_file()), None)
    if model is None:
        raise Skipped("no model was trained")
    plan.figures["model"] = model.name
    answers: dict[str, Any] = {}
    for precision in plan.sizes.precisions:
        output = plan.work / f"{precision}.parquet"
        told, seconds = clf(
            plan, "predict", model, plan.work / "data" / "texts.parquet", "--output", output, "--precision", precision,
            "--threshold", 0,
        )  # fmt: skip
        answers[precision] = pq.read_table(output, columns=["label", "confidence"])
        found = {"seconds": told["seconds"], "texts a second": told["texts_per_second"], "whole": round(seconds, 1)}
        plan.figures[precision] = found | _differences(answers["fp32"], answers[precision])
    if {"auto", "bf16"} <= set(answers):
        pairs = zip(*(answers[name]["confidence"].to_pylist() for name in ("auto", "bf16")), strict=True)
        plan.figures["texts that auto read again, at least"] = sum(one != other for one, other in pairs)


def _differences(reference: Any, answers: Any) -> dict[str, Any]:
    """Return the largest difference of confidence, and how many labels differ."""
    import numpy as np

    apart = np.abs(reference["confidence"].to_numpy() - answers["confidence"].to_numpy())
    pairs = zip(reference["label"].to_pylist(), answers["label"].to_pylist(), strict=True)
    return {
        "texts": len(answers),
        "largest difference to fp32": round(float(np.nanmax(apart)), 6),
        "other labels": sum(one != other for one, other in pairs),
    }


# --- the same run again -------------------------------------------------------------------------------------


def repeat(plan: Plan) -> None:
    """Run the same training several times at once, with and without `--deterministic`; stop some and resume them."""
    kinds = list(dict.fromkeys(plan.sizes.copies))
    names = {f"{kind}, run {number + 1}": kind for number, kind in enumerate(plan.sizes.copies)}
    stopped = {f"{kind}, stopped": kind for kind in kinds}
    running = {name: _start_copy(plan, name, kind) for name, kind in (stopped | names).items()}
    try:
        _interrupt(plan, {name: running[name] for name in stopped})
        resumed = {name: _start_copy(plan, name, kind, "--resume") for name, kind in stopped.items()}
        for name in names:
            plan.figures[name] = _outcome(plan, name, running[name])
        for name, kind in stopped.items():
            plan.figures[f"{kind}, resumed"] = _outcome(plan, name, resumed[name])
        running |= {f"{name} again": command for name, command in resumed.items()}
    finally:
        for command in running.values():
            command.process.kill()
    _compare_hashes(plan, names, kinds)


def _start_copy(plan: Plan, name: str, kind: str, *more: str) -> Command:
    options = [*(["--deterministic"] if kind == "deterministic" else []), *more]
    return start(
        plan, name, "train", "--dataset", plan.work / "data" / "repeat.parquet", "--model", plan.encoder,
        "--epochs", 1, "--batch-size", plan.sizes.batch, "--max-length", plan.sizes.repeat_tokens, "--test-size", 0,
        "--output-dir", plan.work / _folder(name), *options,
        OMP_NUM_THREADS=os.environ.get("OMP_NUM_THREADS", THREADS),
    )  # fmt: skip


def _folder(name: str) -> str:
    return name.replace(", ", "-").replace(" ", "-")


def _interrupt(plan: Plan, stopped: dict[str, Command]) -> None:
    """Send SIGTERM to each run once it has done some steps, and note its exit code."""
    waiting = dict(stopped)
    while waiting:
        for name, command in list(waiting.items()):
            ended = command.process.poll() is not None
            if ended or last_step(plan.work / f"{_folder(name)}.run") >= plan.sizes.stopped_at:
                command.process.send_signal(signal.SIGTERM)
                del waiting[name]
        time.sleep(0.01)
    for name, command in stopped.items():
        plan.figures[f"{name}: exit code"] = command.process.wait()


def _outcome(plan: Plan, name: str, command: Command) -> dict[str, Any]:
    """Wait for a run, and return the first digits of the hash of its weights, or why there are none."""
    try:
        told = command.answer()
    except Failed as error:
        return {"failed": str(error)}
    with (plan.work / _folder(name) / "model.safetensors").open("rb") as file:
        found = {"sha256": hashlib.file_digest(file, "sha256").hexdigest()[:12], "steps": told["steps"]}
    step = told["resumed_from_step"]
    return found | ({"from step": step} if step else {})


def _compare_hashes(plan: Plan, names: dict[str, str], kinds: list[str]) -> None:
    """Say for each kind of run whether its copies are equal, and whether the resumed one is."""
    for kind in kinds:
        hashes = [plan.figures[name].get("sha256") for name, other in names.items() if other == kind]
        if len(hashes) > 1:
            plan.figures[f"{kind}: the same run twice"] = _equality(hashes)
        resumed = plan.figures[f"{kind}, resumed"].get("sha256")
        plan.figures[f"{kind}: resumed and uninterrupted"] = _equality([hashes[0], resumed])


def _equality(hashes: list[str | None]) -> str:
    if None in hashes:
        return "unknown, a run failed"
    return "equal" if len(set(hashes)) == 1 else "not equal"


# --- the tests ----------------------------------------------------------------------------------------------


def tests(plan: Plan) -> None:
    """Run the project's tests that are marked gpu."""
    if find_spec("pytest") is None:
        raise Skipped("no pytest")
    command = [sys.executable, "-m", "pytest", "-m", "gpu", "-v", "-p", "no:cacheprovider",
               "--basetemp", str(plan.work / "pytest"), str(Path("tests") / "gpu")]  # fmt: skip
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    said = plan.work / "tests.txt"
    with said.open("w") as out:  # a file, so that what was said before the time ran out is not lost
        done = subprocess.run(command, cwd=plan.root, stdout=out, stderr=out, env=environment)
    text = said.read_text()
    sys.stderr.write(text)
    if done.returncode == 5:
        raise Skipped("no test is marked gpu")
    if done.returncode > 1:
        raise Failed(" ".join(text.split())[-200:])
    plan.figures["tests"] = text.strip().splitlines()[-1].strip("= ")
    plan.figures["failed"] = [line for line in text.splitlines() if line.startswith(("FAILED", "ERROR"))]
