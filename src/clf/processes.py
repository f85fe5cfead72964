"""The processes of one run started by torchrun or accelerate launch: their ranks, and how they communicate.

Without a launcher, a run is a single process, and nothing here needs torch.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from clf.errors import NetworkError, UsageError, first_line

LONGEST_WAIT = timedelta(days=2)
"""How long the other processes wait for the main process, which may be preparing millions of rows."""
STEP_WAIT = timedelta(minutes=30)
"""How long processes wait for each other between steps; a lost host is noticed after this time at the latest."""

CONTROL_GROUP = Path("/sys/fs/cgroup")

_shared = False
_groups: dict[str, Any] = {}
"""Two gloo groups for messages: PATIENT waits as long as data preparation may take, STEP as long as one step may."""
PATIENT, STEP = "patient", "step"


@dataclass(frozen=True)
class World:
    """The rank of this process and the number of processes, overall and on this host."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1

    @property
    def is_main(self) -> bool:
        """Whether this is the main process, the only one that prepares data, logs and writes files."""
        return self.rank == 0


ALONE = World()


def current_world() -> World:
    """Read ranks and sizes from the launcher's environment variables.

    Raises UsageError when they contradict each other.
    """
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
    values = [os.environ.get(name, "") for name in names]
    if not all(value.isascii() and value.isdecimal() for value in values) or int(values[1]) < 2:
        return ALONE
    world = World(*map(int, values))
    if world.rank >= world.size or world.local_rank >= world.local_size:
        said = ", ".join(f"{name}={value}" for name, value in zip(names, values, strict=True))
        raise UsageError(f"{said} contradict each other", "start the processes with torchrun or accelerate launch")
    return world


def was_left_alone() -> bool:
    """Return whether a launcher prepared several processes but started only one, as accelerate does without GPUs."""
    return "MASTER_PORT" in os.environ and "RANK" not in os.environ


def was_restarted() -> bool:
    """Return whether torchrun restarted this process because another one was lost."""
    return os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") not in ("", "0")


def will_be_restarted() -> bool:
    """Return whether torchrun starts this process anew if it fails."""
    counts = [os.environ.get(f"TORCHELASTIC_{name}", "") for name in ("RESTART_COUNT", "MAX_RESTARTS")]
    return all(count.isascii() and count.isdecimal() for count in counts) and int(counts[0]) < int(counts[1])


def usable_cores() -> int:
    """Count the cores this process may use, within the limits of its CPU affinity mask and its container."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    with suppress(OSError, ValueError):
        quota, period = (CONTROL_GROUP / "cpu.max").read_text().split()
        cores = min(cores, max(1, int(quota) // int(period)))  # "max" (no limit) is not a number
    with suppress(OSError, ValueError):  # cgroups version 1, where -1 means no limit
        quota, period = ((CONTROL_GROUP / "cpu" / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        cores = min(cores, max(1, int(quota) // int(period))) if int(quota) > 0 else cores
    return cores


def join(world: World, cuda: bool) -> None:
    """Connect to the other processes; training communicates over NCCL on GPUs and over gloo on CPUs.

    clf's own messages always use gloo, and all processes connect to it here, at the start. NCCL connects when it is
    first used. By then the main process has prepared the data and no other process is waiting for it, so NCCL keeps
    its default timeout, after which it ends a run that lost a host. Raises NetworkError when they cannot connect.
    """
    import torch
    from torch import distributed

    if world.size == 1 or distributed.is_initialized():
        return
    if cuda:
        torch.cuda.set_device(world.local_rank)
    try:
        _meet(world, "nccl" if cuda else "gloo")
    except (RuntimeError, ValueError) as error:
        hint = "check MASTER_ADDR, name resolution and firewalls; set GLOO_SOCKET_IFNAME to the network interface"
        raise NetworkError(
            f"the {world.size} processes of this run cannot connect to each other: {first_line(error)}", hint
        ) from error


def _meet(world: World, backend: str) -> None:
    from torch import distributed
    from torch.distributed import PrefixStore, rendezvous  # type: ignore[attr-defined]

    # torchrun's store outlives the processes: restarted ones must not find the addresses of those that died.
    store, rank, size = next(rendezvous("env://", world.rank, world.size))
    fresh = PrefixStore(f"start_{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}", store)
    distributed.init_process_group(backend, store=fresh, rank=rank, world_size=size)
    _groups[PATIENT] = distributed.new_group(backend="gloo", timeout=LONGEST_WAIT)
    _groups[STEP] = distributed.new_group(backend="gloo", timeout=STEP_WAIT)


def wait_for_all(world: World, group: str = PATIENT) -> None:
    """Wait until every process has reached this call."""
    if world.size > 1:
        from torch import distributed

        distributed.barrier(_groups[group])


def from_main(world: World, value: Any = None) -> Any:
    """Send a value from the main process to all processes, and return it on each of them."""
    if world.size == 1:
        return value
    from torch import distributed

    global _shared
    _shared = True
    given = [value]
    distributed.broadcast_object_list(given, src=0, group=_groups[PATIENT])
    return given[0]


@contextmanager
def ending_others(world: World) -> Iterator[None]:
    """Let the other processes exit quietly when the main process fails before sharing its plan."""
    try:
        yield
    except BaseException:
        if world.size > 1 and not _shared:
            from_main(world, None)
        raise


def any_process(world: World, number: int) -> int:
    """Return the largest of the numbers that the processes pass."""
    if world.size == 1:
        return number
    import torch
    from torch import distributed

    largest = torch.tensor(number)
    distributed.all_reduce(largest, distributed.ReduceOp.MAX, group=_groups[STEP])
    return int(largest)


def add_up(world: World, values: Any) -> Any:
    """Return the sum of the arrays that the processes pass, all of the same shape."""
    if world.size == 1:
        return values
    import torch
    from torch import distributed

    total = torch.from_numpy(values.copy())
    distributed.all_reduce(total, group=_groups[STEP])
    return total.numpy()


def leave(world: World) -> None:
    """Disconnect from the other processes cleanly."""
    if world.size > 1:
        from torch import distributed

        _groups.clear()
        if distributed.is_initialized():
            distributed.destroy_process_group()
