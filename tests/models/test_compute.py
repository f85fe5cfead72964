"""`auto` picks what this machine does fast, every GPU has its number, and what is not there is refused."""

import logging
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from clf import processes
from clf.errors import UsageError
from clf.models.compute import Compute, choose_compute
from clf.processes import World
from clf.settings import ComputeSettings


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[torch.device]]:
    """Let this be a machine with two GPUs, as far as can be asked of it; give the devices that were made current."""
    current: list[torch.device] = []

    def set_device(device: torch.device | int) -> None:
        chosen = torch.device("cuda", device) if isinstance(device, int) else device
        if chosen.index is None:  # as the real one does
            raise ValueError(f"Expected a torch.device with a specified index or an integer, but got:{chosen}")
        current.append(chosen)

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", set_device)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: True)
    threads = torch.get_num_threads()
    yield current
    torch.set_num_threads(threads)


def device_of(name: str, world: World | None = None) -> torch.device:
    return choose_compute(ComputeSettings(device=name), *([world] if world else [])).device


# --- on the machine as it is --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("capabilities", "precision"),
    [
        ({"avx512_f": True, "avx512_vnni": True, "avx512_bf16": False, "amx_bf16": False}, "fp32"),
        ({"avx2": True}, "fp32"),
        ({"avx512_bf16": True}, "bf16"),
        ({"avx512_f": True, "amx_bf16": True}, "bf16"),
        ({"bf16": True}, "bf16"),
        ({}, "fp32"),
    ],
)
def test_auto_takes_bf16_only_where_a_processor_multiplies_it(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], precision: str
) -> None:
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert choose_compute(ComputeSettings(device="cpu")).precision == precision


@pytest.mark.parametrize(
    ("most", "precision"), [("AVX512_CORE_VNNI", "fp32"), ("avx2", "fp32"), ("AVX512_CORE_AMX", "bf16")]
)
def test_auto_heeds_what_the_library_of_the_products_was_told(
    monkeypatch: pytest.MonkeyPatch, most: str, precision: str
) -> None:
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", most)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True})
    assert choose_compute(ComputeSettings(device="cpu")).precision == precision


def test_what_is_asked_for_wins() -> None:
    compute = choose_compute(ComputeSettings(device="cpu", precision="fp32"))
    assert compute.precision == "fp32"
    with compute.autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32


def test_bf16_multiplies_in_bf16() -> None:
    with choose_compute(ComputeSettings(device="cpu", precision="bf16")).autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.bfloat16


def test_fp16_on_a_processor_is_refused() -> None:
    with pytest.raises(UsageError, match="needs a CUDA device"):
        choose_compute(ComputeSettings(device="cpu", precision="fp16"))


def test_a_gpu_where_there_is_none_is_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", None)
    with pytest.raises(UsageError, match=r"--device cuda: the installed torch .* is a build without CUDA"):
        device_of("cuda")
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    with pytest.raises(UsageError, match="--device cuda:7: torch finds no GPU on this machine"):
        device_of("cuda:7")


def test_a_driver_that_does_not_work_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def is_available() -> bool:
        warnings.warn("CUDA initialization: The NVIDIA driver on your system is too old\nand more", stacklevel=1)
        return False

    monkeypatch.setattr(torch.cuda, "is_available", is_available)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with caplog.at_level(logging.WARNING):
        assert device_of("auto") == torch.device("cpu")
    [record] = caplog.records
    assert record.getMessage().endswith("The NVIDIA driver on your system is too old")


@pytest.mark.parametrize(("metal", "device"), [(True, torch.device("mps", 0)), (False, torch.device("cpu"))])
def test_auto_takes_metal_where_there_is_no_cuda_and_the_processor_where_there_is_neither(
    monkeypatch: pytest.MonkeyPatch, metal: bool, device: torch.device
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: metal)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    assert choose_compute(ComputeSettings()) == Compute(device, "fp32" if metal else "bf16", rereads=True)


def test_metal_where_there_is_none_is_refused_with_what_to_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(UsageError, match="--device mps: this machine has no GPU that Metal can use") as refused:
        device_of("mps")
    assert refused.value.hint == "use --device auto or cpu"


def test_the_older_name_of_the_librarys_variable_is_heeded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    monkeypatch.setenv("DNNL_MAX_CPU_ISA", "AVX2")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True})
    assert choose_compute(ComputeSettings(device="cpu")).precision == "fp32"


@pytest.mark.parametrize("precision", ["bf16", "fp32"])
def test_a_precision_that_was_asked_for_is_not_doubted(precision: str) -> None:
    assert not choose_compute(ComputeSettings(device="cpu", precision=precision)).rereads


def test_fp16_multiplies_in_fp16() -> None:
    with Compute(torch.device("cpu"), "fp16").autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float16


