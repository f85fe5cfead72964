"""Memory that training frees, kept for the next step."""

import ctypes
import platform

MMAP_THRESHOLD, TRIM_THRESHOLD, TOP_PAD = -3, -1, -2  # numbers of malloc.h


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
