"""What the chip does by itself, and what one training step takes on it."""

import importlib.metadata
import itertools
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch
from commands import clf, last_step
from sizes import Failed, Plan

PACKAGES = ("torch", "transformers", "accelerate", "datasets", "huggingface_hub", "tokenizers", "pydantic", "pyarrow")
ATTENTION = re.compile("attention|attn|fmha|flash|sdp|softmax|cudnn", re.IGNORECASE)
SYNC = "called a synchronizing CUDA operation"
WARM_UP, PROFILED = 5, 3

Action = Callable[[], object]


def machine(plan: Plan) -> None:
    """Say what this machine is, measure its matrix product, and ask `clf doctor`."""
    figures = plan.figures
    figures["python"] = platform.python_version()
    figures["versions"] = {name: _version(name) for name in PACKAGES}
    if not plan.dry:
        properties = torch.cuda.get_device_properties(0)
        figures["chip"] = {"name": properties.name, "memory, GB": round(properties.total_memory / 1e9, 1)}
        figures["CUDA"] = {"build": torch.version.cuda, "cuDNN": torch.backends.cudnn.version(), "driver": _driver()}
    rate = matrix_rate(plan)
    plan.remember(rate=rate)
    figures[f"bf16 matrix product of {plan.sizes.matrix}^3, TFLOP/s"] = round(rate / 1e12, 1)
    _ask_doctor(plan)


def matrix_rate(plan: Plan) -> float:
    """Return the operations a second of one large bf16 matrix product, the median of many."""
    side = plan.sizes.matrix
    left, right = (torch.randn(side, side, device=plan.device).bfloat16() for _ in range(2))
    out = torch.empty_like(left)
    seconds = durations(lambda: torch.mm(left, right, out=out), 10 * plan.sizes.steps, plan.device)
    return 2 * side**3 / statistics.median(seconds)


def durations(action: Action, count: int, device: str) -> list[float]:
    """Return the seconds of each of `count` calls, after a warm-up; on a GPU by its own events."""
    for _ in range(WARM_UP):
        action()
    if device == "cpu":
        return [_timed(action) for _ in range(count)]
    marks = [torch.cuda.Event(enable_timing=True) for _ in range(count + 1)]
    torch.cuda.synchronize()
    marks[0].record()
    for mark in marks[1:]:
        action()
        mark.record()
    torch.cuda.synchronize()
    return [before.elapsed_time(after) / 1e3 for before, after in itertools.pairwise(marks)]


def _timed(action: Action) -> float:
    started = time.perf_counter()
    action()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - started


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "none"