@pytest.mark.parametrize(
    ("world", "told", "cores", "threads"),
    [
        (World(), None, 8, [8]),  # of the sixteen that PyTorch would use
        (World(), None, 64, [16]),
        (World(), "3", 8, []),
        (World(1, 2, 1, 2), "1", 8, [4]),  # torchrun sets it to 1
        (World(0, 3, 0, 3), None, 8, [2]),
        (World(0, 16, 0, 16), None, 8, [1]),
        (World(1, 2, 0, 1), "1", 8, [8]),  # alone on its host
    ],
)
def test_the_cores_are_shared_by_the_processes_of_a_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, world: World, told: str | None, cores: int, threads: list[int]
) -> None:
    monkeypatch.setattr(processes, "CONTROL_GROUP", tmp_path)  # no limit of a container
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if told is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", told)
    chosen: list[int] = []
    monkeypatch.setattr(torch, "get_num_threads", lambda: 16)
    monkeypatch.setattr(torch, "set_num_threads", chosen.append)
    choose_compute(ComputeSettings(device="cpu", precision="fp32"), world)
    assert chosen == threads


# --- on a machine with GPUs ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "index"), [("auto", 0), ("cuda", 0), ("cuda:0", 0), ("cuda:1", 1)])
def test_every_gpu_has_its_number(gpus: list[torch.device], name: str, index: int) -> None:
    compute = choose_compute(ComputeSettings(device=name))
    assert compute == Compute(torch.device("cuda", index), "bf16", rereads=True)
    assert gpus == [compute.device]


def test_metal_has_a_number_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert device_of("mps") == torch.device("mps", 0)


def test_a_gpu_that_is_not_there_is_refused_with_those_that_are(gpus: list[torch.device]) -> None:
    with pytest.raises(UsageError, match="--device cuda:7 is not on this machine, which has cuda:0 to cuda:1"):
        device_of("cuda:7")
    assert gpus == []


def test_each_process_takes_the_gpu_of_its_number(gpus: list[torch.device]) -> None:
    assert device_of("auto", World(3, 4, 1, 2)) == torch.device("cuda", 1)


@pytest.mark.parametrize(
    ("device", "precision", "said"),
    [
        ("auto", "auto", "4 processes were started on a machine with 2 GPUs"),
        ("cuda:1", "auto", "--device cuda:1 is one GPU, and each of 4 processes needs its own"),
        ("cpu", "fp16", "--precision fp16 needs a CUDA device"),
    ],
)
def test_what_all_processes_find_is_told_once(gpus: list[torch.device], device: str, precision: str, said: str) -> None:
    told = []
    for rank in range(4):
        with pytest.raises(UsageError, match=said) as refused:
            choose_compute(ComputeSettings(device=device, precision=precision), World(rank, 4, rank, 4))
        told.append(not refused.value.told_elsewhere)
    assert told == [True, False, False, False]


def test_processes_that_share_a_machine_without_gpus_say_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UsageError) as refused:
        device_of("cuda", World(1, 2, 1, 2))
    assert refused.value.told_elsewhere


def test_one_process_a_host_may_name_its_gpu(gpus: list[torch.device]) -> None:
    assert device_of("cuda:1", World(1, 2, 0, 1)) == torch.device("cuda", 1)


def test_the_format_is_asked_of_the_gpu_that_computes(
    gpus: list[torch.device], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: gpus[-1:] == [torch.device("cuda", 1)])
    assert choose_compute(ComputeSettings(device="cuda:1")).precision == "bf16"
    assert choose_compute(ComputeSettings(device="cuda:0")).precision == "fp16"


@pytest.mark.parametrize(
    ("device", "there", "message", "hint"),
    [
        ("cuda:2", 2, "which has cuda:0 to cuda:1", "use --device auto, or one of these"),
        ("cuda:1", 1, "which has cuda:0 only", "use --device auto, or one of these"),
    ],
)
def test_the_first_gpu_beyond_the_last_is_refused(
    gpus: list[torch.device], monkeypatch: pytest.MonkeyPatch, device: str, there: int, message: str, hint: str
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: there)
    with pytest.raises(UsageError, match=f"--device {device} is not on this machine, {message}") as refused:
        device_of(device)
    assert refused.value.hint == hint


def test_as_many_processes_as_gpus_are_accepted_and_one_more_is_told_how_many_to_start(
    gpus: list[torch.device],
) -> None:
    assert device_of("cuda", World(1, 2, 1, 2)) == torch.device("cuda", 1)
    with pytest.raises(UsageError) as refused:
        device_of("cuda", World(0, 3, 0, 3))
    assert refused.value.message == "3 processes were started on a machine with 2 GPUs"
    assert "torchrun --nproc-per-node 2" in refused.value.hint


def test_processes_that_compute_on_processors_need_no_gpu(gpus: list[torch.device]) -> None:
    assert device_of("cpu", World(3, 4, 3, 4)) == torch.device("cpu")
    assert gpus == []
