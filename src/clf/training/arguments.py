"""Map our settings to the Trainer's arguments."""

# ruff: noqa: TID253 - this module computes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import TrainingArguments

from clf.errors import UsageError
from clf.models.compute import Compute
from clf.processes import ALONE, World
from clf.scoring.label_table import LabelTable
from clf.settings import TrainSettings
from clf.training.schedule import Schedule
from clf.training.selection import SELECTION

ACCELERATE_DEVICE = "ACCELERATE_TORCH_DEVICE"
HEAVIEST = 100.0
"""The largest weight of a text that has a rare label; the smallest, of a label that nearly all have, is its inverse."""

FIXED = {
    "average_tokens_across_devices": True,
    "remove_unused_columns": False,
    # `Milestones` decides when to evaluate and save; the library's own strategies just have to be on.
    "eval_strategy": "steps",
    "save_strategy": "steps",
    "metric_for_best_model": SELECTION,
    "greater_is_better": True,
    "logging_strategy": "steps",
    "logging_nan_inf_filter": False,
    "restore_callback_states_from_checkpoint": True,
    "disable_tqdm": True,
    "log_level": "error",
    "log_level_replica": "error",
    "ddp_find_unused_parameters": False,
    "ddp_broadcast_buffers": False,  # the encoders' buffers are constants
}
"""The Trainer's arguments that are the same in every run."""


def training_arguments(
    train: TrainSettings,
    schedule: Schedule,
    seed: int,
    compute: Compute,
    checkpoints: Path,
    world: World = ALONE,
) -> TrainingArguments:
    """Map the settings of one run to TrainingArguments.

    Raises UsageError when the batch cannot be divided into equal parts.
    """
    with _accelerate_on(compute.device):
        arguments = TrainingArguments(
            output_dir=str(checkpoints),
            num_train_epochs=schedule.epochs,
            per_device_train_batch_size=part_of_batch(train, world),
            gradient_accumulation_steps=train.gradient_accumulation,
            learning_rate=schedule.learning_rate,
            weight_decay=train.weight_decay,
            warmup_steps=schedule.warmup_steps,
            optim=optimizer(compute),
            seed=seed,
            data_seed=seed,
            bf16=compute.precision == "bf16",
            fp16=compute.precision == "fp16",
            use_cpu=compute.device.type == "cpu",
            dataloader_pin_memory=compute.device.type == "cuda",
            eval_steps=schedule.eval_steps,
            logging_steps=max(1, min(10, schedule.steps_per_epoch)),
            report_to=train.report_to or "none",
            **FIXED,
        )
    _settle_on(arguments, compute.device)
    arguments.report_to = list(train.report_to)  # inside Kubeflow the library adds a tracker of its own
    return arguments


@contextmanager
def _accelerate_on(device: torch.device) -> Iterator[None]:
    """Make accelerate use `device` inside the block, instead of choosing one by itself."""
    before = os.environ.get(ACCELERATE_DEVICE)
    os.environ[ACCELERATE_DEVICE] = str(device)
    try:
        yield
    finally:
        del os.environ[ACCELERATE_DEVICE]
        if before is not None:
            os.environ[ACCELERATE_DEVICE] = before


def _settle_on(arguments: TrainingArguments, device: torch.device) -> None:
    """Make the Trainer use `device`.

    By default it uses the first GPU. On a machine with several GPUs it would also multiply the batch size and spread
    each batch over all of them. One clf process uses one GPU; torchrun starts more processes.
    """
    arguments._n_gpu = min(1, arguments.n_gpu)
    vars(arguments)["_setup_devices"] = device  # where `arguments.device` caches the device it found
    if device.type == "cuda":
        torch.cuda.set_device(device)


def optimizer(compute: Compute) -> str:
    """Return the Trainer's name for AdamW, fused wherever that gives the same steps.

    With fp16 the scaler skips steps whose gradient is infinite. A fused AdamW skips them internally, where accelerate
    cannot see it, so the learning rate schedule would advance as if a step had been taken.
    """
    fused = compute.device.type in {"cpu", "cuda", "mps"} and compute.precision != "fp16"
    return "adamw_torch_fused" if fused else "adamw_torch"


def set_determinism(wanted: bool) -> None:
    """Select kernels that give the same bits each time: slower ones on CUDA, the usual ones on a CPU.

    Memory-efficient attention and cuDNN attention have no deterministic backward pass; PyTorch's other two attention
    kernels do. An operation without a deterministic kernel stops the run.
    """
    if not wanted:
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
    torch.backends.cuda.enable_mem_efficient_sdp(False)
    torch.backends.cuda.enable_cudnn_sdp(False)


def part_of_batch(train: TrainSettings, world: World) -> int:
    """Return the micro-batch size of one process: the batch size divided by processes and accumulation steps.

    Raises UsageError when there is a remainder.
    """
    parts = train.gradient_accumulation * world.size
    if train.batch_size % parts:
        each, rest = divmod(train.batch_size, world.size)
        fitting = [count for count in range(train.gradient_accumulation, each + 1) if not rest and each % count == 0]
        finer = f"--gradient-accumulation {fitting[0]}, or " if fitting else ""
        processes = "one process" if world.size == 1 else f"{world.size} processes"
        raise UsageError(
            f"--batch-size {train.batch_size} cannot be divided into {parts} equal parts "
            f"({processes}, --gradient-accumulation {train.gradient_accumulation})",
            f"pass {finer}--batch-size {-(-train.batch_size // parts) * parts}",
        )
    return train.batch_size // parts


def class_weights(train: TrainSettings, labels: NDArray[np.int64] | LabelTable, classes: int) -> list[float] | None:
    """Return a weight for each class, or None; `balanced` means texts / (classes x texts of the class).

    Where a text may have several labels, shape (texts, labels), it means the texts without a label for each one with
    it, at most HEAVIEST.
    """
    if train.class_weights == "none":
        return None
    if labels.ndim == 2:
        having = labels.sum(axis=0)
        shares = (len(labels) - having) / np.maximum(having, 1)
        return [float(weight) for weight in shares.clip(1 / HEAVIEST, HEAVIEST)]
    counts = np.bincount(labels, minlength=classes)
    return [float(weight) for weight in len(labels) / (classes * np.maximum(counts, 1))]


def keeps_attention_dropout(train: TrainSettings, compute: Compute) -> bool:
    """Return whether training applies dropout to attention weights; `auto` does so wherever it costs little."""
    if train.attention_dropout == "auto":
        return compute.device.type != "cpu"
    return train.attention_dropout == "keep"