def _driver() -> str:
    """Return the driver's version, as the tool that comes with it says."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return "unknown"
    query = [tool, "--query-gpu=driver_version", "--format=csv,noheader"]
    done = subprocess.run(query, capture_output=True, text=True, timeout=20)
    return (done.stdout.splitlines() or ["unknown"])[0]


def _ask_doctor(plan: Plan) -> None:
    """Take what `clf doctor` says; where `auto` fails, let the later parts name the device."""
    try:
        found, seconds = clf(plan, "doctor")
    except Failed as error:
        plan.figures["doctor with --device auto"] = f"failed: {error}"
        found, seconds = clf(plan, "doctor", "--device", plan.device)
        plan.remember(device=plan.device)
        plan.figures["all later parts"] = f"run with --device {plan.device}"
    plan.figures["doctor"] = {name: str(value) for name, value in found["compute"].items()}
    plan.figures["doctor, seconds"] = round(seconds, 1)


# --- one training step --------------------------------------------------------------------------------------


class Step:
    """A training step as the Trainer takes it: batch from pinned memory, bf16 autocast, clipping, fused AdamW."""

    def __init__(self, plan: Plan) -> None:
        from transformers import AutoModelForSequenceClassification

        self.device = plan.device
        self.model = AutoModelForSequenceClassification.from_pretrained(plan.encoder, num_labels=2)
        self.model.to(self.device).train()
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=2e-5, weight_decay=0.01, fused=True)

    def batch(self, texts: int, tokens: int, padded: bool = True) -> dict[str, torch.Tensor]:
        """Return random ids, one text of full length; the others are up to a tenth shorter, unless not `padded`."""
        generator = torch.Generator().manual_seed(texts * tokens)
        ids = torch.randint(1_000, self.model.config.vocab_size, (texts, tokens), generator=generator)
        lengths = torch.randint(tokens - tokens // 10, tokens + 1, (texts, 1), generator=generator)
        lengths[0] = tokens
        mask = (torch.arange(tokens) < lengths).long() if padded else torch.ones_like(ids)
        made = {"input_ids": ids, "attention_mask": mask, "labels": torch.arange(texts) % 2}
        return {name: part.pin_memory() for name, part in made.items()} if self.device != "cpu" else made

    def __call__(self, batch: dict[str, torch.Tensor]) -> None:
        """Take the step."""
        inputs = {name: part.to(self.device) for name, part in batch.items()}
        labels = inputs.pop("labels")
        with torch.autocast(self.device.split(":")[0], dtype=torch.bfloat16):
            logits = self.model(**inputs).logits
        torch.nn.functional.cross_entropy(logits.float(), labels).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.model.zero_grad()


def steps(plan: Plan) -> None:
    """Measure the step at several sizes, what its attention is computed by, and how often it waits for the GPU."""
    step = Step(plan)
    for texts in plan.sizes.batches:
        for tokens in plan.sizes.lengths:
            plan.figures[f"step of {texts} texts x {tokens} tokens"] = _measured(plan, step, texts, tokens)
    padded = step.batch(plan.sizes.batch, plan.sizes.lengths[-1])
    whole = step.batch(plan.sizes.batch, plan.sizes.lengths[-1], padded=False)
    for name, batch in {"padded": padded, "texts of one length": whole}.items():
        places = Counter[str]()
        with recorded_syncs(places):
            step(batch)
        plan.figures[f"waits for the GPU in the step, {name}"] = _told(places, 1)
    plan.figures["attention kernels, texts of one length"] = _kernels(lambda: step(whole), plan.device)["attention"]
    for name, mode in attention_modes().items():
        try:
            _look_at_attention(plan, step, name, mode)
        except RuntimeError as error:  # a kernel that this chip or this shape does not have
            plan.figures[f"{name}: failed"] = str(error)[:200]


def _measured(plan: Plan, step: Step, texts: int, tokens: int) -> dict[str, Any] | str:
    """Return milliseconds of the step and the share of the chip's rate, all of texts x tokens counted."""
    batch = step.batch(texts, tokens)
    try:
        seconds = statistics.median(durations(lambda: step(batch), plan.sizes.steps, plan.device))
    except torch.OutOfMemoryError:
        torch.cuda.empty_cache()
        return "out of memory"
    return {"ms": round(1e3 * seconds, 2), "share of the rate": plan.share(texts * tokens / seconds)}


# --- attention ----------------------------------------------------------------------------------------------


def attention_modes() -> dict[str, Callable[[], AbstractContextManager[Any]]]:
    """Return the ways to choose the kernels of attention, by name."""
    from torch.nn.attention import SDPBackend, sdpa_kernel

    rest = [SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]
    return {
        "cuDNN off": lambda: sdpa_kernel(rest),
        "as it comes": nullcontext,
        "cuDNN first": lambda: sdpa_kernel([SDPBackend.CUDNN_ATTENTION, *rest], set_priority=True),
    }


