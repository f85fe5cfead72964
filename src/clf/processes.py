"""The processes of one run, as torchrun or accelerate launch start them: which one this is, and how they meet.

Started by neither, a run is one process, and nothing here loads torch.
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
"""How long the others wait for the main process, which may be preparing millions of rows."""
STEP_WAIT = timedelta(minutes=30)
"""How long processes wait for each other between steps; a host that is lost is noticed after this at the latest."""

CONTROL_GROUP = Path("/sys/fs/cgroup")

_shared = False
_groups: dict[str, Any] = {}
"""Two groups for messages over gloo: PATIENT waits as long as preparing may take, STEP as long as a step may."""
PATIENT, STEP = "patient", "step"


@dataclass(frozen=True)
class World:
    """Which of how many processes this is, in all and on this host."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1

    @property
    def is_main(self) -> bool:
        """Whether this is the one process that prepares, logs, and writes."""
        return self.rank == 0


ALONE = World()


def current_world() -> World:
    """Read what the launcher says in the environment.

    Raises UsageError when it contradicts itself.
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
    """Tell whether a launcher prepared for several processes and started one, as accelerate does without GPUs."""
    return "MASTER_PORT" in os.environ and "RANK" not in os.environ


def was_restarted() -> bool:
    """Tell whether torchrun started this process anew after one was lost."""
    return os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") not in ("", "0")


def usable_cores() -> int:
    """Count the cores this process may use: those of the machine, less what a mask or a container takes away."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    with suppress(OSError, ValueError):
        quota, period = (CONTROL_GROUP / "cpu.max").read_text().split()
        cores = min(cores, max(1, int(quota) // int(period)))  # "max" is not a number: no limit
    with suppress(OSError, ValueError):  # the older kind of control groups; there -1 is no limit
        quota, period = ((CONTROL_GROUP / "cpu" / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        cores = min(cores, max(1, int(quota) // int(period))) if int(quota) > 0 else cores
    return cores


def join(world: World, cuda: bool) -> None:
    """Meet the other processes, who compute over NCCL on GPUs and over gloo on processors.

    Messages of clf go over gloo in any case, and all processes connect for them here, at the start. NCCL connects at
    its first use, by which time the main process has prepared the data and no other waits for it; so NCCL keeps the
    time limit of its own, after which it ends a run that lost a host. Raises NetworkError when they cannot meet.
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
        hint = "check MASTER_ADDR, name resolution and firewalls; GLOO_SOCKET_IFNAME names the network interface to use"
        raise NetworkError(f"the {world.size} processes of this run cannot meet: {first_line(error)}", hint) from error


def _meet(world: World, backend: str) -> None:
    from torch import distributed
    from torch.distributed import PrefixStore, rendezvous  # type: ignore[attr-defined]

    # torchrun's store outlives the processes: those started anew must not find the addresses of the dead.
    store, rank, size = next(rendezvous("env://", world.rank, world.size))
    fresh = PrefixStore(f"start_{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}", store)
    distributed.init_process_group(backend, store=fresh, rank=rank, world_size=size)
    _groups[PATIENT] = distributed.new_group(backend="gloo", timeout=LONGEST_WAIT)
    _groups[STEP] = distributed.new_group(backend="gloo", timeout=STEP_WAIT)


def wait_for_all(world: World, group: str = PATIENT) -> None:
    """Return when every process has come here."""
    if world.size > 1:
        from torch import distributed

        distributed.barrier(_groups[group])


def from_main(world: World, value: Any = None) -> Any:
    """Return on every process what the main one gives here."""
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
    """On the main process: when it fails before it shared its plan, let the others end quietly."""
    try:
        yield
    except BaseException:
        if world.size > 1 and not _shared:
            from_main(world, None)
        raise


def any_process(world: World, number: int) -> int:
    """Return the largest of the numbers that the processes give."""
    if world.size == 1:
        return number
    import torch
    from torch import distributed

    largest = torch.tensor(number)
    distributed.all_reduce(largest, distributed.ReduceOp.MAX, group=_groups[STEP])
    return int(largest)


def add_up(world: World, values: Any) -> Any:
    """Return the sum of the arrays that the processes give, all of one shape."""
    if world.size == 1:
        return values
    import torch
    from torch import distributed

    total = torch.from_numpy(values.copy())
    distributed.all_reduce(total, group=_groups[STEP])
    return total.numpy()


def leave(world: World) -> None:
    """Part from the other processes in order."""
    if world.size > 1:
        from torch import distributed

        _groups.clear()
        if distributed.is_initialized():
            distributed.destroy_process_group()
