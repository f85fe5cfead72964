"""Memory of the process: keep what training frees, return what a finished step freed, or own what a file holds."""

import ctypes
import platform
from typing import Any

MMAP_THRESHOLD, TRIM_THRESHOLD, TOP_PAD = -3, -1, -2  # constants from malloc.h


def keep_freed_memory() -> bool:
    """Make glibc keep memory that training frees: allocating it again takes a tenth of a step on a CPU.

    Each step frees and allocates the same gigabyte. By default, glibc returns large blocks to the system immediately,
    which then has to clear and map each page again. Returns whether glibc is the C library and accepted the settings.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    if not mallopt(MMAP_THRESHOLD, 1 << 30):  # older versions refuse this much
        mallopt(MMAP_THRESHOLD, 1 << 25)
    return bool(mallopt(TRIM_THRESHOLD, (1 << 31) - 1) and mallopt(TOP_PAD, 1 << 26))


def return_freed_memory() -> None:
    """Return the memory that an earlier step freed to the system, for one that allocates it in another way.

    Arrow has a heap of its own, which cannot use what is free in the heap of the C library, nor the reverse.
    """
    import pyarrow

    pyarrow.default_memory_pool().release_unused()
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)


def copy_weights_into_memory(model: Any) -> None:
    """Copy the weights of a PyTorch model that are mapped from a file on the processor into memory of this process.

    Otherwise whoever writes into the file changes the answers, and whoever cuts it short kills the process (SIGBUS).
    """
    for tensor in (*model.parameters(), *model.buffers()):
        if tensor.device.type == "cpu":
            tensor.data = tensor.data.clone()