def _look_at_attention(plan: Plan, step: Step, name: str, mode: Callable[[], AbstractContextManager[Any]]) -> None:
    """Measure the step with one choice of kernels: name the kernels, and time shapes met for the first time."""
    sizes = plan.sizes
    with mode():
        for texts, tokens in ((sizes.batch, sizes.lengths[-2]), (sizes.batches[-1], sizes.lengths[-1])):
            plan.figures[f"{name}: step of {texts} x {tokens}"] = _measured(plan, step, texts, tokens)
        batch = step.batch(sizes.batch, sizes.lengths[-1])
        seen = _kernels(lambda: step(batch), plan.device)
        plan.figures[f"{name}: attention kernels"] = seen["attention"]
        plan.figures[f"{name}: kernels, ms a step"] = seen["all"]
        offset = list(attention_modes()).index(name)
        widths = [sizes.lengths[-1] - 8 * (3 * shape + offset + 1) for shape in range(sizes.shapes)]
        batches = [step.batch(sizes.batch, max(4, width)) for width in widths]
        first, again = (statistics.mean(_timed(lambda b=b: step(b)) for b in batches) for _ in range(2))
    plan.figures[f"{name}: a shape met for the first time, ms more"] = round(1e3 * (first - again), 2)


def _kernels(action: Action, device: str) -> dict[str, dict[str, float]]:
    """Return milliseconds a call of the kernels of attention and of the others that take most."""
    from torch.profiler import ProfilerActivity, profile

    on_gpu = device != "cpu"
    action()
    with profile(activities=[ProfilerActivity.CUDA if on_gpu else ProfilerActivity.CPU]) as profiled:
        for _ in range(PROFILED):
            action()
        if on_gpu:
            torch.cuda.synchronize()
    took, of_attention = Counter[str](), set[str]()
    for event in profiled.key_averages():
        if on_gpu and event.device_type != torch.autograd.DeviceType.CUDA:
            continue
        took[event.key[:80]] += event.self_device_time_total if on_gpu else event.self_cpu_time_total
        if ATTENTION.search(event.key):
            of_attention.add(event.key[:80])
    each = {name: round(time / PROFILED / 1e3, 3) for name, time in took.most_common()}
    return {
        "attention": dict([(name, each[name]) for name in each if name in of_attention][:6]),
        "all": {"in all": round(sum(took.values()) / PROFILED / 1e3, 2), **dict(list(each.items())[:6])},
    }


# --- waiting for the GPU ------------------------------------------------------------------------------------


@contextmanager
def recorded_syncs(places: Counter[str]) -> Iterator[None]:
    """Count where Python waits for the GPU, by file and line; the count stays empty without one."""
    if not torch.cuda.is_available():
        yield
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            yield
        finally:
            torch.cuda.set_sync_debug_mode("default")
            lines = [f"{'/'.join(Path(w.filename).parts[-2:])}:{w.lineno}" for w in caught if SYNC in str(w.message)]
            places.update(lines)


def _told(places: Counter[str], count: int) -> dict[str, float]:
    """Return the waits of one step: in all, and at the places where there are most."""
    top = {place: round(number / count, 2) for place, number in places.most_common(8)}
    return {"in all": round(sum(places.values()) / count, 2), **top}


def syncs(plan: Plan) -> None:
    """Train on a few texts with `clf train` in this process, and count where it waits for the GPU."""
    from clf.cli.app import run
    from clf.training import trainer

    places = Counter[str]()
    assert trainer.quiet_transformers  # it would hide the warnings that are counted
    trainer.quiet_transformers = lambda: recorded_syncs(places)
    target = plan.work / "syncs"
    wanted = ["train", "--dataset", plan.work / "data" / "syncs.parquet", "--model", plan.encoder, "--epochs", 1,
              "--batch-size", plan.sizes.batch, "--max-length", plan.sizes.tokens, "--test-size", 0,
              "--output-dir", target, "--json"]  # fmt: skip
    if code := run([str(part) for part in wanted]):
        raise Failed(f"clf train ended with {code}; see the log")
    count = max(1, last_step(Path(f"{target}.run")))
    plan.figures["waits for the GPU, a step of clf train"] = _told(places, count)
    plan.figures["steps counted, with one validation and one checkpoint"] = count
    sys.stderr.write(f"{dict(places)}\n")
