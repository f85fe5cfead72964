"""The choice of device and precision on this machine."""

# ruff: noqa: TID253 - this module computes
import logging
import os
import warnings
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch

from clf.errors import UsageError
from clf.processes import ALONE, World, usable_cores
from clf.settings import ComputeSettings

WITH_BF16 = ("avx512_bf16", "amx_bf16", "amx_tile", "bf16", "sve_bf16")
WITHOUT_BF16 = ("SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX512_CORE", "AVX512_CORE_VNNI")
"""PyTorch's names for CPU instructions that multiply bf16, and the oneDNN instruction set limits that exclude them."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Compute:
    """A device and a precision (fp32, bf16 or fp16), with `auto` already resolved."""

    device: torch.device
    precision: str
    rereads: bool = False
    """Whether texts with low confidence in bf16 are predicted again in fp32; true if the precision setting is auto."""

    def autocast(self) -> AbstractContextManager[object]:
        """Return the autocast context in which matrix products use this precision."""
        if self.precision == "fp32":
            return nullcontext()
        dtype = torch.bfloat16 if self.precision == "bf16" else torch.float16
        return torch.autocast(self.device.type, dtype=dtype)


def choose_compute(settings: ComputeSettings, world: World = ALONE) -> Compute:
    """Resolve `auto` for this machine, or for this process of several, and set the number of threads.

    A GPU device always has an index. Raises UsageError when the device is not available, for more processes than
    GPUs, or for fp16 without CUDA. All processes of a machine find the same error, and only the first reports it.
    """
    try:
        device = _device(settings.device, world)
        precision = _precision(settings.precision, device)
    except UsageError as error:
        error.told_elsewhere = world.local_rank > 0
        raise
    if world.size > 1:  # torchrun sets OMP_NUM_THREADS to 1
        torch.set_num_threads(max(1, usable_cores() // world.local_size))
    elif "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(min(torch.get_num_threads(), usable_cores()))
    log.debug("device %s, precision %s, %d threads", device, precision, torch.get_num_threads())
    return Compute(device, precision, rereads=settings.precision == "auto")


# --- which device -------------------------------------------------------------------------------------------


def _device(name: str, world: World) -> torch.device:
    """Return the device of this process, with an index if it is a GPU."""
    gpus = _count_gpus() if name == "auto" or name.startswith("cuda") else 0
    if name == "auto":
        name = "cuda" if gpus else "mps" if torch.backends.mps.is_available() else "cpu"
    kind, _, number = name.partition(":")
    if kind == "mps" and not torch.backends.mps.is_available():
        raise UsageError("--device mps: this machine has no GPU that Metal can use", "use --device auto or cpu")
    if kind != "cuda":
        return torch.device("mps", 0) if kind == "mps" else torch.device("cpu")
    if not gpus:
        raise UsageError(
            f"--device {name}: {why_no_gpu()}",
            "use --device auto or cpu, or install a torch with CUDA (README, Install)",
        )
    if world.size > 1:
        _check_a_gpu_for_each(name, world, gpus)
    if world.size > 1 and not number:
        return torch.device("cuda", world.local_rank)
    if int(number or 0) >= gpus:
        there = "cuda:0 only" if gpus == 1 else f"cuda:0 to cuda:{gpus - 1}"
        raise UsageError(
            f"--device {name} is not on this machine, which has {there}", "use --device auto, or one of these"
        )
    return torch.device("cuda", int(number or 0))


def _count_gpus() -> int:
    """Count the GPUs that CUDA can use; log PyTorch's warning when the driver does not work."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        there = torch.cuda.is_available()
    for warning in said:
        log.warning("CUDA cannot be used: %s", str(warning.message).strip().splitlines()[0])
    return torch.cuda.device_count() if there else 0


def why_no_gpu() -> str:
    """Explain why CUDA finds no GPU here."""
    if torch.version.cuda is None and torch.version.hip is None:
        return f"the installed torch {torch.__version__} is a build without CUDA"
    return "torch finds no GPU on this machine"


def _check_a_gpu_for_each(name: str, world: World, gpus: int) -> None:
    """Raise UsageError if processes of this machine would have to share a GPU."""
    if ":" in name and world.local_size > 1:
        message = f"--device {name} is one GPU, and each of {world.local_size} processes needs its own"
        raise UsageError(message, "pass --device cuda")
    if world.local_size > gpus:
        raise UsageError(
            f"{world.local_size} processes were started on a machine with {gpus} GPU{'s' * (gpus > 1)}",
            f"start one for each GPU (torchrun --nproc-per-node {gpus}), or pass --device cpu",
        )


def _precision(asked: str, device: torch.device) -> str:
    """Resolve `auto` for the device; a GPU also becomes the current one, the default where code names no index."""
    if device.type == "cuda":
        torch.cuda.set_device(device)
    precision = _fastest(device) if asked == "auto" else asked
    if precision == "fp16" and device.type != "cuda":
        raise UsageError(f"--precision fp16 needs a CUDA device, found {device.type}", "use --precision auto")
    return precision


def _fastest(device: torch.device) -> str:
    """Return bf16 if the hardware multiplies it natively, fp16 on older CUDA devices, otherwise fp32."""
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
    return "bf16" if device.type == "cpu" and _multiplies_bf16() else "fp32"


def _multiplies_bf16() -> bool:
    """Return whether the CPU has bf16 instructions and no environment variable stops oneDNN from using them."""
    told = os.environ.get("ONEDNN_MAX_CPU_ISA") or os.environ.get("DNNL_MAX_CPU_ISA") or ""
    capabilities = torch.cpu.get_capabilities()
    return told.upper() not in WITHOUT_BF16 and any(capabilities.get(name) for name in WITH_BF16)
