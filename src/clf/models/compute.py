"""Which device and number format to compute with on this machine."""

# ruff: noqa: TID253 - this module computes
import ctypes
import logging
import os
import platform
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch

from clf.errors import UsageError
from clf.processes import ALONE, World, usable_cores
from clf.settings import ComputeSettings

MMAP_THRESHOLD, TRIM_THRESHOLD, TOP_PAD = -3, -1, -2  # numbers of malloc.h

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Compute:
    """A device and a precision (fp32, bf16 or fp16), resolved: no `auto` left."""

    device: torch.device
    precision: str
    rereads: bool = False
    """Whether texts whose answer in bf16 is unsure are read again in fp32: where nobody chose the precision."""

    def autocast(self) -> AbstractContextManager[object]:
        """Return the context in which matrix products use the precision."""
        if self.precision == "fp32":
            return nullcontext()
        dtype = torch.bfloat16 if self.precision == "bf16" else torch.float16
        return torch.autocast(self.device.type, dtype=dtype)


def choose_compute(settings: ComputeSettings, world: World = ALONE) -> Compute:
    """Resolve `auto` for this machine, or for this process of several, and take its share of the cores.

    Raises UsageError for a device that is not there, or fp16 off CUDA.
    """
    device = _device(settings.device)
    if device.type == "cuda" and world.size > 1:
        device = torch.device("cuda", world.local_rank)
    if world.size > 1:  # torchrun sets OMP_NUM_THREADS to 1
        torch.set_num_threads(max(1, usable_cores() // world.local_size))
    elif "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(min(torch.get_num_threads(), usable_cores()))
    precision = settings.precision if settings.precision != "auto" else _fastest(device)
    if precision == "fp16" and device.type != "cuda":
        raise UsageError(f"--precision fp16 needs a CUDA device, found {device.type}", "use --precision auto")
    log.debug("device %s, precision %s, %d threads", device, precision, torch.get_num_threads())
    if device.type == "cuda":
        torch.cuda.set_device(device)  # the Trainer takes the current one
    return Compute(device, precision, rereads=settings.precision == "auto")


def keep_freed_memory() -> bool:
    """Let glibc, where it is the C library, keep what training frees: asking anew takes a tenth of a step on a CPU.

    Each step frees and asks for the same gigabyte. As it comes, glibc gives large pieces back to the system at once,
    which then has to clear and map each page again. Tells whether it does so.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    if not mallopt(MMAP_THRESHOLD, 1 << 30):  # an older one takes no more than this
        mallopt(MMAP_THRESHOLD, 1 << 25)
    return bool(mallopt(TRIM_THRESHOLD, (1 << 31) - 1) and mallopt(TOP_PAD, 1 << 26))


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    device = torch.device(name)
    if not _is_there(device):
        raise UsageError(f"--device {name} is not on this machine", "use --device auto or cpu")
    return device


def _is_there(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count()
    return device.type == "cpu" or torch.backends.mps.is_available()


def _fastest(device: torch.device) -> str:
    """Take bf16 where the hardware multiplies it natively, fp16 on older CUDA devices, else fp32."""
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
    if device.type == "cpu":
        capabilities = torch.cpu.get_capabilities()
        native = ("avx512_bf16", "amx_bf16", "amx_tile", "bf16", "sve_bf16")
        return "bf16" if any(capabilities.get(name) for name in native) else "fp32"
    return "fp32"
